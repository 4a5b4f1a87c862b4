"""An agency is told: a callback that verifies, answers the challenge, and takes each notice once.

Needs `pip install standardwebhooks`. While a secret is rotated, give both: HOSO_SECRET="whsec_new whsec_old".

    HOSO_SECRET=whsec_... python listen.py 8900
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

CHALLENGE = "vn.hoso.endpoint.challenge.v1"
SECRETS = os.environ["HOSO_SECRET"].split()
seen: set[str] = set()  # In real life a table: a notice may come twice, always under the same webhook-id.


def is_ours(body: bytes, headers: dict[str, str]) -> bool:
    """Whether one of our secrets signed these very bytes, within the last five minutes."""
    for secret in SECRETS:
        try:
            Webhook(secret).verify(body, headers)
        except WebhookVerificationError:
            continue
        return True
    return False


class Callback(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not is_ours(body, headers):
            self.answer(401, {})
            return
        event = json.loads(body)
        if event["type"] == CHALLENGE:
            self.answer(200, {"challenge": event["data"]["challenge"]})
            return
        if headers["webhook-id"] not in seen:
            # Keep it before you answer: 2xx means that you have it.
            seen.add(headers["webhook-id"])
            print(event["type"], event["subject"], event["data"].get("text", {}).get("vi", ""), flush=True)
        self.answer(200, {})

    def answer(self, status: int, said: dict[str, str]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Callback)
    print(f"listening on http://127.0.0.1:{sys.argv[1]}/callback", flush=True)
    server.serve_forever()
