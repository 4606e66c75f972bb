"""Decorators that take keywords, and say so when they stand without their brackets."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from leftfold.errors import DefinitionError

__all__ = ["with_brackets"]

F = TypeVar("F", bound=Callable[..., Any])


def with_brackets(example: str) -> Callable[[F], F]:
    """Have a method that makes a decorator refuse to be the decorator itself.

    Args:
        example: what may stand between its brackets.

    Raises:
        DefinitionError: from the method, when it is given what it was to decorate.
    """

    def made(method: F) -> F:
        @wraps(method)
        def checked(context: object, *given: object, **options: object) -> object:
            if given:
                called: object = getattr(given[0], "__name__", given[0])
                raise DefinitionError(
                    f"{context!r}: {method.__name__}() takes keywords only; above {called!s:.80}, write "
                    f"@context.{method.__name__}({example}) with its brackets"
                )
            return method(context, **options)

        return cast("F", checked)

    return made
