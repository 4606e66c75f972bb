"""Options that several verbs share, and what they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from cyclopts import Parameter, Token
from cyclopts.validators import Number

from leftfold.app.stores import PLACE, place_flaw
from leftfold.cli.errors import UsageError
from leftfold.store.urls import shown_url

__all__ = [
    "KERNEL_FILES",
    "NOTHING_GIVEN",
    "NO_SOURCE_GIVEN",
    "NO_STORE_GIVEN",
    "AtLeastOne",
    "AtLeastZero",
    "FileName",
    "KernelFiles",
    "OneSource",
    "OneStore",
    "Source",
    "Target",
    "url_of",
]

_LONGEST_NUMBER: Final = 30
"""Digits of a number at most; Python reads no more than some thousand."""


def _whole(_: object, tokens: Sequence[Token]) -> int:
    text = tokens[0].value
    if not text.removeprefix("-").isdecimal() or len(text) > _LONGEST_NUMBER:
        raise ValueError(f'"{text:.20}" is no whole number')
    return int(text)


AtLeastOne: TypeAlias = Annotated[int, Parameter(converter=_whole, validator=Number(gt=0))]
"""A whole number from 1 on, never a rounded one."""

AtLeastZero: TypeAlias = Annotated[int, Parameter(converter=_whole, validator=Number(gte=0))]
"""A whole number from 0 on, never a rounded one."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Target:
    """Which store, and for whom to write."""

    store: Annotated[
        str | None, Parameter(env_var="LEFTFOLD_STORE", help="URL of the store, like sqlite:///bank.db.")
    ] = None
    json: Annotated[bool, Parameter(help="One JSON object a line, for programs.", show_default=False)] = False

    @property
    def url(self) -> str:
        """The store's URL; raises `UsageError` when none was given."""
        if not self.store:
            raise UsageError("which store? Give --store URL or set LEFTFOLD_STORE; a URL is like sqlite:///bank.db")
        return self.store


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Source(Target):
    """Which store, with which event classes, and for whom to write."""

    app: Annotated[
        str | None,
        Parameter(
            env_var="LEFTFOLD_APP",
            help="MODULE:OBJECT, an App or a function that makes one: its event classes, its stores without --store.",
        ),
    ] = None


_Context: TypeAlias = Annotated[
    str | None, Parameter(help="The one context to look into, where an app has several: its name.")
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class OneStore(Target):
    """Which one store, and for whom to write."""

    context: _Context = None

    @property
    def url(self) -> str:
        """The store's URL; raises `UsageError` when none was given, or one that stands for several stores."""
        url = super().url
        if self.context is not None and PLACE not in url:
            raise UsageError(
                f"--context is for a store URL with {PLACE} in it, and {shown_url(url)!r} has none; leave it out"
            )
        return url_of(url, self.context)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class OneSource(Source):
    """Which one store, with which event classes, and for whom to write."""

    context: _Context = None


def url_of(url: str, context: str | None) -> str:
    """The URL of the one store of *context*; raises `UsageError` when *url* stands for several and none is named."""
    if flaw := place_flaw(url):
        raise UsageError(flaw)
    if PLACE not in url:
        return url
    if context is None:
        raise UsageError(f"store URL {shown_url(url)!r} is of a store for each context; name one: --context NAME")
    return url.replace(PLACE, context)


def _check_file_name(_: object, file: Path) -> None:
    if str(file).startswith("-") and str(file) != "-":
        raise ValueError(f"there is no option like it; a file of this name is ./{file}")


FileName: TypeAlias = Annotated[Path, Parameter(allow_leading_hyphen=True, validator=_check_file_name)]
"""The name of a file, or - for standard input or output."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class KernelFiles:
    """Where the agreements on shared kernels are written down."""

    lock: Annotated[FileName, Parameter(help="What is locked, and who has approved it.")] = Path("kernel.lock")
    teams: Annotated[FileName, Parameter(help="Who is in which team: [teams.NAME] with members = [...].")] = Path(
        "teams.toml"
    )


NO_STORE_GIVEN: Final = OneStore()
NO_SOURCE_GIVEN: Final = OneSource()
NOTHING_GIVEN: Final = Source()
KERNEL_FILES: Final = KernelFiles()
