"""Java and Kafka's jars, found on this machine or asked for in a sentence."""

import os
import re
import shutil
import subprocess
from pathlib import Path

KAFKA_VERSION = "4.3.1"
"""The version that `deploy/kafka/pom.xml` names."""
OLDEST_JAVA = 17
REPOSITORY = Path(__file__).parents[1]


class CannotStart(Exception):
    """The local broker cannot start; the sentence says what to do."""


def java() -> str:
    """The path of a Java that Kafka runs on."""
    homes = [Path(os.environ["JAVA_HOME"], "bin")] if os.environ.get("JAVA_HOME") else []
    found = shutil.which("java", path=os.pathsep.join([*map(str, homes), os.environ.get("PATH", os.defpath)]))
    if found is None:
        raise CannotStart("Kafka needs Java 17 or newer and there is none: `apt-get install default-jre-headless`")
    if (version := _version(found)) < OLDEST_JAVA:
        raise CannotStart(
            f"Kafka needs Java {OLDEST_JAVA} or newer and {found} is {version}: set JAVA_HOME to a newer one"
        )
    return found


def jars(folder: Path | None, home: Path) -> Path:
    """The folder of Kafka's jars: the given one, the home's, or the one that `make` fills."""
    usual = [home / "kafka" / KAFKA_VERSION, REPOSITORY / ".hoso" / "kafka" / KAFKA_VERSION]
    places = [folder] if folder else usual
    for place in places:
        if any(place.glob("kafka-server-*.jar")):
            return place.resolve()
    raise CannotStart(f"Kafka's jars are not in {' or '.join(map(str, places))}: `make kafka` fetches them")


def _version(path: str) -> int:
    said = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)
    # Java 8 and older call themselves 1.8.
    number = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    if number is None:
        raise CannotStart(f"{path} does not say its version: {(said.stderr or said.stdout).strip()[:200]}")
    return int(number[1])
