"""Variants of the shipped policy that load: what tests put in force in its place."""

from pathlib import Path

from gateway.policy import files
from gateway.policy.bundle import Bundle
from gateway.settings import SHIPPED_POLICIES

_CONTACT = "legal/*, subject.contact"


def shipped() -> Bundle:
    """As it lies in the repository."""
    return Bundle(files.texts_of(SHIPPED_POLICIES))


def remarked(remark: str = "a remark") -> Bundle:
    """Another version that decides the same."""
    texts = dict(shipped().texts)
    texts["roles/public.csv"] += f"# {remark}\n"
    return Bundle(texts)


def narrowed() -> Bundle:
    """Banks see no phone or e-mail of a legal person, whatever they bring."""
    return _contact("financial", f"p, financial, {_CONTACT}, *, *, deny", "WITHHELD")


def widened() -> Bundle:
    """The desk sees phone and e-mail of every legal person: sealed values."""
    return _contact("desk", f"p, desk, {_CONTACT}, show, always, allow", "CLEAR")


def broken() -> Bundle:
    """A line that is none."""
    texts = dict(shipped().texts)
    texts["roles/public.csv"] += "p, public, legal/*, fax, show, always, allow\n"
    return Bundle(texts)


def written(bundle: Bundle, folder: Path) -> Path:
    """The files of a bundle in a folder."""
    for file, text in bundle.texts.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, "utf-8")
    return folder


def _contact(role: str, line: str, level: str) -> Bundle:
    """The line about the contacts of legal persons in one role file, and the cases of its row, replaced."""
    texts = dict(shipped().texts)
    rules, cases = f"roles/{role}.csv", f"cases/{role}.yaml"
    (old,) = (one for one in texts[rules].splitlines() if f"p, {role}, {_CONTACT}," in one)
    texts[rules] = texts[rules].replace(old, line)
    kept = [one for one in texts[cases].splitlines() if "{row: 2," not in one]
    case = '- {{row: 2, coordinate: enterprise.phone, class: legal/ordinary, condition: "*", level: {}}}'
    texts[cases] = "\n".join([*kept, case.format(level)]) + "\n"
    return Bundle(texts)
