"""``gateway explain``: what a persona would be shown by an operation, and why. Needs no database and no token."""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from gateway.errors import BadInput, Fault
from gateway.explained import explanations, told
from gateway.identity.development import PERSONAS, REGION, STEP_UP
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.policy.compile import Policy, load
from gateway.policy.explain import Explanation
from gateway.schema.build import build
from gateway.settings import Settings
from gateway.values import Access, ActionName, Caller, Matter, MatterKind, Purpose, Role, Selection

PUBLIC = "public"

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(verbs: _Verbs, personas: list[str]) -> None:
    """Add ``explain`` to the command line."""
    command = verbs.add_parser("explain", help="say what a persona would be shown, by which rule, and why")
    command.add_argument("query", metavar="QUERY", help="a document, or @FILE")
    names = [PUBLIC, *personas]
    command.add_argument("--as", dest="persona", required=True, choices=names, metavar="PERSONA", help=", ".join(names))
    command.add_argument("--step-up", action="store_true", help="proven anew for this session (assurance 3)")
    command.add_argument("--variables", metavar="JSON", help="the variables of the operation")
    command.add_argument("--operation", metavar="NAME", help="which operation of the document")
    command.add_argument(
        "--purpose", choices=[one.value for one in Purpose], metavar="P", help="on what ground, for all"
    )
    command.add_argument("--consent", metavar="C", help="a consent number")
    command.add_argument("--matter", metavar="KIND[:NUMBER[:BASIS]]", help="a matter, as SUPERVISION")
    command.add_argument("--chinese", action="store_true", help="say it in Chinese")
    command.add_argument("--json", action="store_true", help="print JSON, one place a line")


def explain(settings: Settings, options: argparse.Namespace) -> int:
    """Explain one operation. Coordinates that do not exist for the role are told as NEVER: here one may know."""
    policy = load(settings.policies)
    caller = _caller(options)
    everything = build(frozenset(), frozenset(ActionName))
    text = Path(options.query[1:]).read_text("utf-8") if options.query.startswith("@") else options.query
    asked = Operations(Limits(), 1).read(text, options.operation, _variables(options), "everything", everything)
    found = explanations(policy, caller, _on_ground(asked, options))
    for line in map(_as_json, found) if options.json else _told(policy, caller, found, options.chinese):
        print(line)
    return 0


def _caller(options: argparse.Namespace) -> Caller:
    who = next((one for one in PERSONAS if one.name == options.persona), None)
    if who is None:
        return Caller(Role.PUBLIC)
    assurance = STEP_UP if options.step_up else who.assurance
    return Caller(who.role, who.subject, who.client, who.department, REGION, assurance)


def _variables(options: argparse.Namespace) -> Mapping[str, object] | None:
    if options.variables is None:
        return None
    try:
        found = json.loads(options.variables)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadInput(Fault(("--variables",), "must be a JSON object"))
    return found


def _on_ground(asked: Selection, options: argparse.Namespace) -> Selection:
    """The ground of the options, if they name one, in place of what the operation says."""
    if options.purpose is None and options.consent is None and options.matter is None:
        return asked
    matter = None
    if options.matter is not None:
        kind, number, basis = (*options.matter.split(":", 2), "", "")[:3]
        if kind not in MatterKind.__members__:
            raise BadInput(Fault(("--matter",), f"the kind is one of {', '.join(MatterKind.__members__)}"))
        matter = Matter(number, MatterKind(kind), basis)
    usual = Purpose.PUBLIC_DUTY if matter else Purpose.LOAN_APPROVAL if options.consent else Purpose.PUBLIC_INQUIRY
    access = Access(Purpose(options.purpose) if options.purpose else usual, options.consent, matter)
    return asked._replace(roots=tuple(root._replace(access=access) for root in asked.roots))


def _told(policy: Policy, caller: Caller, found: Iterable[Explanation], chinese: bool) -> Iterator[str]:
    yield f"policy {policy.version}, as {caller.role.value}"
    for one in found:
        some = " (some rows)" if one.rows == "SOME" else ""
        yield f"{'.'.join(one.path)}: {one.level}{some} {one.coordinate} by {one.rule or 'no rule'}"
        if one.reason is not None:
            remedy = "" if one.remedy is None else f": {one.remedy.zh if chinese else one.remedy.en}"
            yield f"    {one.reason}{remedy}"
            change = one.change
            more = "nothing would show more" if change is None else change.text.zh if chinese else change.text.en
            yield f"    -> {more}"


def _as_json(one: Explanation) -> str:
    return json.dumps(told(one), ensure_ascii=False)
