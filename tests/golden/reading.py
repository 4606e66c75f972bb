"""What the code of today reads in a golden database, asked in every way there is, as plain JSON values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from leftfold import App
from leftfold.domain.state import state_codec
from leftfold.messages.event import event_name, event_version
from leftfold.store.names import id_of
from tests.cli.command import run_apart
from tests.conftest import ROOT
from tests.golden.accounts import UPCASTS, Account

__all__ = ["Answers", "account_of", "answers", "answers_in", "app_on", "checks", "dropping", "text_of_answers"]

Answers: TypeAlias = dict[str, dict[str, object]]
"""By the question, and what it was asked of."""

_DAYS: Final = [datetime(2024, 1, day, 12, 0, 0, 1, tzinfo=UTC) for day in (1, 2, 3, 5, 8, 10, 11, 12)]
_KNOWN: Final = _DAYS[3]
_MOMENTS: Final = [moment for day in _DAYS for moment in (day - timedelta(microseconds=1), day)]
_plain = state_codec(Account).plain


def app_on(store: str) -> App:
    """The app of today on a store."""
    return App(Account, store=store, upcasts=UPCASTS)


async def answers(app: App) -> Answers:
    """The log in events of today, and the states of every account by version and by time."""
    accounts = app.repository(Account)
    heads = {id_of(head.stream): head.version for head in await app.store.streams(category="account")}
    by_version = [(id, version) for id in sorted(heads) for version in range(1, heads[id] + 1)]
    return {
        "log": await _log(app),
        "by version": {f"{id} {version}": _plain(await accounts.at(id, version=version)) for id, version in by_version},
        "now": await _states(app),
        "recorded": {f"{id} {at}": state for at in _MOMENTS for id, state in (await _states(app, at)).items()},
        "valid": {f"{id} {at}": state for at in _MOMENTS for id, state in (await _states(app, None, at)).items()},
        f"valid as known {_KNOWN}": {
            f"{id} {at}": state for at in _DAYS for id, state in (await _states(app, _KNOWN, at)).items()
        },
        "balances": {
            id: [f"{change.version} {change.at} {change.value}" for change in await accounts.history(id, _balance)]
            for id in sorted(heads)
        },
    }


def account_of(asked: str) -> str:
    """The id in what a question about accounts was asked of."""
    return asked.partition(" ")[0]


def checks(store: str) -> Answers:
    """What the command finds in a store: which kinds of event the app reads, and what is wrong with anything."""
    return {
        "schema check": _said("schema", "check", store=store),
        "verify --snapshots": _said("verify", "--snapshots", store=store),
    }


def dropping(store: str) -> dict[str, object]:
    """Likewise, while it drops the snapshots that are wrong or stale."""
    return _said("verify", "--snapshots", "--drop", store=store)


def answers_in(text: bytes) -> Answers:
    """The answers that `text_of_answers` wrote."""
    return msgspec.json.decode(text, type=Answers)


def text_of_answers(found: Answers) -> str:
    """Answers as JSON that a person can read, one a line."""
    questions = [
        f"{_text(question)}: {{\n" + ",\n".join(f"  {_text(asked)}: {_text(each)}" for asked, each in given.items())
        for question, given in found.items()
    ]
    return "{\n" + "\n},\n".join(questions) + "\n}\n}\n"


async def _log(app: App) -> dict[str, object]:
    found = {
        f"{stored.position} {stored.type} v{stored.schema_version}": list[str]()
        for stored in (await app.store.read_log()).events
    }
    for each in (await app.events.read_log()).events:
        cls = type(each.event)
        read = f"{event_name(cls)} v{event_version(cls)} {_text(each.event)}"
        found[f"{each.position} {each.type} v{each.schema_version}"].append(read)
    return {**found}


async def _states(app: App, recorded: datetime | None = None, valid: datetime | None = None) -> dict[str, object]:
    accounts = app.repository(Account)
    return {each.id: _plain(each) async for each in accounts.each(recorded=recorded, valid=valid)}


def _balance(account: Account) -> str:
    return str(account.balance)


def _said(*verb: str, store: str) -> dict[str, object]:
    ran = run_apart(*verb, "--store", store, "--app", "tests.golden.accounts:make", "--json", cwd=ROOT)
    return {"exit code": ran.code, **{f"line {number}": line for number, line in enumerate(ran.lines, start=1)}}


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
