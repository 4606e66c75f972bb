"""A log as other contexts see it: what is published of it, in the classes and views that they follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, cast

import msgspec

from leftfold.errors import DefinitionError, InvalidPayload, LeftfoldError, UnreadableMessage, UnsupportedVersion
from leftfold.integration.publishing import Publication
from leftfold.messages.consumer_view import Viewed, ViewType, viewed_by
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.messages.message import Declaration, declaration_in
from leftfold.messages.recorded import RecordedEvent
from leftfold.messages.version_range import VersionRange
from leftfold.store.events import StoredEvent
from leftfold.subscriptions.admitting import Unread
from leftfold.subscriptions.subscription import Reader

__all__ = ["Check", "PublishedEvents", "declared", "supported"]

Check: TypeAlias = Callable[[IntegrationEvent], None]
"""Looks at an event before others see it; raises `InvalidInput` when they could not read it, or should not."""

_MOST_NAMED = 100
_encode = msgspec.json.Encoder().encode


class PublishedEvents:
    """Reads a log as others see it: integration events with the position, times and metadata of what they come from.

    Every event is written as the JSON text that would leave the program, and read again: what others would read is
    equal to what was published. A view is decoded from that text; when several versions of an event are published of
    one domain event, it is of the newest that it reads. What cannot be published, a version that a view does not read,
    and text that does not decode into it, are given as `Unread`.

    Args:
        events: reads the domain events.
        publications: what becomes of them; what no publication takes is not published.
        wanted: classes and views that are followed; all that is published, without views, when left out.
        check: looks at each event before it is given; none when left out.
    """

    def __init__(
        self,
        events: Reader,
        publications: Sequence[Publication],
        wanted: Iterable[type] | None = None,
        check: Check | None = None,
    ) -> None:
        self._events = events
        self._check = check
        self._wanted = None if wanted is None else frozenset(wanted)
        views = sorted(
            (cls for cls in self._wanted or () if isinstance(cls, ViewType)),
            key=lambda cls: (cls.__module__, cls.__qualname__),
        )
        self._views = [_View(cls, viewed_by(cls)) for cls in views]
        self._forms: dict[type, _Form] = {}
        self._publications: dict[type, list[Publication]] = {}
        for one in publications:
            if any(map(self._wants, one.gives)):
                for cls in one.takes:
                    self._publications.setdefault(cls, []).append(one)
        self._taken = frozenset(self._publications)

    def recorded(self, stored: StoredEvent, wanted: frozenset[type] | None = None) -> tuple[RecordedEvent[object], ...]:
        """See `Reader.recorded`; none for what is not published."""
        found = (
            (recorded, seen)
            for recorded in self._events.recorded(stored, self._taken)
            for seen in self._seen(recorded.event, self._publications[type(recorded.event)])
        )
        return tuple(
            msgspec.structs.replace(recorded, event=seen, part=part)
            for part, (recorded, seen) in enumerate(found)
            if wanted is None or type(seen) in wanted
        )

    def _wants(self, cls: type) -> bool:
        if self._wanted is None or cls in self._wanted:
            return True
        return any(view.viewed.type == declared(cls).name for view in self._views)

    def _seen(self, event: object, publications: Sequence[Publication]) -> Iterator[object]:
        versions: dict[str, dict[int, list[bytes]]] = {}
        for publication in publications:
            try:
                published = _published(publication, event)
                if published is None:
                    continue
                form = self._forms.get(type(published)) or self._form(type(published))
                data = form.written(published)
                if self._check is not None:
                    self._check(published)
            except LeftfoldError as error:
                yield Unread(error)
                continue
            if self._wanted is None or form.cls in self._wanted:
                yield published
            if self._views:
                versions.setdefault(form.said.name, {}).setdefault(form.said.version, []).append(data)
        for view in self._views:
            if found := versions.get(view.viewed.type):
                yield from view.of(found)

    def _form(self, cls: type) -> _Form:
        form = self._forms[cls] = _Form(cls)
        return form


class _Form:
    """How events of one class are written."""

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.said = declared(cls)
        self._decode: Callable[[bytes], object] = msgspec.json.Decoder(cls).decode

    def written(self, event: object) -> bytes:
        what = f"published event {self.said.name!r} v{self.said.version}"
        try:
            data = _encode(event)
            back = self._decode(data)
        except Exception as error:
            raise InvalidPayload(what, f"{error}. Give every field a value of its declared type") from error
        if back != event:
            raise InvalidPayload(what, f"{event!r:.200} would read back as {back!r:.200}")
        return data


class _View:
    def __init__(self, cls: type, viewed: Viewed) -> None:
        self.viewed = viewed
        self._cls = cls
        self._decode: Callable[[bytes], object] = msgspec.json.Decoder(cls).decode
        from leftfold.integration.format_checks import check_formats, format_fields  # only views need it

        self._check = check_formats if format_fields(cls) else None

    def of(self, versions: Mapping[int, Sequence[bytes]]) -> Iterator[object]:
        version = self.viewed.versions.newest(versions)
        if version is None:
            yield Unread(UnsupportedVersion(self.viewed.type, max(versions), supported(self.viewed.versions)))
            return
        for data in versions[version]:
            try:
                view = self._decode(data)
                if self._check is not None:
                    self._check(view)
            except Exception as error:  # noqa: BLE001 - a `__post_init__` may raise anything
                reason = f"version {version} does not read as {self._cls.__qualname__}: {error}. Mend the view"
                yield Unread(UnreadableMessage(self.viewed.type, reason))
            else:
                yield view


def supported(versions: VersionRange) -> tuple[int, ...]:
    """The versions in a range, ascending; of one without end the first, for nothing above it is ever refused."""
    last = min(versions.below, versions.low + _MOST_NAMED)
    return tuple(range(versions.low, last)) if versions.below - versions.low <= _MOST_NAMED else (versions.low,)


def declared(cls: type) -> Declaration:
    """The published name and version of a class of integration events; `DefinitionError` when it is no class."""
    if not isinstance(cast("object", cls), type):
        raise DefinitionError(f"{cls!r:.80} is no class; give the class of an integration event")
    return declaration_in(cls) or Declaration(cls.__name__, 1)


def _published(publication: Publication, event: object) -> IntegrationEvent | None:
    """What is published of *event*; None for nothing.

    Raises:
        LeftfoldError: the function raised, or returned what it does not declare.
    """
    try:
        published = publication.publish(event)
    except LeftfoldError:
        raise
    except Exception as error:
        names, function = _of(publication)
        reason = f"publication {function!r} raised {type(error).__name__}: {error}. Mend it"
        raise UnreadableMessage(names, reason) from error
    if published is not None and type(published) not in publication.gives:
        names, function = _of(publication)
        reason = f"publication {function!r} returned {published!r:.80}, which it does not declare. Mend it"
        raise UnreadableMessage(names, reason)
    return published


def _of(publication: Publication) -> tuple[str, str]:
    """The names of what it publishes, and of its function, for errors."""
    names = dict.fromkeys(declared(cls).name for cls in publication.gives)
    return " or ".join(names), str(getattr(publication.publish, "__name__", ""))
