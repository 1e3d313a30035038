"""The base of everything that holds key material."""

from typing import NoReturn, SupportsIndex


class Secret:
    """An object that never prints, logs, pickles, copies or compares.

    A secret leaves a process by accident: through ``repr`` in a log line, a pickle in a cache, an assertion message.
    ``repr`` shows only the class; the others raise ``TypeError``. Subclasses use ``__slots__`` so ``vars`` fails too.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """The class and nothing else."""
        return f"<{type(self).__name__}>"

    def __eq__(self, other: object) -> bool:
        """Refused: comparing secrets takes time that depends on them."""
        raise TypeError(f"{type(self).__name__} does not compare")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refused: serves pickle, ``copy`` and ``deepcopy``."""
        raise TypeError(f"{type(self).__name__} does not pickle or copy")
