"""The tests in parts: all of them run, what fails beside others is tried alone, and what fails alone fails."""

from pathlib import Path

import pytest

from tests import side_by_side

PASSES = "def test_it():\n    assert True\n"
FAILS = "def test_it():\n    assert False\n"
FAILS_ONCE = """
from pathlib import Path

def test_it():
    tried = Path(__file__).with_suffix(".tried")
    tried_before = tried.exists()
    tried.touch()
    assert tried_before
"""
BREAKS = "raise RuntimeError\n"


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, ...]]:
    """Parts of the test's own, which write down what fails as all of ours do."""
    found: dict[str, tuple[str, ...]] = {}
    monkeypatch.setattr(side_by_side, "PARTS", found)
    monkeypatch.setenv("PYTHONPATH", str(side_by_side.ROOT))
    monkeypatch.setattr(side_by_side, "ROOT", tmp_path)
    monkeypatch.setattr(side_by_side, "LOGS", tmp_path)
    monkeypatch.setattr("sys.argv", ["side_by_side"])
    for name, body in {"good": PASSES, "bad": FAILS, "once": FAILS_ONCE, "broken": BREAKS}.items():
        file = tmp_path / f"test_{name}.py"
        file.write_text(body)
        found[name] = ("-p", "tests.conftest", str(file))
    return found


@pytest.mark.parametrize(
    ("names", "status", "says"),
    [
        (["good", "once"], 0, "failed beside others, passed alone"),
        (["bad", "once"], 1, "failed beside others, failed alone"),
        (["broken"], 1, "failed beside others, failed alone"),
    ],
)
def test_what_fails_beside_others_is_tried_alone(
    parts: dict[str, tuple[str, ...]], capfd: pytest.CaptureFixture[str], names: list[str], status: int, says: str
) -> None:
    for name in set(parts) - set(names):
        del parts[name]

    assert side_by_side.main() == status

    assert says in capfd.readouterr().out


def test_every_folder_of_tests_is_in_some_part() -> None:
    folders = {path.name for path in Path("tests").iterdir() if path.is_dir() and list(path.rglob("test_*.py"))}
    left_out = {one.removeprefix("--ignore=tests/") for one in side_by_side.PARTS["rest"][1:]}
    elsewhere = {
        argument.split("/")[1] for name, part in side_by_side.PARTS.items() if name != "rest" for argument in part
    }

    assert left_out <= folders and left_out <= elsewhere
