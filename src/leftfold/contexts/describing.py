"""What a context says about itself, checked: what does not fit would be met when somebody draws a map otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final, cast

from leftfold.errors import DefinitionError
from leftfold.messages.given import are_texts, is_bool, texts_flaw

__all__ = ["Subdomain", "check_described"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Subdomain(Enum):
    """What part the business gives a context. Source: Evans 2003, "Domain-Driven Design", chapter 15."""

    CORE = "core"
    SUPPORTING = "supporting"
    GENERIC = "generic"


def check_described(
    name: object, texts: Mapping[str, object], flags: Mapping[str, object], others: Mapping[str, object]
) -> None:
    """Raise `DefinitionError`, with every finding, unless a context is described by what `Context` takes.

    Args:
        texts: by the argument that they were given as; so are *flags* and *others*.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DefinitionError(f"context {name!r:.80}: a name is 1 to 40 of a-z, 0-9 and _, a letter first")
    findings = [f"{word}={given!r:.80}; give a text" for word, given in texts.items() if not isinstance(given, str)]
    findings += [f"{word}={given!r:.80}; give True or False" for word, given in flags.items() if not is_bool(given)]
    findings += _other_flaws(others)
    if findings:
        raise DefinitionError(*(f"context {name!r}: {one}" for one in findings))


def _are_words(given: object) -> bool:
    if not isinstance(given, Mapping):
        return False
    words = cast("Mapping[object, object]", given)
    return are_texts(list(words)) and are_texts(list(words.values()))


def _other_flaws(given: Mapping[str, object]) -> Iterator[str]:
    subdomain, language, glossary = given["subdomain"], given["language"], given["glossary"]
    if subdomain is not None and not isinstance(subdomain, Subdomain):
        yield f"subdomain={subdomain!r:.80}; give {', '.join(map(str, Subdomain))} or None"
    if language is not None and not _is_language(language):
        yield f"language={language!r:.80}; give a PublishedLanguage(...)"
    if not _are_words(glossary):
        yield f"glossary={glossary!r:.80}; give a mapping of words to what they mean, both texts"
    if flaw := texts_flaw("published", given["published"], "modules"):
        yield flaw


def _is_language(given: object) -> bool:
    from leftfold.integration.published_language import PublishedLanguage

    return isinstance(given, PublishedLanguage)
