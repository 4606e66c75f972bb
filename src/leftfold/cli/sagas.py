"""`leftfold sagas`: instances of an app's sagas, and what a person decides about them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias, TypeVar

import msgspec
from cyclopts import Parameter

from leftfold.app.composition import App
from leftfold.app.sagas import Sagas
from leftfold.cli.errors import UsageError
from leftfold.cli.instances import (
    Decision,
    check_days,
    counted_instances,
    days_ago,
    instances_are,
    show_findings,
    show_first,
    show_forgotten,
    told,
)
from leftfold.cli.listed import SAGAS, listed
from leftfold.cli.options import NOTHING_GIVEN, AtLeastOne, AtLeastZero, Source
from leftfold.cli.output import Listing, console, write_json
from leftfold.cli.running import named_app, opened_app
from leftfold.cli.saga_views import migrated_list, print_saga, saga_list
from leftfold.cli.sagas_retried import Retried, retried_all, retried_list
from leftfold.processes.migrating import Migrated
from leftfold.processes.saga_view import SagaView

__all__ = ["Change", "Choice", "sagas"]

_Status: TypeAlias = Literal["running", "compensating", "completed", "compensated", "stuck"]
_Outcome = TypeVar("_Outcome", Migrated, Retried)
_FIRST: Final = 100
_JSON: Final = "fields"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which instances to list or forget, or whether to change any."""

    status: Annotated[
        tuple[_Status, ...], Parameter(help="List those of this status, or of another one given.", show_default=False)
    ] = ()
    limit: Annotated[AtLeastOne, Parameter(help="List at most so many.")] = _FIRST
    try_only: Annotated[
        bool, Parameter(help="With migrate or forget, change nothing, and tell what would be done.", show_default=False)
    ] = False
    days: Annotated[
        AtLeastZero | None, Parameter(help="With forget, instances that ended at least so many days ago.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Change(Decision):
    """What a person decides about an instance."""

    step: Annotated[str | None, Parameter(help="Only this parked step; every parked one when left out.")] = None
    result: Annotated[str | None, Parameter(help="With resolve, what the step returned, as JSON.")] = None
    all: Annotated[
        bool, Parameter(help="With retry, every instance that is stuck, or every one of SAGA.", show_default=False)
    ] = False


_ALL: Final = Choice()
_NOBODY: Final = Change()


async def sagas(
    action: Literal["list", "show", "retry", "skip", "resolve", "abort", "check", "migrate", "forget"],
    saga: str | None = None,
    id: str | None = None,
    /,
    *,
    choice: Choice = _ALL,
    change: Change = _NOBODY,
    source: Source = NOTHING_GIVEN,
) -> int:
    """Look at an app's sagas, and decide what becomes of those that are stuck.

    `list [SAGA]` lists instances: first those that are under way or stuck, the one unchanged for longest first, then
    those that are over. `show SAGA ID` shows one with its steps. `retry SAGA ID` has what is parked tried again,
    `skip SAGA ID` goes on without it, `resolve SAGA ID` takes it as done by hand, `abort SAGA ID` undoes the instance;
    each takes --why, and whoever carries sagas on does it. `retry [SAGA] --all` means every instance that is stuck; one
    that somebody else has dealt with meanwhile, or that this code cannot read, is named, and the exit code is 1 then.
    `check` names instances that this code cannot carry on, and the exit code is 1 when there are some. `migrate SAGA`
    brings instances to newer versions, by the app's migrations; the exit code is 1 when some stay as they are.
    `forget [SAGA] --days N` deletes instances that were completed or undone N days ago or earlier, and tells how many,
    with --json which; their ids begin anew when they are started again.

    Args:
        action: What to do.
        saga: Name of a saga, with or without its context.
        id: Which instance.
    """
    _check(action, (saga, id), choice, change)
    app = named_app(source)
    if not any(context.sagas for context in app.contexts):
        raise UsageError("this app has no sagas")
    async with opened_app(app, source) as opened:
        if action == "list":
            await _list(opened.sagas, saga, choice, json=source.json)
        elif action == "check":
            found = await opened.sagas.check()
            return show_findings(found, ("saga", "id"), lambda one: (one.saga, one.id), json=source.json)
        elif action == "migrate" and saga is not None:
            return await _migrated(opened.sagas, saga, try_only=choice.try_only, json=source.json)
        elif action == "forget" and choice.days is not None:
            await _forgotten(opened.sagas, saga, choice, json=source.json)
        elif change.all:
            return await _retried(opened.sagas, saga, change, json=source.json)
        elif saga is not None and id is not None:
            if action != "show":
                await _decided(opened.sagas, action, (saga, id), change)
            _show(opened, await opened.sagas.show(saga, id), json=source.json)
    return 0


def _check(action: str, place: tuple[str | None, str | None], choice: Choice, change: Change) -> None:
    if change.all:
        _check_all(action, place, change)
    else:
        _check_place(action, sum(part is not None for part in place))
    if action != "list" and (choice.status or choice.limit != _FIRST):
        raise UsageError("--status and --limit are for list")
    if choice.try_only and action not in ("migrate", "forget"):
        raise UsageError("--try-only is for migrate and forget")
    check_days(action, choice.days)
    decides = action not in ("list", "show", "check", "migrate", "forget")
    if not decides and change != _NOBODY:
        raise UsageError(f"{action} decides nothing; leave --why, --who, --step and --result out")
    if decides and not (change.why and change.why.strip()):
        raise UsageError(f"why {action}? Give --why TEXT; it is kept with the instance, for those who look at it later")
    if change.result is not None and action != "resolve":
        raise UsageError("--result is for resolve")
    if change.step is not None and action == "abort":
        raise UsageError("abort undoes the whole instance; leave --step out")


def _check_all(action: str, place: tuple[str | None, str | None], change: Change) -> None:
    if action != "retry":
        raise UsageError("--all is for retry")
    if place[1] is not None or change.step is not None:
        raise UsageError(
            "retry --all takes the name of a saga at most, and tries every parked step; leave the rest out"
        )


def _check_place(action: str, named: int) -> None:
    if action == "check" and named:
        raise UsageError("check looks at every saga; leave the name out")
    if action in ("list", "forget") and named > 1:
        raise UsageError(f"{action} takes the name of a saga at most; to see one instance: show SAGA ID")
    if action == "migrate" and named != 1:
        raise UsageError("migrate takes the name of a saga; see: leftfold sagas list")
    if action not in ("list", "check", "migrate", "forget") and named < 2:
        raise UsageError(f"{action} takes a saga and the id of an instance; see: leftfold sagas list")


async def _list(sagas: Sagas, name: str | None, choice: Choice, *, json: bool) -> None:
    views = listed(lambda statuses: sagas.find(name, statuses=statuses), SAGAS, choice.status, choice.limit)
    out = console()
    await show_first(views, choice.limit, saga_list(out), _JSON if json else None)
    if not json:
        out.print(counted_instances(await sagas.count(name), choice.status, choice.limit), style="dim")


async def _migrated(sagas: Sagas, saga: str, *, try_only: bool, json: bool) -> int:
    out = console()
    outcomes = sagas.migrate(saga, try_only=try_only)
    count, left = await _outcomes(outcomes, migrated_list(out), json=json)
    if not json:
        out.print(f"{instances_are(count, try_only=try_only)} migrated, {_stay(left)}", style="dim")
    return 1 if left else 0


async def _retried(sagas: Sagas, saga: str | None, change: Change, *, json: bool) -> int:
    out = console()
    outcomes = retried_all(sagas, saga, who=change.person, why=change.why or "")
    count, left = await _outcomes(outcomes, retried_list(out), json=json)
    if not json:
        out.print(f"{instances_are(count, try_only=False)} tried again, {_stay(left)}", style="dim")
    return 1 if left else 0


async def _outcomes(outcomes: AsyncIterator[_Outcome], table: Listing[_Outcome], *, json: bool) -> tuple[int, int]:
    """Show each as it comes; returns of how many there is no reason why they stay as they are, and of how many."""
    count = left = 0
    with table:
        async for one in outcomes:
            count += one.reason is None
            left += one.reason is not None
            write_json(one) if json else table.add(one)
    return count, left


def _stay(count: int) -> str:
    return f"{count:,} {'stays as it is' if count == 1 else 'stay as they are'}"


async def _forgotten(sagas: Sagas, saga: str | None, choice: Choice, *, json: bool) -> None:
    views = sagas.forget(saga, before=days_ago(choice.days), try_only=choice.try_only)
    field = _JSON if json else None
    await show_forgotten(views, "saga", lambda view: (view.saga, view.status), field, try_only=choice.try_only)


async def _decided(sagas: Sagas, action: str, place: tuple[str, str], change: Change) -> None:
    saga, id = place
    who, why, step = change.person, change.why or "", change.step
    if action == "retry":
        await sagas.retry(saga, id, who=who, why=why, step=step)
    elif action == "skip":
        await sagas.skip(saga, id, who=who, why=why, step=step)
    elif action == "resolve":
        await sagas.resolve(saga, id, who=who, why=why, step=step, result=_json(change.result))
    else:
        await sagas.abort(saga, id, who=who, why=why)


def _json(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UsageError(f"--result {text!r:.80} is not JSON: {error}") from error
    return text.encode()


def _show(app: App, view: SagaView, *, json: bool) -> None:
    if json:
        write_json(told(view, _JSON))
        return
    context = view.saga.partition(".")[0]
    definition = app.running(context).sagas.definitions.get(f"saga/{view.saga}/{view.version}")
    print_saga(console(), view, definition.outline if definition else ())
