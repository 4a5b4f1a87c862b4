"""Names of log events and metrics, each with its kind and a sentence, and the one set-up of structlog.

A log event is a dotted fact with fields; field names are the same everywhere (`dossier`, `agency`, `carrier`, `leg`,
`reference`, `topic`, `partition`, `offset`). Logs carry ids; secrets and citizens' details stay in the message bodies.
"""

import logging
import sys
from dataclasses import dataclass
from enum import Enum
from typing import TextIO

import structlog


class Kind(Enum):
    """What a name names."""

    LOG = "log"
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Name:
    """A row: the name, what it is, what it says, and a metric's labels."""

    name: str
    kind: Kind
    says: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    """A histogram's upper bounds, in seconds; those of the Prometheus client where there are none."""


WAITS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)
"""Bounds of what takes between a blink and a day."""

NAMES = (
    Name("process.started", Kind.LOG, "A process is up; what it is connected to"),
    Name("process.stopped", Kind.LOG, "A process ended in order"),
    Name("broker.away", Kind.LOG, "The broker did not answer; the work waits"),
    Name("consumer.renewed", Kind.LOG, "The consumer stood still, lost its place or got no answer; another reads on"),
    Name("broker.back", Kind.LOG, "The broker answers again"),
    Name("event.admitted", Kind.LOG, "The gate let an event in"),
    Name("evidence.erased", Kind.LOG, "A carrier's bytes are older than their key: they are passed over, for good"),
    Name("day_keys.destroyed", Kind.LOG, "Keys of days are past their time and destroyed: what they lock is erased"),
    Name("retention.swept", Kind.LOG, "Rows past their time were deleted: of which class of data, and how many"),
    Name("dossier.erased", Kind.LOG, "Every key of a dossier's sealed values was destroyed; who asked for it"),
    Name("letter.kept", Kind.LOG, "Bytes no schema reads went to the dead letters"),
    Name("order.sent", Kind.LOG, "An order went to a carrier"),
    Name("order.accepted", Kind.LOG, "A carrier took an order"),
    Name("order.refused", Kind.LOG, "A carrier refused an order"),
    Name("order.cancelled", Kind.LOG, "A carrier let an order go"),
    Name("order.in_doubt", Kind.LOG, "No answer to an order: the carrier is asked before it is sent again"),
    Name("order.owed", Kind.LOG, "An order will be tried again"),
    Name("pool.empty", Kind.LOG, "No item code of a carrier's pool is left: its orders wait for `hoso carrier pool`"),
    Name("hold.set", Kind.LOG, "A hold stops effects; who set it and why"),
    Name("hold.lifted", Kind.LOG, "A hold was lifted: what it stopped goes"),
    Name("hold.unread", Kind.LOG, "A word on the holds' topic that this release cannot read"),
    Name("row.held", Kind.LOG, "An order or a word stays owed until its hold is lifted"),
    Name("lane.held", Kind.LOG, "A lane far above its usual hour held itself and asks: `hoso hold release`"),
    Name("webhook.kept", Kind.LOG, "A carrier's bytes are on their topic"),
    Name("webhook.refused", Kind.LOG, "A carrier's call was not let in"),
    Name("dossier.rated", Kind.LOG, "A citizen rated a dossier; it is on the log"),
    Name("item.moved", Kind.LOG, "A carrier's update was translated"),
    Name("item.unmatched", Kind.LOG, "An update belongs to no leg we know; it waits for a receipt"),
    Name("codes.applied", Kind.LOG, "Stored webhooks with a code that an operator mapped were translated again"),
    Name("item.asked", Kind.LOG, "A carrier was asked where an item is"),
    Name("notice.delivered", Kind.LOG, "An agency took a notice"),
    Name("notice.owed", Kind.LOG, "A notice will be tried again"),
    Name("notice.stepped_aside", Kind.LOG, "A notice refused three times lets those behind it pass"),
    Name("notice.gave_up", Kind.LOG, "Every try to tell an agency is used up"),
    Name("digest.owed", Kind.LOG, "What a change of the reference data brought an agency is told in one digest"),
    Name("endpoint.verified", Kind.LOG, "An agency's endpoint answered its challenge"),
    Name("endpoint.unproven", Kind.LOG, "An agency's endpoint did not answer its challenge, or may not be called"),
    Name("endpoint.disabled", Kind.LOG, "An agency's endpoint answered 410"),
    Name("receipt.made", Kind.LOG, "A receipt of a result handed over was signed"),
    Name("receipts.closed", Kind.LOG, "A day's receipts are under one root; nothing is added to them any more"),
    Name("traces.away", Kind.LOG, "The collector of spans takes none: they are lost meanwhile, and nothing else is"),
    Name("traces.back", Kind.LOG, "The collector of spans takes them again"),
    Name("content.differs", Kind.LOG, "ALARM: one id came with two contents; the first stands, two releases disagree"),
    Name("lane.opened", Kind.LOG, "A partner's lane flows again"),
    Name("lane.broken", Kind.LOG, "A partner does not answer: its lane waits"),
    Name("topic.unread", Kind.LOG, "A worker could not read the reference data or the holds just now; it tries again"),
    Name("reference.loaded", Kind.LOG, "A version of the reference data is known"),
    Name(
        "history.broken", Kind.LOG, "A dossier was not told: the log's beginning is missing, or its archive is broken"
    ),
    Name("calendar.not_previewed", Kind.LOG, "A preview of a calendar broke off in the console, and why"),
    Name("calendar.applied", Kind.LOG, "Somebody put another calendar in force in the console; who and why"),
    Name("dossier.parked", Kind.LOG, "A dossier's facts wait: folding one of them failed"),
    Name("engine.starting", Kind.LOG, "A worker's engine begins: its group and process"),
    Name("engine.owned", Kind.LOG, "A partition is recovered and ours"),
    Name("engine.revoked", Kind.LOG, "A partition goes to another worker"),
    Name("engine.repaired", Kind.LOG, "States that a zombie's late write covered are written again"),
    Name("engine.poisoned", Kind.LOG, "A record whose step failed; what became of it was decided by the room above"),
    Name("engine.hole", Kind.LOG, "A batch began after the expected offset and was sought back"),
    Name("engine.fire_failed", Kind.LOG, "A dossier's timers could not be asked; they are asked again"),
    Name("engine.end_unknown", Kind.LOG, "The end of the log could not be read"),
    Name("engine.log_id_unread", Kind.LOG, "The identity of the log could not be read"),
    Name("engine.recovery_ended_by_position", Kind.LOG, "A recovery ended at a tail without a record"),
    Name("engine.standing", Kind.LOG, "Where each task and thread of a worker stands: it stalled, or SIGUSR1 asked"),
    Name("engine.stopping", Kind.LOG, "A worker was told to stop: it drains and commits"),
    Name("engine.stopped", Kind.LOG, "A worker has stopped with everything committed"),
    Name("engine.stuck", Kind.LOG, "A stop did not end in time and was ended (75)"),
    Name("engine.ended", Kind.LOG, "A worker ended by itself before it could do harm (70), and why"),
    Name(
        "readmodel.outdated",
        Kind.LOG,
        "The read model is of topics that are no more, or lacks what the log has lost: another set of tables is filled",
    ),
    Name("readmodel.swapped", Kind.LOG, "A set of the read model's tables is filled and serves from now on"),
    Name(
        "look.failed", Kind.LOG, "The monitor could not look at something; what it saw last stands, and it tries again"
    ),
    Name("look.works", Kind.LOG, "The monitor sees again what it could not look at"),
    Name("console.blind", Kind.LOG, "The read model could not be looked at: open pages do not move"),
    Name("console.not_seen", Kind.LOG, "A part of the pipeline could not be looked at for its page, and why"),
    Name("console.not_vouched", Kind.LOG, "A sign-in through the city's accounts failed, and why"),
    Name("contact.revealed", Kind.LOG, "Somebody who said why opened a citizen's contact: `hoso reveals list`"),
    Name("sandbox.job_failed", Kind.LOG, "Something the rehearsal meant to do failed"),
    Name("hoso_events_total", Kind.COUNTER, "Events handled, by process and topic", ("process", "topic")),
    Name("hoso_gate_total", Kind.COUNTER, "Events judged by the gate, by door and verdict", ("door", "verdict")),
    Name("hoso_track_total", Kind.COUNTER, "Citizens' pages, by what came of them", ("verdict",)),
    Name("hoso_ratings_total", Kind.COUNTER, "Citizens' ratings, by what became of them", ("verdict",)),
    Name("hoso_webhooks_total", Kind.COUNTER, "Webhooks, by carrier and verdict", ("carrier", "verdict")),
    Name("hoso_calls_total", Kind.COUNTER, "Outbound calls, by partner and verdict", ("partner", "verdict")),
    Name("hoso_call_seconds", Kind.HISTOGRAM, "How long a partner took to answer", ("partner",)),
    Name("hoso_lag_records", Kind.GAUGE, "Records not yet handled, by process and topic", ("process", "topic")),
    Name("hoso_owed", Kind.GAUGE, "What is still owed, by queue and lane", ("queue", "lane")),
    Name(
        "hoso_owed_oldest_seconds",
        Kind.GAUGE,
        "How long (driven) the oldest of a lane has been owed that was its turn, was tried in vain or still flies; "
        "without what is held or in doubt",
        ("queue", "lane"),
    ),
    Name(
        "hoso_owed_overdue_seconds",
        Kind.GAUGE,
        "How long (driven) something of a lane could have gone out and has not; without what is held, or waits behind "
        "another of its dossier",
        ("queue", "lane"),
    ),
    Name("hoso_held", Kind.GAUGE, "What a hold keeps, by queue and lane", ("queue", "lane")),
    Name("hoso_in_doubt", Kind.GAUGE, "Calls under way or without an answer, by queue and lane", ("queue", "lane")),
    Name(
        "hoso_not_taken",
        Kind.GAUGE,
        "What is tried no more until somebody says so, by queue, lane and state (gave_up, aside)",
        ("queue", "lane", "state"),
    ),
    Name(
        "hoso_item_codes",
        Kind.GAUGE,
        "Item codes of a carrier's pool, by state: free, bound to a leg, spent by an error; none without a pool",
        ("carrier", "state"),
    ),
    Name(
        "hoso_breaker",
        Kind.GAUGE,
        "How a lane's breaker stands: 0 it flows, 1 it starts slowly, 2 it is broken",
        ("queue", "lane"),
    ),
    Name(
        "hoso_effect_seconds",
        Kind.HISTOGRAM,
        "From an event's coming in to its effect (driven seconds), by effect (order, callback, results, feed) "
        "and partner",
        ("effect", "partner"),
        WAITS,
    ),
    Name(
        "hoso_sealed_keys_total",
        Kind.COUNTER,
        "Keys of sealed values, by what was done: kept, opened, erased (asked for and no more there), damaged",
        ("operation",),
    ),
    Name(
        "hoso_day_keys_total",
        Kind.COUNTER,
        "Keys of days, by what they lock (webhooks, letters) and what was done: made, destroyed",
        ("purpose", "operation"),
    ),
    Name("hoso_retention_removed_total", Kind.COUNTER, "Rows past their time, by class of data", ("data",)),
    Name("hoso_holds", Kind.GAUGE, "Holds that are set, by what they stop and whether a lane asks", ("what", "asks")),
    Name("hoso_content_differs_total", Kind.COUNTER, "Ids that came with another content, by queue", ("queue",)),
    Name("hoso_hold_age_seconds", Kind.GAUGE, "How long (driven) the oldest hold is set, by what it stops", ("what",)),
    Name("hoso_receipts_total", Kind.COUNTER, "Receipts made: a dossier's first, one that supersedes", ("what",)),
    Name("hoso_dead_letters_total", Kind.COUNTER, "Bytes put aside, by topic", ("topic",)),
    Name("hoso_dead_letters_waiting", Kind.GAUGE, "Dead letters that nobody has put back, by topic", ("topic",)),
    # The monitor's: what it sees from outside.
    Name("hoso_heartbeat_timestamp_seconds", Kind.GAUGE, "When the monitor last went round (real unix seconds)"),
    Name(
        "hoso_look_timestamp_seconds",
        Kind.GAUGE,
        "When the monitor last looked at this with success (real unix seconds)",
        ("look",),
    ),
    Name("hoso_group_members", Kind.GAUGE, "Processes in a group of readers", ("group",)),
    Name("hoso_group_lag_records", Kind.GAUGE, "Records a group has not handled, by topic", ("group", "topic")),
    Name(
        "hoso_group_lag_seconds",
        Kind.GAUGE,
        "How old (driven) the oldest record is that a group has not handled, by topic",
        ("group", "topic"),
    ),
    Name(
        "hoso_partition_still_seconds",
        Kind.GAUGE,
        "How long (real) a partition with records to handle has not moved, as long as the monitor has looked",
        ("group", "topic", "partition"),
    ),
    Name(
        "hoso_projection_behind_records",
        Kind.GAUGE,
        "Records that the read model has not been told, by topic",
        ("topic",),
    ),
    Name(
        "hoso_dossiers_open",
        Kind.GAUGE,
        "Dossiers not decided yet, by the agency that decides (or received) and status",
        ("agency", "status"),
    ),
    Name("hoso_dossiers_near_due", Kind.GAUGE, "Open dossiers announced as near their due date", ("agency",)),
    Name("hoso_dossiers_missed", Kind.GAUGE, "Open dossiers announced as past their due date", ("agency",)),
    Name("hoso_dossiers_provisional", Kind.GAUGE, "Open dossiers whose date rests on an unsettled year", ("agency",)),
    Name("hoso_dossiers_clock_failed", Kind.GAUGE, "Open dossiers whose date cannot be computed", ("agency",)),
    Name("hoso_dossiers_parked", Kind.GAUGE, "Dossiers whose facts wait because one could not be folded", ("agency",)),
    Name("hoso_rungs_late", Kind.GAUGE, "Open dossiers past their due date of which nobody has said so", ("agency",)),
    Name("hoso_rungs_late_seconds", Kind.GAUGE, "How long (driven) the oldest of these should have been announced"),
    # The workers'.
    Name("hoso_worker_ready", Kind.GAUGE, "Whether the worker has its share, is recovered and moves: 1 or 0"),
    Name("hoso_worker_lag_records", Kind.GAUGE, "Records of a worker's partition not committed", ("partition",)),
    Name("hoso_worker_dossiers", Kind.GAUGE, "Dossiers in a worker's memory, by partition", ("partition",)),
    Name("hoso_worker_memory_bytes", Kind.GAUGE, "Size of the dossiers in a worker's memory"),
    Name("hoso_worker_memory_budget_bytes", Kind.GAUGE, "The size above which a worker is not ready"),
    Name("hoso_worker_folded_total", Kind.COUNTER, "Facts folded"),
    Name("hoso_worker_skipped_total", Kind.COUNTER, "Facts that came again and were known"),
    Name("hoso_worker_poisoned_total", Kind.COUNTER, "Records whose step failed"),
    Name("hoso_worker_said_total", Kind.COUNTER, "Facts said on other topics, and acknowledged"),
    Name("hoso_worker_commits_total", Kind.COUNTER, "Commits that the broker accepted"),
    Name(
        "hoso_worker_repaired_total", Kind.COUNTER, "Dossiers written again because a zombie's late write covered them"
    ),
    Name("hoso_worker_parked_total", Kind.COUNTER, "Dossiers parked: folding a fact of them failed"),
    Name(
        "hoso_worker_guard_tripped",
        Kind.GAUGE,
        "Whether the worker ended for most facts of a partition it holds went wrong, and goes on from there: 1 or 0",
    ),
    Name("hoso_timers_fired_total", Kind.COUNTER, "Facts that timers wrote to the log"),
    Name("hoso_timers_failed_total", Kind.COUNTER, "Times a dossier's timers could not be asked"),
    Name(
        "hoso_timer_late_seconds",
        Kind.HISTOGRAM,
        "How long after its instant (driven) a timer fired: a rung or a limit",
        (),
        WAITS,
    ),
)

BY_NAME = {row.name: row for row in NAMES}


def configure(process: str, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Set structlog up for a process: one JSON object a line, with its level, the real time in UTC and the process."""
    out = stream or sys.stdout
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(stream=out, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
