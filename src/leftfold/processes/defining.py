"""Reads the class of a saga, and checks it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, get_origin

import msgspec

from leftfold.errors import DefinitionError
from leftfold.handling.repository import Repository
from leftfold.handling.signatures import described, signature_of
from leftfold.messages.annotations import awaited_flaw
from leftfold.messages.message import declaration_in
from leftfold.messages.shape import shape_of_fields
from leftfold.processes.declaring import Step
from leftfold.processes.definition import Function, GuidedDefinition, SagaDefinition, StepPlan, decoder_of
from leftfold.processes.outcome import Outcome
from leftfold.processes.saga import Declared, Saga, declared_in
from leftfold.processes.sending import Sender
from leftfold.processes.steps import Steps
from leftfold.subscriptions.reaction import Attempt

__all__ = ["saga_definition"]

_NOTHING_OF_NOTE: Final = (type(None), None)


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
    if list(needs.values()).count(Steps) > 1:
        findings.append(f"{where}: run takes Steps twice; one does all of them")
    if Attempt in needs.values():
        findings.append(f"{where}: run takes an Attempt, and is none itself; each step that it does is given one")
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
        result=decoder_of(returned, where, findings),
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
    if flaw := awaited_flaw(function):
        findings.append(f"{where}: {getattr(function, '__name__', function)!r} acts on the world; {flaw}")
    signature = signature_of(function)
    own = next(iter(inspect.signature(function).parameters), "")
    if not own:
        findings.append(f"{where}: {function.__name__!r} takes no self; write it as a method of the saga")
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
