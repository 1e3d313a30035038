-- person: $1 principal, $2 now, $3 id_index, $4 name_index
-- may open: person.name, person.id_number, person.phone
SELECT concat('§0/person/ordinary/', CASE
  WHEN (person_1.subject_id = ANY (ground.own)) THEN 1
  ELSE 0 END, ',', person_1.subject_id, ',0,', person_1.version, '§¤k', person_1.subject_id, ',', (
  SELECT encode(subject_key.wrapped, 'hex') AS encode_1
  FROM subject_key
  WHERE subject_key.subject_id = person_1.subject_id), '¤{"name":', coalesce(concat('¤v0,', person_1.subject_id, ',', person_1.subject_id, ',') || encode(person_1.name_sealed, 'hex') || '¤', 'null'), ',"idNumber":', coalesce(concat('¤v1,', person_1.subject_id, ',', person_1.subject_id, ',') || encode(person_1.id_number_sealed, 'hex') || '¤', 'null'), ',"phone":', coalesce(concat('¤v2,', person_1.subject_id, ',', person_1.subject_id, ',') || encode(person_1.phone_sealed, 'hex') || '¤', 'null'), '}') AS concat_1
FROM (
  SELECT array((
    SELECT mandate.subject_id
    FROM mandate
    WHERE mandate.principal = $1 AND mandate.valid_from <= $2 AND (mandate.valid_until IS NULL OR mandate.valid_until > $2) AND mandate.revoked_at IS NULL)) AS own
  LIMIT ALL OFFSET 0) AS ground, person AS person_1
WHERE person_1.id_number_index = $3 AND person_1.name_index = $4 AND person_1.subject_id = ANY (ground.own)
LIMIT 1
