"""Whoever of the doors puts bytes aside seals them."""

import ast

from connectors.settings import REPOSITORY

PUTS_ASIDE = {"keep", "readable", "put_aside"}
FOURTH = 4


def _calls() -> list[tuple[str, ast.Call]]:
    found = []
    for file in sorted((REPOSITORY / "connectors").rglob("*.py")):
        tree = ast.parse(file.read_text())
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module in ("connectors.letters", "connectors.loop")
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names & PUTS_ASIDE:
                found.append((f"{file.relative_to(REPOSITORY)}:{node.lineno}", node))
    return found


def test_every_process_of_the_doors_seals_what_it_puts_aside() -> None:
    calls = _calls()

    bare = [
        place for place, call in calls if len(call.args) < FOURTH and all(one.arg != "boxes" for one in call.keywords)
    ]
    assert len(calls) >= 10
    assert bare == []
