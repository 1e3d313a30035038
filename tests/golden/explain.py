"""How PostgreSQL runs the statements of the golden cases, on tables large enough that it means it.

``explain.txt`` of each case holds the shape of the generic plan, which is what lanes run: nodes and indexes, without
conditions and costs. No large table may be read from end to end.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import TypeAlias

import psycopg

from gateway.catalogue.fields import Owner
from gateway.catalogue.kinds import KINDS
from gateway.intake.load import generate
from gateway.prepared import Prepared
from gateway.store.database import Connections
from gateway.vault.vault import Vault

SUBJECTS, RECORDS = 12_000, 26_000
TODAY = date(2026, 11, 23)
# What grows with the city; departments, consumers, scopes and schemes do not.
LARGE = ("subject_key", *(kind.name for kind in KINDS if kind.owner is not Owner.NONE))
# Withdrawals; a consent and a mandate for every subject, a case for every penalty; three years of figures.
TIES = (
    "UPDATE penalty SET status = 'WITHDRAWN' WHERE id % 3 = 0",
    "INSERT INTO consent (subject_id, id, subject_class, provider, batch, number, consumer, purposes, kinds, single, "
    "assurance, given_at, valid_from, valid_until) SELECT subject_id, nextval('record_ids'), 'person', 'CREDIT', '', "
    "'C' || subject_id, 'bank-demo', '{LOAN_APPROVAL}', '{penalty}', false, 'A', now(), now(), now() FROM subject_key",
    "INSERT INTO mandate (id, subject_class, provider, batch, recorded_by, recorded_on, scope, principal, agent, "
    "subject_id, basis, valid_from) SELECT nextval('record_ids'), 'person', 'CREDIT', '', 'PLATFORM', '2020-01-01', "
    "'{READ}', 'P' || subject_id, 'P' || subject_id, subject_id, 'MANDATE', now() FROM subject_key",
    'INSERT INTO "case" (subject_id, id, subject_class, provider, batch, kind, state, filed_at, filed_on, deadline_on, '
    "deadline_provisional, rule, rule_version, calendar, department, filer, record_kind, record_id) "
    "SELECT subject_id, nextval('record_ids'), subject_class, provider, 'x', 'OBJECTION', 'ROUTED', now(), decided_on, "
    "decided_on, false, 'complaint', 1, 1, code, 'F' || id, 'penalty', id FROM penalty "
    "JOIN (SELECT code, row_number() OVER () AS at FROM department) AS d ON d.at = penalty.id % 25 + 1",
    "INSERT INTO figure (subject_id, id, subject_class, provider, batch, month, record_kind, records) "
    "SELECT 0, nextval('record_ids'), CASE n % 10 WHEN 0 THEN 'person' ELSE 'legal' END, 'CREDIT', 'x', "
    "to_char(date '2024-01-01' + n / 1000 * 31, 'YYYY-MM'), 'license', n FROM generate_series(0, 35999) AS n",
    "INSERT INTO access (subject_id, id, subject_class, provider, batch, minor, origin, index, at, day, institution, "
    "subject, shard, number, month) SELECT n % 5000, n, 'legal', 'CREDIT', '', false, 'o', n::text, "
    "timestamptz '2026-01-01 00:00Z' + n * interval '1 minute', '2026-01-01', 'bank-' || n % 50, "
    "lpad(to_hex(n % 5000), 32, '0'), n % 4, n, '2026-10-01' FROM generate_series(0, 39999) AS n",
    "INSERT INTO log_entry SELECT n % 4, n, '{}', '', sha256(n::text::bytea), NULL, '2026-10-01' "
    "FROM generate_series(0, 39999) AS n",
)
_SEQUENTIAL = re.compile(r'Seq Scan on "?(\w+)"?')


Readers: TypeAlias = tuple[psycopg.Connection[tuple[str]], psycopg.Connection[tuple[str]]]  # of catalogue and log


def fill(connections: Connections, vault: Vault) -> None:
    """Invented rows, counted by ANALYZE; every row is looked at, so that the plans are the same each time."""
    with psycopg.connect(connections.writer) as writer:
        generate(writer, vault, SUBJECTS, RECORDS, 5, TODAY, lambda done, whole: None)
    with psycopg.connect(connections.owner, autocommit=True) as owner:
        for statement in TIES:
            owner.execute(statement.encode())
        owner.execute("SET default_statistics_target = 1000")
        owner.execute("VACUUM ANALYZE")


def shape(readers: Readers, prepared: list[tuple[str, Prepared]]) -> str:
    """The shapes of the statements of one case, as a text; each is run by the role that runs it."""
    return "".join(f"-- {key}\n{chr(10).join(_plan(readers[one.plan.logged], one))}\n" for key, one in prepared)


def _plan(reader: psycopg.Connection[tuple[str]], prepared: Prepared) -> Iterator[str]:
    asked = f"EXPLAIN (GENERIC_PLAN, COSTS OFF) {prepared.plan.statement.sql}"
    for (line,) in psycopg.ClientCursor(reader).execute(asked.encode()).fetchall():
        text = line.rstrip()
        if re.match(r"\s*(->|[A-Z][a-z]+( [A-Z][a-z]+)*$|(SubPlan|InitPlan) )", text) or not text.startswith(" "):
            yield re.sub(r"\s+\w+_\d+(_\w+)?$", "", text)


def read_whole(text: str) -> list[str]:
    """The large tables that a plan reads from end to end."""
    return [name for name in _SEQUENTIAL.findall(text) if name in LARGE]
