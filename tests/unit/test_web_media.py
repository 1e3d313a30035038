"""What Accept, Content-Type and Content-Encoding say, by example."""

import pytest

from gateway.errors import NotAcceptable, UnsupportedMediaType
from gateway.web.media import GRAPHQL, JSON, check_body, wanted


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON), ("", JSON), (" , ", JSON),
        ("*/*", JSON), ("*", JSON), ("application/*", JSON), (JSON, JSON), (GRAPHQL, GRAPHQL),
        # weight first
        (f"{JSON};q=0.9,{GRAPHQL}", GRAPHQL), (f"{GRAPHQL};q=0.1,{JSON};q=0.2", JSON), (f"{JSON};q=0.001", JSON),
        (f"{GRAPHQL};q=1.000,{JSON};q=0.999", GRAPHQL), (f"{GRAPHQL}; q=.5, {JSON}; q=.6", JSON),
        # of equal weights the named, of the named the first
        (f"{GRAPHQL}, {JSON}", GRAPHQL), (f"{JSON}, {GRAPHQL}", JSON), (f"*/*, {GRAPHQL}", GRAPHQL),
        (f"application/*, {GRAPHQL}", GRAPHQL), ("text/html, application/*", JSON),
        # the most precise range decides, even against a type
        (f"{JSON};q=0, */*", GRAPHQL), (f"{GRAPHQL};q=0.1, */*;q=0.5", JSON),
        (f"application/*;q=0, {GRAPHQL}", GRAPHQL),
        (f"*/*, {JSON};q=0, {GRAPHQL};q=0.1", GRAPHQL), (f"application/*;q=0.1, */*, {GRAPHQL};q=0.2", GRAPHQL),
        # what does not concern us
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON), (f"text/event-stream, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL), (f'{JSON}; charset="UTF-8"; v=1', JSON),
        (f"{GRAPHQL};charset=latin1, {JSON};q=0.1", JSON), (f"{GRAPHQL};q=much, {JSON};q=0.1", JSON),
        (JSON.upper(), JSON), (f"\t{GRAPHQL} ;q=0.3", GRAPHQL), (f"{GRAPHQL};q=1.5, {JSON}", GRAPHQL),
    ],
)  # fmt: skip
def test_accept(accept: str | None, media: str) -> None:
    assert wanted(accept) == media


@pytest.mark.parametrize(
    "accept",
    [
        "text/html", "text/*", "x", "*/json", "application/graphql+json", "*/*;q=0", f"{JSON};q=0",
        f"{JSON};q=0.000, {GRAPHQL};q=0", f"{JSON};q=nan", f"{JSON};q=1e3", f"{JSON};q=", f"{JSON};q=²",
        f"{GRAPHQL};charset=gbk", f"{'text/html,' * 40}{JSON}",
    ],
)  # fmt: skip
def test_accept_without_either(accept: str) -> None:
    with pytest.raises(NotAcceptable) as caught:
        wanted(accept)
    (fault,) = caught.value.faults
    assert JSON in fault.rule and GRAPHQL in fault.rule


@pytest.mark.parametrize(
    ("content_type", "coding"),
    [
        (JSON, None), (JSON, ""), (JSON, "identity"), (JSON, " Identity "), (f"{JSON};charset=UTF-8", None),
        (f"{JSON};a=b", None), (f'{JSON} ; charset="utf-8"', None),
        ("APPLICATION/JSON", None), (f"{JSON};charset=utf8;;", None),
    ],
)  # fmt: skip
def test_bodies_that_can_be_read(content_type: str, coding: str | None) -> None:
    assert refusal(content_type, coding) is None


@pytest.mark.parametrize(
    ("content_type", "coding", "named"),
    [
        (None, None, JSON), ("", None, JSON), ("text/plain", None, JSON), (GRAPHQL, None, JSON),
        (f"{JSON}, {JSON}", None, JSON), (f"{JSON}x", None, JSON), ("application/ json", None, JSON),
        (f"{JSON};charset=gbk", None, "utf-8"), (f"{JSON};charset=", None, "utf-8"),
        (f"{JSON}; charset", None, "utf-8"), (f"{JSON};charset=utf-8;charset=utf-16", None, "utf-8"),
        (JSON, "gzip", "identity"), (JSON, "identity, br", "identity"),
    ],
)  # fmt: skip
def test_bodies_that_cannot(content_type: str | None, coding: str | None, named: str) -> None:
    assert named in (refusal(content_type, coding) or "")


def refusal(content_type: str | None, coding: str | None) -> str | None:
    try:
        check_body(content_type, coding)
    except UnsupportedMediaType as error:
        (fault,) = error.faults
        return fault.rule
    return None
