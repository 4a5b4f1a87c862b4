"""The checker of a result's receipt, which works without anything else of ours."""
