"""The statements of a transaction that writes rows, but for those of one table."""

from __future__ import annotations

from leftfold.adapters.postgres.calls import ARGUMENT_TYPES, append_sql
from leftfold.adapters.postgres.layout import rows_schema
from leftfold.adapters.postgres.rows import COLUMNS
from leftfold.adapters.postgres.work_call import work_write_sql

__all__ = ["WritingSql"]


class WritingSql:
    """The statements that do not depend on a table."""

    def __init__(self, schema: str) -> None:
        checkpoints, tables = f'"{schema}".checkpoints', f'"{schema}".tables'
        self.schema = schema
        self.rows_schema: str = rows_schema(schema)
        self.hold: str = f'select "{schema}".hold_v1()'
        self.behind: str = (
            f'select {COLUMNS} from "{schema}".events where position > $1 and position <= $2 order by position'
        )
        self.open: str = (
            "select x.id::text, r.name, r.version, r.generation, r.active, r.shape "
            "from (select pg_current_xact_id() as id) x "
            f'left join "{schema}".tables_v1($1::text[], $2::text::integer[], $3::boolean) r on true'
        )
        # What the second function is given depends on the first, which has to come first: it takes the writer's turn.
        given = "${}::text[], ${}::text::integer[], ${}::boolean and a.recorded is not null".format(
            *(len(ARGUMENT_TYPES) + number for number in (1, 2, 3))
        )
        self.append: str = (
            "select a.verdict, a.version, a.last, a.recorded, r.name, r.version, r.generation, r.active, r.shape "
            f'from ({append_sql(schema)}) a left join lateral "{schema}".tables_v1({given}) r on true'
        )
        self.advance: str = (
            f"with k as materialized (select name from {checkpoints} where name = any ($1::text[]) order by name "
            f"for update) update {checkpoints} c set position = u.position, event_id = u.event_id, "
            f'moved_at = "{schema}".now_v1() '
            "from k, unnest($1::text[], $2::text::bigint[], $3::text::bigint[], $4::text::uuid[]) "
            "u (name, token, position, event_id) "
            "where c.name = k.name and u.name = k.name and c.token = u.token and c.position <= u.position "
            "returning c.name, c.moved_at"
        )
        self.work: str = work_write_sql(schema)
        self.moved: str = f"select exists (select from {checkpoints} where name = $1 and moved_at = $2)"
        self.place: str = f"select position from {checkpoints} where name = $1 and token = $2"
        at = "where name = $1 and version = $2"
        self.views: str = f"select view from {tables} {at} and view is not null"
        self.passive: str = f"update {tables} set active = false, view = null {at}"
        self.active: str = f"update {tables} set active = true, view = $4 {at} and generation = $3"
        self.unview: str = f"update {tables} set view = null where view = $1"
        self.patience = "set local lock_timeout = '1s'"
        self.show: str = f'select "{schema}".show_v1($1, $2)'
