-- enterprise: $1 first_0, $2 by_kind, $3 by_value, $4 today
-- may open: nothing
SELECT concat('§0/legal/ordinary/0,', enterprise_1.subject_id, ',0,', enterprise_1.version, '§{"cases":', (
  SELECT concat('{"nodes":[', array_to_string(case_2_page.c0[1:$1], ','), ']}') AS concat_2
  FROM (
    SELECT array((
      SELECT concat('§1/legal/ordinary/0,', case_2.subject_id, ',', case_2.id, ',', case_2.version, '§{"kind":', coalesce('"' || CAST(case_2.kind AS TEXT) || '"', 'null'), ',"state":', coalesce('"' || CAST(case_2.state AS TEXT) || '"', 'null'), ',"filedOn":', coalesce('"' || CAST(case_2.filed_on AS TEXT) || '"', 'null'), ',"deadlineOn":', coalesce('"' || CAST(case_2.deadline_on AS TEXT) || '"', 'null'), ',"department":', coalesce(CAST(to_json(case_2.department) AS TEXT), 'null'), ',"closedAt":', coalesce('"' || CAST(to_char(timezone('UTC', case_2.closed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS TEXT) || '"', 'null'), '}') AS c0
      FROM "case" AS case_2
      WHERE case_2.subject_id = enterprise_1.subject_id
      ORDER BY case_2.filed_on DESC, case_2.id DESC
      LIMIT $1 + 1)) AS c0) AS case_2_page), '}') AS concat_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground, identifier AS matched
JOIN enterprise AS enterprise_1 ON enterprise_1.subject_id = matched.subject_id
WHERE matched.kind = $2 AND matched.value_index = $3 AND enterprise_1.subject_class = 'legal'
ORDER BY CASE
  WHEN (matched.valid_until IS NULL OR matched.valid_until >= $4) THEN 0
  ELSE 1 END, matched.subject_id
LIMIT 1
