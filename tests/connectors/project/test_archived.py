"""The read model filled anew when the log's beginning is only archived; on a cluster whose records are deleted."""

import threading
from pathlib import Path

import pytest

from connectors.archive import Gap, Limits, open_archive
from connectors.archive.running import archive_now
from connectors.project import sets
from connectors.project.comparing import differences
from connectors.project.filling import fill
from connectors.project.main import identities
from connectors.store import open_store
from schemas.dossier import LOG
from tests.archived import DOSSIERS, PARTITIONS, a_city, delete
from tests.connectors.project.told import everything


def test_what_is_only_in_the_archive_is_in_the_tables_and_without_it_none_serve(tmp_path: Path) -> None:
    store, url = open_store(f"sqlite:///{tmp_path / 'read.db'}"), str(tmp_path / "archive")
    Path(url).mkdir()
    with a_city() as cluster:
        archive_now(cluster, open_archive(url), Limits(records=7), lambda *_: None)
        for partition in range(PARTITIONS):
            delete(cluster, LOG, partition, 9)

        with pytest.raises(Gap, match="--archive URL"):
            fill(cluster, store, identities(cluster), threading.Event())
        with pytest.raises(sets.NotFilled):
            everything(store)
        fill(cluster, store, identities(cluster), threading.Event(), archive=open_archive(url))

        assert len(everything(store)["facts"]) == 2 * len(DOSSIERS)
        assert differences(cluster, store) == (len(DOSSIERS), [])
    store.close()
