# test
from bakery.system import MAP

from leftfold.testing import assert_context_map


def test_contexts_keep_to_their_map() -> None:
    assert_context_map(MAP)
