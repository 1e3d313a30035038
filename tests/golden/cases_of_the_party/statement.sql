-- enterprise: $1 first_0, $2 principal, $3 now, $4 by_kind, $5 by_value, $6 today
-- may open: case.claim
SELECT concat('§0/', enterprise_1.subject_class, '/ordinary/0,', enterprise_1.subject_id, ',0,', enterprise_1.version, '§¤k', enterprise_1.subject_id, ',', (
  SELECT encode(subject_key.wrapped, 'hex') AS encode_1
  FROM subject_key
  WHERE subject_key.subject_id = enterprise_1.subject_id), '¤{"cases":', CASE
  WHEN (enterprise_1.subject_id = ANY (ground.own)) THEN (
    SELECT concat('{"nodes":[', array_to_string(case_2_page.c0[1:$1], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(case_2_page.c0), 0) > $1 AS TEXT), '}}') AS concat_2
    FROM (
      SELECT array((
        SELECT concat('§1/', case_2.subject_class, '/ordinary/', CASE
          WHEN (case_2.subject_id = ANY (ground.own)) THEN 1
          ELSE 0 END, ',', case_2.subject_id, ',', case_2.id, ',', case_2.version, '§{"id":¤i7,', case_2.id, ',0¤,"kind":', coalesce('"' || CAST(case_2.kind AS TEXT) || '"', 'null'), ',"state":', coalesce('"' || CAST(case_2.state AS TEXT) || '"', 'null'), ',"filedOn":', coalesce('"' || CAST(case_2.filed_on AS TEXT) || '"', 'null'), ',"deadlineOn":', coalesce('"' || CAST(case_2.deadline_on AS TEXT) || '"', 'null'), ',"recordKind":', coalesce(CAST(to_json(case_2.record_kind) AS TEXT), 'null'), ',"field":', coalesce(CAST(to_json(case_2.field) AS TEXT), 'null'), ',"department":', coalesce(CAST(to_json(case_2.department) AS TEXT), 'null'), ',"closedAt":', coalesce('"' || CAST(to_char(timezone('UTC', case_2.closed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS TEXT) || '"', 'null'), ',"claim":', coalesce(concat('¤v0,', case_2.subject_id, ',', case_2.id, ',') || encode(case_2.claim_sealed, 'hex') || '¤', 'null'), '}') AS c0
        FROM "case" AS case_2
        WHERE case_2.subject_id = enterprise_1.subject_id AND case_2.subject_id = ANY (ground.own)
        ORDER BY case_2.filed_on DESC, case_2.id DESC
        LIMIT $1 + 1)) AS c0
      LIMIT ALL OFFSET 0) AS case_2_page)
  ELSE 'null' END, '}') AS concat_1
FROM (
  SELECT array((
    SELECT mandate.subject_id
    FROM mandate
    WHERE mandate.principal = $2 AND mandate.valid_from <= $3 AND (mandate.valid_until IS NULL OR mandate.valid_until > $3) AND mandate.revoked_at IS NULL)) AS own
  LIMIT ALL OFFSET 0) AS ground, identifier AS matched
JOIN enterprise AS enterprise_1 ON enterprise_1.subject_id = matched.subject_id
WHERE matched.kind = $4 AND matched.value_index = $5
ORDER BY CASE
  WHEN (matched.valid_until IS NULL OR matched.valid_until >= $6) THEN 0
  ELSE 1 END, matched.subject_id
LIMIT 1
