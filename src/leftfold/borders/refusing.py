"""What a map does not allow, refused while a program runs."""

from __future__ import annotations

from collections.abc import Sequence

from leftfold.borders.case import Case
from leftfold.borders.declared import declared_uses
from leftfold.borders.rules import AT_RUN_TIME, forbidden
from leftfold.borders.uses import Evidence, Use
from leftfold.contexts.context import Context
from leftfold.contexts.context_map import ContextMap, check_context_map
from leftfold.contexts.findings import Finding, in_order
from leftfold.errors import NotRelated

__all__ = ["Guard", "refused"]


def refused(context_map: ContextMap, contexts: Sequence[Context]) -> tuple[Finding, ...]:
    """What handlers of *contexts* take of contexts, or send to them, that the map does not allow, or allows inside of a
    layer alone.

    Args:
        contexts: those that are run here.

    Raises:
        DefinitionError: a saga is declared wrongly, or *context_map* is none.
    """
    check_context_map(context_map)
    names = {one.name for one in contexts}
    uses = tuple(use for use in declared_uses(context_map.contexts) if use.user in names)
    case = Case(context_map, Evidence(origins=frozenset({"declared"}), uses=uses))
    return in_order(finding for rule in AT_RUN_TIME for finding in rule(case))


class Guard:
    """Lets through the commands that a map allows.

    Args:
        context_map: that says who may follow whom.
    """

    def __init__(self, context_map: ContextMap) -> None:
        check_context_map(context_map)
        self._case = Case(context_map, Evidence())
        self._allowed: set[tuple[str, str]] = set()

    def pass_command(self, context: str, other: str, command: str) -> None:
        """Say nothing when *context* may send *command* to *other*.

        Raises:
            NotRelated: it may not; the command is not to be sent.
        """
        if context == other or (context, other) in self._allowed:
            return
        use = Use(user=context, used=other, kind="command", subject=command)
        if not self._case.allowing(use) or self._case.apart(use.pair) is not None:
            _, reason, _ = forbidden(self._case.edges(use.pair), context, other)
            raise NotRelated(context, other, command, reason)
        self._allowed.add((context, other))
