"""Descriptors and catalogs as files."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from leftfold.catalog.canonical import digest_of, written
from leftfold.catalog.descriptor import FORMAT, Consumption, Descriptor, Emission, Handler, Published, range_read
from leftfold.catalog.errors import InvalidCatalogFile, NewerFormat
from leftfold.catalog.json_lines import line_of
from leftfold.contexts.edges import Edge
from leftfold.errors import DefinitionError, InvalidInput

__all__ = ["CATALOG_FORMAT", "SUFFIX", "descriptors_in", "dump_catalog", "load_descriptors", "read_descriptors"]

CATALOG_FORMAT: Final = 1
"""The format of catalogs that is written here, and the newest that is read."""

SUFFIX: Final = ".context.json"
"""How the names of descriptors end, so that they are found in a repository."""

_T = TypeVar("_T")
_PLACE: Final = re.compile(r"^(?P<reason>.*) - at `(?:key in )?(?P<place>\$.*)`$", re.DOTALL)
_UNKNOWN: Final = re.compile(r"^Object contains unknown field `(?P<word>.*)`$", re.DOTALL)
_BYTE: Final = re.compile(r"^(?P<reason>.*) \(byte (?P<byte>\d+)\)$", re.DOTALL)


class _Head(Struct, frozen=True):
    descriptor: int | None = None
    catalog: int | None = None


class _Catalog(Struct, frozen=True, forbid_unknown_fields=True):
    catalog: int
    contexts: tuple[Descriptor, ...]


_WORDS: Final = sorted(
    {
        word
        for cls in (_Catalog, Descriptor, Published, Consumption, Emission, Handler, Edge)
        for word in cls.__struct_fields__
    }
)


def dump_catalog(descriptors: Iterable[Descriptor]) -> str:
    """A catalog as text: descriptors in the order of their names, each in its one form on a line of its own."""
    texts = sorted((one.name, msgspec.json.encode(written(one)).decode()) for one in descriptors)
    lines = ",\n".join(f"  {text}" for _, text in texts)
    return f'{{"catalog": {CATALOG_FORMAT}, "contexts": [\n{lines}\n]}}\n'


def load_descriptors(data: bytes, file: str) -> tuple[Descriptor, ...]:
    """The descriptors in *data*: one, or all of a catalog.

    Args:
        data: JSON text.
        file: its name, for errors.

    Raises:
        NewerFormat: its format is newer than this code.
        InvalidCatalogFile: it is no descriptor and no catalog, or a digest in it is not that of its content.
    """
    data = data.removeprefix(BOM_UTF8)
    head = _decoded(data, _Head, file)
    if head.catalog is not None:
        _check_format(file, head.catalog, CATALOG_FORMAT)
        found = _decoded(data, _Catalog, file).contexts
        places = [f"$.contexts[{number}]" for number in range(len(found))]
    elif head.descriptor is not None:
        _check_format(file, head.descriptor, FORMAT)
        found, places = (_decoded(data, Descriptor, file),), ["$"]
    else:
        raise InvalidCatalogFile(file, f'is no descriptor and no catalog; a descriptor says "descriptor": {FORMAT}')
    for one, place in zip(found, places, strict=True):
        for reason, where in _flaws(one, file):
            at = f"{place}{where}"
            raise InvalidCatalogFile(file, reason, line=line_of(data, at), place=at)
    return found


def read_descriptors(file: Path | str) -> tuple[Descriptor, ...]:
    """See `load_descriptors`; raises `OSError` when the file cannot be read."""
    return load_descriptors(Path(file).read_bytes(), str(file))


def descriptors_in(paths: Iterable[Path | str]) -> Iterator[tuple[Path, tuple[Descriptor, ...]]]:
    """The descriptors of files and, in folders, of every file whose name ends with `SUFFIX`, by file.

    Raises:
        InvalidCatalogFile: see `load_descriptors`; or a folder holds none.
        InvalidInput: *paths* is one path.
        OSError: a file cannot be read.
    """
    if isinstance(paths, str | Path):
        raise InvalidInput(f"descriptors_in({paths!r:.80}) is given one path; give a list of paths")
    for path in map(Path, paths):
        files = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not files:
            raise InvalidCatalogFile(str(path), f"no file in it is a descriptor; their names end with {SUFFIX}")
        for file in files:
            yield file, read_descriptors(file)


def _check_format(file: str, found: int, known: int) -> None:
    if found > known:
        raise NewerFormat(file, found, known)
    if found < 1:
        raise InvalidCatalogFile(file, f"there is no format {found}; the first was 1")


def _flaws(descriptor: Descriptor, file: str) -> Iterator[tuple[str, str]]:
    """What is wrong that types do not say, each with its place in the descriptor."""
    _check_format(file, descriptor.descriptor, FORMAT)
    if not descriptor.name:
        yield "a context has a name; this one is empty", ".name"
    if len(f"{descriptor.name}.".splitlines()) > 1:
        yield f"a context has a name of one line, and {descriptor.name!r:.80} has a break", ".name"
    for number, relation in enumerate(descriptor.relations):
        if descriptor.name not in relation.pair:
            reason = f"{descriptor.name} takes no part in it; a context declares only relations of its own"
            yield reason, f".relations[{number}]"
    for number, published in enumerate(descriptor.publishes):
        yield from _published_flaws(published, f".publishes[{number}]")
    for number, consumption in enumerate(descriptor.consumes):
        yield from _pointer_flaws(consumption.reads or (), f".consumes[{number}].reads")
        if consumption.versions:
            try:
                range_read(consumption.versions)
            except DefinitionError as error:
                yield str(error), f".consumes[{number}].versions"
    if descriptor.digest and descriptor.digest != digest_of(descriptor):
        yield "the digest is not that of the content; export it again, or take the digest out", ".digest"


def _published_flaws(published: Published, place: str) -> Iterator[tuple[str, str]]:
    if not published.name:
        yield "an event has a name; this one is empty", f"{place}.name"
    if published.version < 1:
        yield f"versions count from 1, and this one is {published.version}", f"{place}.version"
    yield from _pointer_flaws(published.fields, f"{place}.fields")
    if published.sunset and not _is_day(published.sunset):
        yield f"{published.sunset!r:.80} is no day; write it as 2027-01-31", f"{place}.sunset"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _pointer_flaws(pointers: Iterable[str], place: str) -> Iterator[tuple[str, str]]:
    for pointer in pointers:
        if not pointer.startswith("/"):
            yield f"{pointer!r:.80} is no JSON pointer; write {f'/{pointer}'!r:.80}", place


def _decoded(data: bytes, cls: type[_T], file: str) -> _T:
    try:
        return msgspec.json.decode(data, type=cls)
    except UnicodeDecodeError as error:
        raise InvalidCatalogFile(file, "is no UTF-8 text", line=data.count(b"\n", 0, error.start) + 1) from error
    except (msgspec.DecodeError, RecursionError) as error:
        said = str(error)
        found = _PLACE.match(said)
        reason, place = (found["reason"], found["place"]) if found else (said, "")
        if unknown := _UNKNOWN.match(reason):
            reason, place = _unknown(unknown["word"]), f"{place or '$'}.{unknown['word']}"
        if place:
            raise InvalidCatalogFile(file, reason, line=line_of(data, place), place=place) from error
        if found := _BYTE.match(said):
            line = data.count(b"\n", 0, int(found["byte"])) + 1
            raise InvalidCatalogFile(file, found["reason"], line=line) from error
        line = data.count(b"\n") + 1 if "truncated" in said else 1
        raise InvalidCatalogFile(file, said, line=line) from error


def _unknown(word: str) -> str:
    near = get_close_matches(word, _WORDS, 1)
    advice = f"write {near[0]}" if near else "leave it out"
    return f"{word!r:.80} says nothing here; {advice}, or use a newer Leftfold if that has written it"
