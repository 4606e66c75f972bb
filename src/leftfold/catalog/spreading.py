"""How a change spreads: from an event to who reads it, from there to the events that this leads to, and so on.

It goes from handler to what the handler emits, never from a context to all of its events; only where nobody says what
takes what does it go from context to context. Where it stops is up to how the two contexts relate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from heapq import heappop, heappush
from typing import Final, get_args

from msgspec import Struct
from msgspec.structs import replace

from leftfold.catalog.catalog import Catalog, Taken
from leftfold.catalog.descriptor import Descriptor
from leftfold.catalog.impact import Approval, Change, Evidence, Hit, Impact, Outcome, Spared, evidence_of
from leftfold.catalog.judging import Judgement, judge, related_by
from leftfold.catalog.shapes import overlaps
from leftfold.catalog.subject import Subject, check_subject, subject_of
from leftfold.contexts.edges import Edge
from leftfold.errors import InvalidQuery

__all__ = ["impact"]

_NOBODY: Final = Descriptor(name="")
_RANK: Final[Mapping[Outcome, int]] = {"affected": 0, "absorbed": 1, "deferred": 2, "unknown": 3}


def impact(catalog: Catalog, subject: Subject | str, *, change: Change = "remove") -> Impact:
    """What a change of *subject* leads to.

    The answer is the same every time. A consumer is hit when it reads what is changed, in a version that is changed;
    any other is named as unaffected, with the reason. From whoever is hit the change goes on along what its handler
    emits. It stops at an anti-corruption layer, which has to change; where an open host or a published language still
    serves another version that is read, until its sunset; and where two go separate ways. What is behind a big ball of
    mud is unknown.

    Args:
        catalog: where to look.
        subject: what is to change; text is read by `subject_of`.
        change: what is to be done to it. What is added hits nobody: consumers read what they know.

    Raises:
        UnknownSubject: it is not in the catalog, or could be several things.
        InvalidQuery: *change* is none.
        InvalidInput: *catalog* is none.
    """
    if change not in get_args(Change):
        raise InvalidQuery(f"change={change!r:.80}; what can be done is {', '.join(get_args(Change))}")
    if isinstance(subject, str):
        subject = subject_of(catalog, subject, new=change == "add")
    check_subject(catalog, subject)
    return _Spread(catalog, change).of(subject)


class _State(Struct, frozen=True, order=True):
    """Something that changes.

    Args:
        kind: a context as a whole, an event, a kernel; *below* is a context of which nothing is known.
        field: of an event; empty for all of it.
        gone: the event is no longer published at all.
    """

    kind: str
    name: str
    version: int = 0
    field: str = ""
    gone: bool = False

    @property
    def label(self) -> str:
        if self.kind != "event":
            return self.name
        return f"{self.name}{f'@{self.version}' if self.version else ''}{f'#{self.field}' if self.field else ''}"


class _Spread:
    def __init__(self, catalog: Catalog, change: Change) -> None:
        self._catalog = catalog
        self._change: Change = change
        self._waiting: list[tuple[int, tuple[str, ...], _State]] = []
        self._hits: dict[tuple[str, str, str, Outcome], Hit] = {}
        self._spared: dict[tuple[str, str, str], Spared] = {}
        self._origin: frozenset[str] = frozenset()
        self._publishers: frozenset[str] = frozenset()

    def of(self, subject: Subject) -> Impact:
        for state in self._starts(subject):
            self._push((state.label,), state)
        roots, done = {state for _, _, state in self._waiting}, set[_State]()
        while self._waiting:
            _, path, state = heappop(self._waiting)
            if state not in done:
                done.add(state)
                root = state in roots or (len(path) == 2 and state.kind == "event" and path[0] in self._origin)
                self._expand(state, path, direct=root)
        return Impact(
            subject=str(subject), change=self._change, hits=self._sorted_hits(), unaffected=self._sorted_spared()
        )

    def _starts(self, subject: Subject) -> Iterator[_State]:
        match subject.kind:
            case "team":
                self._origin = frozenset(one.name for one in self._catalog.find(team=subject.name))
                yield from (_State("context", name) for name in self._origin)
            case "context":
                self._origin = frozenset((subject.name,))
                yield _State("context", subject.name)
            case "kernel":
                yield _State("kernel", subject.name)
            case "event":
                self._publishers = frozenset(context for context, _ in self._catalog.published(subject.name))
                gone = self._change == "remove" and not subject.field and subject.version is None
                yield _State("event", subject.name, subject.version or 0, subject.field, gone)

    def _push(self, path: tuple[str, ...], state: _State) -> None:
        heappush(self._waiting, (len(path), path, state))

    def _expand(self, state: _State, path: tuple[str, ...], *, direct: bool) -> None:
        match state.kind:
            case "event":
                self._event(state, path, direct=direct)
            case "context":
                self._context(state.name, path, direct=direct)
            case "kernel":
                self._kernel(state.name, path)
            case _:
                self._below(state.name, path)

    def _event(self, state: _State, path: tuple[str, ...], *, direct: bool) -> None:
        publishers = dict.fromkeys(context for context, _ in self._catalog.published(state.name))
        takers = {taken.context for taken in self._catalog.taken(state.name)}
        for taken in self._catalog.taken(state.name):
            found = judge(self._catalog, taken, self._change, state.version, state.field, gone=state.gone)
            if isinstance(found, str):
                spared = Spared(context=taken.context, reason=found, event=state.name, handler=taken.consumption.by)
                self._spared.setdefault((taken.context, state.name, taken.consumption.by), spared)
            else:
                self._take(taken, found, state, path, direct=direct)
        if self._change != "add":
            for publisher in publishers:
                self._unheard(publisher, takers, path, direct=direct)

    def _take(self, taken: Taken, found: Judgement, state: _State, path: tuple[str, ...], *, direct: bool) -> None:
        consumption, handler, name = taken.consumption, taken.handler, taken.context
        here = (*path, f"{name}:{consumption.by}" if consumption.by else name)
        described = self._catalog.by_name.get(name, _NOBODY)
        self._hit(
            Hit(
                context=name,
                team=self._catalog.team_of(name),
                registered=described is not _NOBODY,
                outcome=found.outcome,
                basis="event",
                direct=direct,
                path=here,
                event=state.name,
                handler=consumption.by,
                reads=consumption.reads,
                until=found.until,
                module=found.module,
                open=handler.open if handler is not None else bool(described.publishes),
                approvals=self._approvals(found.edges),
                evidence=evidence_of(taken),
            )
        )
        if found.outcome != "affected":
            return
        if described.mud:
            self._push(here, _State("below", name))
        for emission in () if handler is None else handler.emits:
            for field in _derived(emission.derived, state.field):
                after = _State("event", emission.event, emission.version or 0, field)
                self._push((*here, after.label), after)

    def _unheard(self, publisher: str, takers: AbstractSet[str], path: tuple[str, ...], *, direct: bool) -> None:
        """Whoever follows *publisher*, says nothing of what it takes, and is not known to take this all the same."""
        for other in self._catalog.related(publisher):
            edges = related_by(self._catalog, publisher, other)
            if edges and self._silent(other) and other not in takers:
                self._relation(other, edges, (*path, other), "unknown", direct=direct)

    def _context(self, name: str, path: tuple[str, ...], *, direct: bool) -> None:
        found = self._catalog.by_name.get(name)
        if self._change == "add":
            return
        for event in () if found is None else sorted({one.name for one in found.publishes}):
            gone = direct and self._change == "remove"
            state = _State("event", event, gone=gone)
            self._push((*path, state.label), state)
        if found is not None and found.mud:
            self._push(path, _State("below", name))
        for other in self._catalog.related(name):
            edges = related_by(self._catalog, name, other)
            if not edges:
                self._apart(name, other)
            else:
                self._follow(name, other, path, direct=direct)

    def _follow(self, name: str, other: str, path: tuple[str, ...], *, direct: bool) -> None:
        """To *other*, unless its events reach it; what follows in one that was only seen taking some nobody says."""
        here, edges = (*path, other), related_by(self._catalog, name, other)
        listens = self._catalog.listens(other, name)
        layers = [edge for edge in edges if "anti-corruption-layer" in edge.downstream_roles]
        if not listens:
            self._relation(other, edges, here, "absorbed" if layers else "affected", direct=direct)
        if not layers and not (listens and not self._silent(other)):
            self._go_on(other, here)

    def _go_on(self, name: str, path: tuple[str, ...]) -> None:
        found = self._catalog.by_name.get(name)
        if found is not None and found.mud:
            self._push(path, _State("below", name))
        elif self._silent(name):
            self._push(path, _State("context", name))

    def _kernel(self, kernel: str, path: tuple[str, ...]) -> None:
        if self._change == "add":
            return
        edges = tuple(edge for edge in self._catalog.edges if edge.kind == "shared-kernel" and edge.kernel == kernel)
        for name in self._catalog.kernels[kernel]:
            self._relation(name, edges, (*path, name), "affected", direct=True, kernel=True)
            self._go_on(name, (*path, name))

    def _below(self, name: str, path: tuple[str, ...]) -> None:
        found = self._catalog.by_name.get(name)
        events = {one.name for one in found.publishes} if found is not None else set[str]()
        others = {taken.context for event in events for taken in self._catalog.taken(event)}
        for other in sorted({*others, *self._catalog.related(name)} - {name}):
            edges = related_by(self._catalog, name, other)
            if edges or other in others - set(self._catalog.related(name)):
                self._relation(other, edges, (*path, other), "unknown", direct=False)
                if not any("anti-corruption-layer" in edge.downstream_roles for edge in edges):
                    self._push((*path, other), _State("below", other))

    def _apart(self, name: str, other: str) -> None:
        if any(edge.kind == "separate-ways" for edge in self._catalog.between(name, other)):
            self._spared.setdefault((other, "", ""), Spared(context=other, reason=f"it and {name} go separate ways"))

    def _relation(
        self,
        name: str,
        edges: tuple[Edge, ...],
        path: tuple[str, ...],
        outcome: Outcome,
        *,
        direct: bool,
        kernel: bool = False,
    ) -> None:
        layer = next((edge.layer for edge in edges if edge.layer and edge.downstream == name), "")
        self._hit(
            Hit(
                context=name,
                team=self._catalog.team_of(name),
                registered=name in self._catalog.by_name,
                outcome=outcome,
                basis="kernel" if kernel else "relation",
                direct=direct,
                path=path,
                module=layer,
                open=outcome == "affected" and not self._silent(name),
                approvals=() if outcome == "unknown" else self._approvals(edges, kernel=True),
                evidence=tuple(sorted({Evidence("declared", edge.place) for edge in edges if name in edge.pair})),
            )
        )

    def _silent(self, name: str) -> bool:
        found = self._catalog.by_name.get(name)
        return found is None or found.silent

    def _approvals(self, edges: Iterable[Edge], *, kernel: bool = False) -> tuple[Approval, ...]:
        found: set[Approval] = set()
        for edge in edges:
            if edge.kind == "directed" and edge.veto:
                found.add(Approval(self._catalog.team_of(edge.downstream), edge.downstream, "veto"))
            elif edge.kind == "partnership":
                found.update(Approval(self._catalog.team_of(name), name, "partnership") for name in edge.pair)
            elif edge.kind == "shared-kernel" and kernel:
                names = self._catalog.kernels.get(edge.kernel, edge.pair)
                found.update(Approval(self._catalog.team_of(name), name, "shared-kernel") for name in names)
        return tuple(sorted(found))

    def _hit(self, hit: Hit) -> None:
        key = hit.context, hit.event, hit.handler, hit.outcome
        known = self._hits.get(key)
        if known is None:
            self._hits[key] = hit
            return
        nearest = known
        if (len(hit.path), hit.path) < (len(known.path), known.path):
            nearest = replace(hit, direct=hit.direct or known.direct)
        if hit.basis == "event":  # it may take several versions, each of them known otherwise
            nearest = replace(nearest, evidence=tuple(dict.fromkeys((*known.evidence, *hit.evidence))))
        self._hits[key] = nearest

    def _sorted_hits(self) -> tuple[Hit, ...]:
        best: dict[tuple[str, str, str], int] = {}
        worst: dict[str, int] = {}
        for hit in self._hits.values():
            key, rank = (hit.context, hit.event, hit.handler), _RANK[hit.outcome]
            best[key] = min(best.get(key, rank), rank)
            worst[hit.context] = min(worst.get(hit.context, rank), rank)
        kept = [
            hit
            for (*key, outcome), hit in self._hits.items()
            if _RANK[outcome] == best[key[0], key[1], key[2]]
            and not (outcome == "unknown" and (worst[hit.context] == 0 or hit.context in self._publishers))
            and hit.context not in self._origin
        ]
        return tuple(sorted(kept, key=lambda hit: (len(hit.path), hit.path, _RANK[hit.outcome], hit.event)))

    def _sorted_spared(self) -> tuple[Spared, ...]:
        hit = {(one.context, one.event, one.handler) for one in self._hits.values()}
        kept = (one for key, one in self._spared.items() if key not in hit and one.context not in self._origin)
        return tuple(sorted(kept))


def _derived(derived: Mapping[str, tuple[str, ...]] | None, field: str) -> Iterator[str]:
    """The fields of an emitted event that a change of *field* reaches; empty text for all of the event."""
    if derived is None or not field:
        yield ""
        return
    for name in sorted(derived):
        if any(overlaps(field, source) for source in derived[name]):
            yield name
