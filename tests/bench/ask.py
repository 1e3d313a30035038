"""Whole requests for each server, and one request at a time: for cursors, and to see that all answer the same."""

from collections.abc import Mapping
from http.client import HTTPConnection
from itertools import islice
from typing import Any

import orjson

from gateway.clock import SystemClock
from tests.bench.cases import Asked, Case, bare, graphql
from tests.bench.data import Data
from tests.bench.servers import Server, Site

COMPARED = 40  # subjects of each case whose answers are compared


class Asker:
    """Makes the requests of a site; tokens are issued once."""

    def __init__(self, place: Site) -> None:
        self._place = place
        self._tokens: dict[str, str] = {}

    @property
    def data(self) -> Data:
        """What can be asked for."""
        return self._place.data

    def token(self, caller: str) -> str:
        """The token of the bank or of a citizen."""
        if caller not in self._tokens:
            self._tokens[caller] = self._place.issuer.token(caller, SystemClock().now())
        return self._tokens[caller]

    def request(self, server: Server, case: Case, asked: Asked) -> bytes:
        """One request as bytes."""
        match server.name:
            case "limit" | "lean":
                return bare(server.port, case.limit, asked.limit)
            case "naive":
                return graphql(server.port, case.document, asked.naive, self.token(asked.caller))
            case _:
                return graphql(server.port, case.document, asked.gateway, self.token(asked.caller))

    def requests(self, server: Server, case: Case) -> list[bytes]:
        """One request for each subject of a case."""
        return [self.request(server, case, asked) for asked in case.asked(self._place.data)]

    def harvest(self, server: Server) -> None:
        """Ask the gateway for the bank's cursors of the rich enterprises: pages begin at each of them."""
        data = self._place.data
        ids = {one.uscc: one.id for one in data.enterprises}
        document = (
            "query Cursors($after: String) { enterprises(first: 100, after: $after) "
            "{ edges { cursor node { uscc } } pageInfo { endCursor hasNextPage } } }"
        )
        after: dict[str, str] = {}
        while len(data.cursors) < len(ids):
            said = send(server.port, graphql(server.port, document, after, self.token("bank")))
            page = said["data"]["enterprises"]
            for edge in page["edges"]:
                if edge["node"]["uscc"] in ids:
                    data.cursors[ids[edge["node"]["uscc"]]] = edge["cursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = {"after": page["pageInfo"]["endCursor"]}


def send(port: int, request: bytes) -> Any:
    """Send one request and read its JSON."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", first.split(" ")[1], body, dict(line.split(": ", 1) for line in lines))
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return orjson.loads(data)


def same_answers(asker: Asker, servers: Mapping[str, Server], case: Case, data: Data) -> str:
    """Compare the answers of all servers for some subjects of a case; what was compared, in words.

    Cursors are left out (each server has its own), and of what the gateway opens only that it is there: the limit sends
    masked columns instead. Raises RuntimeError with the first difference.
    """
    asked = list(islice(case.asked(data), COMPARED))
    for one in asked:
        told = {
            name: _answer(send(server.port, asker.request(server, case, one)), case, name)
            for name, server in servers.items()
            if name != "naive" or one is asked[0]
        }
        first = told["limit"]
        for name, answer in told.items():
            if answer != first:
                raise RuntimeError(f"{case.title}: limit and {name} differ for {one.limit}:\n{first}\n{answer}")
    others = " = ".join(name for name in servers if name != "naive")
    told_too = ", = naive for the first of them" if "naive" in servers else ""
    return f"{others} for {len(asked)} subjects{told_too}"


def _answer(said: Any, case: Case, name: str) -> Any:
    if name in ("limit", "lean"):
        found = said
    else:
        if said.get("errors") or not said.get("data"):
            raise RuntimeError(f"{case.title}: {name} answers {said}")
        (found,) = said["data"].values()
    if not isinstance(found, dict):
        raise RuntimeError(f"{case.title}: {name} finds nothing: {said}")
    for field in case.opened:
        if not found.pop(field):
            raise RuntimeError(f"{case.title}: {name} shows no {field}")
    if isinstance(info := found.get("pageInfo"), dict):
        info.pop("endCursor")
    return _counted(found, case)


def _counted(found: dict[str, Any], case: Case) -> dict[str, Any]:
    """The same answer, once it is known to be as large as the case says."""
    wanted = {"penalties": 10, "licenses": 5, "listings": 3, "ratings": 3, "nodes": 20}
    for name, count in wanted.items():
        if name in found:
            nodes = found[name] if name == "nodes" else found[name]["nodes"]
            if len(nodes) != count:
                raise RuntimeError(f"{case.title}: {len(nodes)} {name}, wanted {count}")
    return found
