"""Process managers as their authors declare them: one pure function of state and event."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from types import UnionType
from typing import Any, Final, Generic, TypeAlias, TypeVar, Union, cast, get_args, get_origin

from msgspec import Struct

from leftfold.errors import DefinitionError
from leftfold.handling.signatures import Signature, described, signature_of
from leftfold.messages.annotations import plain_flaw
from leftfold.messages.consumer_view import followed_flaw
from leftfold.messages.recorded import RecordedEvent
from leftfold.messages.unions import members_of
from leftfold.messages.values import ValueCodec
from leftfold.processes.limits import retry_flaw, time_flaw
from leftfold.processes.next import CommandRefused, Ignored, Next, TimerDue
from leftfold.projections.projection import Key, finder_flaws, finds_key, needs_record, number_flaws
from leftfold.projections.projection import key_text as text_of
from leftfold.projections.row_type import fields_of
from leftfold.subscriptions.policy import Policy, Retry

__all__ = ["ABANDONED", "Family", "Process", "ProcessKey", "ProcessOptions", "families_of", "process_of"]

S = TypeVar("S")

ProcessKey: TypeAlias = "str | Callable[..., Key | None]"
"""Whose event it is: the field that holds the key; or a function of the event, or of event and `RecordedEvent`, that
gives the key, or None for nobody's."""

ABANDONED: Final = "abandoned"
"""The name of the timer that each transition sets anew."""

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,39}")
_OWN: Final = (TimerDue, CommandRefused)
_RETRY: Final = Retry(attempts=10)


class ProcessOptions(Struct, frozen=True):
    """What the author of a process may choose; see `Context.process`."""

    key: ProcessKey
    name: str | None = None
    version: int = 1
    missing: timedelta | None = timedelta(minutes=10)
    abandoned: timedelta | None = None
    shards: int = 1
    retry: Retry = _RETRY


class Process(Struct, Generic[S], frozen=True, eq=False):
    """The definition of a process.

    Args:
        name: of the process; definitions of several versions share it.
        version: from 1; instances keep the one that they began with.
        state_type: frozen dataclass or struct.
        events: classes of the events that it takes, of today.
        own: which of `TimerDue` and `CommandRefused` it takes.
        decide: gives what comes next.
        key: whose an event is; None for nobody's.
        missing: how long an event waits for its instance; None when it does not.
        abandoned: after how long without a transition the timer `ABANDONED` is due; None for never.
        retry: how often a command, or a timer that the function raises at, is tried.
        policy: what becomes of an event that the function raises at.
        function: what was declared; `commands_of` tells which commands it says it sends.
        where: the function's module and name.
        fields: of the state, as they are stored.
    """

    name: str
    version: int
    state_type: type[S]
    events: frozenset[type]
    own: frozenset[type]
    decide: Callable[[S | None, RecordedEvent[object]], object]
    key: Callable[[RecordedEvent[object]], str | None]
    missing: timedelta | None
    abandoned: timedelta | None
    shards: int
    retry: Retry
    policy: Policy
    function: Callable[..., object]
    where: str
    fields: frozenset[str]
    _codec: ValueCodec

    def dump(self, state: object) -> bytes:
        """*state* as JSON text; `InvalidPayload` when it is no state of this process, or would not read back."""
        return self._codec.dump(state)

    def load(self, data: bytes) -> S:
        """The state that *data* was written from.

        Raises:
            Exception: it is of another shape: `msgspec.DecodeError`, or what a `__post_init__` raises.
        """
        return cast("S", self._codec.load(data))


class Family(Struct, frozen=True, eq=False):
    """The versions of one process. Instances keep the one that they began with; new ones begin with the newest.

    Args:
        name: that they share.
        versions: by number.
    """

    name: str
    versions: Mapping[int, Process[Any]]

    @property
    def newest(self) -> Process[Any]:
        """The version that new instances begin with."""
        return self.versions[max(self.versions)]

    @property
    def events(self) -> frozenset[type]:
        """Classes of the events that any of them takes."""
        return frozenset(cls for one in self.versions.values() for cls in one.events)


def families_of(processes: Sequence[Process[Any]], findings: list[str]) -> tuple[Family, ...]:
    """Put versions of one name together; what does not fit is added to *findings*."""
    found: dict[str, dict[int, Process[Any]]] = {}
    for process in processes:
        versions = found.setdefault(process.name, {})
        if process.version in versions:
            findings.append(f"two processes are {process.name!r} of version {process.version}; give one another")
        other = next(iter(versions.values()), process)
        if other.shards != process.shards:
            findings.append(
                f"process {process.name!r}: its versions follow one log together, and have {other.shards} and "
                f"{process.shards} shards; give both the same"
            )
        versions.setdefault(process.version, process)
    return tuple(Family(name, versions) for name, versions in found.items())


def process_of(function: Callable[..., object], options: ProcessOptions) -> Process[Any]:
    """Read a process from its function `(state, event)` or `(state, event, recorded)`.

    Raises:
        DefinitionError: it lists every finding, each with the name of the function.
    """
    signature = signature_of(function)
    where = f"process {options.name or getattr(function, '__name__', '')!r} ({signature.where})"
    findings = [*signature.findings, *_option_findings(options, where, function)]
    hints = list(signature.parameters.values())
    if not 2 <= len(hints) <= 3 and not signature.findings:
        findings.append(f"{where} takes (state, event), or (state, event, recorded) to see times, position and actor")
    if len(hints) < 2:
        raise DefinitionError(*findings)
    state_type, state_findings = _state_type(hints[0], signature, where)
    try:
        taken = members_of(hints[1])
    except DefinitionError as error:
        raise DefinitionError(*findings, *state_findings, *(f"{where}: {one}" for one in error.findings)) from error
    events = [cls for cls in taken if cls not in _OWN]
    findings += [*state_findings, *_event_findings(events, taken, options, where)]
    if len(hints) == 3 and RecordedEvent not in (hints[2], get_origin(hints[2])):
        findings.append(f"{where}: its third parameter is a RecordedEvent, not {described(hints[2])}")
    codec = None
    if not state_findings:
        try:
            codec = ValueCodec(state_type, where, "state")
        except DefinitionError as error:
            findings += error.findings
    if findings or codec is None:
        raise DefinitionError(*findings)
    return Process(
        name=options.name or str(getattr(function, "__name__", "")),
        version=options.version,
        state_type=state_type,
        events=frozenset(events),
        own=frozenset(taken) - frozenset(events),
        decide=_decide_of(function, len(hints)),
        key=_key_of(options.key),
        missing=options.missing,
        abandoned=options.abandoned,
        shards=options.shards,
        retry=options.retry,
        policy=Policy(),
        function=function,
        where=signature.where,
        fields=_stored_fields(state_type),
        _codec=codec,
    )


def _is_name(given: object) -> bool:
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def _option_findings(options: ProcessOptions, where: str, function: Callable[..., object]) -> Iterator[str]:
    if flaw := plain_flaw(function):
        yield f"{where} {flaw}"
    if not _is_name(options.name or str(getattr(function, "__name__", ""))):
        yield f"{where}: a name is 1 to 40 of a-z, 0-9 and _, no digit first; give it name="
    yield from (f"{where}: {flaw}" for flaw in number_flaws(options.version, options.shards))
    if not finds_key(options.key):
        yield f"{where}: key={options.key!r:.80}; give the name of a field, or a function of the event"
    elif not isinstance(options.key, str):
        yield from (f"{where}: {flaw}" for flaw in finder_flaws(options.key, inspect.currentframe()))
    for word, time in (("missing", options.missing), ("abandoned", options.abandoned)):
        if time is not None and (flaw := time_flaw(word, time)):
            yield f"{where}: {flaw}, or None"
    if flaw := retry_flaw(options.retry):
        yield f"{where}: {flaw}"


def _state_type(hint: object, signature: Signature, where: str) -> tuple[type, list[str]]:
    members = _parts(hint)
    classes = [part for part in members if part is not type(None)]
    findings: list[str] = []
    if type(None) not in members:
        findings.append(f"{where}: its state is None before an instance begins; annotate `State | None`")
    if len(classes) != 1 or not isinstance(classes[0], type):
        return type(None), [*findings, f"{where}: an instance has a state of one class, not {described(hint)}"]
    state_type = classes[0]
    if not fields_of(state_type) or not _is_frozen(state_type):
        findings.append(f"{where}: make {state_type.__qualname__} a frozen dataclass or a frozen Struct with fields")
    wanted = {Next[state_type], Ignored}  # type: ignore[valid-type]  # a type that is known at run time
    returned = set(_parts(signature.returned))
    if signature.told and (not returned <= wanted or returned <= {Ignored}):
        findings.append(
            f"{where} returns {described(signature.returned)}; annotate `-> Next[{state_type.__qualname__}] | Ignored`"
        )
    return state_type, findings


def _event_findings(
    events: Sequence[type], taken: Sequence[type], options: ProcessOptions, where: str
) -> Iterator[str]:
    if not events:
        yield f"{where} takes no event, so no instance would ever begin"
    for cls in events:
        if flaw := followed_flaw(cls):
            yield f"{where}: {flaw}"
        elif isinstance(options.key, str) and options.key not in fields_of(cls):
            yield f"{where}: key={options.key!r} is no field of {cls.__qualname__}; give a function that finds the key"
    if options.abandoned is not None and TimerDue not in taken:
        yield f"{where}: abandoned= hands in TimerDue, which its event is not annotated with; add it to the union"


def _parts(hint: object) -> tuple[object, ...]:
    while (aliased := getattr(hint, "__value__", None)) is not None:
        hint = aliased
    if get_origin(hint) in (Union, UnionType):
        return tuple(part for member in get_args(hint) for part in _parts(member))
    return (type(None) if hint is None else hint,)


def _stored_fields(state_type: type) -> frozenset[str]:
    stored: tuple[str, ...] = getattr(state_type, "__struct_encode_fields__", ())
    return frozenset(stored or fields_of(state_type))


def _is_frozen(cls: type) -> bool:
    config = getattr(cls, "__struct_config__", None) or getattr(cls, "__dataclass_params__", None)
    return bool(getattr(config, "frozen", False))


def _decide_of(function: Callable[..., object], count: int) -> Callable[[Any, RecordedEvent[object]], object]:
    if count == 2:
        return lambda state, recorded: function(state, recorded.event)
    return lambda state, recorded: function(state, recorded.event, recorded)


def _key_of(key: ProcessKey) -> Callable[[RecordedEvent[object]], str | None]:
    if isinstance(key, str):
        name = key
        return lambda recorded: _text(getattr(recorded.event, name))
    find = key
    if needs_record(find):
        return lambda recorded: _text(find(recorded.event, recorded))
    return lambda recorded: _text(find(recorded.event))


def _text(key: Key | None) -> str | None:
    return None if key is None else text_of(key)
