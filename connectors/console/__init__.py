"""The console: what will be late and can still be saved, as pages that the server writes."""
