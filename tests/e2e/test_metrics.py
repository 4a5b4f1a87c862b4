"""Prometheus from every process of a house in which a dossier has lived: all that is shown is a row, and says so."""

from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from connectors.monitors.readers import GROUPS
from schemas.telemetry import BY_NAME
from tests.e2e.house import House, a_contact

Samples = dict[str, dict[frozenset[tuple[str, str]], float]]
CALLBACK = frozenset({("effect", "callback"), ("partner", "H29.12")})
READING = set(GROUPS) - {"hoso-intake"}
"""Those who have committed something: this dossier came in over HTTP."""
ORDER = frozenset({("effect", "order"), ("partner", "myvnpost")})


def shown(house: House) -> dict[str, Samples]:
    """What each process shows of ours, by its name."""
    found: dict[str, Samples] = {}
    for slot in house.supervisor._slots:
        ready = slot.spec.ready
        if not isinstance(ready, str) or not ready.endswith("/readyz"):
            continue
        with urlopen(ready.removesuffix("/readyz") + "/metrics", timeout=10) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
        samples: Samples = {}
        for one in (one for family in families for one in family.samples if one.name.startswith("hoso_")):
            samples.setdefault(one.name, {})[frozenset(one.labels.items())] = one.value
        found[slot.spec.name] = samples
    return found


def test_a_dossiers_way_shows_in_the_metrics_of_every_process(house: House) -> None:
    code = house.a_code()
    house.received(code, return_mode="POST", contact=a_contact())
    house.state(code, "result_ready", outcome="APPROVED", physical=True)
    house.wait_told(code, "result_delivered")

    def all_seen() -> dict[str, Samples] | None:
        found = shown(house)
        seen = found["monitor"].get("hoso_group_lag_records", {})
        groups = {dict(labels)["group"] for labels in seen}
        return found if groups >= READING and "hoso_projection_behind_records" in found["monitor"] else None

    found = house.wait("the monitor has seen every group that had something to read", all_seen)

    assert {"worker", "edge", "intake", "dispatch", "translate", "poll", "notify", "project", "monitor"} <= found.keys()
    for process, samples in found.items():
        bare = {name.removesuffix("_created") for name in samples}
        strange = {
            name
            for name in bare
            if name not in BY_NAME and f"{name}_total" not in BY_NAME and name.rpartition("_")[0] not in BY_NAME
        }
        assert strange == set(), process
    assert found["worker"]["hoso_worker_folded_total"][frozenset()] > 0
    assert found["worker"]["hoso_worker_ready"][frozenset()] == 1
    assert sum(found["worker"]["hoso_worker_dossiers"].values()) > 0
    assert found["edge"]["hoso_gate_total"][frozenset({("door", "http"), ("verdict", "accepted")})] >= 2
    assert sum(found["edge"]["hoso_webhooks_total"].values()) > 0
    assert found["dispatch"]["hoso_effect_seconds_count"][ORDER] >= 1
    assert found["dispatch"]["hoso_sealed_keys_total"][frozenset({("operation", "opened")})] >= 1
    assert found["notify"]["hoso_effect_seconds_count"][CALLBACK] >= 1
    members = found["monitor"]["hoso_group_members"]
    assert {dict(labels)["group"]: number for labels, number in members.items()} == dict.fromkeys(GROUPS, 1.0)
