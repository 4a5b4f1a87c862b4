"""What Faust needs to lose nothing: docs/engine.md. It is about bytes and knows no dossier."""

from streams.engine.app import build_app
from streams.engine.counters import Counters, Position
from streams.engine.endings import (
    CRASHED,
    STOPPED,
    STUCK,
    Ending,
    ForeignWriter,
    Hole,
    OtherLog,
    Stalled,
    StateGone,
    TooLarge,
    Undrained,
    Unfit,
    WrongLayout,
    end,
)
from streams.engine.engine import MAX_RECORD_BYTES, Engine
from streams.engine.log_id import topic_id_reader
from streams.engine.step import Clock, Fire, Letter, LogId, Poison, Record, Step, Stepped
from streams.engine.stored import adoption
from streams.engine.sweep import Sweep
from streams.engine.table import CHANGELOG_CONFIG, changelog_topic
from streams.engine.timers import Timers
from streams.engine.worker import run_worker

__all__ = [
    "CHANGELOG_CONFIG",
    "CRASHED",
    "MAX_RECORD_BYTES",
    "STOPPED",
    "STUCK",
    "Clock",
    "Counters",
    "Ending",
    "Engine",
    "Fire",
    "ForeignWriter",
    "Hole",
    "Letter",
    "LogId",
    "OtherLog",
    "Poison",
    "Position",
    "Record",
    "Stalled",
    "StateGone",
    "Step",
    "Stepped",
    "Sweep",
    "Timers",
    "TooLarge",
    "Undrained",
    "Unfit",
    "WrongLayout",
    "adoption",
    "build_app",
    "changelog_topic",
    "end",
    "run_worker",
    "topic_id_reader",
]
