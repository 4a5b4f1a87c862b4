"""The legal clock: which day is the last lawful one, why, and what is due on the way there."""
