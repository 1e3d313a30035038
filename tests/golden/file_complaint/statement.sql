SELECT department.code, department.valid_until, department.successor
FROM department;

SELECT nextval('subject_ids') AS next_value_1;

INSERT INTO subject_key (subject_id, wrapped) VALUES (%(subject_id)s::BIGINT, %(wrapped)s);

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
