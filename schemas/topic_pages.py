"""A page of documentation for each topic, generated from the words: what travels on it, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.contract import json_schemas, travellers
from schemas.event import TYPES, Event
from schemas.topics import TOPICS, Keep, Spread, Topic

Json = Mapping[str, Any]
PARTITIONS = {
    Spread.AS_THE_LOG: "as many as `dossier.events` has, for life",
    Spread.FEW: "a few",
    Spread.ONE: "one: its order over all keys matters",
}


def topic_pages() -> dict[str, str]:
    """Every page by its path under `docs/contract/`, and a table of them all."""
    rows = [row for row in TOPICS if travellers(row)]
    pages = {_path(row): "\n".join(_page(row, travellers(row))) + "\n" for row in rows}
    return {**pages, "topics/README.md": "\n".join(_index(rows)) + "\n"}


def _index(rows: Sequence[Topic]) -> Iterator[str]:
    yield "# Topics"
    yield ""
    yield "Every message is one CloudEvent as JSON ([the envelope](../schemas/event.json)), keyed by its `subject`."
    yield "`examples/monitor.py` reads any of these with a plain client. These pages are generated: `hoso contract`."
    yield ""
    yield "| topic | what it says | key | writer | kept |"
    yield "| --- | --- | --- | --- | --- |"
    for row in rows:
        name = _path(row).removeprefix("topics/")
        yield f"| [`{_address(row)}`]({name}) | {row.says} | {row.key} | {row.writer} | {_kept(row)} |"


def _page(row: Topic, kinds: Sequence[type[Event]]) -> Iterator[str]:
    yield f"# `{_address(row)}`"
    yield ""
    yield f"{row.says[0].upper()}{row.says[1:]}."
    yield ""
    yield f"- Key: {row.key}"
    yield f"- Writer: {row.writer}; read by {row.read_by}"
    yield f"- Kept: {_kept(row)}; partitions: {PARTITIONS[row.spread]}"
    yield ""
    yield "A consumer passes over types and fields that it does not know: later releases add some."
    # By name: in which order the modules were read is nobody's business.
    for kind in sorted(kinds, key=lambda one: _names(one)[0]):
        yield from _kind(kind)


def _kind(kind: type[Event]) -> Iterator[str]:
    names = _names(kind)
    schema = json_schemas()[names[0]]
    yield ""
    yield "## " + ", ".join(f"`{name}`" for name in names)
    yield ""
    yield " ".join((kind.__doc__ or "").split())
    yield ""
    fields = schema.get("properties", {})
    if fields:
        yield "| `data` field | form | required |"
        yield "| --- | --- | --- |"
        for field, form in fields.items():
            required = "yes" if field in schema.get("required", ()) else "-"
            yield f"| `{field}` | {_form(form, schema)} | {required} |"
        yield ""
    yield f"[JSON Schema](../schemas/{names[0]}.json)"


def _names(kind: type[Event]) -> list[str]:
    """Every type that is of this kind."""
    return sorted(name for name, known in TYPES.items() if known is kind)


def _form(form: Json, whole: Json) -> str:
    """A field's form in a few words."""
    if "$ref" in form:
        return _named(str(form["$ref"]), whole)
    if "const" in form:
        return f"`{form['const']}`"
    if "enum" in form:
        return ", ".join(f"`{one}`" for one in form["enum"])
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in form:
            kinds = [_form(one, whole) for one in form[choice] if one.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    if form.get("type") == "array":
        items = form.get("items") or (form.get("prefixItems") or [{}])[0]
        return f"list of {_form(items, whole)}"
    return str(form.get("format") or form.get("type") or "any")


def _named(ref: str, whole: Json) -> str:
    name = ref.rsplit("/", 1)[-1]
    found = whole.get("$defs", {}).get(name, {})
    if "enum" in found:
        return ", ".join(f"`{one}`" for one in found["enum"])
    return f"`{name}`"


def _address(row: Topic) -> str:
    return f"{row.name}.<agency code>" if row.per_agency else row.name


def _path(row: Topic) -> str:
    return f"topics/{row.name}.md"


def _kept(row: Topic) -> str:
    return f"{row.days} days" if row.keep is Keep.DAYS else row.keep.value
