"""The golden cases: folders with a query and a caller, and everything the pipeline made of them.

``query.graphql`` and ``caller.json`` are written by hand. ``decision.json`` (step 3), ``statement.sql`` (step 4),
``reply.json`` (what was sent) and ``entry.json`` (what was written down) are what the gateway made of them, in a form
to read; ``python -m tests.golden.renew`` writes them anew.
"""

import asyncio
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.errors import GatewayError
from gateway.identity.development import PERSONAS, STEP_UP, Persona
from gateway.plan.make import NOTHING
from gateway.policy.arms import ground_of
from gateway.prepared import Prepared
from gateway.values import Decision, FieldDecision, Role, RootName, Visibility
from tests.harness import PUBLIC, House, without_receipt

FOLDER = Path(__file__).parent
GIVEN = ("query.graphql", "caller.json")
MADE = ("decision.json", "statement.sql", "reply.json", "entry.json")
DOCUMENT = "license "  # a variable that begins so stands for the id of the license with this number
EXPLAINED = "explain.txt"  # of cases that read; see ``explain``
CHANGING = "…"  # stands for what is different in every run or in every version of the policy


@dataclass(frozen=True, slots=True)
class Case:
    """One folder: who asks what."""

    folder: Path

    @property
    def query(self) -> str:
        """The document."""
        return (self.folder / "query.graphql").read_text()

    @property
    def caller(self) -> dict[str, Any]:
        """Persona, variables, whether proven anew."""
        found: dict[str, Any] = orjson.loads((self.folder / "caller.json").read_bytes())
        return found

    async def made(self, house: House) -> dict[str, str]:
        """Everything the gateway makes of it: file name → text."""
        caller = self.caller
        for name, value in (caller["variables"] or {}).items():
            if isinstance(value, str) and value.startswith(DOCUMENT):
                caller["variables"][name] = await _record_id(house, value.removeprefix(DOCUMENT))
        with _statements(house) as said:
            status, body = await house.ask(
                caller["persona"], self.query, caller["variables"], step_up=caller["step_up"]
            )
        (entry,) = await house.entries(1)
        entry |= {"request": CHANGING, "policy": CHANGING, "who": entry["who"] | {"token": CHANGING}}
        prepared = list(self._prepared(house))
        return {
            "decision.json": _json({key: _decision(one.decision) for key, one in prepared} | self._permits(house)),
            "statement.sql": "\n".join(_statement(key, one) for key, one in prepared) or _written(said),
            "reply.json": _json({"status": status, "body": without_receipt(body)}),
            "entry.json": _json(entry),
        }

    def plans(self, house: House) -> list[tuple[str, Prepared]]:
        """Its roots and their plans; none for a mutation, or for what is refused."""
        return [(key, one) for key, one in self._prepared(house) if one.plan.statement.name != NOTHING.statement.name]

    def _permits(self, house: House) -> dict[str, object]:
        """What the role may do by the mutation that is asked, if one is."""
        visibility, _ = _visibility(house, self.caller["persona"])
        asked = [
            (action, permits) for action, permits in visibility.permits.items() if f"{action.value}(" in self.query
        ]
        return {action.value: [f"{one.condition.name} by {one.rule}" for one in permits] for action, permits in asked}

    def _prepared(self, house: House) -> Iterator[tuple[str, Prepared]]:
        """Steps 2 to 4 again, for each root; nothing if step 2 refuses."""
        gateway, caller = house.gateway, self.caller
        visibility, persona = _visibility(house, caller["persona"])
        assurance = 0 if persona is None else STEP_UP if caller["step_up"] else persona.assurance
        try:
            schema = gateway.schemas.of(visibility)
            asked = gateway.operations.read(self.query, None, caller["variables"], visibility.role.value, schema)
        except GatewayError:
            return
        paged = frozenset(slot for slot, page in enumerate(asked.paging) if page.after is not None)
        for at, (root, arguments) in enumerate(zip(asked.shape.roots, asked.roots, strict=True)):
            if root.name in (RootName.VIEWER, RootName.EXPLAIN, RootName.RECEIPT):
                continue
            reader = "principal " if persona is None else f"client {persona.client}"
            named = None if arguments.node is None else house.vault.read_node_id(arguments.node, reader)
            target = None if named is None else KINDS[named[0]]
            ground = ground_of(arguments.access, assurance)
            filters = tuple(name for name, _ in arguments.filter)
            yield root.key, gateway.preparations.get(asked.shape, at, visibility, ground, target, paged, filters)


@contextmanager
def _statements(house: House) -> Iterator[list[str]]:
    """The statements of mutations that run meanwhile, as they are sent: every value is a parameter.

    What the gateway does beside the requests, as looking once a second which policy is in force, is none of them.
    """
    said: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if asyncio.current_task() not in house.running.tasks:
                said.append(record.getMessage())

    logger, listening = logging.getLogger("gateway.store.sessions"), Listening()
    level = logger.level
    logger.addHandler(listening)
    logger.setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        logger.removeHandler(listening)
        logger.setLevel(level)


def _written(statements: list[str]) -> str:
    return "\n".join(f"{_laid_out(one)};\n" for one in statements)


def cases() -> list[Case]:
    """Every case, by name."""
    return [Case(path.parent) for path in sorted(FOLDER.glob("*/query.graphql"))]


async def _record_id(house: House, document: str) -> str:
    ((number,),) = await house.sql("SELECT id FROM license WHERE document_number = %s", document)
    return house.vault.node_id(KINDS.index(BY_NAME["license"]), int(number), False, "")


def _visibility(house: House, name: str) -> tuple[Visibility, Persona | None]:
    persona = None if name == PUBLIC else next(one for one in PERSONAS if one.name == name)
    return house.gateway.policies.current.visibility(Role.PUBLIC if persona is None else persona.role), persona


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode() + "\n"


def _decision(decision: Decision) -> dict[str, object]:
    """Path and kind → which rows, and of each field which level where; every rule is named."""
    kinds: dict[str, object] = {}
    for (path, name), decided in decision.kinds.items():
        kinds[f"{'.'.join(path)} ({name})"] = {
            "rows": [f"{arm.row_class}: {arm.condition.name} by {arm.rule}" for arm in decided.arms],
            "fields": {".".join(below): _field(one) for below, one in decided.fields.items()},
        }
    return {"kinds": kinds, "redactions": len(decision.redactions)}


def _field(decided: FieldDecision) -> dict[str, object]:
    return {
        row_class: [f"{grant.level.value} {grant.condition.name} by {grant.rule}" for grant in grants] or "WITHHELD"
        for row_class, grants in decided.cells.items()
    }


def _statement(key: str, prepared: Prepared) -> str:
    plan = prepared.plan
    parameters = ", ".join(f"${at} {name}" for at, name in enumerate(plan.parameters, 1))
    opened = ", ".join(".".join(pair) for pair in plan.openable) or "nothing"
    return f"-- {key}: {parameters}\n-- may open: {opened}\n{_laid_out(plan.statement.sql)}\n"


_BREAK = re.compile(
    r"('(?:[^']|'')*')|(\bCASE\b)|(\bEND\b)|\b(SELECT|FROM|WHERE|ORDER BY|LIMIT|WHEN|ELSE|JOIN)\b|([()])"
)


def _laid_out(sql: str) -> str:
    """One clause a line, indented by sub-select; markers show as ¤, those of rows as §. For reading only."""
    text = re.sub(r"\s+", " ", sql.replace("\x01", "¤").replace("\x02", "§"))
    depth, opened, out = 0, [], ""
    at = 0
    for match in _BREAK.finditer(text):
        out += text[at : match.start()]
        at = match.end()
        quoted, case, end, clause, bracket = match.groups()
        if quoted:
            out += quoted
        elif bracket == "(":
            deeper = text.startswith("SELECT", at)
            opened.append(deeper)
            depth += deeper
            out += "("
        elif bracket == ")":
            depth -= opened.pop()
            out += ")"
        elif case:
            depth += 1
            out += "CASE"
        elif end:
            depth -= 1
            out += "END"
        elif clause:
            out = out.rstrip() + ("\n" + "  " * depth if out else "") + clause
    return out + text[at:]
