"""The program: its verbs, and what becomes of an error.

Exit codes: 0 it worked, 1 it failed or found something, 2 the command line is wrong, 3 a store cannot be reached or
used, 4 the domain refused a command or query, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from io import FileIO, TextIOWrapper
from typing import TYPE_CHECKING, Final, NamedTuple

from cyclopts import App, CycloptsError, MissingArgumentError, Parameter

from leftfold.cli.errors import BrokenOff, Refused, UsageError
from leftfold.cli.text import printable
from leftfold.domain.errors import DomainError
from leftfold.errors import (
    AccessDenied,
    InvalidQuery,
    InvalidStoreUrl,
    InvalidStreamName,
    LeftfoldError,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["VERBS", "Verb", "main"]

_FAILED: Final = 1
_USAGE: Final = 2
_OUT_OF_REACH: Final = 3
_REFUSED: Final = 4
_INTERRUPTED: Final = 130
_HELP: Final = frozenset({"--help", "-h", "--version"})
_NO_GROUP: Final = 2
"""Words of a command line from which a group of verbs is not asked for its help any more."""
_WRONG_COMMAND_LINE = (UsageError, InvalidStoreUrl, InvalidQuery, InvalidStreamName, CycloptsError)


class Verb(NamedTuple):
    """A verb before its file is loaded.

    Args:
        place: `module:function`.
        summary: the first sentence of the function's docstring.
    """

    place: str
    summary: str


VERBS: Final[Mapping[str, Verb]] = {
    "migrate": Verb("leftfold.cli.migrate:migrate", "Bring the store's schema up to date."),
    "streams": Verb("leftfold.cli.streams:streams", "List the streams, the one written last first."),
    "show": Verb("leftfold.cli.show:show", "Show the events of one stream, in full."),
    "log": Verb("leftfold.cli.log:log", "Show the log: every event, in the order it was recorded."),
    "audit": Verb("leftfold.cli.audit:audit", "Tell who did what to one stream, when and why."),
    "schema": Verb("leftfold.cli.schema:schema", "Check, lock, show and compare the schemas of events."),
    "verify": Verb("leftfold.cli.verify:verify", "Read everything that is stored, and name what is wrong with it."),
    "work": Verb(
        "leftfold.cli.work:work",
        "Follow the log for an app's projections, reactions and processes, and carry on its sagas.",
    ),
    "projections": Verb(
        "leftfold.cli.projections:projections", "Show how far an app's projections, reactions and processes are."
    ),
    "rebuild": Verb("leftfold.cli.rebuild:rebuild", "Build a projection anew, and show it once it has caught up."),
    "reset": Verb(
        "leftfold.cli.reset:reset",
        "Say where a reaction or process goes on, when the log is not the one that it followed.",
    ),
    "forget": Verb(
        "leftfold.cli.forget:forget",
        "Drop the rows of a projection that an app does not have any more, or list what is left of such.",
    ),
    "dead-letters": Verb(
        "leftfold.cli.dead_letters:dead_letters", "Deal with events that a projection or reaction failed on."
    ),
    "sagas": Verb(
        "leftfold.cli.sagas:sagas", "Look at an app's sagas, and decide what becomes of those that are stuck."
    ),
    "processes": Verb(
        "leftfold.cli.processes:processes", "Look at an app's processes, and decide what becomes of what was given up."
    ),
    "timers": Verb(
        "leftfold.cli.processes:timers", "List the timers that an app's processes have set, the next one first."
    ),
    "context": Verb("leftfold.cli.context:context", "Hold an app to its context map, and look at it."),
    "kernel": Verb(
        "leftfold.cli.kernel:kernel",
        "Tell whether what contexts share is as their teams have agreed, or agree for a team.",
    ),
    "catalog": Verb(
        "leftfold.cli.catalog:catalog", "Put together what contexts of many repositories say, and look at it."
    ),
    "impact": Verb(
        "leftfold.cli.impact:impact", "Tell what a change leads to: who is hit, who is not, and who has to agree."
    ),
    "docs": Verb(
        "leftfold.cli.docs:docs",
        "Write pages about contexts: who publishes what, who reads which field, and what breaks if one changes.",
    ),
    "flow": Verb("leftfold.cli.flow:flow", "Draw what leads to what in an app."),
    "trace": Verb(
        "leftfold.cli.trace:trace", "Show what one request led to: commands, events, sagas with their steps."
    ),
    "query": Verb("leftfold.cli.asking:query", "Ask an app a query, and print the answer as JSON."),
    "send": Verb("leftfold.cli.asking:send", "Send an app a command, and print the receipt as JSON."),
    "export": Verb(
        "leftfold.cli.exporting:export_log", "Write the whole log to a file, a line of JSON for each event."
    ),
    "import": Verb("leftfold.cli.importing:import_log", "Take over an exported log, with its positions and times."),
    "move": Verb(
        "leftfold.cli.moving:move", "Move an app to other stores: its logs, and all that goes on beside them."
    ),
}
"""What the program can do, in the order that its help lists it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb.

    Args:
        arguments: the command line without the program's name; the process's own when left out.

    Returns:
        The exit code.
    """
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        from leftfold.cli.output import let_go_of_stdout

        let_go_of_stdout()
        return 0
    return code


def _open_closed_streams() -> None:
    """What whoever started this has closed leads nowhere, and no other file takes its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, TextIOWrapper(FileIO(os.devnull, mode), encoding="utf-8"))


def _run(arguments: list[str]) -> int:
    try:
        code: int | None = _program(arguments)(arguments)
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        return _INTERRUPTED
    except MissingArgumentError as error:
        return _complain(error, _USAGE, _choices(error))
    except _WRONG_COMMAND_LINE as error:
        return _complain(error, _USAGE)
    except (StoreUnavailable, AccessDenied, BrokenOff) as error:
        return _complain(error, _OUT_OF_REACH)
    except (DomainError, Refused) as refusal:
        return _complain(refusal, _REFUSED)
    except (LeftfoldError, OSError) as error:
        return _complain(error, _FAILED)
    return code or 0


def _program(arguments: list[str]) -> App:
    asked = any(name in arguments for name in VERBS)
    program = App(
        name="leftfold",
        help="Look into an event store, run what follows it, migrate it, carry its log elsewhere.",
        help_epilogue="Stores: sqlite:///file.db, postgresql://user@host/database, by --store or LEFTFOLD_STORE.",
        help_format="markdown" if asked else "plaintext",  # the list of verbs has no markup, and is shown sooner
        version=_version,
        default_parameter=Parameter(negative=(), json_list=False, json_dict=False),  # a value is what is written
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
        console=_help_console() if len(arguments) < _NO_GROUP or _HELP.intersection(arguments) else None,
    )
    for order, (name, verb) in enumerate(VERBS.items()):
        summary = None if name in arguments else verb.summary  # a verb that is asked for speaks for itself, in full
        program.command(verb.place, name=name, sort_key=order, help=summary)
    return program


def _help_console() -> Console:
    from leftfold.cli.output import help_console

    return help_console()


def _version() -> str:
    from importlib.metadata import version

    return version("leftfold")


def _choices(error: MissingArgumentError) -> str:
    choices = error.argument.get_choices() if error.argument is not None else None
    return f" Give one of {', '.join(choices)}." if choices else ""


def _complain(error: Exception, code: int, more: str = "") -> int:
    sys.stdout.flush()
    message = printable(f"{error}{more}", keep="\n")
    print(f"leftfold: {message}", file=sys.stderr)
    return code
