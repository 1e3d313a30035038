-- legal: $1 by_kind, $2 by_value, $3 today
-- may open: nothing
SELECT concat('§0/legal/ordinary/0,', enterprise_1.subject_id, ',0,', enterprise_1.version, '§{"name":', coalesce(CAST(to_json(enterprise_1.name) AS TEXT), 'null'), ',"uscc":', coalesce(CAST(to_json(enterprise_1.uscc) AS TEXT), 'null'), ',"address":', coalesce(CAST(to_json(enterprise_1.address) AS TEXT), 'null'), ',"matched":{"kind":"', matched.kind, '"}}') AS concat_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground, identifier AS matched
JOIN enterprise AS enterprise_1 ON enterprise_1.subject_id = matched.subject_id
WHERE matched.kind = $1 AND matched.value_index = $2 AND enterprise_1.subject_class = 'legal'
ORDER BY CASE
  WHEN (matched.valid_until IS NULL OR matched.valid_until >= $3) THEN 0
  ELSE 1 END, matched.subject_id
LIMIT 1

-- individual: $1 by_kind, $2 by_value, $3 today
-- may open: nothing
SELECT concat('§0/legal/ordinary/0,', enterprise_1.subject_id, ',0,', enterprise_1.version, '§{"name":', coalesce(CAST(to_json(enterprise_1.name) AS TEXT), 'null'), ',"uscc":', coalesce(CAST(to_json(enterprise_1.uscc) AS TEXT), 'null'), ',"address":', coalesce(CAST(to_json(enterprise_1.address) AS TEXT), 'null'), '}') AS concat_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground, identifier AS matched
JOIN enterprise AS enterprise_1 ON enterprise_1.subject_id = matched.subject_id
WHERE matched.kind = $1 AND matched.value_index = $2 AND enterprise_1.subject_class = 'legal'
ORDER BY CASE
  WHEN (matched.valid_until IS NULL OR matched.valid_until >= $3) THEN 0
  ELSE 1 END, matched.subject_id
LIMIT 1
