-- organization: $1 today, $2 first_0, $3 by_kind, $4 by_value
-- may open: organization.legal_representative_name
SELECT concat('§0/legal/ordinary/0,', organization_1.subject_id, ',0,', organization_1.version, '§¤k', organization_1.subject_id, ',', (
  SELECT encode(subject_key.wrapped, 'hex') AS encode_1
  FROM subject_key
  WHERE subject_key.subject_id = organization_1.subject_id), '¤{"name":', coalesce(CAST(to_json(organization_1.name) AS TEXT), 'null'), ',"uscc":', coalesce(CAST(to_json(organization_1.uscc) AS TEXT), 'null'), ',"category":', coalesce('"' || CAST(organization_1.category AS TEXT) || '"', 'null'), ',"legalRepresentative":{"name":', coalesce(concat('¤v0,', organization_1.subject_id, ',', organization_1.subject_id, ',') || encode(organization_1.legal_representative_name_sealed, 'hex') || '¤', 'null'), '},"matched":{"kind":"', matched.kind, '","historical":', CAST(matched.valid_until IS NOT NULL AND matched.valid_until < $1 AS TEXT), '},"identifiers":', '[' || array_to_string(array((
  SELECT concat('§1/legal/ordinary/0,', identifier_2.subject_id, ',', identifier_2.id, ',', identifier_2.version, '§{"kind":', coalesce('"' || CAST(identifier_2.kind AS TEXT) || '"', 'null'), ',"value":', coalesce(CAST(to_json(identifier_2.value) AS TEXT), 'null'), ',"historical":', CAST(identifier_2.valid_until IS NOT NULL AND identifier_2.valid_until < $1 AS TEXT), '}') AS concat_2
  FROM identifier AS identifier_2
  WHERE identifier_2.subject_id = organization_1.subject_id
  ORDER BY identifier_2.valid_from DESC, identifier_2.id DESC
  LIMIT 100)), ',') || ']', ',"penalties":', (
  SELECT concat('{"nodes":[', array_to_string(penalty_3_page.c0[1:$2], ','), ']}') AS concat_3
  FROM (
    SELECT array((
      SELECT concat('§2/legal/ordinary/0,', penalty_3.subject_id, ',', penalty_3.id, ',', penalty_3.version, '§{"documentNumber":', coalesce(CAST(to_json(penalty_3.document_number) AS TEXT), 'null'), ',"organ":', coalesce(CAST(to_json(penalty_3.organ) AS TEXT), 'null'), ',"provider":', coalesce((
        SELECT concat('{"code":', coalesce(CAST(to_json(department_4.code) AS TEXT), 'null'), ',"name":', coalesce(CAST(to_json(department_4.name) AS TEXT), 'null'), '}') AS concat_4
        FROM department AS department_4
        WHERE department_4.code = penalty_3.provider), 'null'), '}') AS c0
      FROM penalty AS penalty_3
      WHERE penalty_3.subject_id = organization_1.subject_id AND penalty_3.status IN ('ACTIVE', 'CORRECTED') AND (penalty_3.published_until IS NULL OR penalty_3.published_until >= $1) AND (penalty_3.retained_until IS NULL OR penalty_3.retained_until >= $1) AND NOT penalty_3.minor AND penalty_3.disclosure = 'PUBLIC'
      ORDER BY penalty_3.decided_on DESC, penalty_3.id DESC
      LIMIT $2 + 1)) AS c0) AS penalty_3_page), '}') AS concat_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground, identifier AS matched
JOIN organization AS organization_1 ON organization_1.subject_id = matched.subject_id
WHERE matched.kind = $3 AND matched.value_index = $4
ORDER BY CASE
  WHEN (matched.valid_until IS NULL OR matched.valid_until >= $1) THEN 0
  ELSE 1 END, matched.subject_id
LIMIT 1
