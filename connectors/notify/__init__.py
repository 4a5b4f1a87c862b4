"""What agencies are owed, told: the feed, their results topic, and signed callbacks."""
