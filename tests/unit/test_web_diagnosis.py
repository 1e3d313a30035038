"""What a refused body is told, by example; the paths of random faults are in tests/property."""

import orjson
import pytest

from gateway.errors import Fault
from gateway.web.diagnosis import diagnose

TOKENS = b'{"variables":{"list":[' + b"1," * 3000


def refused(body: bytes) -> Fault:
    with pytest.raises(orjson.JSONDecodeError) as caught:
        orjson.loads(body)
    return diagnose(body, caught.value)


@pytest.mark.parametrize(
    ("body", "rule", "position"),
    [
        (b"", "the body is empty", (1, 1)),
        (b" \n", "the body is empty", (1, 1)),
        (b"\xef\xbb\xbf{}", "the body begins with a byte order mark", (1, 1)),
        (b'{"query":"x"}{}', "the body goes on after its end", (1, 14)),
        (b'{"query":"x"', "the body ends before it is complete", (1, 13)),
        (b'{"query', "the body ends before it is complete", (1, 8)),
        (b"{\x00}", "the body contains NUL", (1, 2)),
        (b"\xff\xfe{\x00}\x00", "the body is not valid UTF-8", (1, 1)),
        (b"{'query':1}", "the body is not valid JSON", (1, 2)),
        (b'{\n "query": "x",\n}', "the body is not valid JSON", (2, 14)),
        ('{"甲":"子","乙":丙}'.encode(), "the body is not valid JSON", (1, 14)),
        (b'[{"query":"\\ud800"}]', "the body contains a lone surrogate", (1, 12)),
        (b"[" * 2000, "the body is nested too deeply", (1, 1026)),
        (TOKENS + b"\xff", "the body is not valid UTF-8", (1, len(TOKENS) + 1)),
        (b'{"surname":"\\ud800"}', "the body contains a lone surrogate", (1, 13)),
        (b'{"\\ud800":1}', "the body contains a lone surrogate", (1, 3)),
    ],
    ids=range(16),
)
def test_the_body_as_a_whole(body: bytes, rule: str, position: tuple[int, int]) -> None:
    assert refused(body) == Fault((), rule, (), position)


@pytest.mark.parametrize(
    ("variables", "path", "rule"),
    [
        (b'{"a":"\\ud800"}', ("a",), "contains a lone surrogate"),
        (b'{"a":"\\ud800\\u0041"}', ("a",), "contains a lone surrogate"),
        (b'{"a":"b\\"c\\udc00"}', ("a",), "contains a lone surrogate"),
        (b'{"a":"\\\\","b":"\\udc00"}', ("b",), "contains a lone surrogate"),
        (b'{"a":"\x00"}', ("a",), "contains NUL"),
        (b'{"a":"\x1f"}', ("a",), "contains a control character"),
        (b'{"a":"\n"}', ("a",), "contains a control character"),
        (b'{"a":"\xc0\x80"}', ("a",), "is not valid UTF-8"),
        (b'{"a":' + b"9" * 5000 + b"}", ("a",), "is a number beyond 64 bits"),
        (b'{"a":1e999}', ("a",), "is a number beyond 64 bits"),
        (b'{"a":-Infinity}', ("a",), "is not valid JSON"),
        (b'{"a":{"b":[0,{"c":[[],nul]}]}}', ("a", "b", 1, "c", 1), "is not valid JSON"),
        (b'{"a":' + b"[" * 1100, ("a",), "is nested too deeply"),
        (b'{"a":' + b'{"b":' * 1100, ("a",), "is nested too deeply"),
        (b'{"a":1,"b":"cut', ("b",), "ends before it is complete"),
        (b'{"a":1,"b":', ("b",), "ends before it is complete"),
        (b'{"a":1,"b"', ("b",), "ends before it is complete"),
        (b'{"a":1,"b', (), "ends before it is complete"),
        (b'{"a":1', (), "ends before it is complete"),
        (b'{"a":1,}', (), "is not valid JSON"),
        (b'{"a":1 "b"}', (), "is not valid JSON"),
        (b'{"a":1"b"}', ("a",), "is not valid JSON"),
        (b'{"a":[[[[[[[[[[NaN]]]]]]]]]]}', ("a", 0, 0, 0, 0, 0, 0), "is not valid JSON"),  # far enough
        # what may be somebody's name or number is no part of a path, and ends it
        ('{"甲子一":"\\ud800"}'.encode(), (), "contains a lone surrogate"),
        (b'{"222301189901010000":{"a":NaN}}', (), "is not valid JSON"),
        (b'{"\\ud800":1}', (), "contains a lone surrogate"),
        (b'{"%b":NaN}' % (b"a" * 65), (), "is not valid JSON"),
    ],
    ids=range(27),
)
def test_inside_the_variables(variables: bytes, path: tuple[str | int, ...], rule: str) -> None:
    found = refused(b'{"query":"{ a }","variables":' + variables)
    assert (found.path, found.rule) == (("variables", *path), rule)
