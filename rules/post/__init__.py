"""The post's trade: a leg's fate from updates in any order, which carrier may carry it, what to expect of it."""
