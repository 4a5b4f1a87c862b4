"""History folded twice, as it was and otherwise, and what would have been different. Nothing is said to anybody."""
