"""An agency states a fact: one event, or an array of at most 500, from a file. Needs `pip install requests`.

HOSO_KEY=hoso_... python send.py http://127.0.0.1:8080 event.json
"""

import os
import sys
import time
from pathlib import Path

import requests

MOST_TRIES = 10


def send(edge: str, key: str, body: bytes) -> requests.Response:
    """The answer. An event may be sent as often as you like: the same id with the same content is one fact."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    for attempt in range(1, MOST_TRIES + 1):
        try:
            answer = requests.post(f"{edge}/v1/events", data=body, headers=headers, timeout=30)
        except requests.ConnectionError:
            if attempt == MOST_TRIES:
                raise
            time.sleep(min(2**attempt, 60))
            continue
        if answer.status_code not in (429, 503) or attempt == MOST_TRIES:
            break
        # It says how long to wait, in seconds; nothing of this body is promised yet.
        time.sleep(float(answer.headers.get("retry-after", 5)))
    return answer


def main() -> None:
    edge, file = sys.argv[1:]
    answer = send(edge.rstrip("/"), os.environ["HOSO_KEY"], Path(file).read_bytes())
    said = answer.json()
    print(answer.status_code, "accepted:", said.get("accepted", []))
    for rejected in said.get("rejected", []):
        for error in rejected["errors"]:
            print(f"  {rejected['id']}: {error['field']}: {error['problem']}")
    sys.exit(0 if answer.status_code == 202 and not said["rejected"] else 1)


if __name__ == "__main__":
    main()
