"""What the pages say, in Vietnamese and in English: a module a page, each with `SAYS`, a table a language."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import SimpleNamespace
from typing import Any

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
Words = SimpleNamespace
"""A page's words by name: `say.today.title`."""


@cache
def words(lang: str) -> Words:
    """Every page's words in one language, by page and name."""
    return Words(**{name: Words(**says[lang]) for name, says in tables().items()})


@cache
def tables() -> dict[str, dict[str, dict[str, Any]]]:
    """Every module's tables, by page, language and name."""
    names = sorted(module.name for module in iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}").SAYS for name in names}
