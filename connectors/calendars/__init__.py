"""The calendar as reference data: proposed, tried on every open dossier, put in force and taken back."""
