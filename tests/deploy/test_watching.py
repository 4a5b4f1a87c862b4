"""Alerts, dashboards and metrics are one: what one of them names, the others know."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.telemetry import BY_NAME, NAMES, Kind, Name

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "alerts" / "hoso.yaml"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana").glob("*.json"))
METRICS = {row.name: row for row in NAMES if row.kind is not Kind.LOG}
OF_PROMETHEUS = {"instance", "job"}
"""Labels that whoever scrapes puts on every metric."""

NAME = re.compile(r"\bhoso_[a-z_]+\b")
SELECTOR = re.compile(r"\b(hoso_[a-z_]+)\{([^}]*)\}")
MATCHER = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")
GROUPING = re.compile(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)")
TEMPLATE = re.compile(r"\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}")


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels(file: Path) -> list[dict[str, Any]]:
    return [panel for panel in json.loads(file.read_text())["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, str, str]]:
    """Where each query stands, the query, and the text that is shown with what it finds."""
    for rule in alerts():
        yield rule["alert"], rule["expr"], rule["annotations"]["summary"].replace("$value", "")
    for file in DASHBOARDS:
        for panel in panels(file):
            for target in panel["targets"]:
                yield f"{file.name}: {panel['title']}", target["expr"], target["legendFormat"]
        for variable in json.loads(file.read_text())["templating"]["list"][1:]:
            yield f"{file.name}: {variable['name']}", variable["query"]["query"], ""


def row_of(name: str) -> Name | None:
    """The row of a metric, or of the series that a histogram is made of."""
    whole = re.sub(r"_(bucket|sum|count)$", "", name)
    if whole in METRICS and METRICS[whole].kind is Kind.HISTOGRAM:
        return METRICS[whole]
    return METRICS.get(name)


def labels_of(name: str) -> set[str]:
    row = row_of(name)
    assert row is not None, name
    return {*row.labels, *OF_PROMETHEUS, *({"le"} if row.kind is Kind.HISTOGRAM else ())}


QUERIES = list(queries())


@pytest.mark.parametrize(("place", "query", "shown"), QUERIES, ids=[place for place, _, _ in QUERIES])
def test_a_query_names_metrics_that_have_a_row_and_labels_that_they_bear(place: str, query: str, shown: str) -> None:
    names = NAME.findall(query)
    unknown = [name for name in names if row_of(name) is None]
    selected = [(name, label) for name, inside in SELECTOR.findall(query) for label in MATCHER.findall(inside)]
    borne = set().union(*(labels_of(name) for name in names), OF_PROMETHEUS)
    grouped = {label.strip() for inside in GROUPING.findall(query) for label in inside.split(",") if label.strip()}

    assert unknown == []
    assert [(name, label) for name, label in selected if label not in labels_of(name)] == []
    assert grouped - borne == set()
    assert set(TEMPLATE.findall(shown)) - borne == set()


@pytest.mark.parametrize(("place", "query", "shown"), QUERIES, ids=[place for place, _, _ in QUERIES])
def test_a_text_names_only_labels_that_its_query_leaves(place: str, query: str, shown: str) -> None:
    kept = {label.strip() for inside in re.findall(r"\bby\s*\(([^)]*)\)", query) for label in inside.split(",")}

    if kept or re.search(r"\b(sum|max|min|count)\(", query):
        assert set(TEMPLATE.findall(shown)) <= kept


def test_a_histogram_is_never_read_as_a_number() -> None:
    for place, query, _ in QUERIES:
        for name in NAME.findall(query):
            row = METRICS.get(name)
            assert row is None or row.kind is not Kind.HISTOGRAM, f"{place} names {name} without _bucket"


def test_a_counter_is_read_by_its_growth_alone() -> None:
    counters = [row.name for row in METRICS.values() if row.kind is Kind.COUNTER]
    for place, query, _ in QUERIES:
        for name in counters:
            for found in re.finditer(rf"{name}\b", query):
                before = query[: found.start()]
                assert re.search(r"\b(rate|increase)\($", before), f"{place} reads {name} as it stands"


def test_what_the_monitor_shows_beside_others_is_never_added_up_over_processes() -> None:
    """Several monitors, and a lane's holder, show the same: their sum is nobody's figure."""
    shared = [row.name for row in METRICS.values() if row.kind is Kind.GAUGE and not row.name.startswith("hoso_worker")]
    for place, query, _ in QUERIES:
        for name in shared:
            added = re.search(rf"\bsum(?: by \([^)]*\))? ?\({name}\b", query)
            assert not added, f"{place} adds up {name}"


@pytest.mark.parametrize("row", METRICS.values(), ids=lambda row: row.name)
def test_every_metric_has_somebody_who_shows_it(row: Name) -> None:
    sources = [path.read_text() for room in ("streams", "connectors") for path in (ROOT / room).rglob("*.py")]

    assert any(f'"{row.name}"' in source for source in sources)


def test_every_metric_is_named_as_prometheus_wants_it() -> None:
    for row in METRICS.values():
        assert row.name.startswith("hoso_") and row.says[0].isupper() and not row.says.endswith(".")
        assert row.name.endswith("_total") is (row.kind is Kind.COUNTER)
        assert row.kind is not Kind.HISTOGRAM or row.name.endswith("_seconds")
        assert not row.buckets or (row.kind is Kind.HISTOGRAM and list(row.buckets) == sorted(set(row.buckets)))
    assert len(BY_NAME) == len(NAMES)
