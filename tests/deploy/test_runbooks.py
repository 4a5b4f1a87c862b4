"""Every alert has its page, and every command that a page tells somebody to run is one."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from hoso.cli.main import app

ROOT = Path(__file__).parents[2]
ALERTS, RUNBOOKS = ROOT / "deploy" / "alerts" / "hoso.yaml", ROOT / "docs" / "runbooks"
PAGES = [*sorted(RUNBOOKS.glob("*.md")), ROOT / "docs" / "watching.md"]

FENCE = re.compile(r"```\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`(hoso [^`]+)`")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def commands() -> list[tuple[str, str]]:
    """Every page with each command of ours in it, up to where it is piped on."""
    found = []
    for page in PAGES:
        text = page.read_text()
        fenced = [line for block in FENCE.findall(text) for line in block.splitlines() if line.startswith("hoso ")]
        said = [*fenced, *(" ".join(words.split()) for words in INLINE.findall(FENCE.sub("", text)))]
        found += [(page.stem, line.partition(" | ")[0]) for line in said]
    return sorted(set(found))


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    named = [rule["alert"] for rule in alerts()]

    assert len(named) == len(set(named))
    assert sorted(named) == sorted(path.stem for path in RUNBOOKS.glob("*.md"))


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_how_bad_it_is_what_it_means_and_where_to_read_on(rule: dict[str, Any]) -> None:
    page = ROOT / rule["annotations"]["runbook_url"]

    assert rule["labels"]["severity"] in ("critical", "warning", "none")
    assert rule["annotations"]["summary"].endswith((".", "?"))
    assert page == RUNBOOKS / f"{rule['alert']}.md"
    text = page.read_text()
    assert text.startswith(f"# {rule['alert']}\n")
    for part in ("**What it means.**", "**Who is hurt.**", "## Look first", "## How to end it"):
        assert part in text, part


def test_the_dead_mans_switch_is_always_on_and_wakes_nobody() -> None:
    switch = next(rule for rule in alerts() if rule["alert"] == "DeadMansSwitch")

    assert (switch["expr"], switch["labels"]["severity"], "for" in switch) == ("vector(1)", "none", False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_a_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text()) if "//" not in target]

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_of_a_page_can_be_given_as_it_stands(page: str, line: str) -> None:
    parsed(shlex.split(line)[1:])


@pytest.mark.parametrize("line", ["parked mend X", "parked retry X", "hold list --all", "notices"])
def test_a_command_that_cannot_be_given_is_found(line: str) -> None:
    with pytest.raises(Exception, match=r"mend|why|--all|alone"):
        parsed(line.split())


def parsed(words: list[str]) -> None:
    """Have the command read its options and arguments, without running it. Raises what is wrong with them."""
    command: Any = typer.main.get_command(app(words[0]))
    asks_for_help = words[-1] == "--help"
    words = words[:-1] if asks_for_help else words
    name = ""
    while words and hasattr(command, "commands"):
        name, *words = words
        command = command.commands[name]
    if asks_for_help:
        return
    if hasattr(command, "commands"):
        raise ValueError(f"{name} alone is no command")
    command.make_context(name, words)
