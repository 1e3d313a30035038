-- cases: $1 first_0, $2 filter.state, $3 department, $4 principal, $5 now
-- may open: case.claim
SELECT (
  SELECT concat('{"nodes":[', array_to_string(case_1_page.c0[1:$1], ','), ']}') AS concat_1
  FROM (
    SELECT array((
      SELECT concat('§0/', case_1.subject_class, '/ordinary/', CASE
        WHEN (case_1.id = ANY (ground.case_rows)) THEN 8
        ELSE 0 END, ',', case_1.subject_id, ',', case_1.id, ',', case_1.version, '§¤k', case_1.subject_id, ',', (
        SELECT encode(subject_key.wrapped, 'hex') AS encode_1
        FROM subject_key
        WHERE subject_key.subject_id = case_1.subject_id), '¤{"kind":', coalesce('"' || CAST(case_1.kind AS TEXT) || '"', 'null'), ',"state":', coalesce('"' || CAST(case_1.state AS TEXT) || '"', 'null'), ',"filedOn":', coalesce('"' || CAST(case_1.filed_on AS TEXT) || '"', 'null'), ',"deadlineOn":', coalesce('"' || CAST(case_1.deadline_on AS TEXT) || '"', 'null'), ',"department":', coalesce(CAST(to_json(case_1.department) AS TEXT), 'null'), ',"recordKind":', coalesce(CAST(to_json(case_1.record_kind) AS TEXT), 'null'), ',"claim":', coalesce(concat('¤v0,', case_1.subject_id, ',', case_1.id, ',') || encode(case_1.claim_sealed, 'hex') || '¤', 'null'), '}') AS c0
      FROM "case" AS case_1
      WHERE case_1.state = $2 AND case_1.id = ANY (ground.case_rows)
      ORDER BY case_1.filed_on DESC, case_1.id DESC
      LIMIT $1 + 1)) AS c0) AS case_1_page) AS anon_1
FROM (
  SELECT array((
    SELECT "case".record_id
    FROM "case"
    WHERE "case".department = $3 AND ("case".handler IS NULL OR "case".handler = $4) AND "case".filed_at <= $5 AND ("case".closed_at IS NULL OR "case".closed_at > $5) AND "case".record_id IS NOT NULL UNION ALL
    SELECT "case".of_case
    FROM "case"
    WHERE "case".department = $3 AND ("case".handler IS NULL OR "case".handler = $4) AND "case".filed_at <= $5 AND ("case".closed_at IS NULL OR "case".closed_at > $5) AND "case".of_case IS NOT NULL UNION ALL
    SELECT "case".id
    FROM "case"
    WHERE "case".department = $3 AND ("case".handler IS NULL OR "case".handler = $4) AND "case".filed_at <= $5 AND ("case".closed_at IS NULL OR "case".closed_at > $5))) AS case_rows
  LIMIT ALL OFFSET 0) AS ground
