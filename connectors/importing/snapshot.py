"""Two nightly exports of an old system, a row a dossier, as the facts that must have happened between them.

Only what an export dates is a fact: each column `<fact>_at` that the second export fills and the first did not, and the
status itself at `status_at` where no such column says how it came about. What was open in the first is adopted. A
difference that no date explains is named and no fact: nothing is guessed.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from typing import Any

from connectors.gate.problems import problem
from connectors.importing.columns import DAY, all_columns, facts, fields_of, instant
from connectors.importing.sheet import WHERE, WHY, Row, Sheet
from connectors.importing.stating import NO_HOUR, NO_INSTANT, Stated, data_of
from connectors.partner_lists import WrongList
from rules.transitions import FINAL
from schemas.dossier import NATIONAL, DossierFact, DossierStatus, ReturnMode
from schemas.event import Event, derived_id
from schemas.instant import VIETNAM
from schemas.notice import FieldProblem

PREFIX = "snapshot-"
"""How the id of a fact derived from two exports begins: so everybody sees that nobody stated it in these words."""
AT = "_at"
STATUS, STATUS_AT = "status", "status_at"
UNSTATED = "không nêu: suy ra từ hai bản xuất dữ liệu"
"""Stands where a fact needs a free text and the export has none: not stated, derived from two exports."""
NEVER = frozenset({"adopted", "corrected", "invitation_made"})
"""What no export can say of itself."""
FIRST, SECOND = "A", "B"

LEADS_TO = {
    DossierStatus.SUBMITTED: "submitted",
    DossierStatus.RECEIVED: "received",
    DossierStatus.RECEPTION_REFUSED: "reception_refused",
    DossierStatus.IN_PROCESS: "forwarded",
    DossierStatus.AWAITING_SUPPLEMENT: "supplement_requested",
    DossierStatus.AWAITING_PAYMENT: "payment_requested",
    DossierStatus.WITHDRAWN: "withdrawn",
    DossierStatus.STOPPED: "processing_stopped",
    DossierStatus.RESULT_READY: "result_ready",
    DossierStatus.RESULT_RETURNED: "result_returned",
}
"""The fact that `status_at` stands for; another fact that enters the same status has a column of its own."""
BACK_AT_WORK = {DossierStatus.AWAITING_SUPPLEMENT: "supplement_received",
                DossierStatus.AWAITING_PAYMENT: "payment_received"}  # fmt: skip
"""The same, of a dossier that is in process again."""


@cache
def dated() -> tuple[str, ...]:
    """The facts that may have a column of their own."""
    return tuple(name for name, known in facts().items() if issubclass(known, DossierFact) and name not in NEVER)


@cache
def snapshot_columns() -> tuple[str, ...]:
    """Every column that an export may have; `<fact>.<field>` is a field of that fact alone."""
    own = [f"{name}.{column}" for name in dated() for column in fields_of(facts()[name])]
    return ("dossier", STATUS, STATUS_AT, *(f"{name}{AT}" for name in dated()), *all_columns(), *own, WHERE, WHY)


@dataclass(frozen=True)
class Pair:
    """Two exports of one agency, the instants at which they were taken, and how its system calls the statuses."""

    first: Sheet
    second: Sheet
    taken: tuple[datetime, datetime]
    agency: str
    at: time | None = None
    statuses: Mapping[str, DossierStatus] | None = None


def derived(pair: Pair, known: Collection[str]) -> list[Stated]:
    """What lies between the exports, an entry a fact; and, with its problems, each difference that is none.

    `known` are the dossiers that the pipeline has already: they are not adopted again.
    """
    first, twice = _by_dossier(pair.first, FIRST)
    second, again = _by_dossier(pair.second, SECOND)
    found = [*twice, *again]
    for code, row in first.items():
        status = _status(row, pair)
        if status is not None and status not in FINAL and code not in known:
            found.append(_adopted(row, status, pair))
        if status is not None and status not in FINAL and code not in second:
            found.append(_unclear(row, FIRST, "dossier", "It is open in the first export and not in the second."))
        if status is None:
            found.append(_unclear(row, FIRST, STATUS, _no_status(pair)))
    for code, row in second.items():
        found += _between(first.get(code), row, pair)
    return found


# ---------------------------------------------------------------- one dossier


def _between(before: Row | None, after: Row, pair: Pair) -> Iterator[Stated]:
    was, status = (_status(before, pair) if before else None), _status(after, pair)
    if status is None:
        yield _unclear(after, SECOND, STATUS, _no_status(pair))
        return
    old = _happened(before, was, None) if before else {}
    # Of a status that stayed, `status_at` says nothing new, whatever the old system writes there.
    dates = _happened(after, status if status is not was else None, was)
    new = {name: text for name, text in dates.items() if old.get(name) != text}
    for name in [one for one in new if one in old and _opens(one)]:
        says = "The first export has another time: take that fact back by a row `corrected` in a table of facts."
        yield _unclear(after, SECOND, f"{name}{AT}", says)
        del new[name]
    for name, text in new.items():
        yield _fact(after, name, text, pair)
    if status is not was and not any(_enters(name) is status for name in new):
        says = "The status changed, and no date says when; fill this column, or that of the fact."
        yield _unclear(after, SECOND, STATUS_AT, says)
    elif before and _moved(before, after) and not new:
        says = "The date moved, and no fact says why; state it by a row `extended` in a table of facts."
        yield _unclear(after, SECOND, "promised_due_on", says)


def _happened(row: Row, status: DossierStatus | None, was: DossierStatus | None) -> dict[str, str]:
    """The facts that an export dates, by name, in the order of their columns; and the one its status stands for."""
    found = {name: row.said[f"{name}{AT}"] for name in dated() if f"{name}{AT}" in row.said}
    if status is not None and STATUS_AT in row.said and not any(_enters(name) is status for name in found):
        back = BACK_AT_WORK.get(was) if was is not None and status is DossierStatus.IN_PROCESS else None
        found[back or LEADS_TO[status]] = row.said[STATUS_AT]
    return found


def _moved(before: Row, after: Row) -> bool:
    dates = [row.said.get("promised_due_on") for row in (before, after)]
    return all(dates) and dates[0] != dates[1]


def _opens(name: str) -> bool:
    return bool(getattr(facts()[name], "opens", False))


def _enters(name: str) -> DossierStatus | None:
    return getattr(facts()[name], "enters", None)


# ---------------------------------------------------------------- facts


def _fact(row: Row, name: str, text: str, pair: Pair) -> Stated:
    column = f"{name}{AT}" if f"{name}{AT}" in row.said else STATUS_AT
    when = instant(text, pair.at)
    known = facts()[name]
    problems: tuple[FieldProblem, ...] = ()
    if when is None:
        problems = (problem(column, NO_HOUR if DAY.fullmatch(text) else NO_INSTANT),)
    data = data_of(_cells(row, name, known), known)
    return _stated(row, name, when, data, pair, SECOND, problems)


def _adopted(row: Row, status: DossierStatus, pair: Pair) -> Stated:
    known = facts()["adopted"]
    cells = {column: row.said[column] for column in fields_of(known) if column in row.said and column != "as_of"}
    data = data_of(cells, known) | {"status": status.value, "as_of": pair.taken[0].isoformat()}
    return _stated(row, "adopted", pair.taken[0], data, pair, FIRST)


def _stated(
    row: Row,
    name: str,
    when: datetime | None,
    data: dict[str, Any],
    pair: Pair,
    sheet: str,
    problems: tuple[FieldProblem, ...] = (),
) -> Stated:
    dossier, type_ = row.said["dossier"], str(facts()[name].model_fields["type"].default)
    moment = when.astimezone(VIETNAM).isoformat() if when else ""
    event = {
        "specversion": "1.0",
        # An adoption is one a dossier, whenever the export was taken that says so.
        "id": PREFIX + derived_id(pair.agency, "snapshot", dossier, type_, "" if name == "adopted" else moment),
        "source": f"/agencies/{pair.agency}",
        "subject": dossier,
        "type": type_,
        "time": moment or row.said.get(f"{name}{AT}", ""),
        "data": data,
    }
    return Stated(row, event, when, problems, sheet)


def _cells(row: Row, name: str, known: type[Event]) -> dict[str, str]:
    """What an export says for this fact: its own columns before the shared ones, and what follows from others."""
    shared = {column: row.said[column] for column in fields_of(known) if column in row.said}
    own = {
        column.removeprefix(f"{name}."): text
        for column, text in row.said.items()
        if column.startswith(f"{name}.") and column.removeprefix(f"{name}.") in fields_of(known)
    }
    return _follows(row, name) | shared | own


def _follows(row: Row, name: str) -> dict[str, str]:
    """What a fact needs and an export of states says in other words, or not at all."""
    competent, mode = row.said.get("competent_agency"), row.said.get("return_mode", "").upper()
    match name:
        case "forwarded":
            found = {"to_agency": competent}
        case "assigned" | "step_completed":
            found = {"agency": competent}
        case "supplement_requested":
            stage = "APPRAISAL" if f"received{AT}" in row.said else None
            found = {"stage": stage, "documents": UNSTATED, "reason": UNSTATED}
        case "supplement_received":
            found = {"complete": "yes"}
        case "result_ready":
            found = {"physical": "no" if mode == ReturnMode.ELECTRONIC else "yes" if mode else None}
        case "result_returned":
            found = {"mode": mode if mode and mode != ReturnMode.POST else None, "receiver": UNSTATED}
        case "reception_refused" | "withdrawn" | "collection_cancelled" | "return_cancelled" | "apology_issued":
            found = {"reason": UNSTATED}
        case "extended":
            found = {"new_due_on": row.said.get("promised_due_on"), "reason": UNSTATED}
        case _:
            found = {}
    return {column: text for column, text in found.items() if text}


# ---------------------------------------------------------------- rows


def _by_dossier(sheet: Sheet, name: str) -> tuple[dict[str, Row], list[Stated]]:
    """The rows by their dossier; those without one, unreadable ones and a dossier's second are named."""
    found: dict[str, Row] = {}
    wrong = []
    for row in sheet.rows:
        code = row.said.get("dossier", "")
        if row.fault:
            wrong.append(_unclear(row, name, "row", row.fault))
        elif not code:
            wrong.append(_unclear(row, name, "dossier", "It is empty."))
        elif code in found:
            wrong.append(_unclear(row, name, "dossier", f"It stands in row {found[code].number} already."))
        else:
            found[code] = row
    return found, wrong


def _unclear(row: Row, sheet: str, column: str, says: str) -> Stated:
    return Stated(row, {"subject": row.said.get("dossier", "")}, None, (problem(column, says),), sheet)


def _status(row: Row, pair: Pair) -> DossierStatus | None:
    """A status as an export has it: its own word, where it was told; ours; or the national number."""
    text = " ".join(row.said.get(STATUS, "").split()).casefold()
    return {**_words(), **{word.casefold(): status for word, status in (pair.statuses or {}).items()}}.get(text)


@cache
def _words() -> dict[str, DossierStatus]:
    return {status.value.casefold(): status for status in LEADS_TO} | {
        str(number): status for status, number in NATIONAL.items()
    }


def _no_status(pair: Pair) -> str:
    told = f", or {', '.join(pair.statuses)}" if pair.statuses else ""
    return f"It is none of {', '.join(LEADS_TO)}, no national code 1 to 10{told}; --status theirs=OURS names theirs."


def statuses(given: Sequence[str]) -> dict[str, DossierStatus]:
    """What `--status theirs=OURS` says. Raises WrongList."""
    found = {}
    for one in given:
        theirs, sign, ours = (part.strip() for part in one.rpartition("="))
        if not sign or not theirs or ours.upper() not in LEADS_TO:
            raise WrongList(f"--status {one!r} names no status: write theirs=one of {', '.join(LEADS_TO)}")
        found[theirs] = DossierStatus(ours.upper())
    return found
