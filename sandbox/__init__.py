"""The rehearsal: a post office, agencies and a city that are not real and speak HTTP and Kafka as real ones do."""
