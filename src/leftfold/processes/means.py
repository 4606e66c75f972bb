"""What steps of sagas are called with, and what measures that."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from msgspec import Struct

from leftfold.handling.injection import Handling, Scope
from leftfold.handling.loading import Loader
from leftfold.handling.tracking import Tracking
from leftfold.messages.metadata import Metadata
from leftfold.processes.definition import SagaDefinition, StepPlan
from leftfold.processes.instances import SagaInstances
from leftfold.processes.measuring import Measuring, Trial
from leftfold.processes.sending import Send, Sender
from leftfold.processes.trying import Calling
from leftfold.subscriptions.reaction import Attempt

__all__ = ["Means"]

_UNMEASURED: Final = nullcontext()


class Means(Struct, frozen=True):
    """What steps are done with.

    Args:
        loader: of the context's store.
        scope: what steps can be given.
        send: carries out what they send.
        instances: the sagas of the context.
        measuring: what measures them; None measures nothing.
    """

    loader: Loader
    scope: Scope
    send: Send
    instances: SagaInstances
    measuring: Measuring | None = None

    def given(
        self,
        needs: Mapping[str, object],
        metadata: Metadata,
        attempt: Attempt | None,
        tracking: Tracking | None = None,
        anew: int = 0,
    ) -> dict[str, object]:
        """What a step is called with.

        Args:
            needs: by parameter, the annotation.
            tracking: of a transactional step.
            anew: how often a person had it tried again.
        """
        handling = Handling(self.loader, metadata, tracking)
        given: dict[str, object] = {}
        for name, hint in needs.items():
            if hint is Attempt:
                given[name] = attempt
            elif hint is Sender:
                given[name] = Sender(self.send, metadata, anew)
            elif (supply := self.scope.resolve(hint)) is not None:
                given[name] = supply(handling)
        return given

    def calling(
        self, definition: SagaDefinition, plan: StepPlan, attempt: int, metadata: Metadata, limit_s: float
    ) -> Calling:
        """How a step is called.

        Args:
            attempt: counted from 1.
            limit_s: the seconds that it has.
        """
        return Calling(metadata, limit_s, self._measured(definition, plan, attempt, metadata, undo=False))

    def undoing(self, definition: SagaDefinition, plan: StepPlan, attempt: int, metadata: Metadata) -> Calling:
        """How its undo is called; see `calling`."""
        limit_s = plan.step.undo_timeout.total_seconds()
        return Calling(metadata, limit_s, self._measured(definition, plan, attempt, metadata, undo=True))

    def _measured(
        self, definition: SagaDefinition, plan: StepPlan, attempt: int, metadata: Metadata, *, undo: bool
    ) -> AbstractContextManager[object]:
        if self.measuring is None:
            return _UNMEASURED
        trial = Trial(
            saga=definition.name,
            step=plan.name,
            declared=bool(definition.plans),
            undo=undo,
            attempt=attempt,
            refused=() if undo else plan.step.refused,
            metadata=metadata,
        )
        return self.measuring.trial(trial)
