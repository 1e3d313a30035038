-- person: $1 first_0, $2 today, $3 first_1, $4 consent, $5 consumer, $6 purpose, $7 use, $8 now, $9 id_index, $10 name_index
-- may open: person.name, penalty.subject_name
SELECT concat('§0/person/ordinary/', (CASE
  WHEN (person_1.subject_id = ANY (ground.consented_person)) THEN 2
  ELSE 0 END + CASE
  WHEN ground.licensed THEN 32
  ELSE 0 END), ',', person_1.subject_id, ',0,', person_1.version, '§¤k', person_1.subject_id, ',', (
  SELECT encode(subject_key.wrapped, 'hex') AS encode_1
  FROM subject_key
  WHERE subject_key.subject_id = person_1.subject_id), '¤{"name":', coalesce(concat('¤v0,', person_1.subject_id, ',', person_1.subject_id, ',') || encode(person_1.name_sealed, 'hex') || '¤', 'null'), ',"idNumber":', coalesce(CAST(to_json(person_1.id_number_masked) AS TEXT), 'null'), ',"licenses":', CASE
  WHEN (person_1.subject_id = ANY (ground.consented_license) AND ground.licensed) THEN (
    SELECT concat('{"nodes":[', array_to_string(license_2_page.c0[1:$1], ','), ']}') AS concat_2
    FROM (
      SELECT array((
        SELECT concat('§1/person/ordinary/', (CASE
          WHEN (license_2.subject_id = ANY (ground.consented_license)) THEN 2
          ELSE 0 END + CASE
          WHEN ground.licensed THEN 32
          ELSE 0 END), ',', license_2.subject_id, ',', license_2.id, ',', license_2.version, '§{"documentNumber":', coalesce(CAST(to_json(license_2.document_number) AS TEXT), 'null'), ',"content":', coalesce(CAST(to_json(license_2.content_released) AS TEXT), 'null'), '}') AS c0
        FROM license AS license_2
        WHERE license_2.subject_id = person_1.subject_id AND license_2.status IN ('ACTIVE', 'CORRECTED') AND (license_2.published_until IS NULL OR license_2.published_until >= $2) AND (license_2.retained_until IS NULL OR license_2.retained_until >= $2) AND license_2.subject_id = ANY (ground.consented_license) AND ground.licensed AND license_2.disclosure IN ('PUBLIC', 'AUTHORIZED')
        ORDER BY license_2.decided_on DESC, license_2.id DESC
        LIMIT $1 + 1)) AS c0) AS license_2_page)
  ELSE 'null' END, ',"penalties":', CASE
  WHEN (person_1.subject_id = ANY (ground.consented_penalty) AND ground.licensed) THEN (
    SELECT concat('{"nodes":[', array_to_string(penalty_3_page.c0[1:$3], ','), ']}') AS concat_3
    FROM (
      SELECT array((
        SELECT concat('§2/person/ordinary/', (CASE
          WHEN (penalty_3.subject_id = ANY (ground.consented_penalty)) THEN 2
          ELSE 0 END + CASE
          WHEN ground.licensed THEN 32
          ELSE 0 END), ',', penalty_3.subject_id, ',', penalty_3.id, ',', penalty_3.version, '§{"documentNumber":', coalesce(CAST(to_json(penalty_3.document_number) AS TEXT), 'null'), ',"fine":', coalesce('"' || CAST(penalty_3.fine AS TEXT) || '"', 'null'), ',"facts":', coalesce(CAST(to_json(penalty_3.facts_released) AS TEXT), 'null'), ',"subjectName":', coalesce(concat('¤v1,', penalty_3.subject_id, ',', penalty_3.id, ',') || encode(penalty_3.subject_name_sealed, 'hex') || '¤', 'null'), ',"standing":', coalesce('"' || CAST(CASE
          WHEN (NOT (penalty_3.status IN ('ACTIVE', 'CORRECTED') AND (penalty_3.published_until IS NULL OR penalty_3.published_until >= $2) AND (penalty_3.retained_until IS NULL OR penalty_3.retained_until >= $2))) THEN 'NO_LONGER_DISCLOSED'
          WHEN false THEN 'LAPSED'
          ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
        FROM penalty AS penalty_3
        WHERE penalty_3.subject_id = person_1.subject_id AND penalty_3.status IN ('ACTIVE', 'CORRECTED') AND (penalty_3.published_until IS NULL OR penalty_3.published_until >= $2) AND (penalty_3.retained_until IS NULL OR penalty_3.retained_until >= $2) AND NOT penalty_3.minor AND penalty_3.subject_id = ANY (ground.consented_penalty) AND ground.licensed AND penalty_3.disclosure IN ('PUBLIC', 'AUTHORIZED')
        ORDER BY penalty_3.decided_on DESC, penalty_3.id DESC
        LIMIT $3 + 1)) AS c0) AS penalty_3_page)
  ELSE 'null' END, '}') AS concat_1
FROM (
  SELECT array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $4 AND consent.consumer = $5 AND $6 = ANY (consent.purposes) AND 'person' = ANY (consent.kinds) AND consent_covers(consent, $7, $8))) AS consented_person, EXISTS (
    SELECT 1
    FROM consumer
    WHERE consumer.id = $5 AND consumer.licensed) AS licensed, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $4 AND consent.consumer = $5 AND $6 = ANY (consent.purposes) AND 'license' = ANY (consent.kinds) AND consent_covers(consent, $7, $8))) AS consented_license, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $4 AND consent.consumer = $5 AND $6 = ANY (consent.purposes) AND 'penalty' = ANY (consent.kinds) AND consent_covers(consent, $7, $8))) AS consented_penalty
  LIMIT ALL OFFSET 0) AS ground, person AS person_1
WHERE person_1.id_number_index = $9 AND person_1.name_index = $10 AND person_1.subject_id = ANY (ground.consented_person) AND ground.licensed
LIMIT 1
