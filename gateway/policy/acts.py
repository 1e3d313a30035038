"""Whether a caller may perform an action: the part of step 3 that a token can decide."""

from gateway.errors import Fault, OperationError
from gateway.policy import words
from gateway.values import ActionName, Caller, Permit, Relation, Visibility

STEP_UP = 3


def permit(visibility: Visibility, action: ActionName, caller: Caller, path: tuple[str, ...]) -> Permit:
    """The permit that asks least and whose step-up, if it asks for one, is there.

    What is left of its condition (``self``, ``source``) is a question of rows, which the action itself puts, in its
    transaction. Raises OperationError.
    """
    for one in sorted(visibility.permits.get(action, ()), key=lambda one: one.condition.value):
        if caller.assurance >= STEP_UP or not words.relations(one.condition) & Relation.STEP_UP:
            return one
    raise OperationError(Fault(path, "prove who you are anew in this session"))
