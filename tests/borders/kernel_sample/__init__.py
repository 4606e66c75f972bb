"""What two contexts share: money that is never negative, and who the customers are."""

from tests.borders.kernel_sample.customers import Channel, CustomerId, CustomerRegistered
from tests.borders.kernel_sample.total import Negative, Total

__all__ = ["Channel", "CustomerId", "CustomerRegistered", "Negative", "Total"]
