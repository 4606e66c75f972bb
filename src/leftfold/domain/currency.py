"""Currencies and their minor units, from ISO 4217."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from leftfold.domain.errors import DomainError

__all__ = ["MINOR_UNITS", "UnknownCurrency", "minor_units"]

_BY_MINOR_UNITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
        CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
        IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
        MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
        SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG
        YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

# Withdrawn, and kept: events that hold them are still read.
_WITHDRAWN = {2: "ANG BGN CUC HRK SLL ZWL"}

_TABLES = (*_BY_MINOR_UNITS.items(), *_WITHDRAWN.items())

MINOR_UNITS: Mapping[str, int] = MappingProxyType({code: digits for digits, codes in _TABLES for code in codes.split()})
"""Digits after the decimal point of each currency, by its alphabetic code.

It has every active code that money can be counted in, so no metals, bond units or test codes, and recently withdrawn
ones. Codes are added and never taken away.

Source: ISO 4217:2015, table A.1.
"""


class UnknownCurrency(DomainError, ValueError):
    """No such currency; give an alphabetic code of ISO 4217 in capitals, like EUR."""

    currency: str


def minor_units(currency: str) -> int:
    """Digits after the decimal point of *currency*.

    Raises:
        UnknownCurrency: it is no code of `MINOR_UNITS`.
    """
    try:
        return MINOR_UNITS[currency]
    except (KeyError, TypeError):  # what has no hash is no code
        raise UnknownCurrency(currency=str(currency)) from None
