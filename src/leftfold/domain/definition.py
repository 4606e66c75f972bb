"""Turns the class statement of an aggregate into its core, or into one error with every finding."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field
from types import FrameType, FunctionType
from typing import Any, Final, ForwardRef, NamedTuple, TypeVar, cast, get_args, get_origin

import msgspec
from msgspec import Struct

from leftfold.domain.core import Apply, Core, category_flaw, snapshot_flaws, vocabulary_flaws
from leftfold.errors import DefinitionError
from leftfold.messages.annotations import parameter_types, read_signature, resolved
from leftfold.messages.unions import members_of

__all__ = ["Definition", "Keywords", "define", "definition_of", "mark_applies"]

_S = TypeVar("_S")
_MARK: Final = "__leftfold_aggregate__"
_COPIED: Final = (list, dict, set)
_FIELDS: Final[tuple[type, ...]] = (Field, type(cast("object", msgspec.field())))
_APPLIES: Final = "__leftfold_applies__"


class Definition(Struct, frozen=True):
    """What a class statement said.

    Args:
        core: its fold.
        applies: the method of each event of the vocabulary.
        fresh: attributes whose empty default each instance gets a copy of, and what makes one.
        hints: the annotation of each attribute of its state, resolved as far as it was known then.
    """

    core: Core[Any]
    applies: Mapping[type, Apply[Any]]
    fresh: tuple[tuple[str, Callable[[], object]], ...]
    hints: Mapping[str, tuple[object, dict[str, object]]]

    def attributes(self) -> dict[str, object]:
        """What each annotation stands for, by attribute; a `NameError` where that is not known at run time."""
        return {name: _known(hint, module, None) for name, (hint, module) in self.hints.items()}


class Keywords(NamedTuple):
    """The keywords of a class statement, see `Aggregate`."""

    category: str | None
    snapshot_every: int | None
    state_version: int


def mark_applies(method: object) -> None:
    """Note on a function that it folds the event of its annotation."""
    if method is None:
        raise DefinitionError("@applies has no brackets; write it alone above the method")
    if not isinstance(method, FunctionType):
        raise DefinitionError(f"@applies belongs directly above a method, not above {method!r:.80}")
    setattr(method, _APPLIES, True)


def definition_of(cls: type) -> Definition:
    """What the class statement of *cls* said, or raise `DefinitionError` if it named no vocabulary."""
    if not isinstance(cast("object", cls), type):
        raise DefinitionError(f"{cls!r:.80} is no class of aggregates; give a class derived from Aggregate")
    found = cast("Definition | None", vars(cls).get(_MARK))
    if found is None:
        raise DefinitionError(f"{cls.__qualname__} has no vocabulary; write class {cls.__name__}(Aggregate[Events])")
    return found


def define(cls: type, root: type, keywords: Keywords, caller: FrameType | None) -> None:
    """Check the class statement of *cls*, derived from *root*; a class still generic in its events gets no definition.

    Args:
        cls: what was just made.
        root: the generic class that takes the vocabulary.
        keywords: what the statement gave.
        caller: the frame of the statement.

    Raises:
        DefinitionError: with every finding.
    """
    findings = snapshot_flaws(keywords.snapshot_every, keywords.state_version)
    name = _snake(cls.__name__) if keywords.category is None else keywords.category
    if flaw := category_flaw(name):
        findings.append(f"category {name!r:.80} {flaw}")
    findings.extend(
        f"it has an own {own}; state comes from events alone, give attributes defaults instead"
        for own in ("__init__", "__new__")
        if getattr(cls, own) is not getattr(root, own)
    )
    findings.extend(_own_flaws(cls, root))
    findings.extend(_shared_defaults(cls))
    try:
        vocabulary = _vocabulary(cls, root, caller)
    except DefinitionError as error:
        findings.extend(error.findings)
        vocabulary = ()
    if vocabulary is None:
        return
    table = _table(cls, vocabulary, caller, findings)
    if findings:
        raise DefinitionError(*(f"aggregate {cls.__qualname__}: {finding}" for finding in findings))
    core: Core[Any] = Core(
        name, vocabulary, cls, _evolve(table), table, keywords.snapshot_every, keywords.state_version
    )
    setattr(cls, _MARK, Definition(core, table, tuple(_fresh(cls)), dict(_hints(cls, root, caller))))


def _vocabulary(cls: type, root: type, caller: FrameType | None) -> tuple[type, ...] | None:
    argument = _argument(cls, root)
    if isinstance(argument, TypeVar):
        return None
    if isinstance(argument, ForwardRef):
        argument = argument.__forward_arg__
    try:
        vocabulary = members_of(resolved(argument, caller.f_globals if caller else {}, caller))
    except NameError as error:
        raise DefinitionError(f"its vocabulary {argument!r} is not known: {error}") from error
    if flaws := vocabulary_flaws(vocabulary):
        raise DefinitionError(*flaws)
    return vocabulary


def _argument(cls: type, root: type) -> object:
    """What stands between the brackets of the nearest generic base that leads to *root*."""
    for owner in cls.__mro__:
        for base in vars(owner).get("__orig_bases__", ()):
            if issubclass(get_origin(base) or object, root):
                return get_args(base)[0]
    raise DefinitionError("it names no events; write Aggregate[AnEvent | AnotherEvent]")


def _table(
    cls: type, vocabulary: tuple[type, ...], caller: FrameType | None, findings: list[str]
) -> dict[type, Apply[Any]]:
    table: dict[type, Apply[Any]] = {}
    for name, method in _applying(cls):
        try:
            events = parameter_types(method, 1, caller)
        except DefinitionError as error:
            findings.extend(error.findings)
            continue
        try:
            read_signature(method).bind(None, None)
        except TypeError:
            findings.append(f"{name} takes the event, and nothing else beside self")
        for event in events:
            if event not in vocabulary:
                findings.append(f"{name} applies {event.__qualname__}, which is not of its vocabulary")
            elif event in table:
                findings.append(f"{table[event].__name__} and {name} both apply {event.__qualname__}; keep one")
            else:
                table[event] = method
    missing = [event.__qualname__ for event in vocabulary if event not in table]
    if missing and vocabulary:
        findings.append(f"no @applies method for {', '.join(missing)}; an event that changes nothing gets an empty one")
    return table


def _applying(cls: type) -> Iterator[tuple[str, FunctionType]]:
    names = dict.fromkeys(name for owner in reversed(cls.__mro__) for name in vars(owner))
    for name in names:
        method = getattr(cls, name, None)
        if isinstance(method, FunctionType) and hasattr(method, _APPLIES):
            yield name, method


def _evolve(table: Mapping[type, Apply[_S]]) -> Callable[[_S, object], _S]:
    def evolve(state: _S, event: object) -> _S:
        table[type(event)](state, event)
        return state

    return evolve


def _hints(cls: type, root: type, caller: FrameType | None) -> Iterator[tuple[str, tuple[object, dict[str, object]]]]:
    for owner in reversed(cls.__mro__):
        if not issubclass(owner, root) or owner is root:
            continue
        module = vars(sys.modules[owner.__module__])
        for name, hint in vars(owner).get("__annotations__", {}).items():
            if "ClassVar" not in str(hint):
                known = _known(hint, module, caller)
                yield name, (hint if isinstance(known, NameError) else known, module)


def _known(hint: object, module: dict[str, object], caller: FrameType | None) -> object:
    try:
        return resolved(hint, module, caller)
    except NameError as error:
        return error


def _defaults(cls: type) -> Iterator[tuple[str, object]]:
    for owner in reversed(cls.__mro__):
        hints = vars(owner).get("__annotations__", {})
        for name, value in vars(owner).items():
            if not name.startswith("__") and "ClassVar" not in str(hints.get(name)):
                yield name, value


def _own_flaws(cls: type, root: type) -> Iterator[str]:
    for owner in cls.__mro__:
        if issubclass(owner, root) and owner is not root:
            if "id" in vars(owner):
                yield "'id' says which one it is; give the attribute another name"
            if "version" in {*vars(owner), *vars(owner).get("__annotations__", {})}:
                yield "'version' counts its events; give the attribute another name"


def _shared_defaults(cls: type) -> Iterator[str]:
    for name, value in _defaults(cls):
        if isinstance(value, _FIELDS):
            yield f"the default of {name!r} is a field(), which only a dataclass or a Struct takes; write what it gives"
        elif type(value).__hash__ is None and not (type(value) in _COPIED and not value):
            yield f"all instances would share the default of {name!r}; set it in the @applies of its first event"


def _fresh(cls: type) -> Iterator[tuple[str, Callable[[], object]]]:
    for name, value in dict(_defaults(cls)).items():
        if type(value) in _COPIED:
            yield name, type(value)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
