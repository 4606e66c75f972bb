"""How the log is followed.

In: a log, consumers. Out: their effects, and checkpoints that move with them; lag, dead letters.
May import: errors, clock, ids, messages, domain, store, handling.
"""

from leftfold.subscriptions.consumer import Consumer, Failure, Outcome
from leftfold.subscriptions.letters import DeadLetter, LetterState
from leftfold.subscriptions.monitor import Lag, State
from leftfold.subscriptions.policy import Failing, Policy, Retry
from leftfold.subscriptions.reaction import Attempt
from leftfold.subscriptions.subscription import Part, Reader, Source, Subscription
from leftfold.subscriptions.worker import Assignment, Follower, Timing, Worker

__all__ = [
    "Assignment",
    "Attempt",
    "Consumer",
    "DeadLetter",
    "Failing",
    "Failure",
    "Follower",
    "Lag",
    "LetterState",
    "Outcome",
    "Part",
    "Policy",
    "Reader",
    "Retry",
    "Source",
    "State",
    "Subscription",
    "Timing",
    "Worker",
]
