"""The command: `hoso ...`, the local broker, the supervisor, the demo."""
