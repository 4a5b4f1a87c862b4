"""Dossiers' facts out of a table, for an agency that has neither an API nor Kafka."""
