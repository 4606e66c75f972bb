"""Consumer views: what a context reads of an event that another one publishes, and nothing else of it."""

from __future__ import annotations

from typing import Any, Final, cast, dataclass_transform

import msgspec
from msgspec import Struct

from leftfold.errors import DefinitionError
from leftfold.messages.event import event_flaw
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.messages.message import name_flaw
from leftfold.messages.version_range import VersionRange, version_range

__all__ = ["ConsumerView", "ViewType", "Viewed", "followed_flaw", "is_foreign", "viewed_by"]

_MARK: Final = "__leftfold_view__"


class Viewed(Struct, frozen=True):
    """What a view is of.

    Args:
        type: the published name of the event.
        versions: those that the view reads.
    """

    type: str
    versions: VersionRange


class ViewType(msgspec.StructMeta):
    """Makes frozen, keyword-only structs that take `of=` and `versions=` in the class statement.

    Raises:
        DefinitionError: one of both is missing or wrong.
        TypeError: an unknown class keyword.
    """

    def __new__(
        mcls,
        class_name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        of: str | None = None,
        versions: str | None = None,
        frozen: bool = True,
        kw_only: bool = True,
    ) -> ViewType:
        if not (frozen and kw_only):
            raise DefinitionError(f"view {class_name}: views are always frozen and keyword-only")
        made = super().__new__(mcls, class_name, bases, namespace, frozen=True, kw_only=True)
        if any(isinstance(base, ViewType) for base in bases):
            setattr(made, _MARK, _viewed(made.__qualname__, of, versions))
        return made

    def __init__(
        cls,
        class_name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        of: str | None = None,
        versions: str | None = None,
        frozen: bool = True,
        kw_only: bool = True,
    ) -> None:
        super().__init__(class_name, bases, namespace)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class ConsumerView(msgspec.Struct, frozen=True, kw_only=True, metaclass=ViewType):
    """What a context reads of an event that another one publishes: only the fields that it has.

    It stands wherever an integration event may: in reactions, projections, processes, translations, starts. What was
    published is decoded tolerantly: fields that the view does not have are ignored, in nested structs too unless their
    class forbids unknown fields, and a field with a default may be missing. It needs no class of the publisher, so both
    change apart from each other.

    Class keywords:
        of: the published name of the event.
        versions: those that it reads: `2`, `>=2`, `<3` or `>=1,<3`. Where several versions of an event are published
            beside each other, the view is of the newest that it reads. One that it does not read is an error, which
            parks what it belongs to; it is never skipped.

    Raises:
        DefinitionError: at the class statement, when a keyword is missing or wrong.
        TypeError: at the class statement, for an unknown class keyword.

    Source: Robinson 2006, "Consumer-Driven Contracts"; Fowler 2011, "Tolerant Reader".
    """


def viewed_by(cls: type) -> Viewed:
    """What the view class *cls* is of.

    Raises:
        DefinitionError: it is no view; `ConsumerView` itself is none.
    """
    found = cast("Viewed | None", vars(cls).get(_MARK)) if isinstance(cast("object", cls), type) else None
    if found is None:
        name = getattr(cls, "__qualname__", repr(cls))
        raise DefinitionError(f"{name:.80} is no view: derive from ConsumerView, with of= and versions=")
    return found


def is_foreign(cls: type) -> bool:
    """Whether objects of *cls* come from another context: it is an integration event, or a view of one."""
    return IntegrationEvent in cls.__mro__ or isinstance(cls, ViewType)


def followed_flaw(cls: type) -> str | None:
    """Why nothing can follow events of *cls*, or None when something can: it is an event of some kind."""
    if cls is ConsumerView:
        return "ConsumerView itself is a view of nothing: derive from it"
    return None if is_foreign(cls) else event_flaw(cls)


def _viewed(where: str, of: str | None, versions: str | None) -> Viewed:
    findings: list[str] = []
    read = None
    if of is None:
        findings.append("say of which event: of='payments.charged'")
    elif flaw := name_flaw(of):
        findings.append(f"of={of!r:.80} {flaw}")
    if versions is None:
        findings.append("say which versions it reads: versions='>=1,<3'")
    else:
        try:
            read = version_range(versions)
        except DefinitionError as error:
            findings += error.findings
    if findings or of is None or read is None:
        raise DefinitionError(*(f"view {where}: {finding}" for finding in findings))
    return Viewed(of, read)
