"""From a folder of EventCatalog to descriptors: a service is a context.

Source: EventCatalog, "Project structure" and the front matter of domains, services and messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from leftfold.catalog.descriptor import Consumption, Descriptor, Imported, Published
from leftfold.catalog.errors import InvalidCatalogFile
from leftfold.catalog.front_matter import Value, front_matter
from leftfold.catalog.semantic_versions import ordered_versions, range_of
from leftfold.catalog.shapes import fields_in
from leftfold.contexts.findings import Finding, in_order

__all__ = ["read_event_catalog"]

_PAGES: Final = ("index.mdx", "index.md")
_KINDS: Final = ("domains", "subdomains", "services", "events", "commands", "queries")


class _Page(Struct, frozen=True):
    kind: str
    file: str
    folder: Path
    page: str
    front: dict[str, Value]
    old: bool

    def text(self, key: str) -> str:
        found = self.front.get(key, "")
        if not isinstance(found, str):
            raise self.wrong(key, f"{key} is to be a text")
        return found

    def items(self, key: str) -> Iterator[tuple[str, str]]:
        """Id and version of each entry of a list; an entry may be its id alone."""
        found = self.front.get(key, "") or []
        if not isinstance(found, list):
            raise self.wrong(key, f"{key} is to be a list")
        for one in found:
            id, version = (one.get("id", ""), one.get("version", "")) if isinstance(one, dict) else (one, "")
            if not isinstance(id, str) or not id or not isinstance(version, str):
                raise self.wrong(key, f"each entry of {key} has an id, and may have a version")
            yield id, version

    def wrong(self, key: str, reason: str) -> InvalidCatalogFile:
        """What is to be raised about the value of *key*; it names the line of the key."""
        found = re.search(rf"^[\"']?{key}[\"']?\s*:", self.page, re.MULTILINE)
        line = 1 if found is None else self.page.count("\n", 0, found.start()) + 1
        return InvalidCatalogFile(self.file, reason, line=line)


def read_event_catalog(folder: Path | str) -> Imported:
    """The services in *folder*, a descriptor for each, with what they send and receive.

    A service's first owner is its team, or that of its domain. Versions are numbered from the lowest on, and keep
    what they are called as a label; fields come from the schema of a message, when it is JSON.

    Raises:
        InvalidCatalogFile: there are no services in it, or a page is not as it should be; it names file and line.
        OSError: a file cannot be read.
    """
    folder = Path(folder)
    pages = list(_pages(folder))
    if not any(page.kind == "services" for page in pages):
        raise InvalidCatalogFile(str(folder), "has no services/NAME/index.mdx in it; name the folder of a catalog")
    return _Importing(pages, folder).imported()


def _pages(folder: Path) -> Iterator[_Page]:
    for file in sorted(one for name in _PAGES for one in folder.rglob(name)):
        parts = file.relative_to(folder).parts[:-1]
        if "node_modules" in parts:
            continue
        kinds = [part for part in parts if part in _KINDS]
        if not kinds:
            continue
        try:
            page = file.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidCatalogFile(str(file), "is no UTF-8 text", line=1) from error
        front = front_matter(page, str(file))
        if not isinstance(front.get("id"), str) or not front["id"]:
            raise InvalidCatalogFile(str(file), "its front matter has no id", line=1)
        yield _Page(kinds[-1], str(file), file.parent, page, front, "versioned" in parts)


class _Importing:
    def __init__(self, pages: list[_Page], folder: Path) -> None:
        self._folder = folder
        self._pages = pages
        self._findings: list[Finding] = []
        self._kinds = {page.text("id"): page.kind for page in pages if page.kind in ("events", "commands", "queries")}
        self._messages: dict[str, dict[str, _Page]] = {}
        for page in pages:
            if page.kind in ("events", "commands", "queries"):
                self._messages.setdefault(page.text("id"), {})[page.text("version")] = page
        domains = [page for page in pages if page.kind in ("domains", "subdomains") and not page.old]
        self._domains = {id: page for page in domains for id, _ in page.items("services")}

    def imported(self) -> Imported:
        services = {page.text("id"): page for page in self._pages if page.kind == "services" and not page.old}
        described = tuple(self._descriptor(services[id]) for id in sorted(services))
        return Imported(described, in_order(self._findings))

    def _descriptor(self, page: _Page) -> Descriptor:
        name, domain = page.text("id"), self._domains.get(page.text("id"))
        owners = [*page.items("owners"), *(domain.items("owners") if domain is not None else ())]
        sends, receives = list(page.items("sends")), list(page.items("receives"))
        return Descriptor(
            name=name,
            team=owners[0][0] if owners else "",
            purpose=page.text("summary"),
            domain="" if domain is None else domain.text("id"),
            publishes=tuple(one for id, _ in dict(sends).items() for one in self._published(page, id)),
            consumes=tuple(self._consumed(page, id, wanted) for id, wanted in receives if self._is(id, "events")),
            commands=tuple(sorted({id for id, _ in receives if self._is(id, "commands")})),
            queries=tuple(sorted({id for id, _ in receives if self._is(id, "queries")})),
            place=self._place(page),
        )

    def _is(self, id: str, kind: str) -> bool:
        """What nobody describes is taken for an event."""
        return self._kinds.get(id, "events") == kind

    def _published(self, page: _Page, id: str) -> Iterator[Published]:
        if not self._is(id, "events"):
            return
        versions = self._messages.get(id, {})
        if not versions:
            self._missing(page, id)
            yield Published(name=id, place=self._place(page))
        for label, number in ordered_versions(list(versions)).items():
            event = versions[label]
            schema = _schema(event)
            yield Published(
                name=id,
                version=number,
                label=label,
                fields=fields_in(schema),
                schema=schema,
                deprecated="deprecated" if event.front.get("deprecated") not in (None, "", "false") else "",
                place=self._place(event),
            )

    def _consumed(self, page: _Page, id: str, wanted: str) -> Consumption:
        versions = ordered_versions(list(self._messages.get(id, {})))
        if not versions:
            self._missing(page, id)
        return Consumption(event=id, versions=range_of(wanted, versions), place=self._place(page))

    def _missing(self, page: _Page, id: str) -> None:
        name = page.text("id")
        text = f"{name} names the message {id}, of which there is no page; add events/{id}/index.mdx, or mend the name"
        self._findings.append(
            Finding(rule="undescribed-message", contexts=(name,), message=text, declared_at=page.file, subject=id)
        )

    def _place(self, page: _Page) -> str:
        return Path(page.file).relative_to(self._folder).as_posix()


def _schema(page: _Page) -> dict[str, object]:
    named = page.text("schemaPath")
    if not named.endswith(".json"):
        return {}
    file = page.folder / named
    if not file.is_file():
        raise page.wrong("schemaPath", f"its schema {named} is not there")
    data = file.read_bytes()
    try:
        return msgspec.json.decode(data, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidCatalogFile(str(file), f"is no JSON Schema: {error}", line=1) from error
