"""What is said of a store URL that cannot be, and what is never said of it."""

from __future__ import annotations

import pytest

from leftfold import DefinitionError
from leftfold.app.stores import stores_of


@pytest.mark.parametrize(
    ("place", "reason"), [("?schema={ctx}", r"has \{ctx\} in it"), ("", "would be shared by 2 contexts")]
)
def test_a_store_url_that_cannot_be_is_told_without_its_password(place: str, reason: str) -> None:
    with pytest.raises(DefinitionError, match=reason) as caught:
        stores_of(["bank", "books"], f"postgresql://ann:hushhush@db/bank{place}")
    assert "ann:***@db" in str(caught.value)
    assert "hushhush" not in str(caught.value)
