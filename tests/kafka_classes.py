"""Kafka's classes as Java maps them into memory: made once a machine, and each of a hundred brokers starts sooner."""

import hashlib
import subprocess
import tempfile
from pathlib import Path

from connectors import topics
from hoso import broker
from hoso.java import CannotStart, jars, java
from hoso.ports import free_port
from hoso.settings import Settings

PARTITIONS = 2


def options(folder: Path) -> str:
    """What HOSO_KAFKA_JAVA_OPTS says so that brokers find the classes, which are kept in this folder.

    Without Java, without Kafka's jars or where nothing can be kept, it is what it always was.
    """
    settings = Settings()
    try:
        program, places = java(), jars(settings.kafka_jars, settings.home)
        file = folder / f"kafka-{_mark(program, places)}.jsa"
        if not file.exists():
            _make(file, settings, program, places)
            for old in set(folder.glob("kafka-*.jsa")) - {file}:
                old.unlink()
    except (CannotStart, OSError) as error:
        print(f"brokers start as they always did: {error}", flush=True)
        return settings.kafka_java_opts
    return f"{settings.kafka_java_opts} -XX:SharedArchiveFile={file.resolve()}"


def _mark(program: str, places: Path) -> str:
    """Another Java or another jar makes another file."""
    version = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    found = [f"{jar.name} {jar.stat().st_size} {jar.stat().st_mtime_ns}" for jar in sorted(places.glob("*.jar"))]
    return hashlib.sha256("\n".join([version, str(places), *found]).encode()).hexdigest()[:12]


def _make(file: Path, settings: Settings, program: str, places: Path) -> None:
    """Let a broker live a little: as it ends, Java writes down every class that it had. Whole, or not at all."""
    folder = file.parent
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as home:
        made = Path(home, file.name).resolve()
        says = f"{settings.kafka_java_opts} -XX:ArchiveClassesAtExit={made}"
        lives = settings.model_copy(update={"home": Path(home), "kafka_java_opts": says, "kafka_jars": places})
        started = broker.start(Path(home), free_port(), dies_with_us=True, settings=lives)
        topics.apply(started.bootstrap, [], PARTITIONS)
        broker.stop(Path(home))
        # Java falls over a file that is not whole, where it passes over one that is not its own.
        tool = [program, f"-XX:SharedArchiveFile={made}", "-cp", f"{places}/*", "kafka.tools.StorageTool"]
        tried = subprocess.run([*tool, "random-uuid"], capture_output=True, check=False)
        if not made.exists() or tried.returncode:
            raise CannotStart("Java did not keep Kafka's classes")
        made.replace(file)
