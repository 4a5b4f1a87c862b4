"""A number with its noun, as the commands say it."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 key`, `2 keys`, `12,254 keys`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
