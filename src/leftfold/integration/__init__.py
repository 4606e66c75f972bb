"""What leaves a context and arrives in another.

In: domain events, and functions that publish them. Out: integration events, in the order of the log.
May import: errors, clock, ids, messages, domain, store, handling, subscriptions, projections, processes.
"""

from leftfold.integration.publishing import Publication, PublishedEvents

__all__ = ["Publication", "PublishedEvents"]
