"""What the class of a saga comes to: everything that running it needs."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from leftfold.errors import DefinitionError, InvalidInput, InvalidPayload, TooLarge, UnreadableState
from leftfold.handling.signatures import described
from leftfold.messages.flaws import json_flaw
from leftfold.messages.message import name_flaw
from leftfold.messages.metadata import NO_METADATA, Metadata
from leftfold.messages.shape import shape_of_fields
from leftfold.processes.declaring import Step
from leftfold.processes.journal import Journal, StepRecord, dump_journal, load_journal
from leftfold.processes.outcome import Done, InDoubt
from leftfold.processes.saga import Saga
from leftfold.store.limits import MAX_EVENT_BYTES
from leftfold.store.work import AT_ONCE, Begin, WorkItem
from leftfold.subscriptions.policy import Retry
from leftfold.subscriptions.reaction import Attempt

__all__ = ["Function", "GuidedDefinition", "SagaDefinition", "StepPlan", "check_kept", "decoder_of"]

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


def decoder_of(returned: object, where: str, findings: list[str]) -> msgspec.json.Decoder[Any]:
    """How what a step returns is read; what is against it is added to *findings*."""
    shape = shape_of_fields({"result": returned}, where, "its")
    findings += shape.findings
    try:
        return msgspec.json.Decoder(None if shape.findings else returned)
    except TypeError as error:
        findings.append(f"{where} returns {described(returned)}, which has no JSON text: {error}")
        return msgspec.json.Decoder(None)


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
        try:
            data = msgspec.json.encode(value)
            self.result.decode(data)
        except msgspec.ValidationError as error:
            raise InvalidPayload(what, f"{error}; annotate its type, or name it by returns=") from error
        except (TypeError, ValueError) as error:
            if inspect.isawaitable(value):
                raise InvalidPayload(what, f"{value!r:.80} is still to be awaited; write await before it") from error
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
        self.queue: str = f"saga/{name}/{version}"
        """Of its instances."""
        self.plans: tuple[StepPlan, ...] = tuple(plan for group in groups for plan in group)
        """Its steps, in order."""
        self.outline: tuple[str, ...] = tuple(plan.name for plan in self.plans)
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

    def read(self, item: WorkItem) -> Journal:
        """The journal of an instance.

        Raises:
            UnreadableState: it is damaged, or was not written by this definition.
        """
        try:
            journal = load_journal(item.state)
            self.load(journal.fields)
        except Exception as error:  # a `__post_init__` may raise anything
            raise UnreadableState(item.id, item.queue, str(error)) from error
        if journal.outline != self.outline:
            raise UnreadableState(
                item.id,
                item.queue,
                f"it runs by the steps {', '.join(journal.outline)}, and this code has {', '.join(self.outline)} "
                "under the same version; give the changed saga another version=, and keep the old class beside it",
            )
        return journal

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
        decoder = decoder_of(returns, where, findings)
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
