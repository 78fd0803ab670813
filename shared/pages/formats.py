"""Dates, amounts and names as a language writes them; each is a filter of the templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit

from shared.pages.languages import SOURCE, locale_of

WRITTEN_AS: Final = "en-GB"
"""How dates and amounts are written where the texts are the templates' own English."""

Amount = Decimal | int | float | str


class Formats:
    """Of one language."""

    def __init__(self, language: str) -> None:
        self.locale = locale_of(WRITTEN_AS if language == SOURCE else language)

    def day(self, moment: date | datetime | str) -> str:
        """ "23 November 2026"; a text must be an ISO 8601 date or date-time. Instants are shown in UTC.

        Raises ValueError for a text that is neither, and for what falls out of the calendar's years 1 to 9999 in UTC."""
        return format_date(_moment(moment), format="long", locale=self.locale)

    def moment(self, moment: date | datetime | str) -> str:
        """With the time, in UTC."""
        return format_datetime(_moment(moment), format="long", locale=self.locale, tzinfo=UTC)

    def number(self, amount: Amount) -> str:
        return format_decimal(Decimal(str(amount)), locale=self.locale)

    def percent(self, share: Amount) -> str:
        """0.625 is "62.5%". Two places at most, rounded down: what isn't reached never looks as if it were."""
        value = Decimal(str(share)).quantize(Decimal("0.0001"), ROUND_DOWN).normalize()
        return format_percent(value, format=None, locale=self.locale, decimal_quantization=False)

    def money(self, amount: Amount, currency: str) -> str:
        value = Decimal(str(amount))
        whole = value == value.to_integral_value()
        return format_currency(value, currency, locale=self.locale, currency_digits=not whole, format="¤#,##0" if whole else None)

    def hours(self, amount: Amount) -> str:
        return format_unit(Decimal(str(amount)), "hour", locale=self.locale)

    def period(self, period: timedelta) -> str:
        """In years where it is whole years of 365 days, else in days."""
        if period.days and period.days % 365 == 0:
            return format_unit(period.days // 365, "year", locale=self.locale)
        return format_unit(period.days, "day", locale=self.locale)

    def language_name(self, code: str) -> str:
        """ "German" for `de`; the code itself for what has no name."""
        try:
            return Locale.parse(code, sep="-").get_display_name(self.locale) or code
        except (UnknownLocaleError, ValueError):
            return code

    def country_name(self, code: str) -> str:
        """ "Ireland" for `IE`; a region (`DE-BY`) is named by its country and code."""
        country, _, region = code.partition("-")
        name = self.locale.territories.get(country, country)
        return f"{name} ({code})" if region else name

    def listed(self, words: Iterable[str], style: str = "standard") -> str:
        """ "A, B and C"; with the style `or`: "A, B or C"."""
        return format_list(list(words), style="or" if style == "or" else "standard", locale=self.locale)

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        names = ("day", "moment", "number", "percent", "money", "hours", "period", "language_name", "country_name", "listed")
        return {name: getattr(self, name) for name in names}


def _moment(moment: date | datetime | str) -> date | datetime:
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if isinstance(moment, datetime):
        try:
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except OverflowError as error:
            raise ValueError(f"{moment} is before the year 1 or after the year 9999 in UTC") from error
    return moment
