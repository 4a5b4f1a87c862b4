"""The words: what may be said, on which topic. Nothing here imports anything else of ours."""
