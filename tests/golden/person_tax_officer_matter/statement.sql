-- person: $1 first_0, $2 today, $3 first_1, $4 department, $5 matter_kind, $6 matter_basis, $7 id_index, $8 name_index
-- may open: person.name, license.content, penalty.facts, penalty.subject_name
SELECT concat('§0/person/ordinary/', CASE
  WHEN (person_1.provider = ANY (ground.shared_person)) THEN 4
  ELSE 0 END, ',', person_1.subject_id, ',0,', person_1.version, '§¤k', person_1.subject_id, ',', (
  SELECT encode(subject_key.wrapped, 'hex') AS encode_1
  FROM subject_key
  WHERE subject_key.subject_id = person_1.subject_id), '¤{"name":', coalesce(concat('¤v0,', person_1.subject_id, ',', person_1.subject_id, ',') || encode(person_1.name_sealed, 'hex') || '¤', 'null'), ',"idNumber":', coalesce(CAST(to_json(person_1.id_number_masked) AS TEXT), 'null'), ',"licenses":', CASE
  WHEN (cardinality(ground.shared_license) > 0) THEN (
    SELECT concat('{"nodes":[', array_to_string(license_2_page.c0[1:$1], ','), ']}') AS concat_2
    FROM (
      SELECT array((
        SELECT concat('§1/person/ordinary/', CASE
          WHEN (license_2.provider = ANY (ground.shared_license)) THEN 4
          ELSE 0 END, ',', license_2.subject_id, ',', license_2.id, ',', license_2.version, '§{"documentNumber":', coalesce(CAST(to_json(license_2.document_number) AS TEXT), 'null'), ',"content":', coalesce(concat('¤v1,', license_2.subject_id, ',', license_2.id, ',') || encode(license_2.content_sealed, 'hex') || '¤', 'null'), '}') AS c0
        FROM license AS license_2
        WHERE license_2.subject_id = person_1.subject_id AND license_2.status IN ('ACTIVE', 'CORRECTED') AND (license_2.published_until IS NULL OR license_2.published_until >= $2) AND (license_2.retained_until IS NULL OR license_2.retained_until >= $2) AND license_2.provider = ANY (ground.shared_license) AND license_2.disclosure IN ('PUBLIC', 'GOV_SHARED', 'AUTHORIZED')
        ORDER BY license_2.decided_on DESC, license_2.id DESC
        LIMIT $1 + 1)) AS c0) AS license_2_page)
  ELSE 'null' END, ',"penalties":', CASE
  WHEN (cardinality(ground.shared_penalty) > 0) THEN (
    SELECT concat('{"nodes":[', array_to_string(penalty_3_page.c0[1:$3], ','), ']}') AS concat_3
    FROM (
      SELECT array((
        SELECT concat('§2/person/', CASE
          WHEN penalty_3.minor THEN 'minor'
          ELSE 'ordinary' END, '/', CASE
          WHEN (penalty_3.provider = ANY (ground.shared_penalty)) THEN 4
          ELSE 0 END, ',', penalty_3.subject_id, ',', penalty_3.id, ',', penalty_3.version, '§{"documentNumber":', coalesce(CAST(to_json(penalty_3.document_number) AS TEXT), 'null'), ',"fine":', coalesce('"' || CAST(penalty_3.fine AS TEXT) || '"', 'null'), ',"facts":', coalesce(concat('¤v2,', penalty_3.subject_id, ',', penalty_3.id, ',') || encode(penalty_3.facts_sealed, 'hex') || '¤', 'null'), ',"subjectName":', coalesce(concat('¤v3,', penalty_3.subject_id, ',', penalty_3.id, ',') || encode(penalty_3.subject_name_sealed, 'hex') || '¤', 'null'), ',"standing":', coalesce('"' || CAST(CASE
          WHEN (NOT (penalty_3.status IN ('ACTIVE', 'CORRECTED') AND (penalty_3.published_until IS NULL OR penalty_3.published_until >= $2) AND (penalty_3.retained_until IS NULL OR penalty_3.retained_until >= $2))) THEN 'NO_LONGER_DISCLOSED'
          WHEN false THEN 'LAPSED'
          ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
        FROM penalty AS penalty_3
        WHERE penalty_3.subject_id = person_1.subject_id AND (penalty_3.status IN ('ACTIVE', 'CORRECTED') AND (penalty_3.published_until IS NULL OR penalty_3.published_until >= $2) AND (penalty_3.retained_until IS NULL OR penalty_3.retained_until >= $2) AND penalty_3.minor OR penalty_3.status IN ('ACTIVE', 'CORRECTED') AND (penalty_3.published_until IS NULL OR penalty_3.published_until >= $2) AND (penalty_3.retained_until IS NULL OR penalty_3.retained_until >= $2) AND NOT penalty_3.minor) AND penalty_3.provider = ANY (ground.shared_penalty) AND penalty_3.disclosure IN ('PUBLIC', 'GOV_SHARED', 'AUTHORIZED')
        ORDER BY penalty_3.decided_on DESC, penalty_3.id DESC
        LIMIT $3 + 1)) AS c0) AS penalty_3_page)
  ELSE 'null' END, '}') AS concat_1
FROM (
  SELECT array((
    SELECT sharing_scope.provider
    FROM sharing_scope
    WHERE sharing_scope.receiver = $4 AND sharing_scope.kind = 'person' AND sharing_scope.matter_kind = $5 AND sharing_scope.basis = $6 AND sharing_scope.valid_from <= $2 AND (sharing_scope.valid_until IS NULL OR sharing_scope.valid_until >= $2))) AS shared_person, array((
    SELECT sharing_scope.provider
    FROM sharing_scope
    WHERE sharing_scope.receiver = $4 AND sharing_scope.kind = 'license' AND sharing_scope.matter_kind = $5 AND sharing_scope.basis = $6 AND sharing_scope.valid_from <= $2 AND (sharing_scope.valid_until IS NULL OR sharing_scope.valid_until >= $2))) AS shared_license, array((
    SELECT sharing_scope.provider
    FROM sharing_scope
    WHERE sharing_scope.receiver = $4 AND sharing_scope.kind = 'penalty' AND sharing_scope.matter_kind = $5 AND sharing_scope.basis = $6 AND sharing_scope.valid_from <= $2 AND (sharing_scope.valid_until IS NULL OR sharing_scope.valid_until >= $2))) AS shared_penalty
  LIMIT ALL OFFSET 0) AS ground, person AS person_1
WHERE person_1.id_number_index = $7 AND person_1.name_index = $8 AND person_1.provider = ANY (ground.shared_person)
LIMIT 1
