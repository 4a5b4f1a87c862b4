"""The screen of `hoso up`."""

import signal
from io import StringIO
from pathlib import Path

from rich.console import Console

from hoso.dashboard import last_words, line, screen
from hoso.supervised import Row, State

LOG = Path("none.log")


def shown(*rows: Row) -> str:
    console = Console(width=120, record=True, file=StringIO())
    console.print(screen(rows, "hoso on Kafka 127.0.0.1:9092"))
    return console.export_text()


def test_a_ready_process_shows_its_address_and_a_dead_one_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("up\nHOSO_HOME is wrong: no such folder.\n\n")

    text = shown(
        Row("edge", LOG, "http://127.0.0.1:8080", State.READY, pid=12),
        Row("worker", log, state=State.DEAD, exit_code=2, restarts=3),
    )

    assert "http://127.0.0.1:8080" in text
    assert "exit 2: HOSO_HOME is wrong: no such folder." in text


def test_a_line_names_the_signal_that_ended_a_process() -> None:
    text = line(Row("worker", LOG, state=State.DEAD, exit_code=-signal.SIGKILL))

    assert text.endswith("worker dead, starts again SIGKILL: see none.log")


def test_the_last_words_of_a_long_log_are_found_at_its_end(tmp_path: Path) -> None:
    log = tmp_path / "long.log"
    log.write_text("a line\n" * 10_000 + "the end\n")

    assert last_words(log) == "the end"
