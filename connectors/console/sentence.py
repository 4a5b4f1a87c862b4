"""A sentence that somebody wrote into a form, fit to be kept: one line, without signs that nobody can see."""


def sentence(text: str) -> str:
    """The same words in one line."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
