-- penalties: $1 first_0, $2 filter.department, $3 today
-- may open: nothing
SELECT (
  SELECT concat('{"nodes":[', array_to_string(penalty_1_page.c0[1:$1], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(penalty_1_page.c0), 0) > $1 AS TEXT), '}}') AS concat_1
  FROM (
    SELECT array((
      SELECT concat('§0/', penalty_1.subject_class, '/ordinary/0,', penalty_1.subject_id, ',', penalty_1.id, ',', penalty_1.version, '§{"id":¤i4,', penalty_1.id, ',0¤,"documentNumber":', coalesce(CAST(to_json(penalty_1.document_number) AS TEXT), 'null'), ',"subjectName":', coalesce(CAST(to_json(penalty_1.subject_name) AS TEXT), 'null'), ',"receivedAt":', coalesce('"' || CAST(to_char(timezone('UTC', penalty_1.received_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS TEXT) || '"', 'null'), ',"provider":', coalesce((
        SELECT concat('{"name":', coalesce(CAST(to_json(department_2.name) AS TEXT), 'null'), '}') AS concat_2
        FROM department AS department_2
        WHERE department_2.code = penalty_1.provider), 'null'), '}') AS c0
      FROM penalty AS penalty_1
      WHERE penalty_1.subject_class IN ('legal', 'individual') AND penalty_1.provider = $2 AND penalty_1.status IN ('ACTIVE', 'CORRECTED') AND (penalty_1.published_until IS NULL OR penalty_1.published_until >= $3) AND (penalty_1.retained_until IS NULL OR penalty_1.retained_until >= $3) AND NOT penalty_1.minor AND penalty_1.subject_class IN ('individual', 'legal') AND penalty_1.disclosure = 'PUBLIC'
      ORDER BY penalty_1.received_at DESC, penalty_1.id DESC
      LIMIT $1 + 1)) AS c0
    LIMIT ALL OFFSET 0) AS penalty_1_page) AS anon_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground
