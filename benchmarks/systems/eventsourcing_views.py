"""The account's balances in eventsourcing's terms: a view that is written with the position, event by event."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from threading import Condition
from time import perf_counter
from types import TracebackType
from typing import Self
from uuid import UUID

from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from benchmarks.pasts import check
from benchmarks.systems.eventsourcing_bank import Bank
from benchmarks.systems.subject import Waited

__all__ = ["Answering", "follow"]

_CREATE = SQL("create table if not exists {}.{} (key text primary key, amount bigint not null)")
_ADD = SQL("insert into {}.{} as b values (%s, %s) on conflict (key) do update set amount = b.amount + excluded.amount")
_AMOUNT = SQL("select amount from {}.{} where key = %s")
_TIMEOUT_S = 300.0
_numbers = count(1)


class _View(PostgresTrackingRecorder):
    def __init__(self, datastore: PostgresDatastore, *, tracking_table_name: str) -> None:
        super().__init__(datastore, tracking_table_name=tracking_table_name)
        place = Identifier(self.datastore.schema), Identifier(f"{self.tracking_table_name}_rows")
        self.sql_create_statements.append(_CREATE.format(*place))
        self._add = _ADD.format(*place)
        self._amount = _AMOUNT.format(*place)
        self._position = 0
        self._moved = Condition()

    def add(self, key: str, amount: int, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._add, (key, amount), prepare=True)
        with self._moved:
            self._position = tracking.notification_id
            self._moved.notify_all()

    def amount(self, key: str) -> int:
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(self._amount, (key,), prepare=True)
            row = cursor.fetchone()
        return 0 if row is None else row["amount"]

    def reach(self, position: int) -> None:
        """Woken, as its own `wait` looks at growing intervals of up to 800 ms."""
        with self._moved:
            if not self._moved.wait_for(lambda: self._position >= position, _TIMEOUT_S):
                raise TimeoutError(f"the view is at {self._position}, and not at {position}")


class _Balances(Projection[_View]):
    @singledispatchmethod
    def process_event(self, domain_event: DomainEventProtocol[UUID], tracking: Tracking) -> None:
        self.view.add(str(domain_event.originator_id), getattr(domain_event, "amount", 0), tracking)


class _Deposits(Projection[_View]):
    @singledispatchmethod
    def process_event(self, domain_event: DomainEventProtocol[UUID], tracking: Tracking) -> None:
        key = f"{domain_event.originator_id}/{domain_event.originator_version}"
        self.view.add(key, getattr(domain_event, "amount", 0), tracking)


class Answering:
    """Deposits into one account and reads its balance from the view, for the time of a `with` block."""

    def __init__(self, env: Mapping[str, str], id: UUID) -> None:
        self._runner = _runner(_Balances, env)
        self._id = id
        self._balance = 0

    def __enter__(self) -> Self:
        self._runner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.__exit__(kind, error, trace)

    def answer(self) -> Waited:
        """One command, then the balance after it; only that counts."""
        position = self._runner.app.deposit(self._id)
        committed = perf_counter()
        self._runner.view.reach(position)
        balance = self._runner.view.amount(str(self._id))
        waited = Waited(perf_counter() - committed)
        self._balance += 100
        check(balance, self._balance)
        return waited


def follow(env: Mapping[str, str], position: int, *, each: bool) -> None:
    """Catch up with the log from its beginning to *position*, into new tables."""
    with _runner(_Deposits if each else _Balances, env) as runner:
        runner.view.reach(position)


def _runner(projection: type[Projection[_View]], env: Mapping[str, str]) -> ProjectionRunner[Bank, _View]:
    projection.name = f"balances_{next(_numbers)}"
    return ProjectionRunner(
        application_class=Bank, projection_class=projection, view_class=_View, env={**env, "CREATE_TABLE": "yes"}
    )
