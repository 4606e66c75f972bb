from __future__ import annotations

import pytest

from leftfold.errors import InvalidPayload
from leftfold.messages import check_json


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"{} {}",
        b'{"a": NaN}',
        b"[Infinity]",
        b"nul",
        b"'a'",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        rb'"\u0000"',
        rb'{"\u0000": 1}',
        rb'[[{"a": ["\u0000"]}]]',
        rb'"\ud800"',
        rb'"\udc00"',
        rb'"\ud800a"',
        rb'"\ud800\ud800"',
        b'"a\x00b"',
        b"[" * 100_000,
    ],
)
def test_text_that_no_store_keeps_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidPayload, match="JSON text"):
        check_json(data)


@pytest.mark.parametrize(
    "data",
    [b"{}", b"null", b" [1, 2] ", rb'"\\u0000"', rb'"\ud83d\ude00"', '"Ω😀"'.encode(), b"1" * 500, rb'"\\ud800"'],
)
def test_json_text_is_accepted(data: bytes) -> None:
    check_json(data)
