"""A date explains itself: by the citizen's link, and by a certificate that is checked without us."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from hoso.certificate import verify
from tests.builders import ROOT
from tests.e2e.house import House

CALENDAR = ROOT / "deploy/reference/calendars/vn-public-offices.toml"


def a_dossier(house: House) -> tuple[str, str]:
    """A dossier whose clock runs, and its due date as its agency has it."""
    code = house.a_code()
    house.received(code)
    house.wait_told(code, "deadline_set")
    due_on: str = house.get(f"/v1/dossiers/{code}/deadline").body["clock"]["due_on"]
    return code, due_on


def test_the_link_of_the_command_opens_the_citizens_page_and_no_other_does(house: House) -> None:
    code, due_on = a_dossier(house)

    link = house.says("explain", code, "--link").stdout.strip()

    address = house.edge + re.sub("^https?://[^/]+", "", link)
    with urlopen(address, timeout=30) as answer:
        page = answer.read().decode()
    assert "Ngày hẹn trả kết quả" in page
    assert f'<time datetime="{due_on}">' in page
    with pytest.raises(HTTPError, match="404"):
        urlopen(address.replace("/track/", "/track/0"), timeout=30)


def test_a_certificate_is_checked_by_the_script_alone(house: House, tmp_path: Path) -> None:
    code, due_on = a_dossier(house)
    issued, key = tmp_path / "certificate.json", tmp_path / "hoso.pem"

    for words in (("issue", code, "-o", str(issued)), ("key", "-o", str(key))):
        ran = house.hoso("certificate", *words)
        assert ran.returncode == 0, ran.stderr

    assert json.loads(issued.read_text())["deadline"]["due_on"] == due_on
    argv = [sys.executable, "-I", verify.__file__, str(issued), "--key", str(key), "--calendar", str(CALENDAR)]
    checked = subprocess.run(argv, env=os.environ, capture_output=True, text=True, timeout=60, check=False)
    assert (checked.returncode, checked.stdout) == (0, "it holds\n")
