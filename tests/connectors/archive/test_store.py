"""What the archive asks of a storage, asked of each kind."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connectors.archive import BrokenArchive, Store, open_store
from connectors.verdicts import TryLater


def test_what_is_put_is_what_is_got(store: Store) -> None:
    assert store.put("a/b/one.json", b"\x00\xff one")

    assert store.get("a/b/one.json") == b"\x00\xff one"


def test_a_name_that_is_taken_keeps_its_content(store: Store) -> None:
    store.put("a/one", b"first")

    assert not store.put("a/one", b"second")
    assert store.get("a/one") == b"first"


def test_of_many_writers_of_one_name_one_wins_with_all_it_wrote(store: Store) -> None:
    contents = [bytes([n]) * 200_000 for n in range(8)]

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda content: store.put("a/one", content), contents))

    assert won.count(True) == 1
    assert store.get("a/one") == contents[won.index(True)]


def test_names_and_folders_are_those_right_below_in_order(store: Store) -> None:
    for name in ("t/2/b", "t/2/a", "t/10/c/d", "t/1/e"):
        store.put(name, b"")

    assert store.names("t/2") == ["t/2/a", "t/2/b"]
    assert store.folders("t") == ["1", "10", "2"]
    assert store.folders("") == ["t"]
    assert store.names("t/10") == []
    assert store.names("nowhere") == store.folders("nowhere") == []


def test_a_name_that_nothing_bears_is_said(store: Store) -> None:
    with pytest.raises(BrokenArchive, match="has no a/none"):
        store.get("a/none")


def test_a_bucket_that_is_not_there_is_said_at_once(bucket: str) -> None:
    with pytest.raises(TryLater, match="cannot be used now"):
        open_store("s3://absent/log").put("a", b"")


def test_a_storage_that_does_not_answer_is_for_later(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")

    with pytest.raises(TryLater, match="cannot be used now"):
        open_store(bucket).get("a")


def test_a_folder_that_cannot_be_written_is_for_later(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(TryLater, match="cannot be used now"):
        open_store(str(tmp_path / "file")).put("a", b"")


@pytest.mark.parametrize("url", ["ftp://host/path", "file://host/path"])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="an archive lies at"):
        open_store(url)
