-- person: $1 first_0, $2 today, $3 first_1, $4 first_2, $5 first_3, $6 consent, $7 consumer, $8 purpose, $9 use, $10 now, $11 id_index, $12 name_index
-- may open: commitment.signed_by
SELECT concat('§0/person/ordinary/', CASE
  WHEN (person_1.subject_id = ANY (ground.consented_person)) THEN 2
  ELSE 0 END, ',', person_1.subject_id, ',0,', person_1.version, '§¤k', person_1.subject_id, ',', (
  SELECT encode(subject_key.wrapped, 'hex') AS encode_1
  FROM subject_key
  WHERE subject_key.subject_id = person_1.subject_id), '¤{"listings":', CASE
  WHEN (person_1.subject_id = ANY (ground.consented_listing)) THEN (
    SELECT concat('{"nodes":[', array_to_string(listing_2_page.c0[1:$1], ','), ']}') AS concat_2
    FROM (
      SELECT array((
        SELECT concat('§1/person/ordinary/', CASE
          WHEN (listing_2.subject_id = ANY (ground.consented_listing)) THEN 2
          ELSE 0 END, ',', listing_2.subject_id, ',', listing_2.id, ',', listing_2.version, '§{"listName":', coalesce(CAST(to_json(listing_2.list_name) AS TEXT), 'null'), ',"organ":', coalesce(CAST(to_json(listing_2.organ) AS TEXT), 'null'), ',"measures":', coalesce(CAST(to_json(listing_2.measures) AS TEXT), 'null'), ',"reason":', coalesce(CAST(to_json(listing_2.reason_released) AS TEXT), 'null'), ',"officialSite":', coalesce(CAST(to_json(listing_2.official_site) AS TEXT), 'null'), ',"standing":', coalesce('"' || CAST(CASE
          WHEN (NOT (listing_2.status IN ('ACTIVE', 'CORRECTED') AND (listing_2.published_until IS NULL OR listing_2.published_until >= $2) AND (listing_2.retained_until IS NULL OR listing_2.retained_until >= $2) AND (listing_2.exited_on IS NULL OR listing_2.exited_on > $2))) THEN 'NO_LONGER_DISCLOSED'
          WHEN false THEN 'LAPSED'
          ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
        FROM listing AS listing_2
        WHERE listing_2.subject_id = person_1.subject_id AND listing_2.status IN ('ACTIVE', 'CORRECTED') AND (listing_2.published_until IS NULL OR listing_2.published_until >= $2) AND (listing_2.retained_until IS NULL OR listing_2.retained_until >= $2) AND (listing_2.exited_on IS NULL OR listing_2.exited_on > $2) AND listing_2.subject_id = ANY (ground.consented_listing) AND listing_2.disclosure IN ('PUBLIC', 'AUTHORIZED')
        ORDER BY listing_2.decided_on DESC, listing_2.id DESC
        LIMIT $1 + 1)) AS c0) AS listing_2_page)
  ELSE 'null' END, ',"commitments":', CASE
  WHEN (person_1.subject_id = ANY (ground.consented_commitment)) THEN (
    SELECT concat('{"nodes":[', array_to_string(commitment_3_page.c0[1:$3], ','), ']}') AS concat_3
    FROM (
      SELECT array((
        SELECT concat('§2/person/ordinary/', CASE
          WHEN (commitment_3.subject_id = ANY (ground.consented_commitment)) THEN 2
          ELSE 0 END, ',', commitment_3.subject_id, ',', commitment_3.id, ',', commitment_3.version, '§{"matter":', coalesce(CAST(to_json(commitment_3.matter) AS TEXT), 'null'), ',"performance":', coalesce('"' || CAST(commitment_3.performance AS TEXT) || '"', 'null'), ',"signedBy":', coalesce(concat('¤v0,', commitment_3.subject_id, ',', commitment_3.id, ',') || encode(commitment_3.signed_by_sealed, 'hex') || '¤', 'null'), '}') AS c0
        FROM commitment AS commitment_3
        WHERE commitment_3.subject_id = person_1.subject_id AND commitment_3.status IN ('ACTIVE', 'CORRECTED') AND (commitment_3.published_until IS NULL OR commitment_3.published_until >= $2) AND (commitment_3.retained_until IS NULL OR commitment_3.retained_until >= $2) AND commitment_3.subject_id = ANY (ground.consented_commitment) AND commitment_3.disclosure IN ('PUBLIC', 'AUTHORIZED')
        ORDER BY commitment_3.signed_on DESC, commitment_3.id DESC
        LIMIT $3 + 1)) AS c0) AS commitment_3_page)
  ELSE 'null' END, ',"honors":', CASE
  WHEN (person_1.subject_id = ANY (ground.consented_honor)) THEN (
    SELECT concat('{"nodes":[', array_to_string(honor_4_page.c0[1:$4], ','), ']}') AS concat_4
    FROM (
      SELECT array((
        SELECT concat('§3/person/ordinary/', CASE
          WHEN (honor_4.subject_id = ANY (ground.consented_honor)) THEN 2
          ELSE 0 END, ',', honor_4.subject_id, ',', honor_4.id, ',', honor_4.version, '§{"title":', coalesce(CAST(to_json(honor_4.title) AS TEXT), 'null'), ',"merits":', coalesce(CAST(to_json(honor_4.merits_released) AS TEXT), 'null'), '}') AS c0
        FROM honor AS honor_4
        WHERE honor_4.subject_id = person_1.subject_id AND honor_4.status IN ('ACTIVE', 'CORRECTED') AND (honor_4.published_until IS NULL OR honor_4.published_until >= $2) AND (honor_4.retained_until IS NULL OR honor_4.retained_until >= $2) AND honor_4.subject_id = ANY (ground.consented_honor) AND honor_4.disclosure IN ('PUBLIC', 'AUTHORIZED')
        ORDER BY honor_4.decided_on DESC, honor_4.id DESC
        LIMIT $4 + 1)) AS c0) AS honor_4_page)
  ELSE 'null' END, ',"judgments":', CASE
  WHEN (person_1.subject_id = ANY (ground.consented_judgment)) THEN (
    SELECT concat('{"nodes":[', array_to_string(judgment_5_page.c0[1:$5], ','), ']}') AS concat_5
    FROM (
      SELECT array((
        SELECT concat('§4/person/ordinary/', CASE
          WHEN (judgment_5.subject_id = ANY (ground.consented_judgment)) THEN 2
          ELSE 0 END, ',', judgment_5.subject_id, ',', judgment_5.id, ',', judgment_5.version, '§{"documentNumber":', coalesce(CAST(to_json(judgment_5.document_number) AS TEXT), 'null'), ',"cause":', coalesce(CAST(to_json(judgment_5.cause) AS TEXT), 'null'), ',"amount":', coalesce('"' || CAST(judgment_5.amount AS TEXT) || '"', 'null'), ',"performance":', coalesce('"' || CAST(judgment_5.performance AS TEXT) || '"', 'null'), '}') AS c0
        FROM judgment AS judgment_5
        WHERE judgment_5.subject_id = person_1.subject_id AND judgment_5.status IN ('ACTIVE', 'CORRECTED') AND (judgment_5.published_until IS NULL OR judgment_5.published_until >= $2) AND (judgment_5.retained_until IS NULL OR judgment_5.retained_until >= $2) AND judgment_5.subject_id = ANY (ground.consented_judgment) AND judgment_5.disclosure IN ('PUBLIC', 'AUTHORIZED')
        ORDER BY judgment_5.decided_on DESC, judgment_5.id DESC
        LIMIT $5 + 1)) AS c0) AS judgment_5_page)
  ELSE 'null' END, '}') AS concat_1
FROM (
  SELECT array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $6 AND consent.consumer = $7 AND $8 = ANY (consent.purposes) AND 'person' = ANY (consent.kinds) AND consent_covers(consent, $9, $10))) AS consented_person, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $6 AND consent.consumer = $7 AND $8 = ANY (consent.purposes) AND 'listing' = ANY (consent.kinds) AND consent_covers(consent, $9, $10))) AS consented_listing, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $6 AND consent.consumer = $7 AND $8 = ANY (consent.purposes) AND 'commitment' = ANY (consent.kinds) AND consent_covers(consent, $9, $10))) AS consented_commitment, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $6 AND consent.consumer = $7 AND $8 = ANY (consent.purposes) AND 'honor' = ANY (consent.kinds) AND consent_covers(consent, $9, $10))) AS consented_honor, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $6 AND consent.consumer = $7 AND $8 = ANY (consent.purposes) AND 'judgment' = ANY (consent.kinds) AND consent_covers(consent, $9, $10))) AS consented_judgment
  LIMIT ALL OFFSET 0) AS ground, person AS person_1
WHERE person_1.id_number_index = $11 AND person_1.name_index = $12 AND person_1.subject_id = ANY (ground.consented_person)
LIMIT 1
