"""`leftfold schema check` without a lock: whether today's code reads every kind of event that the store holds."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from leftfold.cli.errors import UsageError
from leftfold.cli.opening import existing_store, one_store
from leftfold.cli.options import OneSource
from leftfold.cli.output import Columns, Row, console, write_json
from leftfold.cli.paging import pages
from leftfold.cli.progress import progress
from leftfold.cli.shown import NOTHING, ShownEvent, Unreadable, shown, versioned
from leftfold.cli.text import counted
from leftfold.store.event_store import EventStore
from leftfold.store.port import Store

__all__ = ["check_stored"]


class _Example(Struct):
    stream: str
    version: int
    error: str
    reason: str


class _Kind(Struct):
    """Events of one type and version.

    Args:
        read_as: the names of the classes that they are read as, sorted; none when all are dropped or unreadable.
        dropped: how many of them upcasts drop.
    """

    type: str
    schema_version: int
    events: int = 0
    unreadable: int = 0
    dropped: int = 0
    read_as: list[str] = []
    example: _Example | UnsetType = UNSET

    def count(self, event: ShownEvent) -> None:
        self.events += 1
        if isinstance(event.unreadable, Unreadable):
            self.unreadable += 1
            if isinstance(self.example, UnsetType):
                why = event.unreadable
                self.example = _Example(event.stream, event.version, why.error, why.reason)
            return
        if isinstance(event.events, UnsetType):
            names = {versioned(self.type, self.schema_version)}
        else:
            names = {each.name for each in event.events}
            self.dropped += not names
        if not names <= set(self.read_as):
            self.read_as = sorted({*self.read_as, *names})

    @property
    def told(self) -> str:
        """What becomes of them, for people."""
        if isinstance(self.example, _Example):
            where = f"{self.example.stream} version {self.example.version}"
            return f"{where}: {self.example.error}: {self.example.reason}"
        return ", ".join([*self.read_as, *([NOTHING] if self.dropped else [])])


async def check_stored(source: OneSource) -> int:
    """Read every stored event as the app would; 1 when a kind of event has some that cannot be read.

    Raises:
        UsageError: no app was named.
    """
    url, assembly = one_store(source)
    if assembly is None:
        raise UsageError("check reads events as an app's classes; name the app: --app MODULE:OBJECT")
    async with existing_store(url) as store:
        kinds = await _kinds(store, EventStore(store, assembly.codec))
    if source.json:
        write_json(*kinds)
    else:
        _print(kinds)
    return 1 if any(kind.unreadable for kind in kinds) else 0


async def _kinds(store: Store, typed: EventStore) -> list[_Kind]:
    found: dict[tuple[str, int], _Kind] = {}
    with progress("reading events", await store.head()) as show:
        async for page in pages(store):
            for event in page.events:
                key = event.type, event.schema_version
                found.setdefault(key, _Kind(*key)).count(shown(event, typed))
            show(page.position)
    return [found[key] for key in sorted(found)]


def _print(kinds: list[_Kind]) -> None:
    out = console()
    columns = Columns(out, "type", ">version", ">events", ">unreadable", "read as")
    columns.print(
        [
            Row(
                (kind.type, str(kind.schema_version), f"{kind.events:,}", f"{kind.unreadable:,}", kind.told),
                "red" if kind.unreadable else "",
            )
            for kind in kinds
        ]
    )
    bad = sum(1 for kind in kinds if kind.unreadable)
    out.print(f"{counted(len(kinds), 'kind')} of event, {bad:,} not read", style="red" if bad else "dim")
