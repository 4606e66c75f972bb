"""What leaves a context and arrives in another.

In: domain events, and functions that publish them; messages of others. Out: integration events, in the order of the
log; CloudEvents, written and read strictly; fields held to the formats they name; languages held to their locks.
May import: errors, schemas, clock, ids, messages, domain, store, handling, subscriptions, projections, processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from leftfold.integration.published_events import Check, PublishedEvents
from leftfold.integration.publishing import Publication
from leftfold.on_demand import names_of as _names_of

if TYPE_CHECKING:
    from leftfold.integration.asyncapi import Speaker, asyncapi_document
    from leftfold.integration.cloud_event import SPECVERSION, CloudEvent, ExtensionValue
    from leftfold.integration.countries import COUNTRIES, COUNTRY_EDITION, Country
    from leftfold.integration.format_checks import Formatted, check_formats, format_fields
    from leftfold.integration.formats import (
        CalendarDate,
        CountryCode,
        CountryCode3,
        CountryNumber,
        CurrencyCode,
        Duration,
        Instant,
        LanguageCode,
        TimeOfDay,
    )
    from leftfold.integration.http_binding import HttpMessage, read_binary, read_http, write_binary
    from leftfold.integration.language_check import language_findings
    from leftfold.integration.language_finding import LanguageFinding, Reading
    from leftfold.integration.language_lock import (
        Accepted,
        LanguageLock,
        Spoken,
        dump_language_lock,
        load_language_lock,
        lock_of_languages,
    )
    from leftfold.integration.languages import LANGUAGE_CODES, LANGUAGE_EDITION
    from leftfold.integration.mapping import Received, cloud_event_of, published_type, received, supported_version
    from leftfold.integration.message_schemas import message_schema, schema_digest
    from leftfold.integration.published_language import PublishedLanguage
    from leftfold.integration.structured import (
        BATCH_TYPE,
        MAX_BATCH_BYTES,
        MAX_CLOUD_EVENT_BYTES,
        STRUCTURED_TYPE,
        read_batch,
        read_structured,
        write_batch,
        write_structured,
    )
    from leftfold.integration.timestamps import ReadTime, read_timestamp, write_timestamp
    from leftfold.integration.viewing import view_flaws, view_problems

__all__ = [
    "BATCH_TYPE",
    "COUNTRIES",
    "COUNTRY_EDITION",
    "LANGUAGE_CODES",
    "LANGUAGE_EDITION",
    "MAX_BATCH_BYTES",
    "MAX_CLOUD_EVENT_BYTES",
    "SPECVERSION",
    "STRUCTURED_TYPE",
    "Accepted",
    "CalendarDate",
    "Check",
    "CloudEvent",
    "Country",
    "CountryCode",
    "CountryCode3",
    "CountryNumber",
    "CurrencyCode",
    "Duration",
    "ExtensionValue",
    "Formatted",
    "HttpMessage",
    "Instant",
    "LanguageCode",
    "LanguageFinding",
    "LanguageLock",
    "Publication",
    "PublishedEvents",
    "PublishedLanguage",
    "ReadTime",
    "Reading",
    "Received",
    "Speaker",
    "Spoken",
    "TimeOfDay",
    "asyncapi_document",
    "check_formats",
    "cloud_event_of",
    "dump_language_lock",
    "format_fields",
    "language_findings",
    "load_language_lock",
    "lock_of_languages",
    "message_schema",
    "published_type",
    "read_batch",
    "read_binary",
    "read_http",
    "read_structured",
    "read_timestamp",
    "received",
    "schema_digest",
    "supported_version",
    "view_flaws",
    "view_problems",
    "write_batch",
    "write_binary",
    "write_structured",
    "write_timestamp",
]

_MODULES: Final = {
    "viewing": (
        "view_flaws",
        "view_problems",
    ),
    "published_language": ("PublishedLanguage",),
    "message_schemas": (
        "message_schema",
        "schema_digest",
    ),
    "language_lock": (
        "Accepted",
        "LanguageLock",
        "Spoken",
        "dump_language_lock",
        "lock_of_languages",
        "load_language_lock",
    ),
    "language_finding": (
        "LanguageFinding",
        "Reading",
    ),
    "language_check": ("language_findings",),
    "asyncapi": (
        "Speaker",
        "asyncapi_document",
    ),
    "cloud_event": ("SPECVERSION", "CloudEvent", "ExtensionValue"),
    "countries": ("COUNTRIES", "COUNTRY_EDITION", "Country"),
    "format_checks": ("Formatted", "check_formats", "format_fields"),
    "formats": (
        "CalendarDate",
        "CountryCode",
        "CountryCode3",
        "CountryNumber",
        "CurrencyCode",
        "Duration",
        "Instant",
        "LanguageCode",
        "TimeOfDay",
    ),
    "http_binding": ("HttpMessage", "read_binary", "read_http", "write_binary"),
    "languages": ("LANGUAGE_CODES", "LANGUAGE_EDITION"),
    "mapping": ("Received", "cloud_event_of", "published_type", "received", "supported_version"),
    "structured": (
        "BATCH_TYPE",
        "MAX_BATCH_BYTES",
        "MAX_CLOUD_EVENT_BYTES",
        "STRUCTURED_TYPE",
        "read_batch",
        "read_structured",
        "write_batch",
        "write_structured",
    ),
    "timestamps": ("ReadTime", "read_timestamp", "write_timestamp"),
}
if not TYPE_CHECKING:  # a checker would take every name for one that is there
    __getattr__, __dir__ = _names_of(__name__, _MODULES)
