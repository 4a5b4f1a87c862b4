"""After a disaster: every agency asks what the pipeline holds last of it, and sends again all that came after."""

import msgspec

from sandbox import transport
from sandbox.city import City
from sandbox.facts import source_of


class NoAnswer(RuntimeError):
    """The pipeline's door did not say what it holds."""


def resume(city: City) -> dict[str, int]:
    """How many events each agency sends again. Raises NoAnswer, NobodyThere; then nobody has sent anything."""
    lasts = {agency: _last(city, agency) for agency in city.doors()}
    return {agency: city.send_again(agency, last) for agency, last in lasts.items()}


def _last(city: City, agency: str) -> str | None:
    """The id of the event that the pipeline holds last of an agency; None if it names none."""
    known = city.agencies.get(agency)
    if known is None:
        raise NoAnswer(f"{agency} has no key to ask with")
    reply = transport.get(f"{city.settings.edge_url}/v1/events/last", {"authorization": f"Bearer {known.key}"})
    if not reply.good:
        raise NoAnswer(f"GET /v1/events/last answered {agency} with {reply.status}")
    rows = msgspec.json.decode(reply.body)["last"]
    return next((str(row["id"]) for row in rows if row["source"] == source_of(agency)), None)
