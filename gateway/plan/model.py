"""What step 4 hands on: a statement, where its parameters come from, and how to read the markers in its result."""

from dataclasses import dataclass

from gateway.values import KindDecision, Relation, Statement


@dataclass(frozen=True, slots=True)
class Node:
    """One position in the answer where rows of a kind stand; markers name it by its index."""

    path: tuple[str, ...]
    kind: str
    of_subject: bool  # the rows are subjects themselves
    decision: KindDecision


@dataclass(frozen=True, slots=True)
class Plan:
    """One root field, ready to run.

    ``parameters`` names the value of $1…$n (see ``bind``). ``openable`` is what markers may ask the vault to open:
    (kind, column) pairs that are CLEAR for some row of this plan. ``relations`` are all that the statement looks at.
    """

    statement: Statement
    parameters: tuple[str, ...]
    nodes: tuple[Node, ...]
    openable: tuple[tuple[str, str], ...]
    relations: Relation
    logged: bool = False  # its rows are made from the log, and are read by the log's role
