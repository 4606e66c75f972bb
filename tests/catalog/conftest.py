"""One browser for all tests of this folder, in each process that runs them."""

from __future__ import annotations

from tests.catalog.chromium import browser, chromium

__all__ = ["browser", "chromium"]
