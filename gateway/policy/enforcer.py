"""Casbin, with its matcher compiled once: Casbin's policy, role links and effector decide; only the parsing is kept.

A plain ``Enforcer`` interprets the matcher anew for every rule of every call (7-27 ms a call with a policy of this
size). The matcher is checked node by node before it is compiled, so a policy file cannot run code.
"""

import ast
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import casbin
from casbin.effect import AllowAndDenyEffector, Effector, effect_to_bool
from casbin.persist import Adapter
from casbin.util import generate_g_function

from gateway.policy import words
from gateway.policy.files import Member, Rule

_ALLOWED = (
    ast.Expression,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.Compare,
    ast.Eq,
    ast.NotEq,
    ast.Name,
    ast.Load,
    ast.Call,
    ast.Constant,
)
_REQUEST = ("r_role", "r_class", "r_object", "r_act", "r_condition")
_LINE = ("p_role", "p_class", "p_object", "p_act", "p_condition", "p_eft")


class ModelRefused(ValueError):
    """``model.conf`` is not the model these policies are written for; the text says where."""


class Compiled:
    """A matcher as Casbin asks for it: ``eval(parameters)`` says whether one rule matches the request."""

    def __init__(self, text: str, functions: Mapping[str, Callable[..., bool]], tokens: tuple[str, ...]) -> None:
        """``tokens`` name what the matcher looks at (``r_role``, ..., ``p_eft``), in the order ``match`` takes them."""
        python = re.sub(r"!(?!=)", " not ", text.replace("&&", " and ").replace("||", " or ")).strip()
        _check(python, frozenset(functions), frozenset(tokens))
        made = eval(f"lambda {', '.join(tokens)}: {python}", {"__builtins__": {}, **functions})
        self.match: Callable[..., bool] = made

    def eval(self, parameters: dict[str, str]) -> bool:
        """Whether the request and rule in ``parameters`` match."""
        return bool(self.match(**parameters))


def _check(python: str, functions: frozenset[str], tokens: frozenset[str]) -> None:
    for node in ast.walk(ast.parse(python, "<matcher>", "eval")):
        if not isinstance(node, _ALLOWED):
            raise ModelRefused(f"the matcher may not hold {type(node).__name__}")
        if isinstance(node, ast.Name) and node.id not in functions | tokens:
            raise ModelRefused(f"the matcher names the unknown {node.id}")
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in functions):
            raise ModelRefused("the matcher calls what is not a function")


class _Lines(Adapter):  # type: ignore[misc]  # casbin ships no types, so its Adapter is Any to mypy; it calls load_policy of its own subclasses only
    """Feeds parsed lines to Casbin, and the coordinate groups of the catalogue as ``g2``."""

    def __init__(self, rules: Iterable[Rule], members: Iterable[Member]) -> None:
        self._rules = tuple(rules)
        self._members = tuple(members)

    def load_policy(self, model: casbin.Model) -> None:
        """Called by Casbin once, while the enforcer is built."""
        model["p"]["p"].policy.extend(list(rule.values) for rule in self._rules)
        model["g"]["g"].policy.extend([member.role, member.group] for member in self._members)
        model["g"]["g2"].policy.extend([name, group] for name, group in words.GROUP_OF.items() if name != group)


class Enforcer(casbin.Enforcer):  # type: ignore[misc]  # casbin ships no types, so it is Any to mypy; only a subclass can keep the compiled matcher (7 ms a call)
    """Casbin's Enforcer over parsed lines; built once, never reloaded: a new policy is a new Enforcer."""

    def __init__(self, model: str, rules: Iterable[Rule], members: Iterable[Member]) -> None:
        """Raises ModelRefused for another model, or a matcher that does more than compare."""
        self._kept: dict[str, Compiled] = {}
        quiet()
        super().__init__(casbin.Enforcer.new_model(text=model), _Lines(rules, members))
        tokens = (tuple(self.model["r"]["r"].tokens), tuple(self.model["p"]["p"].tokens))
        if tokens != (_REQUEST, _LINE) or not isinstance(self.eft, AllowAndDenyEffector):
            raise ModelRefused("request, policy line or effect differ; a deny must always win")
        self.add_function("classMatch", words.class_match)
        # `enforce` warns of every denial and names who asked. A logger outside the tree has no handler, whatever a
        # later logging configuration switches on again.
        self.logger = logging.Logger("casbin.silent", logging.CRITICAL + 1)
        links = {name: generate_g_function(assertion.rm) for name, assertion in self.model["g"].items()}
        self._matcher = self._get_expression(self.model["m"]["m"].value, {**self.fm.get_functions(), **links})

    def _get_expression(self, expr: str, functions: Mapping[str, Callable[..., bool]]) -> Compiled:
        if expr not in self._kept:
            self._kept[expr] = Compiled(expr, functions, (*_REQUEST, *_LINE))
        return self._kept[expr]

    def allows(self, *request: str) -> bool:
        """Casbin's answer to one request (role, class, coordinate, act, condition): its own ``enforce``."""
        return bool(self.enforce(*request))

    def decides(self, *request: str, lines: Iterable[Sequence[str]] | None = None) -> bool:
        """The same, in a loop without Casbin's bookkeeping: Casbin's lines, links and effector, a sixth of the time.

        ``lines``: those that can match at all, where that is known; most speak of something else.
        """
        match, effects = self._matcher.match, set[int]()
        for line in self.model["p"]["p"].policy if lines is None else lines:
            if match(*request, *line):
                effects.add(Effector.ALLOW if line[-1] == "allow" else Effector.DENY)
                if self.eft.intermediate_effect(effects) != Effector.INDETERMINATE:
                    break
        return bool(effect_to_bool(self.eft.final_effect(effects)))


def quiet() -> None:
    """Keep Casbin's loggers from printing the policy and its denials."""
    logging.getLogger("casbin").setLevel(logging.CRITICAL + 1)
