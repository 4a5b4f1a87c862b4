"""The console's walls: who comes in, what a form must show, and what is another agency's is not there."""

import re
import tomllib
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from connectors.console import app
from connectors.console.app import AT
from connectors.console.people import People, Person, Role, WrongPeople
from connectors.console.session import COOKIE
from connectors.console.sign_in import TRIES
from connectors.console.view import HEADERS, TABS
from connectors.console.words import LANGUAGES, tables
from tests.connectors.console.house import PASSWORD, WORD, House


def test_whoever_is_not_signed_in_is_asked_and_comes_back_to_the_page_they_wanted(house: House) -> None:
    guest = house.guest()

    asked = guest.get(f"{AT}/reports?first=2026-11-01")
    let_in = guest.post(
        f"{AT}/sign-in",
        data={"name": "thanh.pho", "password": PASSWORD, "next": f"{AT}/reports?first=2026-11-01"},
    )

    assert asked.status_code == 303
    assert asked.headers["location"] == f"{AT}/sign-in?next=%2Fconsole%2Freports%3Ffirst%3D2026-11-01"
    assert let_in.headers["location"] == f"{AT}/reports?first=2026-11-01"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", f"{AT}/\\evil.example", "/v1/x"])
def test_a_sign_in_leads_nowhere_else(house: House, elsewhere: str) -> None:
    answer = house.guest().post(f"{AT}/sign-in", data={"name": "thanh.pho", "password": PASSWORD, "next": elsewhere})

    assert answer.headers["location"] == f"{AT}/"


def test_a_wrong_password_and_an_unknown_name_get_one_answer(house: House) -> None:
    wrong = house.guest().post(f"{AT}/sign-in", data={"name": "can.bo", "password": "x"})
    unknown = house.guest().post(f"{AT}/sign-in", data={"name": "khong.co", "password": "x"})

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.text == unknown.text


def test_guessing_a_password_is_stopped(house: House) -> None:
    guest = house.guest()

    answers = [
        guest.post(f"{AT}/sign-in", data={"name": "bi.do", "password": str(number)}).status_code
        for number in range(TRIES + 1)
    ]

    assert answers == [401] * TRIES + [429]


def test_the_session_is_in_a_cookie_that_no_script_reads(house: House) -> None:
    answer = house.guest().post(f"{AT}/sign-in", data={"name": "can.bo", "password": PASSWORD})

    said = answer.headers["set-cookie"]
    assert said.startswith(f"{COOKIE}=")
    assert "HttpOnly" in said and "SameSite=lax" in said and f"Path={AT}" in said


def test_a_form_without_its_word_changes_nothing(house: House) -> None:
    officer = house.into("can.bo")

    answer = officer.post(f"{AT}/sign-out", data={})

    assert answer.status_code == 403
    assert officer.get(f"{AT}/").status_code == 200


def test_another_session_s_word_is_no_word(house: House) -> None:
    officer, other = house.into("can.bo"), house.into("can.bo")

    answer = other.post(f"{AT}/sign-out", headers={"x-hoso-form": _word(officer)})

    assert answer.status_code == 403


def test_whoever_signs_out_is_out(house: House) -> None:
    officer = house.into("can.bo")

    house.send(officer, "/sign-out")

    assert officer.get(f"{AT}/").status_code == 303


def test_a_new_password_ends_the_sessions_of_the_old_one(house: House) -> None:
    person = Person("tam.thoi", Role.CITY)
    house.desk.people.add(person, PASSWORD)
    client = house.into("tam.thoi")

    house.desk.people.add(person, PASSWORD + "!")

    assert client.get(f"{AT}/").status_code == 303


def test_every_page_lets_in_only_what_is_ours(house: House) -> None:
    for page in (house.guest().get(f"{AT}/sign-in"), house.into("van.hanh").get(f"{AT}/")):
        assert {name: page.headers[name] for name in HEADERS} == HEADERS
        assert "http://" not in page.text and "https://" not in page.text
        assert "<script>" not in page.text and " style=" not in page.text


@pytest.mark.parametrize("name", ["can.bo", "thanh.pho", "van.hanh"])
def test_a_page_of_another_role_is_refused(house: House, name: str) -> None:
    client, role = house.into(name), house.desk.people.names()
    mine = next(one.role for one in role if one.name == name)

    for tab in TABS:
        if mine not in tab.roles:
            assert client.get(f"{AT}{tab.at}").status_code == 403


def test_both_languages_say_the_same_things() -> None:
    for page, says in tables().items():
        assert set(says) == set(LANGUAGES), page
        assert _names(says["vi"]) == _names(says["en"]), page


def test_a_reader_s_language_is_remembered(house: House) -> None:
    officer = house.into("can.bo")

    assert '<html lang="vi">' in officer.get(f"{AT}/").text
    assert '<html lang="en">' in officer.get(f"{AT}/?lang=en").text
    assert '<html lang="en">' in officer.get(f"{AT}/").text


def test_a_page_that_is_not_there_says_so_in_a_page(house: House) -> None:
    answer = house.into("can.bo").get(f"{AT}/nowhere?lang=en")

    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_password_is_kept_as_a_hash_in_a_file_of_the_owner_s(tmp_path: Path) -> None:
    people = People(tmp_path / "people.toml")

    people.add(Person("can.bo", Role.AGENCY, "H29.12"), PASSWORD)

    kept = tomllib.loads(people.file.read_text(encoding="utf-8"))["can.bo"]
    assert kept["role"] == "agency" and kept["agency"] == "H29.12"
    assert PASSWORD not in people.file.read_text(encoding="utf-8")
    assert people.file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("person", "password", "why"),
    [
        (Person("Cán bộ", Role.CITY), PASSWORD, "no name"),
        (Person("can.bo", Role.AGENCY), PASSWORD, "has its code"),
        (Person("can.bo", Role.CITY, "H29.12"), PASSWORD, "has its code"),
        (Person("can.bo", Role.CITY), "short", "12 characters"),
    ],
)
def test_who_cannot_be_added_is_told_why(tmp_path: Path, person: Person, password: str, why: str) -> None:
    with pytest.raises(WrongPeople, match=why):
        People(tmp_path / "people.toml").add(person, password)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "people.toml"
    file.write_text("[[[", encoding="utf-8")

    with pytest.raises(WrongPeople, match=str(file)):
        People(file).names()


def _word(client: httpx.Client) -> str:
    found = WORD.search(client.get(f"{AT}/").text)
    assert found
    return found[1]


def _names(says: object, at: str = "") -> set[str]:
    if not isinstance(says, dict):
        return {at}
    return set().union(*(_names(value, f"{at}.{name}") for name, value in says.items()))


def test_files_of_others_are_as_they_were_published() -> None:
    folder = Path(app.__file__).parent / "static"
    said = dict(re.findall(r"`(\S+\.js)`: .*`([0-9a-f]{64})`", (folder / "README.md").read_text(encoding="utf-8")))

    assert said == {file.name: sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.min.js")}
