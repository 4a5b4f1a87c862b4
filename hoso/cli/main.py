"""`hoso ...`: finds the command's module and imports that one only; nine processes start at once on two cores."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, NoReturn

from hoso.processes import BY_NAME, PROCESSES, Process

if TYPE_CHECKING:
    from typer import Typer

SENTENCE = "An administrative dossier's promise kept, from the citizen's door to the agency and back."
WRONG_SETTING = 2


@dataclass(frozen=True)
class Command:
    """A command: the object of its name in its module, a Typer group or a function."""

    name: str
    module: str
    help: str

    def exists(self) -> bool:
        """Whether this release has it, without importing it."""
        return find_spec(self.module) is not None

    def load(self) -> Any:
        """The group or the function."""
        name = self.name.replace("-", "_")
        # A word that Python keeps for itself wears a tail there.
        return getattr(import_module(self.module), f"{name}_" if iskeyword(name) else name)


COMMANDS = (
    Command("demo", "hoso.cli.demo", "Tell one dossier's story, then two weeks of a city's life in two minutes."),
    Command("storm", "hoso.cli.storm", "Kill things while a city lives, and reconcile everything."),
    Command("drill", "hoso.cli.drill", "Destroy the cluster while a city lives, restore it, and reconcile everything."),
    Command("up", "hoso.cli.up", "Run a local Kafka and every process under one supervisor."),
    Command("broker", "hoso.cli.broker", "Start, stop or show the local Kafka."),
    Command("topics", "hoso.cli.topics", "Create the topics, or compare them with the plan."),
    Command("reference", "hoso.cli.reference", "Check and publish agencies, procedures, calendars, carriers."),
    Command("carrier", "hoso.cli.carrier", "The carriers: list them, show their codes, translate a body of theirs."),
    Command("calendar", "hoso.cli.calendar", "The days on which public offices work: build, preview, apply, revert."),
    Command("fleet", "hoso.cli.fleet", "Show which releases run, and let the newest write what it brought."),
    Command("due", "hoso.cli.due", "Print the due date of every written case."),
    Command("parked", "hoso.cli.parked", "Dossiers whose facts wait because one could not be folded."),
    Command("silent", "hoso.cli.silent", "Items that nobody has heard of in time, and the decision to wait no longer."),
    Command("dead-letters", "hoso.cli.dead_letters", "Bytes that nobody could read: look at them, put them back."),
    Command("archive", "hoso.cli.archive", "Copy the log to a folder or object storage, hash-chained, and verify it."),
    Command("rebuild", "hoso.cli.rebuild", "Fold the log anew and compare it with what the workers said."),
    Command("replay", "hoso.cli.replay", "Show what other rules or reference data would have made of history."),
    Command("adopt-log", "hoso.cli.adopt_log", "Let the workers begin another log: restored, moved, or made anew."),
    Command("check", "hoso.cli.reference", "Validate all reference data; what is wrong is named: file, key, reason."),
    Command("agency", "hoso.cli.agency", "Add an agency; its keys, its callback secrets, a test of its callback."),
    Command("import", "hoso.cli.import_", "Let facts in from a table, or from two exports, through the same gate."),
    Command("notices", "hoso.cli.notices", "What agencies were told by callback and did not take; say it again."),
    Command("dossier", "hoso.cli.dossier", "Show a dossier's state and timeline."),
    Command("reopen", "hoso.cli.reopen", "Open an archived dossier again, so that its agencies are heard."),
    Command("explain", "hoso.cli.explain", "Show a dossier's deadline with its working, or its citizen's link."),
    Command("certificate", "hoso.cli.certificate", "Issue a signed certificate of a due date, or check one."),
    Command("receipt", "hoso.cli.receipt", "Show the signed receipt of a result handed over, or check one."),
    Command("forecast", "hoso.cli.forecast", "Which dossiers will not make it, and what such cases took before."),
    Command("reveals", "hoso.cli.reveals", "Who opened a citizen's contact in the console, when and why."),
    Command("keys", "hoso.cli.keys", "The keys of this installation: how each stands, and its change for another."),
    Command("erase", "hoso.cli.erase", "Destroy the keys of a dossier's contacts and free text; a certificate of it."),
    Command("apologies", "hoso.cli.apologies", "Letters of apology: owed, sent, late, needless; by agency and month."),
    Command("confirm", "hoso.cli.confirm", "Confirm what a carrier only reported: one parcel, or the day's list."),
    Command("reconcile", "hoso.cli.reconcile", "Compare a carrier's statement of cash and charges with the log."),
    Command("hold", "hoso.cli.hold", "Stop effects on the post, notices or timers, never the log."),
    Command("report", "hoso.cli.report", "What agencies report: form 06a, receptions, apologies, the post, promises."),
    Command("console", "hoso.cli.console", "Show the console alone; say who may sign in to it with a password."),
    Command("project", "hoso.cli.project", "Keep the read model in SQL, fill it anew, or compare it."),
    Command("kit", "hoso.cli.kit", "Check from outside that an edge keeps its contract, as an agency."),
    Command("sandbox", "hoso.cli.sandbox", "Run the rehearsal: a post office, an agency and a city that are not real."),
    Command("contract", "hoso.cli.contract", "Write the JSON Schemas, OpenAPI and AsyncAPI from the schemas."),
    Command("doctor", "hoso.cli.doctor", "Look for what is wrong on this machine, and say it."),
)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command that the arguments name; a wrong setting ends it with one sentence and status 2."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:2] == ["sandbox", "storm"]:
        # The same by its other name: a storm starts the sandbox, and everything else.
        del given[0]
    try:
        if len(given) == 1 and (process := BY_NAME.get(given[0])) and process.exists():
            # The usual way of a supervised process: no option, so no parser.
            _run(process)
        else:
            app(given[0] if given else "")(given, prog_name="hoso")
    except ValueError as error:
        if (sentence := wrong_setting(error)) is None:
            raise
        print(sentence, file=sys.stderr)
        sys.exit(WRONG_SETTING)
    sys.exit(0)


def wrong_setting(error: ValueError) -> str | None:
    """Which setting is wrong and why, if that is what this error says."""
    from pydantic import ValidationError

    from schemas.instant import WrongClock

    if isinstance(error, WrongClock):
        return str(error)
    if not isinstance(error, ValidationError) or not error.title.endswith("Settings"):
        return None
    wrong = [f"{_variable(fault['loc'])} is wrong: {_reason(fault['msg'])}" for fault in error.errors()]
    return f"{'; '.join(wrong)}."


def app(chosen: str) -> "Typer":
    """All commands by name and sentence, and behind the chosen one its code."""
    from typer import Typer

    made = Typer(
        name="hoso",
        help=SENTENCE,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    # With a callback it stays a group, however few commands there are.
    made.callback(help=SENTENCE)(_unloaded)
    for command in filter(Command.exists, COMMANDS):
        found = command.load() if command.name == chosen else _unloaded
        if isinstance(found, Typer):
            # A group that does something by itself does it.
            alone = found.info.invoke_without_command is True
            own = found.registered_callback.callback if alone and found.registered_callback else None
            says = own.__doc__ if own else command.help
            made.add_typer(found, name=command.name, help=says, no_args_is_help=not alone)
        else:
            made.command(command.name, help=_help(command, found))(found)
    named = {command.name for command in COMMANDS}
    for process in filter(Process.exists, PROCESSES):
        if process.name in named:
            continue
        made.command(process.name, help=process.help)(_runner(process))
    return made


def _help(command: Command, found: Callable[..., None]) -> str | None:
    """Of the chosen command its own words, with examples; of the others a sentence."""
    return command.help if found is _unloaded else found.__doc__


def _unloaded() -> None:
    """A command in the list that was not asked for."""


def _runner(process: Process) -> Callable[[], None]:
    return lambda: _run(process)


def _run(process: Process) -> None:
    import_module(process.module).main()


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else "settings"
    return name if name.isupper() else f"HOSO_{name.upper()}"


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")


if __name__ == "__main__":
    main()
