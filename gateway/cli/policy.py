"""``gateway policy``: what people who answer for the policy ask before and after they change it. Needs no database."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from gateway.policy import compile, diff, files, invariants, lint, matrix
from gateway.policy.files import PolicyRefused
from gateway.settings import Settings

MOST = 5  # counterexamples shown of one invariant

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(verbs: _Verbs) -> None:
    """Add ``policy`` and its verbs to the command line."""
    root = verbs.add_parser("policy", help="check, show, prove and compare policies")
    inner = root.add_subparsers(dest="verb", required=True, metavar="VERB")
    checked = inner.add_parser("lint", help="name whatever is wrong or pointless in a policy, with file and line")
    shown = inner.add_parser("matrix", help="print who sees what")
    shown.add_argument("--form", choices=sorted(matrix.FORMS), default="md", help="default: md")
    proven = inner.add_parser("prove", help="check every invariant on every cell under every set of relations")
    for one in (checked, shown, proven):
        one.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="a policy (default: GATEWAY_POLICIES)")
    compared = inner.add_parser("diff", help="say what a change of the policy would show and hide")
    compared.add_argument("old", type=Path, metavar="OLD")
    compared.add_argument("new", type=Path, metavar="NEW")


def policy(settings: Settings, options: argparse.Namespace) -> int:
    """Run one verb."""
    return _VERBS[options.verb](settings, options)


def _folder(settings: Settings, options: argparse.Namespace) -> Path:
    found: Path = options.folder or settings.policies
    return found


def _lint(settings: Settings, options: argparse.Namespace) -> int:
    texts = files.texts_of(_folder(settings, options))
    found = lint.lint(texts)
    for fault in found:
        print(f"{':'.join(map(str, fault.path))}: {fault.rule}")
    print(f"{len(found)} findings in {len(texts)} files" if found else f"{len(texts)} files: nothing to complain of")
    return 1 if found else 0


def _matrix(settings: Settings, options: argparse.Namespace) -> int:
    folder = _folder(settings, options)
    table = matrix.parts(_text(folder / matrix.TABLE))
    sys.stdout.write(matrix.FORMS[options.form](compile.load(folder), table))
    return 0


def _prove(settings: Settings, options: argparse.Namespace) -> int:
    sources = files.read(_folder(settings, options))
    proofs = tuple(invariants.prove(sources.invariants, compile.columns(sources), MOST))
    for proof in proofs:
        print(f"{'holds ' if proof.holds else 'BROKEN'}  {proof.asked:>9,}  {proof.name}")
        for wrong in proof.counterexamples:
            print(f"{'':19}invariants.yaml:{proof.line}: {wrong}")
    broken = sum(not proof.holds for proof in proofs)
    asked = sum(proof.asked for proof in proofs)
    told = f"{broken} are broken" if broken else "all hold"
    print(f"policy {sources.version}: {len(proofs)} invariants, {asked:,} questions, {told}")
    return 1 if broken else 0


def _diff(settings: Settings, options: argparse.Namespace) -> int:
    old, new = (diff.remembered(files.texts_of(one)) for one in (options.old, options.new))
    found = diff.diff(old, new)
    for line in found.lines():
        print(line)
    told = f"{len(found.changes)} changes of what is seen, {len(found.actions)} of what may be done"
    signed = "; it widens personal data and needs two signatures" if found.personal else ""
    print(f"policy {old.version} -> {new.version}: {told}{signed}")
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise PolicyRefused(files.not_utf8(path.name)) from None


_VERBS: Mapping[str, Callable[[Settings, argparse.Namespace], int]] = MappingProxyType(
    {"lint": _lint, "matrix": _matrix, "prove": _prove, "diff": _diff}
)
