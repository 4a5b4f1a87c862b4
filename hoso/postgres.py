"""A private PostgreSQL: the real one, on a socket in a temporary folder, ended by pid; it can be away for a while."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from hoso import child
from hoso.child import Pid
from hoso.java import CannotStart

DEBIAN = Path("/usr/lib/postgresql")
"""Debian keeps the server's programs out of the path, a folder a version."""
USERS = ("postgres", "nobody")
"""PostgreSQL refuses to run as root: then it runs as the first of these that there is."""
PORT = 5432
"""Only part of the socket's name."""
OPTIONS = {
    "listen_addresses": "",
    # The machine does not fall, only processes do: what is handed to the kernel is kept.
    "fsync": "off",
    "full_page_writes": "off",
    # Every process of a house may open eighteen.
    "max_connections": "300",
    "shared_buffers": "32MB",
}
START_SECONDS, STOP_SECONDS, LOOK_AGAIN_SECONDS = 30.0, 20.0, 0.05
AWAY_SECONDS = 2.0, 5.0


class Postgres:
    """One server with its data, from `running` to the block's end."""

    def __init__(self, folder: Path, options: dict[str, str]) -> None:
        self._folder, self._options = folder, options
        # The server ends with the thread that starts it: one that lives as long as this object is used.
        self._keeper = ThreadPoolExecutor(1, "postgres")
        self._server: Pid | None = None
        self._turn = threading.Lock()

    @property
    def url(self) -> str:
        """Its address."""
        return f"postgresql+psycopg://hoso@/postgres?host={self._folder}&port={PORT}"

    def make(self) -> None:
        """Lay out its data. Raises CannotStart with a sentence."""
        initdb = [str(programs()), "-D", str(self._data), "-U", "hoso", "-A", "trust", "-E", "UTF8"]
        said([*_runner(self._folder), *initdb, "--locale", "C.UTF-8", "-N"])

    def start(self) -> None:
        """Run it, and return once it answers. Raises CannotStart with a sentence."""
        self._keeper.submit(self._start).result()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it; SIGINT: its sessions end and it goes, SIGQUIT: it falls and has to recover."""
        if self._server is not None:
            self._server.end(STOP_SECONDS, how)

    def away(self, roll: float, over: threading.Event) -> None:
        """Be away for a while and be back: stopped, fallen, or standing still with all sessions, as the roll says."""
        seconds = AWAY_SECONDS[0] + (AWAY_SECONDS[1] - AWAY_SECONDS[0]) * (3 * roll % 1)
        with self._turn:
            if roll < 1 / 3:
                self._still(seconds, over)
                return
            self.stop(signal.SIGINT if roll < 2 / 3 else signal.SIGQUIT)
            over.wait(seconds)
            self.start()

    def close(self) -> None:
        """Let it go."""
        self.stop()
        self._keeper.shutdown()

    # ------------------------------------------------------------ inside

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _start(self) -> None:
        options = [word for name, value in self._options.items() for word in ("-c", f"{name}={value}")]
        argv = [str(programs().with_name("postgres")), "-D", str(self._data), "-k", str(self._folder), "-p", str(PORT)]
        log = self._folder / "server.log"
        self._server = child.start([*_runner(self._folder), *argv, *options], log)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                tell(self.url, "SELECT 1")
                return
            except psycopg.OperationalError as error:
                # The pause ends at once if the server does.
                if self._server.wait(LOOK_AGAIN_SECONDS) or time.monotonic() > deadline:
                    said_last = log.read_text(errors="replace")[-500:]
                    raise CannotStart(f"PostgreSQL does not start: {said_last}") from error

    def _still(self, seconds: float, over: threading.Event) -> None:
        assert self._server is not None
        # The one that starts sessions stands first, so that none is missed.
        self._server.send(signal.SIGSTOP)
        frozen = [child.find(number) for number in _children(self._server.number)]
        for session in frozen:
            session.send(signal.SIGSTOP)
        over.wait(seconds)
        for one in (*frozen, self._server):
            one.send(signal.SIGCONT)


@contextmanager
def running(options: dict[str, str] | None = None) -> Iterator[Postgres]:
    """A private PostgreSQL for the length of a block; it ends with this process, however that ends."""
    programs()
    with tempfile.TemporaryDirectory(prefix="hoso-postgres-") as temporary:
        server = Postgres(Path(temporary), OPTIONS | (options or {}))
        try:
            server.make()
            server.start()
            yield server
        finally:
            server.close()


def programs() -> Path:
    """The newest server's initdb, beside which the rest lies. Raises CannotStart with a sentence."""
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = shutil.which("initdb") or (versions[-1] if versions else None)
    if found is None:
        raise CannotStart("the PostgreSQL server's programs are missing: `apt-get install postgresql`")
    return Path(found).resolve()


def are_here() -> bool:
    """Whether this machine has the server's programs."""
    try:
        return programs().is_file()
    except CannotStart:
        return False


def tell(server: str, statement: str) -> None:
    """One statement outside a transaction."""
    address = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(address, autocommit=True)) as session:
        session.execute(statement.encode())


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


def said(command: Sequence[str]) -> None:
    """Run this to its end. Raises CannotStart with what it said if it failed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise CannotStart(f"PostgreSQL is started by util-linux's setpriv: {error}") from error
    if done.returncode:
        raise CannotStart(f"no PostgreSQL: {' '.join((done.stderr or done.stdout).split())[-500:]}")


def _children(number: int) -> list[int]:
    """The processes that this one started and that live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == number:
            found.append(int(stat.parent.name))
    return found
