"""Billing takes the provider's cents as they are, and lets nothing of the web shop in but through one module."""

from __future__ import annotations

from examples.tour.acme.billing import provider, webshop
from examples.tour.acme.billing.books import FindPayment, context

__all__ = ["FindPayment", "context", "provider", "webshop"]
