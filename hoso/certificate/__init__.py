"""The checker of a deadline certificate, which works without anything else of ours."""
