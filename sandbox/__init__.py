"""The rehearsal: a post office, agencies and a city that are not real and speak only HTTP and Kafka, as real ones would."""
