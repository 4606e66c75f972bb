"""Version ranges: a small grammar, read exactly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import DefinitionError
from leftfold.messages import VersionRange, version_range
from leftfold.messages.message import MAX_VERSION

versions = st.integers(1, MAX_VERSION)


@given(low=versions, below=versions, version=st.integers(-2, MAX_VERSION + 2))
def test_bounds_hold_the_versions_from_the_first_to_below_the_last(low: int, below: int, version: int) -> None:
    if low >= below:
        with pytest.raises(DefinitionError, match="holds no version"):
            version_range(f">={low},<{below}")
        return
    both = version_range(f" >={low} , < {below}")
    assert both == version_range(f"<{below},>={low}") == VersionRange(low, below)
    assert (version in both) is (low <= version < below)
    assert (version in version_range(str(low))) is (version == low)
    assert (version in version_range(f">={low}")) is (low <= version <= MAX_VERSION)
    assert (version in version_range(f"<{below}")) is (1 <= version < below)


@given(low=versions, below=versions)
def test_what_a_range_is_written_as_reads_as_the_range(low: int, below: int) -> None:
    low, below = min(low, below), max(low, below)
    for text in (str(low), f">={low}", f">={low},<{min(below + 1, MAX_VERSION)}" if low < MAX_VERSION else "1"):
        known = version_range(text)
        assert version_range(str(known)) == known


@given(low=versions, published=st.sets(versions))
def test_the_newest_is_the_highest_that_is_in_the_range(low: int, published: set[int]) -> None:
    newest = version_range(f">={low}").newest(published)
    inside = [version for version in published if version >= low]
    assert newest == (max(inside) if inside else None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is no bound"),
        ("one", "'one' is no bound"),
        ("1,2", "'1' is no bound"),
        ("<=2", "'<=2' is no bound"),
        (">2", "'>2' is no bound"),
        ("==2", "'==2' is no bound"),
        ("1.0", "'1.0' is no bound"),
        (">=1,", "'' is no bound"),
        (">=", "'' is no version"),
        (">=-1", "'-1' is no version"),
        (">=0", "'0' is no version"),
        ("0", "'0' is no version"),
        ("007", "'007' is no version"),
        ("٣", "'٣' is no version"),
        (f">={MAX_VERSION + 1}", "count from 1 up to 32,767"),
        ("9" * 5_000, "is no version"),
        ("<1", "holds no version"),
        (">=3,<3", "holds no version"),
        (">=1,>=2", "two bounds >="),
        ("<1,<2,>=1", "two bounds <"),
    ],
)
def test_another_form_is_refused_with_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        version_range(text)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_number_is_no_text() -> None:
    given: Any = 2
    with pytest.raises(DefinitionError, match="version range 2 is no text; write one number, as in '2'"):
        version_range(given)
