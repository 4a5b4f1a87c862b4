"""The end of a process, as a test can see it."""


class Ended(BaseException):
    """Stands for the end of our process."""
