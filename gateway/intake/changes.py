"""What a new version of a record means to others: open cases about it, and guards that were lifted for it.

While a case is open the mark stays and the clock runs; that the source has changed the record is an event of the file,
and who read either version is told. A refused value that its source certifies anew comes back once: subject and
recipients are told, and the guard holds again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.catalogue.fields import Kind
from gateway.clock import statutory_day
from gateway.intake.subjects import Found
from gateway.store.core import Connection
from gateway.store.intake_tables import WHOLE
from gateway.vault.rows import Value, guard_of
from gateway.vault.vault import Vault

STEP = "UPSTREAM_CHANGE"


class Changes:
    """For some records of one kind, in the transaction of a file."""

    def __init__(self, connection: Connection, vault: Vault, kind: Kind, now: datetime, ids: Sequence[int]) -> None:
        self._connection = connection
        self._vault = vault
        self._kind = kind
        self._now = now
        self._cases = self._open(list(ids))
        self._lifted = self._guards(list(ids))

    def certified(self, record: int) -> bool:
        """Whether the source answers anew for a record that is no longer disclosed."""
        return (record, WHOLE) in self._lifted

    def note(self, subject: Found, record: int, version: int, item: Mapping[str, Value]) -> None:
        """A new version of a record was written; ``version`` is the one before it, ``item`` what the new one says."""
        back = [
            name for (one, name), values in self._lifted.items() if one == record and self._same(name, item, values)
        ]
        if back:
            self._connection.execute(
                "UPDATE correction_guard SET lifted_at = NULL WHERE kind = %s AND record_id = %s AND field = ANY(%s)",
                (self._kind.name, record, back),
            )
            fields = None if WHOLE in back else sorted(back)  # None: all of it
            self._tell(subject, record, version, "BROUGHT_BACK", None, fields)
        for case in self._cases.get(record, ()):
            self._event(case)
            self._tell(subject, record, version, "UPSTREAM_CHANGED", case)
            self._tell(subject, record, version + 1, "UPSTREAM_CHANGED", case)

    def _same(self, name: str, item: Mapping[str, Value], values: set[bytes]) -> bool:
        if name == WHOLE:
            return True
        return item.get(name) is None or guard_of(self._vault, self._kind.name, name, item[name]) in values

    def _event(self, case: int) -> None:
        self._connection.execute('SELECT 1 FROM "case" WHERE id = %s FOR UPDATE', (case,))
        self._connection.execute(
            "INSERT INTO case_event (case_id, number, at, step, state, principal, note) SELECT c.id, 1 + coalesce("
            "(SELECT max(number) FROM case_event WHERE case_id = c.id), 0), %s, %s, c.state, '', "
            "'the source has changed the record' FROM \"case\" AS c WHERE c.id = %s",
            (self._now, STEP, case),
        )
        told = f"{statutory_day(self._now).isoformat()} {STEP}"
        self._connection.execute(
            'UPDATE "case" SET history = array_append(history, %s), version = version + 1 WHERE id = %s', (told, case)
        )

    def _tell(
        self,
        subject: Found,
        record: int,
        version: int,
        what: str,
        case: int | None,
        fields: list[str] | None = None,
    ) -> None:
        self._connection.execute(
            "INSERT INTO record_change (id, subject_id, subject_class, record_kind, record_id, version, what, case_id, "
            "at, fields) VALUES (nextval('record_ids'), %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (subject.id, subject.subject_class.value, self._kind.name, record, version, what, case, self._now, fields),
        )

    def _open(self, ids: list[int]) -> dict[int, list[int]]:
        """Record -> its open cases."""
        found: dict[int, list[int]] = {}
        if ids:
            rows = self._connection.execute(
                'SELECT record_id, id FROM "case" WHERE record_id = ANY(%s) AND record_kind = %s AND closed_at IS NULL',
                (ids, self._kind.name),
            ).fetchall()
            for record, case in rows:
                assert isinstance(record, int) and isinstance(case, int)
                found.setdefault(record, []).append(case)
        return found

    def _guards(self, ids: list[int]) -> dict[tuple[int, str], set[bytes]]:
        """Record and field -> the values that may come back."""
        found: dict[tuple[int, str], set[bytes]] = {}
        if ids:
            rows = self._connection.execute(
                "SELECT record_id, field, value_index FROM correction_guard "
                "WHERE kind = %s AND record_id = ANY(%s) AND lifted_at IS NOT NULL "
                "AND certificate IS NOT NULL",  # what a decision has lifted does not hold again
                (self._kind.name, ids),
            ).fetchall()
            for record, name, value in rows:
                assert isinstance(record, int) and isinstance(value, bytes)
                found.setdefault((record, str(name)), set()).add(value)
        return found
