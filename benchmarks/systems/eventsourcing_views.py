"""The account's balances in eventsourcing's terms: a view that is written with the position, event by event."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from threading import Condition
from uuid import UUID

from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from benchmarks.systems.eventsourcing_bank import Bank

__all__ = ["follow"]

_CREATE = SQL("create table if not exists {}.{} (key text primary key, amount bigint not null)")
_ADD = SQL("insert into {}.{} as b values (%s, %s) on conflict (key) do update set amount = b.amount + excluded.amount")
_TIMEOUT_S = 300.0
_numbers = count(1)


class _View(PostgresTrackingRecorder):
    def __init__(self, datastore: PostgresDatastore, *, tracking_table_name: str) -> None:
        super().__init__(datastore, tracking_table_name=tracking_table_name)
        place = Identifier(self.datastore.schema), Identifier(f"{self.tracking_table_name}_rows")
        self.sql_create_statements.append(_CREATE.format(*place))
        self._add = _ADD.format(*place)
        self._position = 0
        self._moved = Condition()

    def add(self, key: str, amount: int, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._add, (key, amount), prepare=True)
        with self._moved:
            self._position = tracking.notification_id
            self._moved.notify_all()

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


def follow(env: Mapping[str, str], position: int, *, each: bool) -> None:
    """Catch up with the log from its beginning to *position*, into new tables."""
    projection = _Deposits if each else _Balances
    projection.name = f"balances_{next(_numbers)}"
    with ProjectionRunner(
        application_class=Bank, projection_class=projection, view_class=_View, env={**env, "CREATE_TABLE": "yes"}
    ) as runner:
        runner.view.reach(position)
