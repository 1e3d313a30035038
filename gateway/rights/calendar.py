"""Statutory days: which are working days, and on which day a period ends.

The first day is not counted (Civil Code art. 201); a period in calendar days that ends on a rest day ends on the next
working day (art. 203). Statutory holidays and their substitute rest days are no working days, make-up days are (ALL
art. 82, APL art. 85). Each year's arrangement is a notice of the State Council, mostly of the autumn before: beyond the
last one only weekends are known, and what is computed there is provisional.

A clock can be stopped: the time that tests, experts or third parties take is not counted (Henan 2019 art. 41,
信息公开条例 art. 33). Days are whole: one at whose end, in Beijing, the clock stands is not counted, neither as a
working day nor as a calendar day, and no period ends on it. So the day on which it goes on again counts, and a stop
within one day costs none.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

DAY = timedelta(days=1)
SATURDAY = 5


class Due(NamedTuple):
    """The last day of a period; ``provisional``: the arrangement of its year is not known yet."""

    on: date
    provisional: bool


def months_later(start: date, count: int) -> date:
    """The last day of a period of months: the same day of its last month, or the end of that (Civil Code art. 202)."""
    year, month = divmod(start.month - 1 + count, 12)
    year, month = start.year + year, month + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


class Pause(NamedTuple):
    """Days at whose end a clock stood: from ``first`` up to but without ``end``."""

    first: date
    end: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """One version of the statutory calendar, from the first day that is asked about."""

    version: int
    known_until: date  # the last day of the last year that has its notice
    rest: frozenset[date]  # statutory holidays and substitute rest days
    work: frozenset[date]  # make-up working days

    def works(self, day: date) -> bool:
        """Whether a day is a working day."""
        return day in self.work or (day.weekday() < SATURDAY and day not in self.rest)

    def working_days(self, start: date, count: int, pauses: Sequence[Pause] = ()) -> Due:
        """The last of ``count`` working days after ``start``; ``count`` >= 1."""
        day = start
        while count > 0:
            day += DAY
            count -= self.works(day) and not stands(day, pauses)
        return self._due(day)

    def calendar_days(self, start: date, count: int, pauses: Sequence[Pause] = ()) -> Due:
        """The last of ``count`` days after ``start``, or the next working day; ``count`` >= 1."""
        day = start
        while count > 0:
            day += DAY
            count -= not stands(day, pauses)
        while not self.works(day) or stands(day, pauses):
            day += DAY
        return self._due(day)

    def within(self, today: date, count: int) -> date:
        """The last day that has no more than ``count`` working days between ``today`` and itself, itself included."""
        return self.working_days(today, count + 1).on - DAY

    def _due(self, day: date) -> Due:
        return Due(day, day > self.known_until)


def stands(day: date, pauses: Sequence[Pause]) -> bool:
    """Whether the clock stands at the end of a day."""
    return any(one.first <= day < one.end for one in pauses)
