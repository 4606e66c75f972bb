"""`leftfold schema check --lock` and `leftfold schema lock`: what was promised, and what is published today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from leftfold.app.assembling import ContextsBroken
from leftfold.borders.handlers import code_place
from leftfold.cli.errors import UsageError
from leftfold.cli.files import written_beside
from leftfold.cli.options import Source
from leftfold.cli.output import console, write_json
from leftfold.cli.running import named_app
from leftfold.cli.schema_accepting import Accepting
from leftfold.cli.schema_agreeing import Speaking, agreements
from leftfold.cli.text import counted, printable
from leftfold.contexts.places import place_under
from leftfold.errors import DefinitionError
from leftfold.integration.language_check import language_findings
from leftfold.integration.language_finding import LanguageFinding, Reading
from leftfold.integration.language_lock import (
    Accepted,
    LanguageLock,
    Spoken,
    dump_language_lock,
    load_language_lock,
    lock_of_languages,
)
from leftfold.integration.published_events import declared
from leftfold.messages.message import Declaration

__all__ = ["check_language", "lock_language", "readings_of", "spoken_in"]

_STYLES: Final = {"error": "red", "note": "dim"}


def check_language(file: Path, source: Source) -> int:
    """Compare what an app publishes with the lock in *file*; 1 when something is found that blocks.

    An app that is refused is compared as well: what breaks a promise may break a view of the same app.

    Raises:
        UsageError: no app was named, or it is refused for something else, or there is no lock.
        DefinitionError: the lock cannot be read.
    """
    app, refused = _speaking(source)
    lock = _read(file)
    if lock is None:
        raise UsageError(f"there is no lock {file}; write one: leftfold schema lock --lock {file}")
    findings = _findings(app, lock)
    if refused is not None:
        if not any(one.blocks for one in findings):
            raise refused
        console(errors=True).print(printable(str(refused), keep="\n"))
    _tell(findings, json=source.json)
    if not source.json:
        for team, why in agreements(app, findings).items():
            console().print(printable(f"needs the agreement of {team}: {why}"))
    return 1 if any(one.blocks for one in findings) else 0


def lock_language(file: Path, accepting: Accepting, source: Source) -> int:
    """Write what an app publishes into *file*; 1, and nothing is written, when findings block that nobody accepts.

    Raises:
        UsageError: no app was named, or it has no context with a language; somebody has to agree and has not.
        DefinitionError: the lock so far cannot be read.
    """
    app = named_app(source)
    spoken = spoken_in(app)
    if not spoken:
        raise UsageError("no context of this app has a language: Context(..., language=PublishedLanguage(...))")
    before = _read(file) or LanguageLock()
    findings = _findings(app, before)
    blocking = [one for one in findings if one.blocks]
    if blocking and accepting.accept is None:
        _tell(findings, json=source.json)
        console(errors=True).print("nothing was locked; mend it, or say why it may pass: --accept REASON")
        return 1
    reason = accepting.reason(agreements(app, findings))
    accepted = [Accepted(finding=one.change, reason=reason) for one in blocking]
    text = dump_language_lock(lock_of_languages(spoken, before, accepted))
    with written_beside(file) as out:
        out.write(text.encode())
    if not source.json:
        count = sum(len(one.events) for one in spoken)
        passed = f", {counted(len(accepted), 'finding')} accepted" if accepted else ""
        console().print(f"{counted(count, 'version')} locked in {file}{passed}")
    return 0


def spoken_in(app: Speaking) -> tuple[Spoken, ...]:
    """The languages that contexts of *app* speak."""
    return tuple(
        Spoken(context.name, context.language, context.published_events)
        for context in app.contexts
        if context.language is not None
    )


def readings_of(app: Speaking) -> tuple[Reading, ...]:
    """The views that contexts of *app* follow."""
    return tuple(Reading(context.name, view) for context in app.contexts for view in context.views)


def _speaking(source: Source) -> tuple[Speaking, UsageError | None]:
    """What the app that is named speaks, and why there is no such app if it is refused."""
    try:
        return named_app(source), None
    except UsageError as error:
        if isinstance(error.__cause__, ContextsBroken):
            return error.__cause__, error
        raise


def _findings(app: Speaking, lock: LanguageLock) -> Sequence[LanguageFinding]:
    found = language_findings(lock, spoken_in(app), readings_of(app), datetime.now(UTC).date())
    classes = {declared(cls): cls for one in app.contexts for cls in one.published_events}
    newest = {said.name: classes[said] for said in sorted(classes, key=lambda said: said.version)}
    views: dict[str, type] = {one.name: one.view for one in readings_of(app)}

    def placed(one: LanguageFinding) -> LanguageFinding:
        about = views.get(one.reader) or classes.get(Declaration(one.type, one.version)) or newest.get(one.type)
        return one if about is None else replace(one, place=place_under(code_place(about), str(Path.cwd())))

    return [placed(one) for one in found]


def _tell(findings: Sequence[LanguageFinding], *, json: bool) -> None:
    if json:
        write_json(*findings)
        return
    out = console()
    for one in findings:
        out.print(printable(str(one)), style=_STYLES["note" if one.accepted else one.severity])
    blocking = sum(one.blocks for one in findings)
    out.print(f"{counted(len(findings), 'finding')}, {blocking:,} blocking", style="red" if blocking else "dim")


def _read(file: Path) -> LanguageLock | None:
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return load_language_lock(text)
    except DefinitionError as error:
        raise DefinitionError(*(f"{file}: {finding}" for finding in error.findings)) from error
