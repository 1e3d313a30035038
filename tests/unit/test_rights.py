"""States and routing of cases."""

from datetime import date, timedelta

import pytest

from gateway.rights import routing
from gateway.rights.routing import Department

TODAY = date(2026, 11, 23)
ENDED = TODAY - timedelta(days=1)
DEPARTMENTS = {
    "OLD": Department(ENDED, "NEWER"),
    "NEWER": Department(ENDED, "NEW"),
    "NEW": Department(None, None),
    "LAST-DAY": Department(TODAY, "NEW"),
    "GONE": Department(ENDED, None),
    "RING": Department(ENDED, "RING-TOO"),
    "RING-TOO": Department(ENDED, "RING"),
    "PLATFORM-OLD": Department(ENDED, routing.PLATFORM),
    routing.PLATFORM: Department(None, None),
    routing.LEADING: Department(None, None),
}


@pytest.mark.parametrize(
    ("provider", "department"),
    [("NEW", "NEW"), ("OLD", "NEW"), ("LAST-DAY", "LAST-DAY"), ("GONE", "GONE"), ("RING", "RING-TOO")],
)
def test_an_objection_goes_to_the_provider_or_its_successor(provider: str, department: str) -> None:
    found = routing.objection(provider, DEPARTMENTS, TODAY)
    assert found == (department, ("objection.provider", "objection.cap"))


@pytest.mark.parametrize("provider", [routing.PLATFORM, "PLATFORM-OLD"])
def test_the_platforms_own_records_are_for_its_desk(provider: str) -> None:
    assert routing.objection(provider, DEPARTMENTS, TODAY) == (
        routing.PLATFORM,
        ("objection.platform", "objection.cap"),
    )


@pytest.mark.parametrize("against", [None, *DEPARTMENTS])
def test_a_complaint_never_goes_to_whom_it_is_about(against: str | None) -> None:
    found = routing.complaint(against, DEPARTMENTS, TODAY)
    assert found.department in (routing.PLATFORM, routing.LEADING)
    assert found.department != against
    assert against is None or found.department != routing.present(against, DEPARTMENTS, TODAY)
