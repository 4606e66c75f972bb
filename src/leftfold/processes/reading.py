"""Reads the journals of instances, or says why this code cannot."""

from __future__ import annotations

from leftfold.errors import UnreadableState
from leftfold.processes.definition import SagaDefinition
from leftfold.processes.journal import Journal, load_journal
from leftfold.store.work import WorkItem

__all__ = ["read_journal"]


def read_journal(definition: SagaDefinition, item: WorkItem) -> Journal:
    """The journal of an instance.

    Raises:
        UnreadableState: it is damaged, or was not written by this definition.
    """
    try:
        journal = load_journal(item.state)
        definition.load(journal.fields)
    except Exception as error:  # a `__post_init__` may raise anything
        raise UnreadableState(item.id, item.queue, str(error)) from error
    if journal.outline != definition.outline:
        raise UnreadableState(
            item.id,
            item.queue,
            f"it runs by the steps {', '.join(journal.outline)}, and this code has {', '.join(definition.outline)} "
            "under the same version; give the changed saga another version=, and keep the old class beside it",
        )
    return journal
