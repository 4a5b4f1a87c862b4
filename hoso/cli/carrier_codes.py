"""`hoso carrier unknown|map`: codes that no table holds, and an operator's word on what one of them means."""

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.archive import the_archive
from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of
from hoso.cli.counted import counted
from schemas.postal import FailureReason, FaultParty

if TYPE_CHECKING:
    from connectors.codes import Said
    from connectors.unknown_codes import UnknownCode
    from schemas.carrier_codes import CodeMapped

KEPT_DAYS = 90
"""For so long webhooks are kept: what came in before cannot be translated again."""
EVERY = 200_000

Why = Annotated[str, typer.Option(help="The reason; it stands on ops.codes beside your name.")]
By = Annotated[str | None, typer.Option(help="Who says so; without it you, by the name this machine knows.")]
Days = Annotated[int, typer.Option(min=1, max=3650, help="Look at the log of so many days.")]
Version = Annotated[str | None, typer.Option(help="The list the code belongs to; without it the newest.")]


def unknown(
    carrier: Annotated[str | None, typer.Argument(help="Only this carrier's.")] = None,
    days: Days = KEPT_DAYS,
    everything: Annotated[bool, typer.Option("--all", help="Those that are mapped by now as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List the codes that carriers sent and no table holds: how often, first and last, and what was said of each.

    An update with such a code is kept on the log as UNKNOWN and moves nothing. `hoso carrier map` gives it a meaning.

    \b
    hoso carrier unknown
    hoso carrier unknown myvnpost --all
    hoso carrier unknown --json | jq -r '.[] | [.carrier, .code, .times] | @tsv'
    """
    from connectors.mapping import carrier_named

    if carrier is not None:
        with _refusing():
            carrier_named(carrier)
    rows = [one for one in _read(carrier, days) if everything or one.mapping is None]
    if as_json:
        print(json.dumps([_row(one) for one in rows], ensure_ascii=False, indent=2))
        return
    for one in rows:
        print(_line(one))
    if not rows:
        print("no code is unknown")


def map_code(
    carrier: Annotated[str, typer.Argument(help="The carrier.")],
    code: Annotated[str, typer.Argument(help="Its code, as `hoso carrier unknown` shows it.")],
    status: Annotated[str, typer.Argument(help="What it means: a status of ours. UNKNOWN takes a mapping back.")],
    api_version: Version = None,
    why: Why = "",
    by: By = None,
    firm: Annotated[
        bool | None,
        typer.Option(
            "--firm/--not-firm",
            help="Whether the carrier's document says so. Without either, as its own table is: a code that is not firm "
            "closes nothing until a question or an operator says the same.",
        ),
    ] = None,
    instead: Annotated[bool, typer.Option("--instead", help="It was mapped to something else: from now on this.")] = (
        False
    ),
    reason: Annotated[
        FailureReason | None,
        typer.Option(case_sensitive=False, help="Why a try failed, if the code says that and the body does not."),
    ] = None,
    fault: Annotated[
        FaultParty | None,
        typer.Option(case_sensitive=False, help="Who is to blame; without it whoever usually is for that reason."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="It is mapped already: have what is stored translated once more.")
    ] = False,
) -> None:
    """Say what a carrier's code means, until a release holds it in its table.

    Every later update with that code is translated so at once. The stored webhooks that carried it are translated
    again, and nothing else is: `hoso carrier unknown --all` shows when that is done. What was said under an earlier
    mapping stays on the log.

    \b
    hoso carrier map myvnpost 26 IN_TRANSIT --why "letter of the post of 20 November" --by "Trần Thị Mẫu"
    hoso carrier map viettelpost 560 FORWARDED --api-version old --why "their hotline"
    hoso carrier map ghtk 77 DELIVERY_FAILED --reason ABSENT --why "their hotline"
    hoso carrier map myvnpost 26 UNKNOWN --instead --why "it was another carrier's letter"
    """
    from connectors import mapping

    with _refusing():
        found = mapping.carrier_named(carrier)
        meaning = mapping.Meaning(mapping.status_named(status), firm, reason, fault)
        if not why:
            raise typer.BadParameter("--why is needed: it stands beside your name")
        version = mapping.list_named(found, api_version)
        mapping.check_reason(meaning)
        bootstrap = bootstrap_of()
        seen = mapping.seen_as(_read(carrier, KEPT_DAYS), version, code)
        version, code = (seen.api_version, seen.code) if seen else (version, code)
        mapping.check_table(found, version, code, meaning)
        before, name = _said(bootstrap).of(carrier, version, code), mapping.called(carrier, version, code)
        if meaning.is_that_of(before) and not again:
            print(f"{name} is mapped to {meaning.status} already")
            return
        mapping.check_before(name, before, meaning, instead=instead)
        _publish(bootstrap, mapping.mapping(carrier, version, code, meaning, why, by or getpass.getuser()))
    print(f"{name} is {meaning.status} from now on")
    if not meaning.is_none:
        updates = counted(seen.times, "stored update is", "stored updates are") if seen else ""
        print(f"{updates} translated again" if seen else "no update on the log carries it")


# ---------------------------------------------------------------- what is there


def _read(carrier: str | None, days: int) -> "list[UnknownCode]":
    from connectors.unknown_codes import unknown_codes

    with answering():
        return unknown_codes(bootstrap_of(), carrier, timedelta(days=days), _progress, the_archive())


def _said(bootstrap: str) -> "Said":
    from connectors.codes import read

    with answering():
        return read(bootstrap)


def _row(one: "UnknownCode") -> dict[str, Any]:
    said, done = one.mapping, one.applied
    return {
        "carrier": one.carrier,
        "api_version": one.api_version,
        "code": one.code,
        "times": one.times,
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "status": said.data.status.value if said else None,
        "reason": said.data.reason.value if said and said.data.reason else None,
        "why": said.data.why if said else None,
        "by": said.data.by if said else None,
        "translated_again": done.data.model_dump(include={"webhooks", "facts", "waiting"}) if done else None,
    }


def _line(one: "UnknownCode") -> str:
    from connectors.dead_letters import printable
    from connectors.mapping import called

    name = called(one.carrier, one.api_version, printable(one.code))
    times = f"{one.times} updates, {one.first:%Y-%m-%d %H:%M} to {one.last:%Y-%m-%d %H:%M}"
    return f"{name}: {times}: {_fate(one)}"


def _fate(one: "UnknownCode") -> str:
    if one.mapping is None:
        return "not mapped"
    said = f"{one.mapping.data.status} by {one.mapping.data.by}"
    if one.applied is None:
        return f"{said}, what is stored is not translated again yet"
    waiting = f", {one.applied.data.waiting} wait for a receipt" if one.applied.data.waiting else ""
    return f"{said}, {one.applied.data.facts} translated again{waiting}"


def _publish(bootstrap: str, event: "CodeMapped") -> None:
    from connectors.broker import Producer

    with answering(), Producer(bootstrap, "hoso-carrier") as producer:
        producer.publish([event])


def _progress(count: int) -> None:
    if count % EVERY == 0:
        print(f"{count:,} facts read", file=sys.stderr)


@contextmanager
def _refusing() -> "Iterator[None]":
    """What is none of our words is a wrong use of the command, what would have no effect a sentence and status 1."""
    from connectors.mapping import CannotMap

    try:
        yield
    except CannotMap as error:
        if error.is_no_word:
            raise typer.BadParameter(str(error)) from error
        stop(str(error))
