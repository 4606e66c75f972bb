"""Who publishes what in an app: found by class, or by the name and the versions that a view reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leftfold.contexts.context import Context
from leftfold.errors import DefinitionError
from leftfold.integration.published_events import declared
from leftfold.messages.consumer_view import ViewType, is_foreign, viewed_by
from leftfold.messages.integration_event import IntegrationEvent

__all__ = ["Published"]


class Published:
    """What the contexts of an app publish.

    Raises:
        DefinitionError: two contexts publish one class or one name, two classes of one name have one version, or what
            a context publishes is not in its language. It lists every finding.
    """

    def __init__(self, contexts: Sequence[Context]) -> None:
        self._publishers: dict[type[IntegrationEvent], Context] = {}
        self._types: dict[str, dict[int, type[IntegrationEvent]]] = {}
        self._flaws: dict[type, tuple[str, ...]] = {}
        findings = [finding for context in contexts for finding in self._add(context)]
        findings += [finding for context in contexts for finding in _language_flaws(context)]
        if findings:
            raise DefinitionError(*dict.fromkeys(findings))

    def publisher(self, cls: type) -> Context | None:
        """The context that publishes events of *cls*, a class of them or a view; None when none does."""
        if not isinstance(cls, ViewType):
            return self._publishers.get(cls)
        versions = self._types.get(viewed_by(cls).type, {})
        return next((self._publishers[one] for one in versions.values()), None)

    def flaws(self, cls: type, reader: Context) -> Iterator[str]:
        """Why events of *cls* do not come to *reader* as it says, one sentence each; none for its own events."""
        if not is_foreign(cls):
            return
        if self.publisher(cls) is reader:
            yield f"{cls.__qualname__} is what this context publishes itself; follow the event that it comes from"
            return
        if not isinstance(cls, ViewType):
            if self.publisher(cls) is None:
                yield f"no context of this App publishes {cls.__qualname__}"
            return
        known = self._flaws.get(cls)
        if known is None:
            known = self._flaws[cls] = tuple(self._view_flaws(cls))
        yield from known

    def _view_flaws(self, cls: type) -> Iterator[str]:
        viewed = viewed_by(cls)
        versions = self._types.get(viewed.type)
        if versions is None:
            yield f"no context of this App publishes {viewed.type!r}, of which {cls.__qualname__} is a view"
            return
        read = [versions[version] for version in sorted(versions) if version in viewed.versions]
        if not read:
            known = ", ".join(f"v{version}" for version in sorted(versions))
            yield f"{cls.__qualname__} reads {viewed.type!r} in versions {viewed.versions}; it is published as {known}"
            return
        from leftfold.integration.viewing import view_flaws

        yield from view_flaws(cls, read)

    def _add(self, context: Context) -> Iterator[str]:
        for cls in context.published_events:
            if (other := self._publishers.setdefault(cls, context)) is not context:
                yield f"contexts {other.name} and {context.name} both publish {cls.__qualname__}"
                continue
            said = declared(cls)
            versions = self._types.setdefault(said.name, {})
            for known in versions.values():
                if (other := self._publishers[known]) is not context:
                    yield f"contexts {other.name} and {context.name} both publish {said.name!r}; rename one of them"
            if (same := versions.setdefault(said.version, cls)) is not cls:
                yield (
                    f"{same.__qualname__} and {cls.__qualname__} both are {said.name!r} v{said.version}; give one of "
                    "them another name= or version="
                )


def _language_flaws(context: Context) -> Iterator[str]:
    if context.language is not None:
        yield from (f"context {context.name!r}: {flaw}" for flaw in context.language.flaws(context.published_events))
