-- enterprise: $1 today, $2 first_0, $3 first_1, $4 consent, $5 consumer, $6 purpose, $7 use, $8 now, $9 by_kind, $10 by_value
-- may open: enterprise.legal_representative_name
SELECT concat('§0/', enterprise_1.subject_class, '/ordinary/', CASE
  WHEN (enterprise_1.subject_id = ANY (ground.consented_enterprise)) THEN 2
  ELSE 0 END, ',', enterprise_1.subject_id, ',0,', enterprise_1.version, '§¤k', enterprise_1.subject_id, ',', (
  SELECT encode(subject_key.wrapped, 'hex') AS encode_1
  FROM subject_key
  WHERE subject_key.subject_id = enterprise_1.subject_id), '¤{"id":¤i0,', enterprise_1.subject_id, ',0¤,"name":', coalesce(CAST(to_json(enterprise_1.name) AS TEXT), 'null'), ',"uscc":', coalesce(CAST(to_json(enterprise_1.uscc) AS TEXT), 'null'), ',"status":', coalesce('"' || CAST(enterprise_1.status AS TEXT) || '"', 'null'), ',"address":', CASE
  WHEN (enterprise_1.subject_class = 'legal') THEN coalesce(CAST(to_json(enterprise_1.address) AS TEXT), 'null')
  WHEN (enterprise_1.subject_class = 'individual' AND enterprise_1.subject_id = ANY (ground.consented_enterprise)) THEN coalesce(CAST(to_json(enterprise_1.address) AS TEXT), 'null')
  ELSE 'null' END, ',"legalRepresentative":{"name":', CASE
  WHEN (enterprise_1.subject_class = 'legal') THEN coalesce(concat('¤v0,', enterprise_1.subject_id, ',', enterprise_1.subject_id, ',') || encode(enterprise_1.legal_representative_name_sealed, 'hex') || '¤', 'null')
  WHEN (enterprise_1.subject_class = 'individual' AND enterprise_1.subject_id = ANY (ground.consented_enterprise)) THEN coalesce(concat('¤v0,', enterprise_1.subject_id, ',', enterprise_1.subject_id, ',') || encode(enterprise_1.legal_representative_name_sealed, 'hex') || '¤', 'null')
  ELSE 'null' END, '},"matched":{"kind":"', matched.kind, '","historical":', CAST(matched.valid_until IS NOT NULL AND matched.valid_until < $1 AS TEXT), '},"licenses":', (
  SELECT concat('{"nodes":[', array_to_string(license_2_page.c0[1:$2], ','), ']}') AS concat_2
  FROM (
    SELECT array((
      SELECT concat('§1/', license_2.subject_class, '/ordinary/', CASE
        WHEN (license_2.subject_id = ANY (ground.consented_license)) THEN 2
        ELSE 0 END, ',', license_2.subject_id, ',', license_2.id, ',', license_2.version, '§{"documentNumber":', coalesce(CAST(to_json(license_2.document_number) AS TEXT), 'null'), ',"content":', coalesce(CAST(to_json(license_2.content_released) AS TEXT), 'null'), ',"standing":', coalesce('"' || CAST(CASE
        WHEN (NOT (license_2.status IN ('ACTIVE', 'CORRECTED') AND (license_2.published_until IS NULL OR license_2.published_until >= $1) AND (license_2.retained_until IS NULL OR license_2.retained_until >= $1))) THEN 'NO_LONGER_DISCLOSED'
        WHEN (license_2.valid_until < $1) THEN 'LAPSED'
        ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
      FROM license AS license_2
      WHERE license_2.subject_id = enterprise_1.subject_id AND license_2.status IN ('ACTIVE', 'CORRECTED') AND (license_2.published_until IS NULL OR license_2.published_until >= $1) AND (license_2.retained_until IS NULL OR license_2.retained_until >= $1) AND (license_2.disclosure = 'PUBLIC' OR license_2.subject_id = ANY (ground.consented_license) AND license_2.disclosure IN ('PUBLIC', 'AUTHORIZED'))
      ORDER BY license_2.decided_on DESC, license_2.id DESC
      LIMIT $2 + 1)) AS c0) AS license_2_page), ',"penalties":', (
  SELECT concat('{"nodes":[', array_to_string(penalty_3_page.c0[1:$3], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(penalty_3_page.c0), 0) > $3 AS TEXT), '}}') AS concat_3
  FROM (
    SELECT array((
      SELECT concat('§2/', penalty_3.subject_class, '/ordinary/', CASE
        WHEN (penalty_3.subject_id = ANY (ground.consented_penalty)) THEN 2
        ELSE 0 END, ',', penalty_3.subject_id, ',', penalty_3.id, ',', penalty_3.version, '§{"documentNumber":', coalesce(CAST(to_json(penalty_3.document_number) AS TEXT), 'null'), ',"fine":', coalesce('"' || CAST(penalty_3.fine AS TEXT) || '"', 'null'), ',"facts":', coalesce(CAST(to_json(penalty_3.facts_released) AS TEXT), 'null'), ',"procedure":', coalesce('"' || CAST(penalty_3.procedure AS TEXT) || '"', 'null'), ',"severity":', coalesce('"' || CAST(penalty_3.severity AS TEXT) || '"', 'null'), ',"disputed":', CAST(penalty_3.disputed_on IS NOT NULL AS TEXT), ',"standing":', coalesce('"' || CAST(CASE
        WHEN (NOT (penalty_3.status IN ('ACTIVE', 'CORRECTED') AND (penalty_3.published_until IS NULL OR penalty_3.published_until >= $1) AND (penalty_3.retained_until IS NULL OR penalty_3.retained_until >= $1))) THEN 'NO_LONGER_DISCLOSED'
        WHEN false THEN 'LAPSED'
        ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
      FROM penalty AS penalty_3
      WHERE penalty_3.subject_id = enterprise_1.subject_id AND penalty_3.status IN ('ACTIVE', 'CORRECTED') AND (penalty_3.published_until IS NULL OR penalty_3.published_until >= $1) AND (penalty_3.retained_until IS NULL OR penalty_3.retained_until >= $1) AND NOT penalty_3.minor AND (penalty_3.disclosure = 'PUBLIC' OR penalty_3.subject_id = ANY (ground.consented_penalty) AND penalty_3.disclosure IN ('PUBLIC', 'AUTHORIZED'))
      ORDER BY penalty_3.decided_on DESC, penalty_3.id DESC
      LIMIT $3 + 1)) AS c0
    LIMIT ALL OFFSET 0) AS penalty_3_page), '}') AS concat_1
FROM (
  SELECT array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $4 AND consent.consumer = $5 AND $6 = ANY (consent.purposes) AND 'enterprise' = ANY (consent.kinds) AND consent_covers(consent, $7, $8))) AS consented_enterprise, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $4 AND consent.consumer = $5 AND $6 = ANY (consent.purposes) AND 'license' = ANY (consent.kinds) AND consent_covers(consent, $7, $8))) AS consented_license, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $4 AND consent.consumer = $5 AND $6 = ANY (consent.purposes) AND 'penalty' = ANY (consent.kinds) AND consent_covers(consent, $7, $8))) AS consented_penalty
  LIMIT ALL OFFSET 0) AS ground, identifier AS matched
JOIN enterprise AS enterprise_1 ON enterprise_1.subject_id = matched.subject_id
WHERE matched.kind = $9 AND matched.value_index = $10
ORDER BY CASE
  WHEN (matched.valid_until IS NULL OR matched.valid_until >= $1) THEN 0
  ELSE 1 END, matched.subject_id
LIMIT 1
