"""Receipts: what a result's hand-over was, what a receipt says of it, and the hash tree of a day's receipts."""
