"""A bundle: the files of a policy, and who signed for it. What must be signed before it may come into force.

The administrators' keys are vkeys, one a line, in the file of GATEWAY_POLICY_SIGNERS. They sign a note (C2SP
signed-note) that names the bundle *and the one it replaces*: what was signed once cannot be put back over another.
Every bundle needs one of these signatures, one that widens personal data needs two. Where no signers are listed, as in
the demonstration, nothing is signed and nothing that widens personal data can be published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Fault
from gateway.policy import files
from gateway.policy.compile import Policy
from gateway.policy.diff import NOTHING, Diff, diff, remembered
from gateway.policy.files import PolicyRefused
from gateway.signing import MARK, NoteInvalid, NoteSigner, NoteVerifier

NOTE = "bundle.note"  # stands beside the files, and is none of them
NONE = "none"  # what the first bundle replaces
_HEAD = "credit-gateway policy bundle"
_MOST_TOLD = 20  # changes named in a refusal


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of a policy by path, and its note if it has one."""

    texts: Mapping[str, str]
    note: str | None = None

    @property
    def version(self) -> str:
        """12 hex digits, as the policy that it holds."""
        return files.version_of(self.texts)


def read(directory: Path) -> Bundle:
    """The bundle in a folder. Raises PolicyRefused."""
    note = files.text_of(directory / NOTE) if (directory / NOTE).exists() else None
    return Bundle(files.texts_of(directory), note)


def statement(bundle: Bundle, replaces: Bundle | None) -> str:
    """What is signed: this bundle, in place of that one."""
    before = NONE if replaces is None else files.digest(replaces.texts)
    return f"{_HEAD}\n{files.digest(bundle.texts)}\nreplaces {before}\n"


def sign(bundle: Bundle, replaces: Bundle | None, signer: NoteSigner) -> str:
    """The bundle's note with one more signature; signatures of another replacement are dropped. Raises NoteInvalid."""
    text = statement(bundle, replaces)
    note = signer.sign(text)
    if bundle.note is None or not bundle.note.startswith(f"{text}\n"):
        return note
    lines = bundle.note[len(text) + 1 :].splitlines(keepends=True)
    return note + "".join(line for line in lines if not line.startswith(f"{MARK}{signer.name} "))


def signers_of(path: Path | None) -> tuple[NoteVerifier, ...]:
    """The administrators who may sign: vkeys, one a line; ``#`` begins a remark. Raises PolicyRefused."""
    if path is None:
        return ()
    found: dict[str, NoteVerifier] = {}
    faults: list[Fault] = []
    for number, line in enumerate(files.text_of(path).splitlines(), start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            one = NoteVerifier.parse(text)
        except NoteInvalid as error:
            faults.append(Fault((path.name, number), f"is no vkey: {error}"))
            continue
        if one.name in found or any(one.public == other.public for other in found.values()):
            faults.append(Fault((path.name, number), "a name and a key stand here once: two signatures, two people"))
        found[one.name] = one
    if len(found) < 2:
        faults.append(Fault((path.name, 1), "at least two administrators must be listed"))
    if faults:
        raise PolicyRefused(*faults)
    return tuple(found.values())


def signed_by(bundle: Bundle, replaces: Bundle | None, signers: tuple[NoteVerifier, ...]) -> tuple[str, ...]:
    """Who of the listed administrators signed this bundle in place of that one."""
    found: list[str] = []
    for one in signers:
        try:
            text = one.verify(bundle.note or "")
        except NoteInvalid:
            continue
        if text == statement(bundle, replaces):
            found.append(one.name)
    return tuple(found)


def check(policy: Policy, bundle: Bundle, replaces: Bundle | None, signers: tuple[NoteVerifier, ...]) -> None:
    """Whether a bundle, whose policy this is, may come into force in place of ``replaces``. Raises PolicyRefused."""
    by = signed_by(bundle, replaces, signers)
    widened = _changes(policy, replaces).personal
    if signers and not by:
        raise PolicyRefused(Fault((NOTE, 1), f"no listed administrator has signed this, {_statement_told(replaces)}"))
    if widened and len(by) < 2:
        told = [Fault((NOTE, 1), str(one)) for one in widened[:_MOST_TOLD]]
        why = f"two signatures are needed and {len(by)} {'is' if len(by) == 1 else 'are'} there"
        if not signers:
            why = "two administrators must sign, and none are listed (GATEWAY_POLICY_SIGNERS)"
        raise PolicyRefused(Fault((NOTE, 1), f"personal data would be widened: {why}"), *told)


def _changes(policy: Policy, replaces: Bundle | None) -> Diff:
    """What changes; of the first bundle everything it shows."""
    return diff(NOTHING if replaces is None else remembered(replaces.texts), policy)


def _statement_told(replaces: Bundle | None) -> str:
    return "as the first one" if replaces is None else f"in place of {replaces.version}"
