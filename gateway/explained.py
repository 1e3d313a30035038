"""``explain``: what an operation would show its caller and why, from the policy alone. Nothing is read or opened."""

from gateway import reply
from gateway.errors import BadInput, Fault, GatewayError
from gateway.operation.operations import Operations
from gateway.policy.arms import ground_of
from gateway.policy.compile import Policy
from gateway.policy.explain import Change, Explanation, explain, explain_act
from gateway.schema.roles import RoleSchemas
from gateway.values import Caller, Explained, Root, Selection


def explained(
    operations: Operations, schemas: RoleSchemas, policy: Policy, caller: Caller, root: Root, asked: Explained
) -> bytes:
    """The JSON of one ``explain``. Raises BadInput with everything that is wrong with the operation to be explained."""
    schema = schemas.of(policy.visibility(caller.role))
    try:
        selection = operations.read(asked.query, asked.operation_name, asked.variables, caller.role.value, schema)
    except GatewayError as error:
        raise BadInput(*(_inside(root, fault) for fault in error.faults)) from None
    fields = [_typed(one) for one in explanations(policy, caller, selection)]
    return reply.shaped(root, {"__typename": "Explanation", "policyVersion": policy.version, "fields": fields})


def explanations(policy: Policy, caller: Caller, selection: Selection) -> list[Explanation]:
    """Every place of an operation, in document order."""
    shape = selection.shape
    found: list[Explanation] = []
    if shape.act is not None:
        found.append(explain_act(policy.visibility(caller.role), shape.act, ground_of(None, caller.assurance)))
    for root, arguments in zip(shape.roots, selection.roots, strict=True):
        filters = tuple(name for name, _ in arguments.filter)
        ground = ground_of(arguments.access, caller.assurance)
        found.extend(explain(policy, caller.role, root, ground, filters))
    return found


def told(item: Explanation) -> dict[str, object]:
    """One place as JSON."""
    return {
        **item._asdict(),
        "remedy": item.remedy and item.remedy._asdict(),
        "change": item.change and _change(item.change),
    }


def _change(change: Change) -> dict[str, object]:
    return {
        "role": change.role and change.role.name,
        "needs": [relation.name for relation in change.needs],
        "level": change.level,
        **change.text._asdict(),
    }


def _typed(item: Explanation) -> dict[str, object]:
    """The same with the names that GraphQL gives its types."""
    remedy = item.remedy and {"__typename": "Remedy", **item.remedy._asdict()}
    change = item.change and {"__typename": "Change", **_change(item.change)}
    return {"__typename": "ExplainedField", **told(item), "remedy": remedy, "change": change}


def _inside(root: Root, fault: Fault) -> Fault:
    """A fault of the operation that is to be explained, told as one of the argument it stands in."""
    place = f"{fault.locations[0][0]}:{fault.locations[0][1]}: " if fault.locations else ""
    within = fault.path if fault.path[:1] == ("variables",) else ("query", *fault.path)
    return Fault((root.key, *within), f"{place}{fault.rule}")
