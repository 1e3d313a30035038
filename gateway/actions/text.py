"""Texts that somebody writes: composed, stripped, their line ends line feeds, bounded."""

import unicodedata

from gateway.actions.model import Given, Path
from gateway.errors import Fault

CLAIM_LENGTH = 5_000
OPAQUE_LENGTH = 512  # ids


def written(given: Given, name: str, length: int, path: Path, faults: list[Fault]) -> str:
    """A text that must say something. Line ends become line feeds before it is measured."""
    lines = str(given[name]).replace("\r\n", "\n").replace("\r", "\n")
    text = unicodedata.normalize("NFC", lines).strip()
    if not text:
        faults.append(Fault((*path, name), "must not be empty"))
    return bounded(text, name, length, path, faults)


def bounded(text: str, name: str, length: int, path: Path, faults: list[Fault]) -> str:
    """A text that must not be longer."""
    if len(text) > length:
        faults.append(Fault((*path, name), f"is longer than {length} characters"))
    return text
