"""An agency checks the whole pipeline from outside: `hoso kit check`, and nothing is left that goes on."""

import json
from typing import Any

from tests.e2e.house import House

AGENCY, OTHER = "H29.12", "H29.99"


def test_the_whole_pipeline_keeps_its_contract(house: House) -> None:
    mine, other = house.credentials()[AGENCY], house.credentials()[OTHER]
    words = ["--agency", AGENCY, "--key", mine["key"], "--other-key", other["key"]]

    ran = house.hoso("kit", "check", house.edge, *words, "--callback-port", "0", "--secret", mine["secret"], "--json")

    found = json.loads(ran.stdout)
    assert (found["failed"], found["skipped"]) == (0, 0), [one for one in found["scenarios"] if one["came"]]
    assert (ran.returncode, ran.stderr) == (0, "")
    dossier = found["left"]["dossier"]
    house.wait("it is withdrawn", lambda: house.shown(dossier).get("status") == "WITHDRAWN")
    house.wait_told(dossier, "deadline_set")
    others = 1
    refused = found["left"]["rejections"] - others
    house.wait("it is told of what was refused", lambda: len(rehearsed(house)) == refused)


def rehearsed(house: House) -> set[str]:
    """The ids of a rehearsal that the feed says were refused."""
    page: dict[str, Any] = {"next": "0", "more": True}
    refused: list[dict[str, Any]] = []
    while page["more"]:
        page = house.get(f"/v1/feed?after={page['next']}&limit=500").body
        refused += [one["data"] for one in page["events"] if one["type"] == "vn.hoso.gate.event_rejected.v1"]
    return {one["id"] for one in refused if one["id"].startswith("rehearsal-")}
