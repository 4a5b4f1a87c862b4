"""Everything a house holds, looked through for a citizen: as it lies there, and with every key that is left."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from urllib.request import urlopen

from sqlalchemy import MetaData, select

from connectors.archive.segment import records_of, unpacked
from connectors.broker import Message, Reader, admin
from connectors.day_keys import DayEvidence
from connectors.letter_boxes import LetterOpener
from connectors.seal import CannotOpen, Evidence, Opener
from connectors.secrets import load_secrets
from connectors.settings import Settings
from connectors.store import Store, open_store
from schemas.event import Event, NotAnEvent, UnknownType
from schemas.ops import DeadLetterKept
from schemas.sealed import Box, SealedText
from tests.e2e.house import House

OF_THE_OTHERS = "sandbox"
"""Begins the names of files of the post and the agencies, who know the citizen by themselves."""

ARCHIVE = "archive"
"""The folder of a house's archive, and the name of that place."""


def forms(part: str) -> set[bytes]:
    """A part of a citizen as it may stand in bytes: plain, in JSON, in an address, in base64 at any alignment."""
    raw = part.encode()
    found = {raw, json.dumps(part)[1:-1].encode(), quote(part).encode(), quote_plus(part).encode()}
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + raw)
        # Of the first and the last group some bits are of what stands beside it.
        found |= {encoded[4:-4], encoded[4:-4].translate(bytes.maketrans(b"+/", b"-_"))}
    return found


@dataclass(frozen=True)
class Look:
    """One look at all of a house, for some parts of a citizen; `spans` are what its collector of traces was sent."""

    house: House
    parts: tuple[str, ...]
    spans: Sequence[bytes] = ()

    @property
    def _needles(self) -> set[bytes]:
        return {form for part in self.parts for form in forms(part)}

    def _hits(self, raw: bytes) -> bool:
        return any(needle in raw for needle in self._needles)

    # ---------------------------------------------------------------- as it lies there

    def plain(self) -> set[str]:
        """Where it lies in the open: topics, tables, files, metrics, answers."""
        return {place for place, raw in self._everything() if self._hits(raw)}

    def _everything(self) -> Iterator[tuple[str, bytes]]:
        for topic, record in (*self.records(), *self.archived()):
            headers = b" ".join(name.encode() + b" " + (value or b"") for name, value in record.headers)
            yield topic, b" ".join((record.key or b"", record.value or b"", headers))
        for store in self._stores():
            for table, row in rows(store):
                yield f"table {table}", row
        for file in self.house.home.rglob("*"):
            if file.is_file() and not any(part.startswith(OF_THE_OTHERS) for part in file.parts):
                yield f"file {file.relative_to(self.house.home)}", file.read_bytes()
        for process, said in metrics(self.house):
            yield f"metrics of {process}", said
        yield from (("spans", body) for body in self.spans)

    def records(self) -> Iterator[tuple[str, Message]]:
        """Every record of every topic, the workers' own too."""
        with admin(self.house.bootstrap) as client:
            topics = sorted(name for name in client.list_topics() if not name.startswith("__"))
        for topic in topics:
            with Reader(self.house.bootstrap, topic) as reader:
                for record in reader.to_end():
                    yield topic, record

    def archived(self) -> Iterator[tuple[str, Message]]:
        """Every record of the archive, if the house has one."""
        for file in (self.house.home / ARCHIVE).rglob("*.jsonl.gz"):
            for record in records_of(unpacked(file.read_bytes()), ARCHIVE, 0):
                yield ARCHIVE, record

    # ---------------------------------------------------------------- with every key that is left

    def opened(self) -> set[str]:
        """Where it comes out of a box."""
        secrets, keys = load_secrets(self.house.home / "secrets"), self._stores()[0]
        letters = LetterOpener(keys, secrets.openers_private)
        opener, boxes = Opener(keys, secrets.openers_private), [DayEvidence(keys, secrets.evidence)]
        boxes.append(Evidence(secrets.feed))  # type: ignore[arg-type]  # one more of the kind, without days
        found = set()
        for place, raw in self._everything_in_boxes():
            for subject, box in boxed(raw):
                if any(self._hits(plain) for plain in tried(opener, boxes, subject, box)):
                    found.add(place)
            if place == "dead.letters" and self._hits(letter(letters, raw)):
                found.add(place)
        return found

    def _everything_in_boxes(self) -> Iterator[tuple[str, bytes]]:
        for topic, record in (*self.records(), *self.archived()):
            yield topic, record.value or b""
        for store in self._stores():
            for table, row in rows(store, columns=True):
                yield f"table {table}", row

    def _stores(self) -> list[Store]:
        settings = Settings(kafka_bootstrap=self.house.bootstrap, home=self.house.home)
        return [open_store(settings.database_url), open_store(settings.read_database_url)]


def rows(store: Store, *, columns: bool = False) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, as one text; or every column that holds bytes or text, by itself."""
    tables = MetaData()
    tables.reflect(store.engine)
    with store.read() as connection:
        for table in tables.sorted_tables:
            for row in connection.execute(select(table)):
                values = [one if isinstance(one, bytes) else str(one).encode() for one in row]
                yield from ((table.name, one) for one in (values if columns else [b" ".join(values)]))


def boxed(raw: bytes) -> Iterator[tuple[str, Box]]:
    """Every box in some JSON, with the subject of the event that it stands in."""
    try:
        said = json.loads(raw)
    except ValueError:
        return
    yield from _boxed(said, "")


def _boxed(said: Any, subject: str) -> Iterator[tuple[str, Box]]:
    if isinstance(said, dict):
        subject = str(said.get("subject", subject))
        if said.keys() == {"key_id", "box"}:
            yield subject, Box(**said)
    for one in said.values() if isinstance(said, dict) else said if isinstance(said, list) else ():
        yield from _boxed(one, subject)


def tried(opener: Opener, boxes: list[DayEvidence], subject: str, box: Box) -> Iterator[bytes]:
    """What any key gives for a box."""
    try:
        yield opener.open_text(subject, SealedText(sealed=box)).encode()
    except CannotOpen:
        pass
    for one in boxes:
        try:
            yield one.open(box)
        except CannotOpen:
            continue


def letter(opener: LetterOpener, raw: bytes) -> bytes:
    """What stands in a dead letter, as far as a key gives it."""
    try:
        said = Event.decode(raw)
        plain = opener.opened(said) if isinstance(said, DeadLetterKept) else said
    except (NotAnEvent, UnknownType, CannotOpen):
        return b""
    inside = base64.b64decode(plain.data.bytes) if isinstance(plain, DeadLetterKept) else b""
    return plain.encode() + inside


def metrics(house: House) -> Iterator[tuple[str, bytes]]:
    """What each process shows to Prometheus."""
    for slot in house.supervisor._slots:
        ready = slot.spec.ready
        if isinstance(ready, str) and ready.endswith("/readyz"):
            with urlopen(ready.removesuffix("/readyz") + "/metrics", timeout=10) as answer:
                yield slot.spec.name, answer.read()


def logs(home: Path) -> bytes:
    """What our processes logged."""
    return b"".join(one.read_bytes() for one in (home / "logs").glob("*") if not one.name.startswith(OF_THE_OTHERS))
