"""The checker of receipts: what was made holds, what was changed does not, and it owes nothing to what makes them."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.certificates import fingerprint, public_pem
from connectors.receipts.days import day_closed
from connectors.receipts.signing import signed
from hoso.receipt import verify
from hoso.receipt.verify import check
from rules.receipts.handing_over import manifest
from rules.receipts.statement import statement
from rules.receipts.tree import GENESIS, leaf_of, path_to
from schemas.event import canonical

SCRIPT = Path(verify.__file__)
KEY, OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32), Ed25519PrivateKey.from_private_bytes(b"o" * 32)
PUBLIC = public_pem(KEY).encode()
DAY = date(2026, 11, 30)
PAPERS = [{"name": "Giấy phép mẫu", "kind": "ORIGINAL", "copies": 1}]
HANDED_OVER: dict[str, Any] = {
    "mode": "POST",
    "at": "2026-11-30T08:30:00+07:00",
    "result_no": "KQ-1",
    "outcome": "APPROVED",
    "manifest": manifest(PAPERS),
    "receiver": {"named": True, "relation": "mẹ", "id_type": "CCCD"},
    "leg": "D1",
    "carrier": "myvnpost",
    "item_code": "EA000000011VN",
    "evidence": {"result": "/agencies/H29.12 r-1", "delivered": "ab12", "confirmed_by": "CARRIER"},
}
Json = dict[str, Any]
Path_ = tuple[str | int, ...]


def a_receipt(number: int, day: date = DAY, handed_over: Json | None = HANDED_OVER) -> Json:
    """The n-th dossier's receipt, signed."""
    at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    said = statement(f"H29.12-261102-{number:04d}", f"/hoso/streams s-{number}", None, handed_over, at, day)
    return signed(said, KEY)


def leaf(receipt: Json) -> bytes:
    return leaf_of(canonical(receipt))


RECEIPTS = sorted((a_receipt(number) for number in range(1, 8)), key=lambda one: str(one["id"]))
LEAVES = [leaf(one) for one in RECEIPTS]
FIRST = day_closed(DAY, LEAVES, GENESIS, KEY)
NEXT = [leaf(a_receipt(9, DAY + timedelta(days=1)))]
SECOND = day_closed(DAY + timedelta(days=1), NEXT, FIRST.data.chain, KEY)
THIRD = day_closed(DAY + timedelta(days=4), NEXT, SECOND.data.chain, KEY)
ROOTS = [event.data.model_dump(mode="json") for event in (FIRST, SECOND, THIRD)]


def proven(place: int) -> Json:
    """A receipt of the day, with its proof."""
    path = [one.hex() for one in path_to(LEAVES, place)]
    return RECEIPTS[place] | {"proof": {"place": place, "path": path, "root": ROOTS[0]}}


def lines(*roots: Json) -> bytes:
    """A file of roots."""
    return "".join(json.dumps(root, ensure_ascii=False) + "\n" for root in roots).encode()


def faults(document: Json, key: bytes = PUBLIC, roots: bytes | None = None, papers: bytes | None = None) -> list[str]:
    return check(json.dumps(document, ensure_ascii=False, indent=2).encode(), key, roots, papers)


def signed_anew(document: Json, key: Ed25519PrivateKey = KEY) -> Json:
    """What an issuer would sign that lies."""
    return signed({name: member for name, member in document.items() if name != "signature"}, key)


def ways(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every value of a document that is no list and no object, with the way to it."""
    match value:
        case dict():
            for name, member in value.items():
                yield from ways(member, (*path, name))
        case list():
            for place, member in enumerate(value):
                yield from ways(member, (*path, place))
        case _:
            yield path, value


def others(value: Any) -> list[Any]:
    """Other values that somebody might put in a value's place."""
    match value:
        case bool():
            return [not value, int(value)]
        case int():
            return [value + 1, float(value), str(value), -1]
        case str():
            return [value + "x", value[::-1] if value != value[::-1] else "", None]
        case _:
            return ["x", 0]


def changed(document: Json, path: Path_, value: Any) -> Json:
    """The document with another value there."""
    copy = deepcopy(document)
    place: Any = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


PROVEN = proven(2)
VALUES = list(ways(PROVEN))


# ---------------------------------------------------------------- what holds


@pytest.mark.parametrize("place", range(len(RECEIPTS)))
def test_every_receipt_of_the_day_holds_with_and_without_the_roots(place: int) -> None:
    assert faults(RECEIPTS[place]) == []
    assert faults(proven(place)) == []
    assert faults(proven(place), roots=lines(*ROOTS)) == []


def test_a_statement_that_takes_back_holds() -> None:
    assert faults(a_receipt(1, handed_over=None)) == []


def test_layout_and_the_order_of_members_mean_nothing() -> None:
    turned = dict(reversed(PROVEN.items()))

    for raw in (json.dumps(turned), json.dumps(PROVEN, indent=8), json.dumps(PROVEN, ensure_ascii=True)):
        assert check(raw.encode(), PUBLIC, lines(*ROOTS)) == []


def test_the_roots_may_be_the_events_as_they_stand_on_the_topic_and_may_stand_there_twice() -> None:
    events = b"\n".join([FIRST.encode(), FIRST.encode(), SECOND.encode(), b""])

    assert faults(PROVEN, roots=events) == []


def test_the_roots_may_begin_at_any_day() -> None:
    later = a_receipt(9, DAY + timedelta(days=1))
    proof = {"place": 0, "path": [], "root": ROOTS[1]}

    assert faults(later | {"proof": proof}, roots=lines(*ROOTS[1:])) == []


def test_the_papers_are_those_of_the_receipt_or_not() -> None:
    same, other = json.dumps(PAPERS, indent=1).encode(), json.dumps([PAPERS[0] | {"copies": 2}]).encode()

    assert faults(PROVEN, papers=same) == []
    assert faults(PROVEN, papers=other) == ["the papers are not those of the receipt"]
    assert faults(a_receipt(1, handed_over=None), papers=same) == ["the papers are not those of the receipt"]


# ---------------------------------------------------------------- what does not


@pytest.mark.parametrize(("path", "value"), VALUES, ids=[".".join(map(str, path)) for path, _ in VALUES])
def test_nothing_of_a_receipt_or_its_proof_can_be_changed(path: Path_, value: Any) -> None:
    for other in others(value):
        assert faults(changed(PROVEN, path, other)) != [], other


@pytest.mark.parametrize("name", sorted(PROVEN.keys() - {"proof"}))
def test_nothing_of_a_receipt_can_be_left_out(name: str) -> None:
    short = {member: value for member, value in PROVEN.items() if member != name}

    assert faults(short) != []


@pytest.mark.parametrize("name", ["place", "path", "root"])
def test_nothing_of_a_proof_can_be_left_out(name: str) -> None:
    short = deepcopy(PROVEN)
    del short["proof"][name]

    assert faults(short) != []


def test_nothing_can_be_added_to_a_receipt_or_to_its_signature() -> None:
    more = deepcopy(PROVEN)
    more["signature"]["comment"] = "seen by nobody"

    assert faults(PROVEN | {"comment": "seen by nobody"}) != []
    assert faults(more) != []


def test_another_receipts_proof_is_none_of_this_one() -> None:
    swapped = RECEIPTS[2] | {"proof": proven(3)["proof"]}

    assert faults(swapped) == ["the receipt is not among those under its day's root"]


def test_a_receipt_that_was_signed_and_left_out_of_the_tree_has_no_proof() -> None:
    stranger = a_receipt(99)

    for place in range(len(RECEIPTS)):
        assert faults(stranger | {"proof": proven(place)["proof"]}) != []


def test_a_proof_of_another_day_is_refused() -> None:
    later = a_receipt(9, DAY + timedelta(days=1))
    moved = day_closed(DAY, NEXT, GENESIS, KEY).data.model_dump(mode="json")

    assert faults(later | {"proof": {"place": 0, "path": [], "root": moved}}) == [
        "the receipt is of 2026-12-01, its proof of 2026-11-30"
    ]


def test_a_root_that_was_made_anew_for_a_closed_day_is_found_out_by_the_published_ones() -> None:
    forged = [*LEAVES, leaf(a_receipt(99))]
    root = day_closed(DAY, forged, GENESIS, KEY).data.model_dump(mode="json")
    path = [one.hex() for one in path_to(forged, len(LEAVES))]
    late = a_receipt(99) | {"proof": {"place": len(LEAVES), "path": path, "root": root}}

    assert faults(late) == []
    assert faults(late, roots=lines(*ROOTS)) == ["the file of roots has not the root of 2026-11-30 that the proof has"]


@pytest.mark.parametrize(
    ("roots", "fault"),
    [
        ([ROOTS[0], ROOTS[2]], "the root of 2026-12-04 does not follow that of 2026-11-30 in the file of roots"),
        ([ROOTS[1], ROOTS[0]], "the root of 2026-11-30 does not follow that of 2026-12-01 in the file of roots"),
        (ROOTS[1:], "the file of roots has not the root of 2026-11-30 that the proof has"),
        ([], "the file of roots has not the root of 2026-11-30 that the proof has"),
        (
            [signed_anew(ROOTS[0] | {"count": 8}), *ROOTS[1:]],
            "the root of 2026-11-30 has a chain that is not over what it says",
        ),
        (
            [ROOTS[0] | {"count": 8}, *ROOTS[1:]],
            "the signature of the root of 2026-11-30 does not fit: it was changed after it was signed",
        ),
        (
            [signed_anew(ROOTS[0], OTHER_KEY)],
            f"the root of 2026-11-30 was signed by another key than those given: {fingerprint(OTHER_KEY)}",
        ),
    ],
    ids=["one cut out", "turned", "not there", "empty", "recounted", "changed", "another key"],
)
def test_a_file_of_roots_that_does_not_hold_is_refused(roots: list[Json], fault: str) -> None:
    assert faults(PROVEN, roots=lines(*roots)) == [fault]


def test_with_roots_a_receipt_without_a_proof_is_refused() -> None:
    assert faults(RECEIPTS[0], roots=lines(*ROOTS)) == [
        "it has no proof: ask for it again when its day is closed, on the day after"
    ]


def test_another_key_is_named() -> None:
    found = faults(RECEIPTS[0], key=public_pem(OTHER_KEY).encode())

    assert found == [f"the receipt was signed by another key than those given: {fingerprint(KEY)}"]


def test_a_signature_under_anothers_name_does_not_fit() -> None:
    forged = signed_anew(RECEIPTS[0], OTHER_KEY)
    forged["signature"]["key"] = fingerprint(KEY)

    assert faults(forged) == ["the signature of the receipt does not fit: it was changed after it was signed"]


def test_what_the_same_key_signed_as_something_else_is_no_receipt() -> None:
    assert faults(ROOTS[0])[0].endswith("not a 'hoso.result-receipt.v1'")


def test_a_member_that_is_there_twice_is_refused_though_one_of_them_is_right() -> None:
    raw = json.dumps(PROVEN)
    twice = raw.replace('"result_no": "KQ-1"', '"result_no": "KQ-2", "result_no": "KQ-1"')

    assert json.loads(twice) == PROVEN and twice != raw
    assert check(twice.encode(), PUBLIC) != []


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"null", b"[" * 100_000, b"\xff\xfe", b'{"proof": 1}'])
def test_what_cannot_be_read_is_a_sentence_and_no_traceback(raw: bytes) -> None:
    found = check(raw, PUBLIC)

    assert found and all(found)


@pytest.mark.parametrize("key", [b"", b"no key", PUBLIC[:60]])
def test_without_a_key_nothing_holds(key: bytes) -> None:
    assert faults(RECEIPTS[0], key=key) != []


def test_what_was_looked_at_is_said() -> None:
    bare, whole = json.dumps(RECEIPTS[0]).encode(), json.dumps(PROVEN).encode()

    assert "was not closed yet" in verify.extent(bare, None)
    assert "compare it with the published" in verify.extent(whole, None)
    assert verify.extent(whole, lines(*ROOTS)).endswith("in the file of roots")


# ---------------------------------------------------------------- the checker itself


def test_the_checker_is_one_short_file_that_imports_nothing_of_ours() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert len(text.splitlines()) <= 200
    assert names - set(sys.stdlib_module_names) == {"cryptography"}


@pytest.mark.parametrize("holds", [True, False])
def test_the_checker_works_alone_as_a_script(tmp_path: Path, holds: bool) -> None:
    document = PROVEN if holds else changed(PROVEN, ("handed_over", "result_no"), "KQ-2")
    alone = tmp_path / "verify.py"
    alone.write_bytes(SCRIPT.read_bytes())
    files = {"r.json": json.dumps(document).encode(), "k.pem": PUBLIC, "roots.jsonl": lines(*ROOTS)}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    ran = subprocess.run(
        [sys.executable, "-I", str(alone), "r.json", "--key", "k.pem", "--roots", "roots.jsonl"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == (0 if holds else 1), ran.stderr
    assert ("it holds" in ran.stdout) == holds
    assert holds or "the signature of the receipt does not fit" in ran.stdout
