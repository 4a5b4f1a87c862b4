"""Prometheus' own tool reads the rules and the example, and plays through when alerts fire: where it is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIRE = Path(__file__).with_name("alerts_fire.yaml")

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not here: Debian's package prometheus has it"
)


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)


def test_the_rules_are_ones_that_prometheus_reads() -> None:
    said = promtool("check", "rules", "deploy/alerts/hoso.yaml")

    assert said.returncode == 0, said.stdout + said.stderr


def test_the_example_configuration_is_one_that_prometheus_reads() -> None:
    said = promtool("check", "config", "deploy/prometheus.yml")

    assert said.returncode == 0, said.stdout + said.stderr


def test_alerts_fire_when_they_should_and_not_otherwise() -> None:
    said = promtool("test", "rules", str(FIRE))

    assert said.returncode == 0, said.stdout + said.stderr


def test_a_rule_that_sleeps_is_found(tmp_path: Path) -> None:
    """What the play-through is worth: an alert whose bound is moved away no longer passes it."""
    rules = (ROOT / "deploy" / "alerts" / "hoso.yaml").read_text()
    (tmp_path / "hoso.yaml").write_text(
        rules.replace("hoso_partition_still_seconds) > 180", "hoso_partition_still_seconds) > 18000")
    )
    (tmp_path / "fire.yaml").write_text(FIRE.read_text().replace("../../deploy/alerts/hoso.yaml", "hoso.yaml"))

    said = promtool("test", "rules", str(tmp_path / "fire.yaml"))

    assert said.returncode == 1
    assert "PartitionStuck" in said.stdout + said.stderr
