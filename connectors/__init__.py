"""The doors: HTTP, SQL and carriers on one side, Kafka on the other; they decide nothing about a dossier."""
