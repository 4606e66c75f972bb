"""What the class of a saga comes to: checked, with everything that running it needs."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, get_origin

import msgspec
from msgspec import Raw, Struct

from leftfold.errors import DefinitionError, InvalidInput, InvalidPayload, TooLarge
from leftfold.handling.repository import Repository
from leftfold.handling.signatures import described, signature_of
from leftfold.messages.flaws import json_flaw
from leftfold.messages.message import declaration_in, name_flaw
from leftfold.messages.metadata import NO_METADATA, Metadata
from leftfold.messages.shape import shape_of_fields
from leftfold.processes.declaring import Step
from leftfold.processes.journal import Journal, StepRecord, dump_journal
from leftfold.processes.outcome import Done, InDoubt, Outcome
from leftfold.processes.saga import Declared, Saga, declared_in
from leftfold.processes.sending import Sender
from leftfold.processes.steps import Steps
from leftfold.store.limits import MAX_EVENT_BYTES
from leftfold.store.work import AT_ONCE, Begin
from leftfold.subscriptions.policy import Retry
from leftfold.subscriptions.reaction import Attempt

__all__ = ["Function", "GuidedDefinition", "SagaDefinition", "StepPlan", "check_kept", "saga_definition"]

_NOTHING_OF_NOTE: Final = (type(None), None)
_ATTEMPT: Final[Mapping[str, object]] = {"attempt": Attempt}
_anything: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder()


async def _nothing() -> None:
    """Stands for a step that nobody knows any more."""


_UNASKED: Final[Step[Any]] = Step(
    _nothing, retry=None, timeout=timedelta(seconds=1), refused=(), pivot=False, undoable=False
)


def check_kept(what: str, data: bytes) -> None:
    """Raise unless *data*, JSON text that a step gave, can be stored: what is written with it would be refused.

    Raises:
        InvalidPayload: it holds what no store keeps.
        TooLarge: no store keeps so much.
    """
    if len(data) > MAX_EVENT_BYTES:
        raise TooLarge(f"{what}, in bytes", len(data), MAX_EVENT_BYTES, "MAX_EVENT_BYTES")
    if flaw := json_flaw(data):
        raise InvalidPayload(what, flaw)


class StepPlan(Struct, frozen=True, eq=False):
    """A step, ready to be done.

    Args:
        name: unique in its saga.
        needs: what every parameter of the step is to be given, by annotation.
        undo_needs: the same of its undo, but for the outcome.
        transactional: whether what it records is stored with the fact that it is done.
        undo_transactional: the same of its undo.
        after_pivot: whether it comes after the pivot.
        retry: how often it is tried.
        result: how what it returns is read.
    """

    step: Step[Any]
    name: str
    needs: Mapping[str, object]
    undo_needs: Mapping[str, object]
    transactional: bool
    undo_transactional: bool
    after_pivot: bool
    retry: Retry
    result: msgspec.json.Decoder[Any]

    def dump(self, value: object) -> Raw:
        """What the step returned, as JSON text.

        Raises:
            InvalidPayload: it is not of the type that the step declares, has to be awaited first, or holds what no
                store keeps.
            TooLarge: no store keeps so much.
        """
        what = f"what step {self.name!r} returned"
        if inspect.isawaitable(value):
            raise InvalidPayload(what, f"{value!r:.80} is still to be awaited; write await before it")
        try:
            data = msgspec.json.encode(value)
            self.result.decode(data)
        except msgspec.ValidationError as error:
            raise InvalidPayload(what, f"{error}; annotate its type, or name it by returns=") from error
        except (TypeError, ValueError) as error:
            raise InvalidPayload(what, str(error)) from error
        check_kept(what, data)
        return Raw(data)

    def outcome(self, record: StepRecord) -> Done[Any] | InDoubt:
        """What the undo is told about the step."""
        return Done(self.result.decode(record.result)) if record.doubt is None else InDoubt(record.doubt)


class SagaDefinition:
    """A saga, ready to run.

    Args:
        name: of the context and the saga: `shop.PlaceOrder`.
        version: counted from 1.
        groups: its steps in order; those of one group are begun at the same moment.
        deadline: of an instance, from its beginning.
    """

    def __init__(
        self,
        name: str,
        version: int,
        cls: type[Saga],
        groups: tuple[tuple[StepPlan, ...], ...],
        deadline: timedelta | None,
    ) -> None:
        self.name = name
        self.version = version
        self.cls = cls
        self.groups = groups
        self.deadline = deadline
        self.queue = f"saga/{name}/{version}"
        """Of its instances."""
        self.plans = tuple(plan for group in groups for plan in group)
        """Its steps, in order."""
        self.outline = tuple(plan.name for plan in self.plans)
        """The names of its steps."""
        self._by_name = {plan.name: plan for plan in self.plans}
        self._pivot = next((plan.name for plan in self.plans if plan.step.pivot), None)
        self._fields: Callable[[Raw], Saga] = msgspec.json.Decoder(cls).decode

    def item_id(self, id: str) -> str:
        """The id of the work item of instance *id*."""
        return f"saga/{self.name}/{id}"

    def via(self, step: str, *, undo: bool = False) -> str:
        """What metadata calls a step, or its undo, that events and commands went through."""
        return f"saga/{self.name}/{step}/undo" if undo else f"saga/{self.name}/{step}"

    def step(self, name: str) -> StepPlan:
        """A step by its name."""
        return self._by_name[name]

    def no_way_back(self, journal: Journal) -> bool:
        """Whether its pivot is done."""
        record = None if self._pivot is None else journal.record(self._pivot)
        return record is not None and record.status in ("done", "skipped")

    def irrevocable(self, record: StepRecord) -> bool:
        """Whether it is the pivot, which nothing undoes, and may be done."""
        plan = self.step(record.name)
        return plan.step.pivot and plan.step.undoing is None and not plan.transactional

    def load(self, fields: Raw) -> Saga:
        """The saga that has *fields*.

        Raises:
            Exception: they are not those of this class; whatever its `__post_init__` raises, too.
        """
        return self._fields(fields)

    def journal(self, saga: Saga, metadata: Metadata = NO_METADATA) -> Journal:
        """The journal of a new instance.

        Raises:
            InvalidInput: a field is not of its declared type.
        """
        try:
            fields = Raw(msgspec.json.encode(saga))
            self.load(fields)
        except Exception as error:
            raise InvalidInput(f"saga {self.name} cannot begin with {saga!r:.200}: {error}") from error
        return Journal(fields=fields, outline=self.outline, metadata=metadata)

    def begin(self, saga: Saga, id: str, metadata: Metadata = NO_METADATA) -> Begin:
        """What begins an instance, unless it has begun already."""
        return Begin(
            id=self.item_id(id),
            queue=self.queue,
            status="running",
            state=dump_journal(self.journal(saga, metadata)),
            wake=AT_ONCE,
            unless_there=True,
        )


class Function(Struct, frozen=True):
    """The function that a saga is written as.

    Args:
        call: takes the saga and what it needs.
        steps: the parameter that takes the `Steps`.
        needs: what every other parameter is to be given, by annotation.
    """

    call: Callable[..., Awaitable[None]]
    steps: str
    needs: Mapping[str, object]


class GuidedDefinition(SagaDefinition):
    """A saga that is written as a function, which says what its steps are when it is called; see `SagaDefinition`."""

    def __init__(
        self, name: str, version: int, cls: type[Saga], function: Function, deadline: timedelta | None
    ) -> None:
        super().__init__(name, version, cls, (), deadline)
        self.function = function

    def asked_anew(self) -> GuidedDefinition:
        """The same, for one call of the function; it knows no steps yet."""
        return GuidedDefinition(self.name, self.version, self.cls, self.function, self.deadline)

    def ask(self, name: str, step: Step[Any], returns: type[Any]) -> StepPlan:
        """Note what a step is.

        Raises:
            DefinitionError: it was asked for before, its name cannot be stored, or what it returns has no JSON text.
        """
        findings: list[str] = []
        where = f"saga {self.cls.__qualname__}, step {name!r:.80}"
        if flaw := name_flaw(name):
            findings.append(f"{where}: its name {flaw}")
        if name in self._by_name:
            findings.append(f"{where} is asked for twice; put what a loop runs over into its name")
        decoder = _decoder(returns, where, findings)
        if findings:
            raise DefinitionError(*findings)
        plan = StepPlan(
            step,
            name,
            needs=_ATTEMPT,
            undo_needs=_ATTEMPT,
            transactional=False,
            undo_transactional=False,
            after_pivot=False,
            retry=step.retry(after_pivot=False),
            result=decoder,
        )
        self._by_name[name] = plan
        return plan

    def knows(self, name: str) -> bool:
        """Whether a step was asked for."""
        return name in self._by_name

    def step(self, name: str) -> StepPlan:
        """A step by its name; one that was not asked for can be looked at, and neither done nor undone."""
        return self._by_name.get(name) or StepPlan(_UNASKED, name, {}, {}, False, False, False, Retry(), _anything)


def saga_definition(cls: type[Saga], context: str) -> SagaDefinition:
    """Read the class of a saga.

    Raises:
        DefinitionError: it lists every finding, each with the step.
    """
    declared, named = declared_in(cls), declaration_in(cls)
    assert named is not None  # noqa: S101 - every saga class is declared
    owner = f"saga {cls.__qualname__}"
    findings: list[str] = []
    groups: list[tuple[StepPlan, ...]] = []
    if declared.function is not None:
        return _guided(cls, f"{context}.{named.name}", declared, findings)
    behind = False
    for group in declared.groups:
        plans = tuple(_plan(one, owner, behind, findings) for one in group)
        if len(plans) > 1:
            findings += [
                f"{owner}, step {plan.name!r} is transactional, and begun together with others; one commit is one step"
                for plan in plans
                if plan.transactional
            ]
        groups.append(plans)
        behind = behind or any(one.pivot for one in group)
    findings += _field_findings(cls, owner)
    if findings:
        raise DefinitionError(*findings)
    return SagaDefinition(f"{context}.{named.name}", named.version, cls, tuple(groups), declared.deadline)


def _guided(cls: type[Saga], name: str, declared: Declared, findings: list[str]) -> GuidedDefinition:
    assert declared.function is not None  # noqa: S101 - asked before
    where = f"saga {cls.__qualname__}"
    needs, returned = _needs(declared.function, f"{where}, run", findings)
    if returned not in _NOTHING_OF_NOTE:
        findings.append(f"{where}: run returns {described(returned)}; nobody would be told, write -> None")
    steps = next((parameter for parameter, hint in needs.items() if hint is Steps), None)
    if steps is None:
        findings.append(f"{where}: run takes no Steps, so it has none; give it a parameter steps: Steps")
    findings += _field_findings(cls, where)
    if findings or steps is None:
        raise DefinitionError(*findings)
    others = {parameter: hint for parameter, hint in needs.items() if parameter != steps}
    version = _version_of(cls)
    return GuidedDefinition(name, version, cls, Function(declared.function, steps, others), declared.deadline)


def _plan(one: Step[Any], owner: str, behind: bool, findings: list[str]) -> StepPlan:  # noqa: FBT001 - internal
    where = f"{owner}, step {one.name!r}"
    needs, returned = _needs(one.do, where, findings)
    undo_needs: Mapping[str, object] = {}
    if one.undoing is not None:
        undo_needs = _undo_needs(one, returned, where, findings)
    return StepPlan(
        step=one,
        name=one.name,
        needs=needs,
        undo_needs=undo_needs,
        transactional=_transactional(needs, where, findings),
        undo_transactional=_transactional(undo_needs, f"{where}, its undo", findings),
        after_pivot=behind,
        retry=one.retry(after_pivot=behind),
        result=_decoder(returned, where, findings),
    )


def _transactional(needs: Mapping[str, object], where: str, findings: list[str]) -> bool:
    transactional = any(get_origin(hint) is Repository for hint in needs.values())
    findings += [
        f"{where} takes a Repository and {article} {hint.__name__}: its events are stored once, in one commit, while a "
        "call that needs a key may be repeated; make them two steps"
        for hint, article in ((Attempt, "an"), (Sender, "a"))
        if transactional and hint in needs.values()
    ]
    return transactional


def _needs(function: Callable[..., object], where: str, findings: list[str]) -> tuple[dict[str, object], object]:
    if not inspect.iscoroutinefunction(function):
        findings.append(f"{where}: {getattr(function, '__name__', function)!r} acts on the world; write async def")
    signature = signature_of(function)
    own = next(iter(inspect.signature(function).parameters), "")
    findings += [f"{where}: {one}" for one in signature.findings if f"parameter {own!r}" not in one]
    return {name: hint for name, hint in signature.parameters.items() if name != own}, signature.returned


def _undo_needs(one: Step[Any], returned: object, where: str, findings: list[str]) -> Mapping[str, object]:
    assert one.undoing is not None  # noqa: S101 - asked before
    needs, result = _needs(one.undoing, f"{where}, its undo", findings)
    if result not in _NOTHING_OF_NOTE:
        findings.append(f"{where}, its undo returns {described(result)}; nobody would be told, write -> None")
    if not needs:
        findings.append(f"{where}, its undo takes an Outcome[{described(returned)}] as its first parameter")
        return {}
    was = next(iter(needs))
    wanted = Outcome[returned]  # type: ignore[valid-type]  # a type that is known at run time
    if needs.pop(was) != wanted:
        findings.append(f"{where}, its undo: annotate {was!r} as Outcome[{described(returned)}], what the step returns")
    return needs


def _decoder(returned: object, where: str, findings: list[str]) -> msgspec.json.Decoder[Any]:
    shape = shape_of_fields({"result": returned}, where, "its")
    findings += shape.findings
    try:
        return msgspec.json.Decoder(None if shape.findings else returned)
    except TypeError as error:
        findings.append(f"{where} returns {described(returned)}, which has no JSON text: {error}")
        return msgspec.json.Decoder(None)


def _version_of(cls: type[Saga]) -> int:
    named = declaration_in(cls)
    assert named is not None  # noqa: S101 - every saga class is declared
    return named.version


def _field_findings(cls: type[Saga], owner: str) -> Sequence[str]:
    try:
        fields = {field.encode_name: field.type for field in msgspec.structs.fields(cls)}
    except NameError as error:
        return [f"{owner}: the name {error.name!r} of a field's type is not known at run time"]
    return list(_shape_findings(fields, owner))


def _shape_findings(fields: Mapping[str, object], owner: str) -> Iterator[str]:
    yield from shape_of_fields(fields, owner, "field").findings
