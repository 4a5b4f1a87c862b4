"""What an agency's developer checks a running edge with, from outside: scenarios, each a promise of the contract."""
