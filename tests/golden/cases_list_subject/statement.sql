-- cases: $1 first_0, $2 principal, $3 now
-- may open: case.claim
SELECT (
  SELECT concat('{"nodes":[', array_to_string(case_1_page.c0[1:$1], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(case_1_page.c0), 0) > $1 AS TEXT), '}}') AS concat_1
  FROM (
    SELECT array((
      SELECT concat('§0/', case_1.subject_class, '/ordinary/', CASE
        WHEN (case_1.subject_id = ANY (ground.own)) THEN 1
        ELSE 0 END, ',', case_1.subject_id, ',', case_1.id, ',', case_1.version, '§¤k', case_1.subject_id, ',', (
        SELECT encode(subject_key.wrapped, 'hex') AS encode_1
        FROM subject_key
        WHERE subject_key.subject_id = case_1.subject_id), '¤{"kind":', coalesce('"' || CAST(case_1.kind AS TEXT) || '"', 'null'), ',"state":', coalesce('"' || CAST(case_1.state AS TEXT) || '"', 'null'), ',"filedOn":', coalesce('"' || CAST(case_1.filed_on AS TEXT) || '"', 'null'), ',"deadlineOn":', coalesce('"' || CAST(case_1.deadline_on AS TEXT) || '"', 'null'), ',"recordKind":', coalesce(CAST(to_json(case_1.record_kind) AS TEXT), 'null'), ',"claim":', coalesce(concat('¤v0,', case_1.subject_id, ',', case_1.id, ',') || encode(case_1.claim_sealed, 'hex') || '¤', 'null'), '}') AS c0
      FROM "case" AS case_1
      WHERE case_1.subject_id = ANY (ground.own)
      ORDER BY case_1.filed_on DESC, case_1.id DESC
      LIMIT $1 + 1)) AS c0
    LIMIT ALL OFFSET 0) AS case_1_page) AS anon_1
FROM (
  SELECT array((
    SELECT mandate.subject_id
    FROM mandate
    WHERE mandate.principal = $2 AND mandate.valid_from <= $3 AND (mandate.valid_until IS NULL OR mandate.valid_until > $3) AND mandate.revoked_at IS NULL)) AS own
  LIMIT ALL OFFSET 0) AS ground
