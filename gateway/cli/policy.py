"""``gateway policy``: what people who answer for a policy ask before they change it, and how it comes into force."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from gateway.assemble import migrated
from gateway.bundles import Standing, differences, publish, standing
from gateway.cli.traffic import Touched, touched
from gateway.clock import SystemClock, SystemRandom
from gateway.policy import bundle, compile, diff, files, invariants, lint, matrix
from gateway.settings import Settings
from gateway.signing import load_or_create
from gateway.store.sessions import Session, Sessions

MOST = 5  # counterexamples shown of one invariant

_T = TypeVar("_T")
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
    signed = inner.add_parser("sign", help="sign a policy as an administrator; the signature is kept beside it")
    signed.add_argument("folder", type=Path, metavar="DIR")
    signed.add_argument("--name", required=True, help="the administrator's name, as on the list of signers")
    signed.add_argument("--key", required=True, type=Path, metavar="FILE", help="the private key; made on first use")
    signed.add_argument("--replaces", metavar="OLD", type=Path, help="the policy in force (default: none yet)")
    published = inner.add_parser("publish", help="put a policy in force in every process")
    published.add_argument("folder", type=Path, metavar="DIR")
    published.add_argument("--shadow", action="store_true", help="beside the one in force: counted, nothing enforced")
    inner.add_parser("status", help="say what is in force, and what the candidate would have decided otherwise")
    compared = inner.add_parser("diff", help="say what a change of the policy would show and hide")
    compared.add_argument("old", type=Path, metavar="OLD")
    compared.add_argument("new", type=Path, metavar="NEW")
    compared.add_argument("--traffic", type=int, metavar="DAYS", help="and whose requests of the last days it touches")


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
    table = matrix.parts(files.text_of(folder / matrix.TABLE))
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
    if options.traffic is not None:
        for one in _touched(settings, found, options.traffic):
            print(one)
    told = f"{len(found.changes)} changes of what is seen, {len(found.actions)} of what may be done"
    signed = "; it widens personal data and needs two signatures" if found.personal else ""
    print(f"policy {old.version} -> {new.version}: {told}{signed}")
    return 0


def _sign(settings: Settings, options: argparse.Namespace) -> int:
    made, replaces = bundle.read(options.folder), None if options.replaces is None else bundle.read(options.replaces)
    signer = load_or_create(options.key, options.name, SystemRandom().bytes)
    if replaces is not None:
        found = diff.diff(diff.remembered(replaces.texts), diff.remembered(made.texts))
        for line in found.lines():
            print(line)
    (options.folder / bundle.NOTE).write_text(bundle.sign(made, replaces, signer), "utf-8")
    before = "as the first one" if replaces is None else f"in place of {replaces.version}"
    print(f"{options.name} signed {made.version}, {before}: {options.folder / bundle.NOTE}")
    print(f"the public key, for the list of signers: {signer.vkey}")
    return 0


def _publish(settings: Settings, options: argparse.Namespace) -> int:
    made, signers = bundle.read(options.folder), bundle.signers_of(settings.policy_signers)

    async def act(session: Session) -> int:
        return await publish(session, made, signers, SystemClock().now(), shadow=options.shadow)

    number = _in_session(settings, act)
    where = "stands beside the one in force" if options.shadow else "is in force"
    print(f"policy {made.version} {where} (number {number})")
    return 0


def _status(settings: Settings, options: argparse.Namespace) -> int:
    async def act(session: Session) -> tuple[Standing, list[tuple[object, ...]]]:
        return await standing(session), await differences(session)

    now, counted = _in_session(settings, act)
    if now.live is None:
        print("no policy is in force: the first process that starts puts its own there")
        return 0
    print(f"policy {now.live.version} is in force (number {now.live.number})")
    if now.shadow is not None:
        print(f"candidate {now.shadow.version} stands beside it (number {now.shadow.number})")
        for version, role, coordinate, row_class, live, candidate, requests in counted:
            if version == now.shadow.version:
                print(f"  {requests:>9,}  {role}: {coordinate} in {row_class}: {live} -> {candidate}")
    return 0


def _touched(settings: Settings, found: diff.Diff, days: int) -> tuple[Touched, ...]:
    with migrated(settings) as connections:
        return touched(connections.log, found, SystemClock().now(), days)


def _in_session(settings: Settings, act: Callable[[Session], Awaitable[_T]]) -> _T:
    """Run one transaction on the database that the settings name."""

    async def run(conninfo: str) -> _T:
        sessions = await Sessions.open(conninfo, size=1)
        try:
            async with sessions.begin() as session:
                return await act(session)
        finally:
            await sessions.close()

    with migrated(settings) as connections:
        return asyncio.run(run(connections.writer))


_VERBS: Mapping[str, Callable[[Settings, argparse.Namespace], int]] = MappingProxyType(
    {
        "lint": _lint,
        "matrix": _matrix,
        "prove": _prove,
        "diff": _diff,
        "sign": _sign,
        "publish": _publish,
        "status": _status,
    }
)
