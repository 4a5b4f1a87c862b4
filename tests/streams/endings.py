"""The end of a process, as a test can see it."""


class Ended(BaseException):
    """Stands for the end of our process."""


def never(why: BaseException) -> None:
    """Where nothing is to end."""
    raise AssertionError(f"it ended: {why}") from why
