"""Check the receipt of a result handed over, sharing no code with what made it.

`python verify.py RECEIPT --key PUBLIC.pem [--roots ROOTS.jsonl] [--manifest PAPERS.json]` needs `cryptography`, and
nothing else of ours. PUBLIC.pem may hold several keys, one behind the other. ROOTS.jsonl has a day's root a line, as
they stand on the topic receipts.roots. PAPERS.json is the list of the result's papers. Status 1: every fault is a
sentence.
"""

import argparse
import json
import re
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

Json = dict[str, Any]
Keys = dict[str, Ed25519PublicKey]
RECEIPT, ROOT = "hoso.result-receipt.v1", "hoso.receipts-root.v1"
PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)
OUR_TYPE = "vn.hoso.receipts.day_closed.v1"


class Wrong(Exception):
    """It does not hold; the text says why."""


def canonical(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read(raw: bytes | str) -> Any:
    """A document in which no member stands twice: it would be one thing to us and another to somebody else."""
    return json.loads(raw, object_pairs_hook=_once)


def _once(members: list[tuple[str, Any]]) -> Json:
    if len(dict(members)) != len(members):
        raise Wrong("a member of it stands there twice")
    return dict(members)


def keys_in(pem: bytes) -> Keys:
    """The Ed25519 keys of a file, by the SHA-256 of their 32 bytes."""
    keys = [load_pem_public_key(one) for one in PEM.findall(pem)]
    if not keys or not all(isinstance(key, Ed25519PublicKey) for key in keys):
        raise Wrong("the key is no Ed25519 key in PEM")
    return {sha256(key.public_bytes_raw()).hexdigest(): key for key in keys if isinstance(key, Ed25519PublicKey)}


def check_signature(what: str, document: Json, form: str, keys: Keys) -> None:
    """That the document is of this form and was signed, as it is, by one of these keys."""
    unsigned = {name: member for name, member in document.items() if name != "signature"}
    signature = document.get("signature")
    if unsigned.get("form") != form:
        raise Wrong(f"{what} is a {unsigned.get('form')!r}, not a {form!r}")
    if not isinstance(signature, dict) or signature.get("algorithm") != "Ed25519":
        raise Wrong(f"{what} has no Ed25519 signature")
    name, value = str(signature.get("key")), b64decode(str(signature.get("value")), validate=True)
    if name not in keys:
        raise Wrong(f"{what} was signed by another key than those given: {name}")
    if signature != {"algorithm": "Ed25519", "key": name, "value": b64encode(value).decode()}:
        raise Wrong(f"{what} has a signature with something else in it")
    try:
        keys[name].verify(value, form.encode() + b"\n" + canonical(unsigned))
    except InvalidSignature as error:
        raise Wrong(f"the signature of {what} does not fit: it was changed after it was signed") from error


def check_root(root: Json, keys: Keys) -> None:
    """That a day's root was signed, and its chain is over what it says."""
    what = f"the root of {root.get('day')}"
    check_signature(what, root, ROOT, keys)
    text = f"{root['previous']} {root['day']} {root['count']} {root['root']}"
    if root["chain"] != sha256(text.encode()).hexdigest():
        raise Wrong(f"{what} has a chain that is not over what it says")


def root_by(leaf: bytes, place: Any, count: Any, path: list[bytes]) -> bytes:
    """The root that a leaf at this place of so many has by this path (RFC 9162, 2.1.3.2)."""
    if type(place) is not int or type(count) is not int or not 0 <= place < count:
        raise Wrong(f"the proof names place {place} of {count} receipts")
    last, found = count - 1, leaf
    for beside in path:
        if last == 0:
            raise Wrong("the proof's path is too long")
        if place % 2 or place == last:
            found = sha256(b"\x01" + beside + found).digest()
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + beside).digest()
        place, last = place >> 1, last >> 1
    if last:
        raise Wrong("the proof's path is too short")
    return found


def check_proof(receipt: Json, proof: Json, keys: Keys) -> None:
    """That the receipt is among those under its day's root."""
    root = proof["root"]
    check_root(root, keys)
    if root["day"] != receipt.get("day"):
        raise Wrong(f"the receipt is of {receipt.get('day')}, its proof of {root['day']}")
    leaf = sha256(b"\x00" + canonical(receipt)).digest()
    path = [bytes.fromhex(one) for one in proof["path"]]
    if root_by(leaf, proof["place"], root["count"], path).hex() != root["root"]:
        raise Wrong("the receipt is not among those under its day's root")


def roots_in(raw: bytes, keys: Keys) -> dict[str, Json]:
    """The roots of a file, by day: each signed, each chained to the one before it. The same line again is none."""
    found: dict[str, Json] = {}
    last: Json | None = None
    for line in filter(None, map(str.strip, raw.decode().splitlines())):
        said = read(line)
        root = said["data"] if said.get("type") == OUR_TYPE else said
        if found.get(str(root.get("day"))) == root:
            continue
        check_root(root, keys)
        if last and not (last["day"] < root["day"] and last["chain"] == root["previous"]):
            raise Wrong(f"the root of {root['day']} does not follow that of {last['day']} in the file of roots")
        last = found[root["day"]] = root
    return found


def check(receipt: bytes, public_keys: bytes, roots: bytes | None = None, papers: bytes | None = None) -> list[str]:
    """What is wrong with a receipt, a sentence each; nothing if it holds."""
    faults: list[str] = []

    def look(holds: Any) -> None:
        try:
            holds()
        except Wrong as error:
            faults.append(str(error))
        except Exception as error:
            faults.append(f"it cannot be read: {type(error).__name__}: {error}")

    def against_roots() -> None:
        given = roots_in(roots or b"", keys)
        if proof is None:
            raise Wrong("it has no proof: ask for it again when its day is closed, on the day after")
        if given.get(said.get("day")) != proof["root"]:
            raise Wrong(f"the file of roots has not the root of {said.get('day')} that the proof has")

    def against_papers() -> None:
        listed = said.get("handed_over", {}).get("manifest", {}).get("sha256")
        if sha256(canonical(read(papers or b""))).hexdigest() != listed:
            raise Wrong("the papers are not those of the receipt")

    try:
        keys, said = keys_in(public_keys), read(receipt)
        proof = said.pop("proof", None)
    except Exception as error:
        return [f"it cannot be read: {type(error).__name__}: {error}"]
    look(lambda: check_signature("the receipt", said, RECEIPT, keys))
    if proof is not None:
        look(lambda: check_proof(said, proof, keys))
    if roots is not None:
        look(against_roots)
    if papers is not None:
        look(against_papers)
    return faults


def extent(receipt: bytes, roots: bytes | None) -> str:
    """What of a receipt without faults was looked at."""
    if "proof" not in read(receipt):
        return "its signature; not that it is among its day's receipts, for that day was not closed yet"
    found = "in the file of roots" if roots is not None else "which its own file brings: compare it with the published"
    return f"its signature, and its place under its day's root, {found}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("receipt", type=Path)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--roots", type=Path)
    parser.add_argument("--manifest", type=Path)
    given = parser.parse_args()
    document, pem = given.receipt.read_bytes(), given.key.read_bytes()
    all_roots, listed_papers = (file.read_bytes() if file else None for file in (given.roots, given.manifest))
    wrong = check(document, pem, all_roots, listed_papers)
    print("\n".join(wrong) or f"it holds: {extent(document, all_roots)}")
    sys.exit(bool(wrong))
