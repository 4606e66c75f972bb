"""Who the customers are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from msgspec import Meta

from leftfold import IntegrationEvent


class Channel(Enum):
    """How a customer came."""

    WEB = "web"
    SHOP = "shop"


CustomerId = Annotated[str, Meta(pattern=r"^CUST-\d+$")]
"""Who a customer is."""


@dataclass(frozen=True)
class Address:
    """Where a customer lives."""

    city: str
    lines: tuple[str, ...] = ()


class CustomerRegistered(IntegrationEvent):
    """Somebody became a customer."""

    customer_id: CustomerId
    channel: Channel = Channel.WEB
    address: Address | None = None
