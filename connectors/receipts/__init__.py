"""Receipts of results handed over: made from public states, signed, a day's closed under one root."""
