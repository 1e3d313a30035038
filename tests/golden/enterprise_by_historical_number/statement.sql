-- enterprise: $1 today, $2 by_kind, $3 by_value
-- may open: nothing
SELECT concat('§0/', enterprise_1.subject_class, '/ordinary/0,', enterprise_1.subject_id, ',0,', enterprise_1.version, '§{"name":', coalesce(CAST(to_json(enterprise_1.name) AS TEXT), 'null'), ',"uscc":', coalesce(CAST(to_json(enterprise_1.uscc) AS TEXT), 'null'), ',"matched":{"kind":"', matched.kind, '","historical":', CAST(matched.valid_until IS NOT NULL AND matched.valid_until < $1 AS TEXT), '},"identifiers":', '[' || array_to_string(array((
  SELECT concat('§1/', identifier_2.subject_class, '/ordinary/0,', identifier_2.subject_id, ',', identifier_2.id, ',', identifier_2.version, '§{"kind":', coalesce('"' || CAST(identifier_2.kind AS TEXT) || '"', 'null'), ',"value":', coalesce(CAST(to_json(identifier_2.value) AS TEXT), 'null'), ',"historical":', CAST(identifier_2.valid_until IS NOT NULL AND identifier_2.valid_until < $1 AS TEXT), '}') AS concat_2
  FROM identifier AS identifier_2
  WHERE identifier_2.subject_id = enterprise_1.subject_id
  ORDER BY identifier_2.valid_from DESC, identifier_2.id DESC
  LIMIT 100)), ',') || ']', '}') AS concat_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground, identifier AS matched
JOIN enterprise AS enterprise_1 ON enterprise_1.subject_id = matched.subject_id
WHERE matched.kind = $2 AND matched.value_index = $3
ORDER BY CASE
  WHEN (matched.valid_until IS NULL OR matched.valid_until >= $1) THEN 0
  ELSE 1 END, matched.subject_id
LIMIT 1
