"""What is wrong with an installation, area by area, and the command that helps. It only looks: docs/doctor.md."""
