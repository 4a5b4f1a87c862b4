"""What a span is called, where it hangs, who hears of it; and that nothing of it is there while nobody does."""

import os
import queue
import re
import subprocess
import sys

import pytest
from pydantic import ValidationError

from rules.facts import STREAMS
from schemas import trace, tracing
from schemas.tracing import WORKERS, TracingSettings
from tests.builders import CODE, ROOT, admitted, sample
from tests.collector import WAIT_SECONDS, Collector, told

THEIRS = f"00-{'a' * 32}-{'b' * 16}-01"
NOT_SAMPLED = f"00-{'a' * 32}-{'b' * 16}-00"
ROOMS = ("connectors.process", "connectors.edge.main", "connectors.notify.main", "streams.worker")


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Some Python in a process of its own."""
    given = os.environ | environment
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=given)


@pytest.mark.parametrize("said", ["", "nonsense", THEIRS.upper(), THEIRS + "0", f"00-{'0' * 32}-{'b' * 16}-01", None])
def test_a_context_in_another_form_is_none(said: str | None) -> None:
    assert trace.known(said) is None


def test_a_context_of_our_own_is_in_good_form_and_another_each_time() -> None:
    one, other = trace.begun(), trace.begun()

    assert trace.known(one) == one and trace.is_sampled(one)
    assert trace.trace_in(one) != trace.trace_in(other)


def test_a_share_of_nothing_is_sampled_never() -> None:
    assert not any(trace.is_sampled(trace.begun(0.0)) for _ in range(100))


def test_within_a_trace_only_the_span_is_another() -> None:
    assert trace.within(THEIRS, "c" * 16) == f"00-{'a' * 32}-{'c' * 16}-01"


# ---------------------------------------------------------------- spans


def test_while_nobody_is_told_what_follows_bears_what_came() -> None:
    with tracing.span("admit", THEIRS) as span:
        span.notes(door="http")

    assert span.traceparent == THEIRS and not tracing.is_on()


def test_a_span_hangs_beneath_the_one_it_came_from_and_what_follows_beneath_it() -> None:
    with told() as kept, tracing.span("admit", THEIRS) as span:
        span.notes(door="http", outcome="accepted")

    (said,) = kept.said
    assert (said.trace, said.parent, said.error) == ("a" * 32, "b" * 16, None)
    assert span.traceparent == f"00-{said.trace}-{said.span}-01"
    assert said.tells == {"door": "http", "outcome": "accepted"}
    assert 0 < said.began_ns <= said.ended_ns


def test_a_trace_that_begins_here_has_its_first_span_here() -> None:
    with told() as kept, tracing.span("webhook", None) as span:
        pass

    (said,) = kept.said
    assert said.parent is None
    assert (trace.trace_in(span.traceparent), trace.span_in(span.traceparent)) == (said.trace, said.span)


def test_of_a_trace_that_is_not_sampled_nobody_hears() -> None:
    with told() as kept, tracing.span("admit", NOT_SAMPLED) as span:
        span.notes(door="http")

    assert (kept.said, span.traceparent) == ([], NOT_SAMPLED)


def test_what_breaks_a_span_off_is_told_by_its_name_alone() -> None:
    with told() as kept, pytest.raises(ValueError, match=CODE), tracing.span("admit", THEIRS):
        raise ValueError(f"something about {CODE}")

    assert kept.said[0].error == "ValueError"


def test_a_span_tells_what_its_row_has_and_nothing_else() -> None:
    with told(), pytest.raises(KeyError, match="dossier"), tracing.span("admit", THEIRS) as span:
        span.notes(dossier=CODE)


def test_no_row_tells_who_a_dossier_or_a_citizen_is() -> None:
    harmless = {"door", "agency", "carrier", "type", "attempt", "status", "outcome"}

    assert {word for row in tracing.ROWS.values() for word in row.tells} <= harmless


def test_what_a_worker_says_hangs_beneath_the_fold_of_its_cause() -> None:
    fact = admitted(sample(2)).model_copy(update={"traceparent": THEIRS})
    theirs = fact.model_copy(update={"source": "/hoso/streams", "causationid": "/agencies/H29.12 1"})

    with told() as kept:
        tracing.about("callback", fact).ends()
        tracing.about("callback", theirs).ends()

    assert [one.parent for one in kept.said] == ["b" * 16, trace.fold_of(THEIRS, "/agencies/H29.12 1")]
    assert WORKERS == STREAMS


# ---------------------------------------------------------------- on and off


def test_whoever_tells_nothing_imports_nothing() -> None:
    imports = "; ".join(f"import {room}" for room in ROOMS)
    # FastAPI brings the library's words along; these are what speaks them.
    telling = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto", "schemas.collector")
    code = f"{imports}; import sys; print([one for one in sys.modules if one.startswith({telling})])"

    done = run(code, HOSO_TRACES_URL="")

    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


@pytest.mark.parametrize("process", ["connectors.edge.main", "streams.worker"])
def test_without_the_extra_a_collector_is_a_wrong_setting(process: str) -> None:
    code = f"import sys; sys.modules['opentelemetry.exporter'] = None; import {process} as process; process.main()"
    settings = {"HOSO_TRACES_URL": "http://127.0.0.1:4318", "HOSO_KAFKA_BOOTSTRAP": "127.0.0.1:1"}

    done = run(code, **settings)

    assert done.returncode == 2
    assert done.stderr.startswith(
        "HOSO_TRACES_URL is wrong: OpenTelemetry is not installed: pip install 'hoso[traces]'"
    )


@pytest.mark.parametrize("given", [{"traces_url": "collector:4318"}, {"traces_share": 1.5}, {"traces_share": -1}])
def test_a_setting_that_cannot_be_is_refused(given: dict[str, str | float]) -> None:
    with pytest.raises(ValidationError):
        TracingSettings(**given)  # type: ignore[arg-type]  # as the environment gives them


def test_spans_go_over_http_with_who_told_them() -> None:
    with Collector() as collector:
        tracing.start("edge", "edge-0", TracingSettings(traces_url=collector.url), lambda _: None)
        try:
            with tracing.span("admit", THEIRS) as span:
                span.notes(agency="H29.12", outcome="accepted")
        finally:
            tracing.stop()

        (came,) = collector.spans()

    assert (came.service, came.name, came.trace, came.parent) == ("edge", "admit", "a" * 32, "b" * 16)
    assert (came.tells, came.error) == ({"hoso.agency": "H29.12", "hoso.outcome": "accepted"}, "")
    assert not tracing.is_on()


def test_a_collector_that_is_away_is_said_once_and_so_is_its_return() -> None:
    heard: queue.Queue[str | None] = queue.Queue()
    with Collector() as collector:
        collector.answers = 400
        tracing.start("edge", "edge-0", TracingSettings(traces_url=collector.url), heard.put)
        try:
            tracing.span("admit", THEIRS).ends()
            first = heard.get(timeout=WAIT_SECONDS)
            collector.answers = 200
            tracing.span("admit", THEIRS).ends()
            second = heard.get(timeout=WAIT_SECONDS)
        finally:
            tracing.stop()

    assert (first, second) == ("the collector takes no spans: they are lost meanwhile", None)
    assert len(collector.spans()) == 1 and heard.empty()


def test_the_page_for_operators_has_every_span_with_what_it_tells() -> None:
    page = (ROOT / "docs" / "watching.md").read_text().partition("## Traces")[2]
    said = dict(re.findall(r"^\| `([a-z]+)` \|.*: ([a-z, ]+) \|$", page, re.MULTILINE))

    assert {name: set(words.split(", ")) for name, words in said.items()} == {
        row.name: set(row.tells) for row in tracing.ROWS.values()
    }
