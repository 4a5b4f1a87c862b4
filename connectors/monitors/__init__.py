"""What only looks: lag, queues, dossiers, dead letters and holds, from outside, for Prometheus. docs/watching.md."""
