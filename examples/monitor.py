"""A monitoring consumer on plain kafka-python: it says which dossiers are near due, missed or escalated, as they are.

    KAFKA=127.0.0.1:9092 python examples/monitor.py

It reads `dossier.deadlines` in a group of its own: started again, it goes on where it was, and says nothing twice.
"""

import json
import os

from kafka import KafkaConsumer

SAYS = {
    "vn.hoso.deadline.near_due.v1": "{subject} is due on {due_on}: {working_days_left} working days left",
    "vn.hoso.deadline.missed.v1": "{subject} was due on {due_on} and is not done; {holder} has it",
    "vn.hoso.deadline.escalated.v1": "{subject} is {days_late} days late; {holder} has it",
}


def main() -> None:
    servers = os.environ.get("KAFKA", "127.0.0.1:9092").split(",")
    watched = KafkaConsumer(
        "dossier.deadlines", bootstrap_servers=servers, group_id="my-monitor", auto_offset_reset="earliest"
    )
    for record in watched:
        event = json.loads(record.value)
        # Later releases add types and fields: whoever does not know them passes over them.
        if event["type"] in SAYS:
            said = {"holder": "nobody", **event["data"], "subject": event["subject"]}
            print(event["time"], SAYS[event["type"]].format_map(said), flush=True)


if __name__ == "__main__":
    main()
