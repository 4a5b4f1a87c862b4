"""The gate behind both doors: it judges what needs no memory of a dossier, seals, and lets facts onto the log."""
