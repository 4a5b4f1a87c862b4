"""What is committed in docs/contract is what the code says."""

from connectors.edge.app import openapi
from hoso.cli.contract import FOLDER, different
from schemas.contract import asyncapi, json_schemas, written
from schemas.event import TYPES
from schemas.topic_pages import topic_pages
from schemas.topics import TOPICS, types_by_topic


def test_the_committed_contract_is_the_generated_one() -> None:
    assert different(written(openapi()) | topic_pages(), FOLDER) == [], "run `hoso contract` and look at the diff"


def test_every_type_has_a_schema_of_its_data() -> None:
    assert json_schemas().keys() == TYPES.keys()


def test_every_topic_with_types_is_a_channel() -> None:
    carries = {row.name for row in TOPICS if row.name in types_by_topic() or row.per_agency}

    assert asyncapi()["channels"].keys() == carries
