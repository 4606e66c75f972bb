"""Who has the writers' turn, for those who were not given it."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from leftfold.adapters.postgres.connecting import Readers
from leftfold.adapters.postgres.failures import translated
from leftfold.errors import StoreBusy, StoreError

__all__ = ["Holders"]

_HOLDER: Final = """
select l.pid, p.gid, a.application_name, case a.wait_event when 'SyncRep' then 'waits for a synchronous standby'
    else a.state end as does
from pg_locks l
left join pg_stat_activity a on a.pid = l.pid
left join pg_locks t on l.pid is null and t.pid is null and t.locktype = 'transactionid'
    and t.virtualtransaction = l.virtualtransaction
left join pg_prepared_xacts p on p.transaction = t.transactionid
where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended($1, 0)
limit 1
"""


class Holders:
    """Looks for who appends to the log, or could."""

    def __init__(self, readers: Readers, where: str, schema: str) -> None:
        self._readers = readers
        self._where = where
        self._key = f"leftfold.append.{schema}"

    async def explained(self, error: Exception) -> StoreError:
        """What *error*, that of a turn which was not given, means, with who had it if he has it still."""
        with suppress(StoreError):
            for row in await self._readers.fetch(_HOLDER, self._key):
                if (said := _said(*row)) is not None:
                    return StoreBusy(f"PostgreSQL store {self._where}: {said}. Nothing was stored")
        return translated(error, self._where)


def _said(pid: int | None, gid: str | None, name: str | None, does: str | None) -> str | None:
    """Who holds the log, and how that ends."""
    if gid is not None:
        literal = "'" + gid.replace("'", "''") + "'"
        way_out = f"end it by commit prepared {literal} or rollback prepared {literal}"
        return f"the prepared transaction {literal} held the log past the deadline; {way_out}"
    if pid is None:
        return None
    about = ", ".join(part for part in (name, does) if part)
    whose = f"process {pid} of the server" + (f" ({about})" if about else "")
    return f"{whose} held the log past the deadline; end it, by select pg_terminate_backend({pid}) if need be"
