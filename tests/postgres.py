"""A real PostgreSQL for tests: on a socket in a temporary folder, ended by pid; a new database for each who asks."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from hoso import child

DEBIAN = Path("/usr/lib/postgresql")
"""Debian keeps the server's programs out of the path, a folder a version."""
USERS = ("postgres", "nobody")
"""PostgreSQL refuses to run as root: then it runs as the first of these that there is."""
PORT = 5432
"""Only part of the socket's name."""
OPTIONS = {
    "listen_addresses": "",
    # What a test leaves behind is thrown away, so nothing waits for the disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Every process of a house may open eighteen.
    "max_connections": "200",
    "shared_buffers": "32MB",
}
START_SECONDS, STOP_SECONDS, LOOK_AGAIN_SECONDS = 30.0, 20.0, 0.05


class CannotStart(Exception):
    """There is no PostgreSQL for the tests; the sentence says what to do."""


@contextmanager
def running() -> Iterator[str]:
    """The address of a private PostgreSQL for the length of a block; it ends with this thread, however that ends."""
    initdb = _initdb()
    with tempfile.TemporaryDirectory(prefix="hoso-postgres-") as temporary:
        folder = Path(temporary)
        run, data, log = _runner(folder), folder / "data", folder / "server.log"
        _said(
            [*run, str(initdb), "-D", str(data), "-U", "hoso", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "-N"]
        )
        options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        server = child.start(
            [*run, str(initdb.with_name("postgres")), "-D", str(data), "-k", temporary, "-p", str(PORT), *options], log
        )
        try:
            yield _await(server, folder, log)
        finally:
            # SIGINT: it ends its sessions and goes, without waiting for anybody to leave.
            server.end(STOP_SECONDS, signal.SIGINT)


@contextmanager
def a_database(server: str) -> Iterator[str]:
    """The address of a new and empty database on this server, dropped when the block ends, whoever is in it."""
    name = f"hoso_test_{uuid.uuid4().hex[:12]}"
    _tell(server, f"CREATE DATABASE {name}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        _tell(server, f"DROP DATABASE {name} WITH (FORCE)")


def _initdb() -> Path:
    """The newest server's initdb, beside which the rest lies."""
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = shutil.which("initdb") or (versions[-1] if versions else None)
    if found is None:
        raise CannotStart(
            "the tests need the PostgreSQL server's programs: `apt-get install postgresql`. "
            "HOSO_TEST_POSTGRES_URL names a server instead; `pytest -m 'not postgres'` does without"
        )
    return Path(found).resolve()


def _runner(folder: Path) -> list[str]:
    """What runs a command in this folder, as somebody PostgreSQL accepts, and ends it when this thread ends."""
    run = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        user = next((found for name in USERS if (found := _user(name))), None)
        if user is None:
            raise CannotStart(
                f"PostgreSQL does not run as root, and this machine has none of the users {', '.join(USERS)}"
            )
        os.chown(folder, user.pw_uid, user.pw_gid)
        run += ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
    # The folder we are in may be closed to that user, and PostgreSQL looks at it.
    return [*run, "env", "-C", str(folder)]


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _said(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise CannotStart(f"PostgreSQL for the tests is started by util-linux's setpriv: {error}") from error
    if done.returncode:
        raise CannotStart(f"no PostgreSQL for the tests: {' '.join((done.stderr or done.stdout).split())[-500:]}")


def _await(server: child.Pid, folder: Path, log: Path) -> str:
    """Its address once it answers."""
    address = f"postgresql+psycopg://hoso@/postgres?host={folder}&port={PORT}"
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _tell(address, "SELECT 1")
            return address
        except psycopg.OperationalError as error:
            # The pause ends at once if the server does.
            if server.wait(LOOK_AGAIN_SECONDS) or time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL does not start: {log.read_text(errors='replace')[-500:]}") from error


def _tell(server: str, statement: str) -> None:
    """One statement outside a transaction."""
    address = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(address, autocommit=True)) as session:
        session.execute(statement.encode())
