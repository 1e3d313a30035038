-- enterprise: $1 first_0, $2 today, $3 department, $4 principal, $5 now, $6 by_kind, $7 by_value
-- may open: enterprise.phone, penalty.facts
SELECT concat('§0/', enterprise_1.subject_class, '/ordinary/', CASE
  WHEN (enterprise_1.subject_id = ANY (ground.case_subjects)) THEN 8
  ELSE 0 END, ',', enterprise_1.subject_id, ',0,', enterprise_1.version, '§¤k', enterprise_1.subject_id, ',', (
  SELECT encode(subject_key.wrapped, 'hex') AS encode_1
  FROM subject_key
  WHERE subject_key.subject_id = enterprise_1.subject_id), '¤{"name":', coalesce(CAST(to_json(enterprise_1.name) AS TEXT), 'null'), ',"phone":', CASE
  WHEN (enterprise_1.subject_class = 'legal' AND enterprise_1.subject_id = ANY (ground.case_subjects)) THEN coalesce(concat('¤v0,', enterprise_1.subject_id, ',', enterprise_1.subject_id, ',') || encode(enterprise_1.phone_sealed, 'hex') || '¤', 'null')
  ELSE 'null' END, ',"penalties":', CASE
  WHEN (EXISTS (
    SELECT 1
    FROM penalty AS penalty_3
    WHERE penalty_3.subject_id = enterprise_1.subject_id AND penalty_3.id = ANY (ground.case_rows))) THEN (
    SELECT concat('{"nodes":[', array_to_string(penalty_2_page.c0[1:$1], ','), ']}') AS concat_2
    FROM (
      SELECT array((
        SELECT concat('§1/', penalty_2.subject_class, '/', CASE
          WHEN (NOT (penalty_2.status IN ('ACTIVE', 'CORRECTED') AND (penalty_2.published_until IS NULL OR penalty_2.published_until >= $2) AND (penalty_2.retained_until IS NULL OR penalty_2.retained_until >= $2))) THEN 'ended'
          WHEN penalty_2.minor THEN 'minor'
          ELSE 'ordinary' END, '/', (CASE
          WHEN (penalty_2.id = ANY (ground.case_rows)) THEN 8
          ELSE 0 END + CASE
          WHEN (penalty_2.provider = $3) THEN 16
          ELSE 0 END), ',', penalty_2.subject_id, ',', penalty_2.id, ',', penalty_2.version, '§{"documentNumber":', coalesce(CAST(to_json(penalty_2.document_number) AS TEXT), 'null'), ',"facts":', coalesce(concat('¤v1,', penalty_2.subject_id, ',', penalty_2.id, ',') || encode(penalty_2.facts_sealed, 'hex') || '¤', 'null'), ',"remark":', CASE
          WHEN (penalty_2.id = ANY (ground.case_rows) AND penalty_2.provider = $3) THEN coalesce(CAST(to_json(penalty_2.remark) AS TEXT), 'null')
          ELSE 'null' END, ',"disputed":', CAST(penalty_2.disputed_on IS NOT NULL AS TEXT), ',"standing":', coalesce('"' || CAST(CASE
          WHEN (NOT (penalty_2.status IN ('ACTIVE', 'CORRECTED') AND (penalty_2.published_until IS NULL OR penalty_2.published_until >= $2) AND (penalty_2.retained_until IS NULL OR penalty_2.retained_until >= $2))) THEN 'NO_LONGER_DISCLOSED'
          WHEN false THEN 'LAPSED'
          ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
        FROM penalty AS penalty_2
        WHERE penalty_2.subject_id = enterprise_1.subject_id AND penalty_2.id = ANY (ground.case_rows) AND penalty_2.disclosure IN ('PUBLIC', 'GOV_SHARED', 'AUTHORIZED', 'INTERNAL')
        ORDER BY penalty_2.decided_on DESC, penalty_2.id DESC
        LIMIT $1 + 1)) AS c0) AS penalty_2_page)
  ELSE 'null' END, '}') AS concat_1
FROM (
  SELECT array((
    SELECT "case".subject_id
    FROM "case"
    WHERE "case".department = $3 AND ("case".handler IS NULL OR "case".handler = $4) AND "case".filed_at <= $5 AND ("case".closed_at IS NULL OR "case".closed_at > $5))) AS case_subjects, array((
    SELECT "case".record_id
    FROM "case"
    WHERE "case".department = $3 AND ("case".handler IS NULL OR "case".handler = $4) AND "case".filed_at <= $5 AND ("case".closed_at IS NULL OR "case".closed_at > $5) AND "case".record_id IS NOT NULL UNION ALL
    SELECT "case".of_case
    FROM "case"
    WHERE "case".department = $3 AND ("case".handler IS NULL OR "case".handler = $4) AND "case".filed_at <= $5 AND ("case".closed_at IS NULL OR "case".closed_at > $5) AND "case".of_case IS NOT NULL UNION ALL
    SELECT "case".id
    FROM "case"
    WHERE "case".department = $3 AND ("case".handler IS NULL OR "case".handler = $4) AND "case".filed_at <= $5 AND ("case".closed_at IS NULL OR "case".closed_at > $5))) AS case_rows
  LIMIT ALL OFFSET 0) AS ground, identifier AS matched
JOIN enterprise AS enterprise_1 ON enterprise_1.subject_id = matched.subject_id
WHERE matched.kind = $6 AND matched.value_index = $7 AND (enterprise_1.subject_class = 'legal' OR enterprise_1.subject_class = 'individual' AND enterprise_1.subject_id = ANY (ground.case_subjects))
ORDER BY CASE
  WHEN (matched.valid_until IS NULL OR matched.valid_until >= $2) THEN 0
  ELSE 1 END, matched.subject_id
LIMIT 1
