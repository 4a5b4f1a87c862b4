"""The workers: Kafka in, Kafka out, on Faust; they remember dossiers and apply the rules."""
