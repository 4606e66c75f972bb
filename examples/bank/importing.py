"""History is recorded as fact: nobody is asked whether it may have happened."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final
from uuid import UUID, uuid5

from examples.bank.pkdd99 import BadRow, Row, read
from leftfold import Envelope, EventStore, Expected, StreamName
from leftfold.errors import IdReused, InvalidInput

NAMESPACE: Final = UUID("6c1f5a44-3c0b-4f0e-9d55-0b7a3e1f9d61")
"""A transaction's number in here is its event's id: whoever imports it, and however often, it is one event."""

ROWS_AT_ONCE: Final = 2000


class Import:
    """Records rows and counts them.

    Each account has one writer, which waits for a row to be stored before it sends the next; accounts go side by side,
    and the store commits what arrives together. So an account's versions follow the file. A row that was stored before
    counts as stored, so that holds for a second import too, for one after a crash, and for two at the same time.

    Args:
        events: where to.
        left_out: told about every bad row.
    """

    def __init__(self, events: EventStore, left_out: Callable[[BadRow], None]) -> None:
        self.recorded = 0
        self.repeated = 0
        self.left_out = 0
        self._events = events
        self._tell = left_out

    async def run(self, lines: Iterable[bytes]) -> None:
        """Record every good row of the file with these lines; those that are stored already stay as they are.

        Raises:
            NotTransactions: it is another file; nothing was stored.
            StoreError: the store gave up; run it again to go on.
        """
        rows = read(lines)
        while some := list(islice(rows, ROWS_AT_ONCE)):
            accounts: defaultdict[str, list[Row]] = defaultdict(list)
            for row in some:
                if isinstance(row, Row):
                    accounts[row.account].append(row)
                else:
                    self._leave_out(row)
            try:
                async with asyncio.TaskGroup() as writers:
                    for account, history in accounts.items():
                        writers.create_task(self._record(account, history))
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from failed

    async def _record(self, account: str, history: list[Row]) -> None:
        stream = StreamName("bank_account", account)
        for row in history:
            event = Envelope(event=row.event, id=uuid5(NAMESPACE, str(row.trans_id)), valid_at=row.date)
            try:
                appended = await self._events.append(stream, event, expected=Expected.ANY)
            except (IdReused, InvalidInput) as refusal:
                self._leave_out(BadRow(line=row.line, reason=str(refusal)))
            else:
                self.repeated += appended.repeated
                self.recorded += not appended.repeated

    def _leave_out(self, row: BadRow) -> None:
        self.left_out += 1
        self._tell(row)
