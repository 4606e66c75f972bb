"""Where words hold: bounded contexts.

In: what a team's program can do, as functions and classes. Out: one object that an app runs.
May import: errors, clock, ids, messages, domain, store, handling, subscriptions, projections, processes, integration.
"""

from leftfold.contexts.context import Context
from leftfold.contexts.reactions import Reaction

__all__ = ["Context", "Reaction"]
