"""The sagas of an app, for programs that do not await."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from leftfold.app.background import Background
from leftfold.app.sagas import SagaName, Sagas
from leftfold.processes.checking import SagaFinding
from leftfold.processes.migrating import Migrated
from leftfold.processes.saga_view import SagaView

__all__ = ["SyncSagas"]


class SyncSagas:
    """See `Sagas`."""

    def __init__(self, sagas: Sagas, background: Background) -> None:
        self._sagas = sagas
        self._background = background
        self._run = background.run

    def show(self, saga: SagaName, id: str) -> SagaView:
        """See `Sagas.show`."""
        return self._run(self._sagas.show(saga, id))

    def find(self, saga: SagaName | None = None, *, statuses: Collection[str] = ()) -> Iterator[SagaView]:
        """See `Sagas.find`."""
        return self._background.each(self._sagas.find(saga, statuses=statuses))

    def count(self, saga: SagaName | None = None) -> Mapping[str, int]:
        """See `Sagas.count`."""
        return self._run(self._sagas.count(saga))

    def ended(self, saga: SagaName, id: str, *, timeout: float = 30.0) -> SagaView:
        """See `Sagas.ended`."""
        return self._run(self._sagas.ended(saga, id, timeout=timeout))

    def retry(self, saga: SagaName, id: str, *, who: str, why: str, step: str | None = None) -> SagaView:
        """See `Sagas.retry`."""
        return self._run(self._sagas.retry(saga, id, who=who, why=why, step=step))

    def skip(self, saga: SagaName, id: str, *, who: str, why: str, step: str | None = None) -> SagaView:
        """See `Sagas.skip`."""
        return self._run(self._sagas.skip(saga, id, who=who, why=why, step=step))

    def resolve(
        self, saga: SagaName, id: str, *, who: str, why: str, step: str | None = None, result: bytes | None = None
    ) -> SagaView:
        """See `Sagas.resolve`."""
        return self._run(self._sagas.resolve(saga, id, who=who, why=why, step=step, result=result))

    def abort(self, saga: SagaName, id: str, *, who: str, why: str) -> SagaView:
        """See `Sagas.abort`."""
        return self._run(self._sagas.abort(saga, id, who=who, why=why))

    def check(self) -> Sequence[SagaFinding]:
        """See `Sagas.check`."""
        return self._run(self._sagas.check())

    def migrate(self, saga: SagaName, *, try_only: bool = False) -> Iterator[Migrated]:
        """See `Sagas.migrate`."""
        return self._background.each(self._sagas.migrate(saga, try_only=try_only))

    def forget(self, saga: SagaName | None = None, *, before: datetime, try_only: bool = False) -> Iterator[SagaView]:
        """See `Sagas.forget`."""
        return self._background.each(self._sagas.forget(saga, before=before, try_only=try_only))
