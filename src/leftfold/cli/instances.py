"""What `leftfold sagas` and `leftfold processes` say alike: some of many instances, and those that are forgotten."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeAlias, TypeVar

import msgspec
from cyclopts import Parameter
from msgspec import Raw, Struct

from leftfold.cli.errors import UsageError
from leftfold.cli.output import Columns, Listing, Row, console, write_json
from leftfold.cli.progress import progress
from leftfold.cli.text import counted
from leftfold.processes.checking import SagaFinding
from leftfold.processes.viewing import ProcessFinding

__all__ = [
    "Decision",
    "check_days",
    "counted_instances",
    "days_ago",
    "instances_are",
    "left_out",
    "show_findings",
    "show_first",
    "show_forgotten",
    "told",
]

F = TypeVar("F", ProcessFinding, SagaFinding)
V = TypeVar("V", bound=Struct)
_Kind: TypeAlias = tuple[str, str]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person decides, and who it is."""

    why: Annotated[str | None, Parameter(help="Why, in your words; it is kept.")] = None
    who: Annotated[str | None, Parameter(help="Who decides; the user of the operating system when left out.")] = None

    @property
    def person(self) -> str:
        """Who decides; raises `UsageError` when the operating system does not know."""
        if self.who is not None:
            return self.who
        try:
            return getpass.getuser()
        except (KeyError, OSError) as error:
            raise UsageError(f"who decides? Give --who; the operating system does not know: {error}") from error


def check_days(action: str, days: int | None) -> None:
    """Refuse a forget that does not say how long ago, and anything else that does."""
    if (days is not None) != (action == "forget"):
        raise UsageError("forget takes --days N, and nothing else does: instances that ended at least so long ago")


def days_ago(days: int | None) -> datetime:
    """The moment so many days ago; the first there is when that was before it."""
    try:
        return datetime.now(UTC) - timedelta(days=days or 0)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def told(view: Struct, field: str) -> dict[str, object]:
    """An instance as `--json` writes it: the text in *field* is JSON, too, or text when it is damaged."""
    plain = msgspec.structs.asdict(view)
    try:
        msgspec.json.decode(plain[field])
    except msgspec.DecodeError:
        return plain
    return {**plain, field: Raw(plain[field].encode())}


def show_findings(
    found: Sequence[F], heads: tuple[str, str], place: Callable[[F], tuple[str, str | None]], *, json: bool
) -> int:
    """Show what this code cannot carry on, and give the exit code: 1 when there is anything.

    Args:
        heads: of the columns that tell the place.
        place: name and key of an instance; no key stands for all of the version.
    """
    if json:
        write_json(*found)
        return 1 if found else 0
    if found:
        columns = Columns(console(), heads[0], ">version", heads[1], ">instances", "finding")
        columns.print([_row(one, *place(one)) for one in found])
    console().print(counted(len(found), "finding"), style="red" if found else "dim")
    return 1 if found else 0


async def show_first(views: AsyncIterator[V], limit: int, table: Listing[V], field: str | None) -> None:
    """Show at most so many; none behind them is read.

    Args:
        field: see `told`; None for a table.
    """
    left = limit
    with table:
        async for view in views:
            if field is None:
                table.add(view)
            else:
                write_json(told(view, field))
            left -= 1
            if not left:
                return


async def show_forgotten(
    views: AsyncIterator[V],
    what: str,
    kind: Callable[[V], _Kind],
    field: str | None,
    *,
    try_only: bool,
) -> None:
    """Show how many there are of each kind, those that are gone also when it breaks off; as JSON, each of them.

    Args:
        what: they are instances of.
        kind: name and status of one.
        field: see `told`; None for counts.
    """
    counts, out = Counter[_Kind](), console()
    try:
        with progress("forgetting", None) as tell:
            async for view in views:
                counts[kind(view)] += 1
                tell(counts.total())
                if field is not None:
                    write_json(told(view, field))
    finally:
        if field is None and counts:
            rows = [Row((name, status, f"{count:,}")) for (name, status), count in sorted(counts.items())]
            Columns(out, what, "status", ">instances").print(rows)
    if field is None:
        out.print(f"{instances_are(counts.total(), try_only=try_only)} forgotten", style="dim")


def counted_instances(counts: Mapping[str, int], statuses: Collection[str], limit: int) -> str:
    """How many there are of some statuses, or of all, and how many of them are listed."""
    count = sum(number for status, number in counts.items() if status in (statuses or (status,)))
    return f"{counted(count, 'instance')}{left_out(count, limit)}"


def instances_are(count: int, *, try_only: bool) -> str:
    """How many instances something is done to, or would be."""
    return f"{counted(count, 'instance')} {'would be' if try_only else 'is' if count == 1 else 'are'}"


def left_out(count: int, limit: int) -> str:
    """What to say behind a number when a list does not show all of it."""
    return f", {limit:,} of them listed" if count > limit else ""


def _row(one: ProcessFinding | SagaFinding, name: str, key: str | None) -> Row:
    return Row((name, str(one.version), key or "all", f"{one.count:,}", one.reason), "red")
