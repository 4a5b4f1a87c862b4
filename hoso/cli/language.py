"""The languages in which a command may speak."""

from enum import StrEnum


class Language(StrEnum):
    """A language."""

    VI = "vi"
    EN = "en"
