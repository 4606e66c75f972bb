"""A business "no"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from inspect import cleandoc
from typing import ClassVar, Never, dataclass_transform

from leftfold.errors import DefinitionError

__all__ = ["DomainError"]


@dataclass_transform(kw_only_default=True)
class DomainError(Exception):
    """The domain refuses: a rule says no. It is no `LeftfoldError`, for nothing is broken.

    Annotate its fields; they are keyword arguments of its constructor and attributes of the error, with the class
    attribute of the same name as default. Its text is the docstring's first sentence and the fields.

    Raises:
        DefinitionError: at the class statement, for a field that every error has already, like `args`.
        TypeError: a field without default is left out, an unknown one is given, or anything without a name.
    """

    __leftfold_fields__: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = [name for name, hint in vars(cls).get("__annotations__", {}).items() if "ClassVar" not in str(hint)]
        if taken := [name for name in own if hasattr(DomainError, name)]:
            raise DefinitionError(f"{cls.__qualname__}: every error has {', '.join(taken)} already; rename the field")
        cls.__leftfold_fields__ = tuple(dict.fromkeys((*cls.__leftfold_fields__, *own)))

    def __init__(self, *said: Never, **fields: object) -> None:
        names = self.__leftfold_fields__
        if said:
            takes = f"takes {', '.join(names)} by name" if names else "takes no fields"
            text = "its text is what its docstring says, and the fields"
            raise TypeError(f"{type(self).__qualname__} {takes}, and not {said[0]!r:.80}; {text}")
        missing = [name for name in names if name not in fields and not hasattr(type(self), name)]
        unknown = [name for name in fields if name not in names]
        if missing or unknown:
            raise TypeError(f"{type(self).__qualname__}: missing {missing}, unknown {unknown}; it has {list(names)}")
        for name, value in fields.items():
            setattr(self, name, value)
        super().__init__()

    @property
    def fields(self) -> Mapping[str, object]:
        """The fields and their values, in the order they were declared."""
        return {name: getattr(self, name) for name in self.__leftfold_fields__}

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.fields.items())
        return _first_sentence(type(self)) + (f" ({values})" if values else "")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), dict(self.fields))


def _first_sentence(cls: type) -> str:
    paragraph = cleandoc(vars(cls).get("__doc__") or "").partition("\n\n")[0]
    if not paragraph:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", cls.__name__)
        return f"{words.capitalize()}."
    return re.split(r"(?<=[.!?])\s", " ".join(paragraph.split()), maxsplit=1)[0]


def _rebuilt(cls: type[DomainError], fields: Mapping[str, object]) -> DomainError:
    return cls(**fields)
