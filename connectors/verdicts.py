"""What a door may say went wrong, by what follows.

    Verdict
    ├── TryLater     time-out, 429, 5xx, no broker, no database: it stays owed, with the time of its next try
    ├── AlreadyDone  the partner knows this reference: its receipt is published as a success
    ├── Refused      the partner understood and says no: a refusal is published, with the partner's words
    ├── Unreadable   these bytes are not our words: they go to the dead letters
    └── Forged       a signature or a secret is wrong: 401, counted

Code behind a door meets these only; the library's own error is kept as the cause.
"""


class Verdict(Exception):
    """What happens next. Its text is for operators, without secrets and without citizens' details."""


class TryLater(Verdict):
    """Not now. `in_doubt`: the partner may have taken it all the same, so it is asked before anything is sent again.

    `stale_token`: it no longer knows the token that was shown, so the next try shows a new one.
    """

    def __init__(
        self,
        why: str,
        retry_after_seconds: float | None = None,
        *,
        in_doubt: bool = False,
        stale_token: bool = False,
    ) -> None:
        super().__init__(why)
        self.why, self.retry_after_seconds, self.in_doubt = why, retry_after_seconds, in_doubt
        self.stale_token = stale_token


class WrongLogin(TryLater):
    """Kafka lets us in no more, or not at all: name, password or certificate is wrong. A rotation heals it."""


class AlreadyDone(Verdict):
    """Done before: `receipt` is what the partner gave, or gives again, for it."""

    def __init__(self, receipt: object) -> None:
        super().__init__("already done")
        self.receipt = receipt


class Refused(Verdict):
    """A no for good. `words` are the partner's own and may name a citizen: seal them, never log them."""

    def __init__(self, words: str, code: str | None = None, field: str | None = None) -> None:
        super().__init__(f"refused{f' ({code})' if code else ''}{f' for {field}' if field else ''}")
        self.words, self.code, self.field = words, code, field


class Unreadable(Verdict):
    """Bytes that no schema reads."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Forged(Verdict):
    """Not from whom it says: the signature, the secret or the timestamp is wrong."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
