"""`hoso carrier unknown|map`: codes that no table holds, and an operator's word on what one of them means."""

import getpass
import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of
from schemas.postal import ParcelStatus

if TYPE_CHECKING:
    from connectors.carriers import Carrier
    from connectors.codes import Said
    from connectors.unknown_codes import UnknownCode
    from schemas.carrier_codes import CodeMapped

KEPT_DAYS = 90
"""For so long webhooks are kept: what came in before cannot be translated again."""
EVERY = 200_000
NO_CODE = "none"
"""What an update carries whose body had no code."""

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
    if carrier is not None:
        _named(carrier)
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
    hoso carrier map myvnpost 26 UNKNOWN --instead --why "it was another carrier's letter"
    """
    found, meaning = _named(carrier), _status(status)
    if not why:
        raise typer.BadParameter("--why is needed: it stands beside your name")
    version = _version(found, api_version)
    bootstrap = bootstrap_of()
    seen = _seen(_read(carrier, KEPT_DAYS), version, code)
    version, code = (seen.api_version, seen.code) if seen else (version, code)
    _check_table(found, version, code, meaning)
    before = _said(bootstrap).of(carrier, version, code)
    if _stands(before, meaning, firm) and not again:
        print(f"{_name(carrier, version, code)} is mapped to {meaning} already")
        return
    _check_before(_name(carrier, version, code), before, meaning, instead)
    event = _mapping(carrier, version, code, meaning, firm, why, by or getpass.getuser())
    _publish(bootstrap, event)
    print(f"{_name(carrier, version, code)} is {meaning} from now on")
    if meaning is not ParcelStatus.UNKNOWN:
        print(f"{seen.times} stored updates are translated again" if seen else "no update on the log carries it")


# ---------------------------------------------------------------- what is there


def _read(carrier: str | None, days: int) -> "list[UnknownCode]":
    from connectors.unknown_codes import unknown_codes

    with answering():
        return unknown_codes(bootstrap_of(), carrier, timedelta(days=days), _progress)


def _said(bootstrap: str) -> "Said":
    from connectors.codes import read

    with answering():
        return read(bootstrap)


def _seen(found: "list[UnknownCode]", version: str | None, code: str) -> "UnknownCode | None":
    """The code as the log has it: a body that told its list itself has the list's name in the code, `old:91`."""
    names = [(version, code), (version, f"{version}:{code}"), (None, f"{version}:{code}")]
    return next((one for name in names for one in found if (one.api_version, one.code) == name), None)


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
        "why": said.data.why if said else None,
        "by": said.data.by if said else None,
        "translated_again": done.data.model_dump(include={"webhooks", "facts", "waiting"}) if done else None,
    }


def _line(one: "UnknownCode") -> str:
    from connectors.dead_letters import printable

    name = _name(one.carrier, one.api_version, printable(one.code))
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


# ---------------------------------------------------------------- what is said


def _mapping(
    carrier: str, version: str | None, code: str, status: ParcelStatus, firm: bool | None, why: str, by: str
) -> "CodeMapped":
    from pydantic import ValidationError

    from connectors.operators import source_of
    from schemas.carrier_codes import CodeMapped
    from schemas.event import derived_id
    from schemas.instant import now

    at = now()
    try:
        return CodeMapped(
            id=derived_id(f"{carrier} {at.isoformat()}", "code_mapped", version or "", code, status.value),
            source=source_of(by),
            subject=carrier,
            time=at,
            recordedtime=at,
            data=CodeMapped.Data(
                carrier=carrier, api_version=version, code=code, status=status, firm=firm, why=why, by=by
            ),
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _publish(bootstrap: str, event: "CodeMapped") -> None:
    from connectors.broker import Producer

    with answering(), Producer(bootstrap, "hoso-carrier") as producer:
        producer.publish([event])


def _stands(before: "CodeMapped | None", status: ParcelStatus, firm: bool | None) -> bool:
    return before is not None and before.data.status is status and before.data.firm is firm


# ---------------------------------------------------------------- what is refused


def _named(name: str) -> "Carrier":
    from connectors.carriers import carriers

    if (found := carriers().get(name)) is None:
        raise typer.BadParameter(f"there is no carrier {name}: there are {', '.join(sorted(carriers()))}")
    return found


def _status(name: str) -> ParcelStatus:
    try:
        return ParcelStatus(name.upper())
    except ValueError as error:
        raise typer.BadParameter(f"{name} is no status of ours: {', '.join(ParcelStatus)}") from error


def _version(found: "Carrier", api_version: str | None) -> str | None:
    """The list as webhooks name it: none is the newest."""
    from connectors.codes import lists_of

    lists = lists_of(found)
    if api_version is not None and api_version not in lists:
        raise typer.BadParameter(f"{found.name} has no list {api_version}: it has {', '.join(lists)}")
    return None if api_version in (None, *lists[:1]) else api_version


def _check_table(found: "Carrier", version: str | None, code: str, status: ParcelStatus) -> None:
    """Refuse what would have no effect: a code that the carrier's own table reads, and no code at all."""
    from connectors.codes import in_table

    if not code or code.rpartition(":")[2] == NO_CODE:
        raise typer.BadParameter("that is no code: the body had none")
    held = in_table(found, version, code)
    if held not in (None, ParcelStatus.UNKNOWN, status):
        stop(f"{found.name}'s own table says that {code} is {held}, and it comes first: mend connectors/carriers")


def _check_before(name: str, before: "CodeMapped | None", status: ParcelStatus, instead: bool) -> None:
    """Refuse to take back what nobody said, and to change what somebody did unless that is meant."""
    if before is None and status is ParcelStatus.UNKNOWN:
        stop(f"{name} is not mapped: there is nothing to take back")
    if before is not None and before.data.status is not status and not instead:
        said = f"{name} is mapped to {before.data.status} by {before.data.by}: {before.data.why}"
        stop(f"{said}; --instead changes it from now on, what was said stays said")


def _name(carrier: str, version: str | None, code: str) -> str:
    return f"{carrier} {code}" if version is None else f"{carrier} {code} (list {version})"


def _progress(count: int) -> None:
    if count % EVERY == 0:
        print(f"{count:,} facts read", file=sys.stderr)
