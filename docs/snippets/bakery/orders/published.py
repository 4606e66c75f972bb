"""What others may know of orders."""

from leftfold import IntegrationEvent


class OrderTaken(IntegrationEvent, name="orders.taken"):
    order: str
    loaves: int
