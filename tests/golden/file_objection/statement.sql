SELECT license.subject_id, license.subject_class, license.provider, license.version, license.status, subject_key.wrapped
FROM license, subject_key
WHERE license.id = %(id_1)s::BIGINT AND license.subject_id IN (
  SELECT mandate.subject_id
  FROM mandate
  WHERE mandate.principal = %(principal_1)s::VARCHAR AND mandate.valid_from <= %(valid_from_1)s::TIMESTAMP WITH TIME ZONE AND (mandate.valid_until IS NULL OR mandate.valid_until > %(valid_until_1)s::TIMESTAMP WITH TIME ZONE) AND mandate.revoked_at IS NULL AND (mandate.basis IN (%(basis_1_1)s::VARCHAR, %(basis_1_2)s::VARCHAR) OR (mandate.scope @> %(scope_1)s::TEXT[]))) AND license.disclosure != %(disclosure_1)s::VARCHAR AND subject_key.subject_id = license.subject_id FOR UPDATE OF license;

SELECT "case".id
FROM "case"
WHERE "case".kind = %(kind_1)s::VARCHAR AND "case".record_id = %(record_id_1)s::BIGINT AND "case".field IS NOT DISTINCT
FROM %(field_1)s::VARCHAR AND "case".filer = %(filer_1)s::VARCHAR AND "case".closed_at IS NULL;

SELECT "case".id
FROM "case"
WHERE "case".kind = %(kind_1)s::VARCHAR AND "case".record_id = %(record_id_1)s::BIGINT AND "case".field IS NOT DISTINCT
FROM %(field_1)s::VARCHAR AND "case".subject_id = %(subject_id_1)s::BIGINT AND "case".state IN (%(state_1_1)s::VARCHAR, %(state_1_2)s::VARCHAR)
LIMIT %(param_1)s::INTEGER;

SELECT department.code, department.valid_until, department.successor
FROM department;

SELECT rule.name, rule.version, rule.value, rule.unit, rule.source, rule.verified
FROM rule
WHERE rule.valid_from <= %(valid_from_1)s::DATE
ORDER BY rule.name, rule.version;

SELECT calendar.version, calendar.known_until, day_adjustment.day, day_adjustment.kind
FROM calendar LEFT OUTER
JOIN day_adjustment ON day_adjustment.version = calendar.version AND day_adjustment.day >= %(day_1)s::DATE
WHERE calendar.version = (
  SELECT max(calendar.version) AS max_1
  FROM calendar);

SELECT nextval('record_ids') AS next_value_1;

INSERT INTO "case" (subject_id, id, subject_class, provider, batch, kind, state, filed_on, deadline_on, deadline_provisional, record_kind, field, against, department, closed_at, history, claim_sealed, record_id, filed_at, rule, rule_version, calendar, filer, consumer, clocks) VALUES (%(subject_id)s::BIGINT, %(id)s::BIGINT, %(subject_class)s::VARCHAR, %(provider)s::VARCHAR, %(batch)s::VARCHAR, %(kind)s::VARCHAR, %(state)s::VARCHAR, %(filed_on)s::DATE, %(deadline_on)s::DATE, %(deadline_provisional)s, %(record_kind)s::VARCHAR, %(field)s::VARCHAR, %(against)s::VARCHAR, %(department)s::VARCHAR, %(closed_at)s::TIMESTAMP WITH TIME ZONE, %(history)s::TEXT[], %(claim_sealed)s, %(record_id)s::BIGINT, %(filed_at)s::TIMESTAMP WITH TIME ZONE, %(rule)s::VARCHAR, %(rule_version)s::INTEGER, %(calendar)s::INTEGER, %(filer)s::VARCHAR, %(consumer)s::VARCHAR, %(clocks)s::TEXT[]);

INSERT INTO case_event (case_id, number, at, step, state, principal, department) VALUES (%(case_id_m0)s::BIGINT, %(number_m0)s::INTEGER, %(at_m0)s::TIMESTAMP WITH TIME ZONE, %(step_m0)s::VARCHAR, %(state_m0)s::VARCHAR, %(principal_m0)s::VARCHAR, %(department_m0)s::VARCHAR), (%(case_id_m1)s::BIGINT, %(number_m1)s::INTEGER, %(at_m1)s::TIMESTAMP WITH TIME ZONE, %(step_m1)s::VARCHAR, %(state_m1)s::VARCHAR, %(principal_m1)s::VARCHAR, %(department_m1)s::VARCHAR);

UPDATE license SET disputed_on=coalesce(license.disputed_on, %(coalesce_1)s::DATE)
WHERE license.subject_id = %(subject_id_1)s::BIGINT AND license.id = %(id_1)s::BIGINT;
