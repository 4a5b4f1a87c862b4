"""Every sentence of the doctor's in two languages: the same blanks, filled by those who say it, and no English in the
Vietnamese one.
"""

import ast
from collections.abc import Iterator
from importlib import import_module
from inspect import getsource
from pkgutil import iter_modules
from string import Formatter
from types import ModuleType

import pytest

from connectors import doctor
from connectors.doctor import words
from connectors.doctor.examining import AREAS, GATES
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.words import Said, many, named, size, span
from tests.connectors.doctor.english import english_in

MODULES = [import_module(f"{doctor.__name__}.{one.name}") for one in iter_modules(doctor.__path__)]


def sentences(module: ModuleType) -> Iterator[tuple[str, Said]]:
    """Everything that a module may say, by its name there."""
    for name, value in vars(module).items():
        match value:
            case Said():
                yield name, value
            case dict():
                yield from ((f"{name}[{key}]", one) for key, one in value.items() if isinstance(one, Said))


SENTENCES = [
    pytest.param(said, id=f"{module.__name__.rpartition('.')[2]}.{name}")
    for module in MODULES
    for name, said in sentences(module)
]


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("said", SENTENCES)
def test_both_languages_have_the_same_blanks_and_the_vietnamese_has_no_english(said: Said) -> None:
    assert blanks(said.vi) == blanks(said.en)
    assert english_in(said.vi) == []
    assert bool(said.vi) == bool(said.en)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_whoever_says_a_sentence_fills_its_blanks(module: ModuleType) -> None:
    known, filled = dict(sentences(module)), set[str]()
    for call in ast.walk(ast.parse(getsource(module))):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="of"), keywords=given):
                assert {one.arg for one in given} == blanks(known[name].en), name
                filled.add(name)

    assert filled >= {name for name, said in known.items() if blanks(said.en) and not name.endswith("]")}


def test_every_area_and_severity_has_its_name() -> None:
    assert set(words.AREAS) == {area.name for area in (*AREAS, *GATES.values())}
    assert set(words.SEVERITIES) == {one.name for one in Severity}


@pytest.mark.parametrize(
    ("said", "vi", "en"),
    [
        (span(40), "40 giây", "40 s"),
        (span(720), "12 phút", "12 min"),
        (span(18_000), "5 giờ", "5 h"),
        (span(3 * 86_400), "3 ngày", "3 days"),
        (size(1.5 * 2**30), "1,5 GiB", "1.5 GiB"),
        (many(1, "dossier", vi="hồ sơ"), "1 hồ sơ", "1 dossier"),
        (many(2, "dossier", vi="hồ sơ"), "2 hồ sơ", "2 dossiers"),
        (many(2, "agency", "agencies", vi="cơ quan"), "2 cơ quan", "2 agencies"),
        (named("abc"), "a, b, c", "a, b, c"),
        (named("abcde"), "a, b, c và 2 nữa", "a, b, c and 2 more"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_spans_sizes_and_counts_stand_in_both_languages(said: Said, vi: str, en: str) -> None:
    assert (said.vi, said.en) == (vi, en)


def test_a_name_with_braces_is_said_as_it_is() -> None:
    said = Said("{what}, và không ai làm", "{what}, and nobody works on it").of(what=Said("{x}: trễ", "{x}: late"))

    assert (said.vi, said.en) == ("{x}: trễ, và không ai làm", "{x}: late, and nobody works on it")


def test_the_document_has_both_languages_and_an_error_s_words_as_they_are() -> None:
    found = Finding("queues", Severity.BAD, Said("trễ", "late"), "hoso dispatch", "status 500")

    assert found.document() == {
        "area": "queues",
        "severity": "BAD",
        "what": "late",
        "help": "hoso dispatch",
        "detail": "status 500",
        "what_vi": "trễ",
        "detail_vi": "status 500",
    }
