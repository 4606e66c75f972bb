"""Never run: what both type checkers accept, infer and refuse of commands, queries and their handlers."""
# pyright: reportUnusedExpression=false, reportUnusedCoroutine=false, reportUnusedFunction=false

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Protocol, assert_type

from leftfold.contexts import Context
from leftfold.domain import Aggregate, applies
from leftfold.handling import (
    Call,
    CommandBus,
    CommandHandler,
    Decision,
    Proceed,
    QueryBus,
    QueryHandler,
    Receipt,
    Repository,
    Scope,
    authorised,
    command_handler_of,
    decision_of,
    logged,
    query_handler_of,
    timed,
)
from leftfold.messages import Command, Event, Metadata, Query, RequestForm
from leftfold.processes import Saga, SagaView, step
from leftfold.subscriptions import Attempt
from leftfold.testing import GivenCommand, Then, given


class Opened(Event):
    owner: str


class Account(Aggregate[Opened]):
    balance: Decimal = Decimal(0)

    @applies
    def _opened(self, event: Opened) -> None: ...


class Open(Command):
    id: str
    owner: str = ""


class Withdraw(Command[Decimal], name="withdraw", version=2):
    id: str
    amount: Decimal


@dataclass(frozen=True)
class Summary:
    id: str


class FindSummary(Query[Summary | None]):
    id: str


class Gateway(Protocol):
    async def charge(self, amount: Decimal) -> str: ...


class Cash:
    async def charge(self, amount: Decimal) -> str:
        return str(amount)


class Trip(Saga):
    nights: int

    @step(undoable=False)
    async def book(self, attempt: Attempt) -> None: ...


def messages() -> None:
    Open("A")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Open(id=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Open(id="A").id = "B"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    plain: Command = Open(id="A")
    anything: list[Command[object]] = [plain, Withdraw(id="A", amount=Decimal(1))]
    wrong: Command[str] = Withdraw(id="A", amount=Decimal(1))  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    assert_type(RequestForm(Withdraw).load(b""), Withdraw)
    print(anything, wrong)


async def buses(commands: CommandBus, queries: QueryBus, metadata: Metadata) -> None:
    assert_type(await commands.send(Open(id="A"), id="c", metadata=metadata), Receipt[None])
    assert_type((await commands.send(Withdraw(id="A", amount=Decimal(1)))).result, Decimal)
    assert_type(await queries.ask(FindSummary(id="A"), fresh=True), Summary | None)
    await commands.send(FindSummary(id="A"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await queries.ask(Open(id="A"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def withdraw(command: Withdraw, account: Account) -> Decimal:
    return account.balance - command.amount


def of_another_aggregate(command: Withdraw, account: str) -> Decimal:
    return command.amount + len(account)


async def open_it(command: Open, accounts: Repository[Account], gateway: Gateway) -> None:
    (await accounts.get(command.id)).record(Opened(owner=await gateway.charge(Decimal(1))))


async def find(query: FindSummary, accounts: Repository[Account]) -> Summary | None:
    return Summary(query.id) if await accounts.find(query.id) else None


def handlers() -> None:
    assert_type(decision_of(withdraw, Account, id="id", exists=True), Decision)
    decision_of(of_another_aggregate, Account, id="id")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(command_handler_of(open_it), CommandHandler)
    command_handler_of(withdraw)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(query_handler_of(find, timedelta(seconds=60)), QueryHandler)
    Scope([Account], {Gateway: Cash(), Cash: Cash()})


def tests_of_decisions(context: Context) -> None:
    decided = context.decides(Account, id="id")(withdraw)
    context.decides(Account, id="id")(of_another_aggregate)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(given(decided, Opened(owner="U"), id="A"), GivenCommand[Withdraw, Account, Decimal])
    assert_type(given(withdraw).when(Withdraw(id="A", amount=Decimal(1))), Then[Decimal])
    assert_type(decided(Withdraw(id="A", amount=Decimal(1)), Account("A")), Decimal)
    given(withdraw).when(Open(id="A"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    given(open_it)  # type: ignore[type-var, arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]


def sagas(view: SagaView) -> None:
    assert_type(view.read(Trip).nights, int)
    view.read(Opened)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]


async def allowed(call: Call) -> bool:
    return call.metadata.actor is not None


def around(call: Call, proceed: Proceed) -> Awaitable[object]:
    return proceed(call)


def middleware() -> None:
    print(logged(), timed(lambda call, seconds, ended: print(call.name, seconds, ended)))
    print(authorised(allowed), authorised(lambda call: call.name == "x"), around)
