-- enterprise: $1 first_0, $2 today, $3 first_1, $4 first_2, $5 first_3, $6 first_4, $7 first_5, $8 consent, $9 consumer, $10 purpose, $11 use, $12 now, $13 by_kind, $14 by_value
-- may open: listing.responsible_persons, commitment.signed_by
SELECT concat('§0/', enterprise_1.subject_class, '/ordinary/0,', enterprise_1.subject_id, ',0,', enterprise_1.version, '§¤k', enterprise_1.subject_id, ',', (
  SELECT encode(subject_key.wrapped, 'hex') AS encode_1
  FROM subject_key
  WHERE subject_key.subject_id = enterprise_1.subject_id), '¤{"listings":', (
  SELECT concat('{"nodes":[', array_to_string(listing_2_page.c0[1:$1], ','), ']}') AS concat_2
  FROM (
    SELECT array((
      SELECT concat('§1/', listing_2.subject_class, '/ordinary/', CASE
        WHEN (listing_2.subject_id = ANY (ground.consented_listing)) THEN 2
        ELSE 0 END, ',', listing_2.subject_id, ',', listing_2.id, ',', listing_2.version, '§{"listName":', coalesce(CAST(to_json(listing_2.list_name) AS TEXT), 'null'), ',"organ":', coalesce(CAST(to_json(listing_2.organ) AS TEXT), 'null'), ',"measures":', coalesce(CAST(to_json(listing_2.measures) AS TEXT), 'null'), ',"reason":', coalesce(CAST(to_json(listing_2.reason_released) AS TEXT), 'null'), ',"termEndsOn":', coalesce('"' || CAST(listing_2.term_ends_on AS TEXT) || '"', 'null'), ',"exitedOn":', coalesce('"' || CAST(listing_2.exited_on AS TEXT) || '"', 'null'), ',"responsiblePersons":', CASE
        WHEN (listing_2.subject_class = 'legal' AND listing_2.subject_id = ANY (ground.consented_listing)) THEN coalesce(concat('¤v0,', listing_2.subject_id, ',', listing_2.id, ',') || encode(listing_2.responsible_persons_sealed, 'hex') || '¤', 'null')
        WHEN (listing_2.subject_class = 'individual') THEN coalesce(concat('¤v0,', listing_2.subject_id, ',', listing_2.id, ',') || encode(listing_2.responsible_persons_sealed, 'hex') || '¤', 'null')
        ELSE 'null' END, ',"disputed":', CAST(listing_2.disputed_on IS NOT NULL AS TEXT), ',"standing":', coalesce('"' || CAST(CASE
        WHEN (NOT (listing_2.status IN ('ACTIVE', 'CORRECTED') AND (listing_2.published_until IS NULL OR listing_2.published_until >= $2) AND (listing_2.retained_until IS NULL OR listing_2.retained_until >= $2) AND (listing_2.exited_on IS NULL OR listing_2.exited_on > $2))) THEN 'NO_LONGER_DISCLOSED'
        WHEN false THEN 'LAPSED'
        ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
      FROM listing AS listing_2
      WHERE listing_2.subject_id = enterprise_1.subject_id AND (listing_2.status IN ('ACTIVE', 'CORRECTED') AND (listing_2.published_until IS NULL OR listing_2.published_until >= $2) AND (listing_2.retained_until IS NULL OR listing_2.retained_until >= $2) AND (listing_2.exited_on IS NULL OR listing_2.exited_on > $2) AND listing_2.subject_class = 'legal' AND (listing_2.disclosure = 'PUBLIC' OR listing_2.subject_id = ANY (ground.consented_listing) AND listing_2.disclosure IN ('PUBLIC', 'AUTHORIZED')) OR listing_2.status IN ('ACTIVE', 'CORRECTED') AND (listing_2.published_until IS NULL OR listing_2.published_until >= $2) AND (listing_2.retained_until IS NULL OR listing_2.retained_until >= $2) AND (listing_2.exited_on IS NULL OR listing_2.exited_on > $2) AND listing_2.subject_class = 'individual' AND listing_2.subject_id = ANY (ground.consented_listing) AND listing_2.disclosure IN ('PUBLIC', 'AUTHORIZED'))
      ORDER BY listing_2.decided_on DESC, listing_2.id DESC
      LIMIT $1 + 1)) AS c0) AS listing_2_page), ',"irregularities":', (
  SELECT concat('{"nodes":[', array_to_string(irregularity_3_page.c0[1:$3], ','), ']}') AS concat_3
  FROM (
    SELECT array((
      SELECT concat('§2/', irregularity_3.subject_class, '/ordinary/0,', irregularity_3.subject_id, ',', irregularity_3.id, ',', irregularity_3.version, '§{"cause":', coalesce('"' || CAST(irregularity_3.cause AS TEXT) || '"', 'null'), ',"decidedOn":', coalesce('"' || CAST(irregularity_3.decided_on AS TEXT) || '"', 'null'), ',"exitReason":', coalesce('"' || CAST(irregularity_3.exit_reason AS TEXT) || '"', 'null'), ',"standing":', coalesce('"' || CAST(CASE
        WHEN (NOT (irregularity_3.status IN ('ACTIVE', 'CORRECTED') AND (irregularity_3.published_until IS NULL OR irregularity_3.published_until >= $2) AND (irregularity_3.retained_until IS NULL OR irregularity_3.retained_until >= $2) AND (irregularity_3.exited_on IS NULL OR irregularity_3.exited_on > $2))) THEN 'NO_LONGER_DISCLOSED'
        WHEN false THEN 'LAPSED'
        ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
      FROM irregularity AS irregularity_3
      WHERE irregularity_3.subject_id = enterprise_1.subject_id AND irregularity_3.status IN ('ACTIVE', 'CORRECTED') AND (irregularity_3.published_until IS NULL OR irregularity_3.published_until >= $2) AND (irregularity_3.retained_until IS NULL OR irregularity_3.retained_until >= $2) AND (irregularity_3.exited_on IS NULL OR irregularity_3.exited_on > $2) AND irregularity_3.disclosure = 'PUBLIC'
      ORDER BY irregularity_3.decided_on DESC, irregularity_3.id DESC
      LIMIT $3 + 1)) AS c0) AS irregularity_3_page), ',"ratings":', (
  SELECT concat('{"nodes":[', array_to_string(rating_4_page.c0[1:$4], ','), ']}') AS concat_4
  FROM (
    SELECT array((
      SELECT concat('§3/', rating_4.subject_class, '/', CASE
        WHEN rating_4.minor THEN 'minor'
        ELSE 'ordinary' END, '/', CASE
        WHEN (rating_4.subject_id = ANY (ground.consented_rating)) THEN 2
        ELSE 0 END, ',', rating_4.subject_id, ',', rating_4.id, ',', rating_4.version, '§{"scheme":', coalesce((
        SELECT concat('{"code":', coalesce(CAST(to_json(scheme_5.code) AS TEXT), 'null'), ',"published":', CAST(NOT scheme_5.minor AS TEXT), '}') AS concat_5
        FROM scheme AS scheme_5
        WHERE scheme_5.code = rating_4.scheme), 'null'), ',"year":', coalesce(CAST(to_json(rating_4.year) AS TEXT), 'null'), ',"grade":', coalesce(CAST(to_json(rating_4.grade) AS TEXT), 'null'), ',"score":', CASE
        WHEN (NOT rating_4.minor AND rating_4.subject_id = ANY (ground.consented_rating)) THEN coalesce('"' || CAST(rating_4.score AS TEXT) || '"', 'null')
        WHEN rating_4.minor THEN coalesce('"' || CAST(rating_4.score AS TEXT) || '"', 'null')
        ELSE 'null' END, ',"standing":', coalesce('"' || CAST(CASE
        WHEN (NOT (rating_4.status IN ('ACTIVE', 'CORRECTED') AND (rating_4.published_until IS NULL OR rating_4.published_until >= $2) AND (rating_4.retained_until IS NULL OR rating_4.retained_until >= $2))) THEN 'NO_LONGER_DISCLOSED'
        WHEN (rating_4.valid_until < $2) THEN 'LAPSED'
        ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
      FROM rating AS rating_4
      WHERE rating_4.subject_id = enterprise_1.subject_id AND (rating_4.status IN ('ACTIVE', 'CORRECTED') AND (rating_4.published_until IS NULL OR rating_4.published_until >= $2) AND (rating_4.retained_until IS NULL OR rating_4.retained_until >= $2) AND NOT rating_4.minor AND (rating_4.disclosure = 'PUBLIC' OR rating_4.subject_id = ANY (ground.consented_rating) AND rating_4.disclosure IN ('PUBLIC', 'AUTHORIZED')) OR rating_4.status IN ('ACTIVE', 'CORRECTED') AND (rating_4.published_until IS NULL OR rating_4.published_until >= $2) AND (rating_4.retained_until IS NULL OR rating_4.retained_until >= $2) AND rating_4.minor AND rating_4.subject_id = ANY (ground.consented_rating) AND rating_4.disclosure IN ('PUBLIC', 'AUTHORIZED'))
      ORDER BY rating_4.decided_on DESC, rating_4.id DESC
      LIMIT $4 + 1)) AS c0) AS rating_4_page), ',"commitments":', (
  SELECT concat('{"nodes":[', array_to_string(commitment_6_page.c0[1:$5], ','), ']}') AS concat_6
  FROM (
    SELECT array((
      SELECT concat('§4/', commitment_6.subject_class, '/ordinary/', CASE
        WHEN (commitment_6.subject_id = ANY (ground.consented_commitment)) THEN 2
        ELSE 0 END, ',', commitment_6.subject_id, ',', commitment_6.id, ',', commitment_6.version, '§{"matter":', coalesce(CAST(to_json(commitment_6.matter) AS TEXT), 'null'), ',"performance":', coalesce('"' || CAST(commitment_6.performance AS TEXT) || '"', 'null'), ',"signedBy":', CASE
        WHEN (commitment_6.subject_id = ANY (ground.consented_commitment)) THEN coalesce(concat('¤v1,', commitment_6.subject_id, ',', commitment_6.id, ',') || encode(commitment_6.signed_by_sealed, 'hex') || '¤', 'null')
        ELSE 'null' END, '}') AS c0
      FROM commitment AS commitment_6
      WHERE commitment_6.subject_id = enterprise_1.subject_id AND commitment_6.status IN ('ACTIVE', 'CORRECTED') AND (commitment_6.published_until IS NULL OR commitment_6.published_until >= $2) AND (commitment_6.retained_until IS NULL OR commitment_6.retained_until >= $2) AND (commitment_6.disclosure = 'PUBLIC' OR commitment_6.subject_id = ANY (ground.consented_commitment) AND commitment_6.disclosure IN ('PUBLIC', 'AUTHORIZED'))
      ORDER BY commitment_6.signed_on DESC, commitment_6.id DESC
      LIMIT $5 + 1)) AS c0) AS commitment_6_page), ',"honors":', (
  SELECT concat('{"nodes":[', array_to_string(honor_7_page.c0[1:$6], ','), ']}') AS concat_7
  FROM (
    SELECT array((
      SELECT concat('§5/', honor_7.subject_class, '/ordinary/', CASE
        WHEN (honor_7.subject_id = ANY (ground.consented_honor)) THEN 2
        ELSE 0 END, ',', honor_7.subject_id, ',', honor_7.id, ',', honor_7.version, '§{"title":', coalesce(CAST(to_json(honor_7.title) AS TEXT), 'null'), ',"merits":', coalesce(CAST(to_json(honor_7.merits_released) AS TEXT), 'null'), '}') AS c0
      FROM honor AS honor_7
      WHERE honor_7.subject_id = enterprise_1.subject_id AND (honor_7.status IN ('ACTIVE', 'CORRECTED') AND (honor_7.published_until IS NULL OR honor_7.published_until >= $2) AND (honor_7.retained_until IS NULL OR honor_7.retained_until >= $2) AND honor_7.subject_class = 'legal' AND (honor_7.disclosure = 'PUBLIC' OR honor_7.subject_id = ANY (ground.consented_honor) AND honor_7.disclosure IN ('PUBLIC', 'AUTHORIZED')) OR honor_7.status IN ('ACTIVE', 'CORRECTED') AND (honor_7.published_until IS NULL OR honor_7.published_until >= $2) AND (honor_7.retained_until IS NULL OR honor_7.retained_until >= $2) AND honor_7.subject_class = 'individual' AND honor_7.subject_id = ANY (ground.consented_honor) AND honor_7.disclosure IN ('PUBLIC', 'AUTHORIZED'))
      ORDER BY honor_7.decided_on DESC, honor_7.id DESC
      LIMIT $6 + 1)) AS c0) AS honor_7_page), ',"judgments":', (
  SELECT concat('{"nodes":[', array_to_string(judgment_8_page.c0[1:$7], ','), ']}') AS concat_8
  FROM (
    SELECT array((
      SELECT concat('§6/', judgment_8.subject_class, '/ordinary/', CASE
        WHEN (judgment_8.subject_id = ANY (ground.consented_judgment)) THEN 2
        ELSE 0 END, ',', judgment_8.subject_id, ',', judgment_8.id, ',', judgment_8.version, '§{"documentNumber":', coalesce(CAST(to_json(judgment_8.document_number) AS TEXT), 'null'), ',"cause":', coalesce(CAST(to_json(judgment_8.cause) AS TEXT), 'null'), ',"amount":', coalesce('"' || CAST(judgment_8.amount AS TEXT) || '"', 'null'), ',"performance":', coalesce('"' || CAST(judgment_8.performance AS TEXT) || '"', 'null'), ',"officialSite":', coalesce(CAST(to_json(judgment_8.official_site) AS TEXT), 'null'), '}') AS c0
      FROM judgment AS judgment_8
      WHERE judgment_8.subject_id = enterprise_1.subject_id AND (judgment_8.status IN ('ACTIVE', 'CORRECTED') AND (judgment_8.published_until IS NULL OR judgment_8.published_until >= $2) AND (judgment_8.retained_until IS NULL OR judgment_8.retained_until >= $2) AND judgment_8.subject_class = 'legal' AND (judgment_8.disclosure = 'PUBLIC' OR judgment_8.subject_id = ANY (ground.consented_judgment) AND judgment_8.disclosure IN ('PUBLIC', 'AUTHORIZED')) OR judgment_8.status IN ('ACTIVE', 'CORRECTED') AND (judgment_8.published_until IS NULL OR judgment_8.published_until >= $2) AND (judgment_8.retained_until IS NULL OR judgment_8.retained_until >= $2) AND judgment_8.subject_class = 'individual' AND judgment_8.subject_id = ANY (ground.consented_judgment) AND judgment_8.disclosure IN ('PUBLIC', 'AUTHORIZED'))
      ORDER BY judgment_8.decided_on DESC, judgment_8.id DESC
      LIMIT $7 + 1)) AS c0) AS judgment_8_page), '}') AS concat_1
FROM (
  SELECT array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $8 AND consent.consumer = $9 AND $10 = ANY (consent.purposes) AND 'listing' = ANY (consent.kinds) AND consent_covers(consent, $11, $12))) AS consented_listing, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $8 AND consent.consumer = $9 AND $10 = ANY (consent.purposes) AND 'rating' = ANY (consent.kinds) AND consent_covers(consent, $11, $12))) AS consented_rating, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $8 AND consent.consumer = $9 AND $10 = ANY (consent.purposes) AND 'commitment' = ANY (consent.kinds) AND consent_covers(consent, $11, $12))) AS consented_commitment, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $8 AND consent.consumer = $9 AND $10 = ANY (consent.purposes) AND 'honor' = ANY (consent.kinds) AND consent_covers(consent, $11, $12))) AS consented_honor, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $8 AND consent.consumer = $9 AND $10 = ANY (consent.purposes) AND 'judgment' = ANY (consent.kinds) AND consent_covers(consent, $11, $12))) AS consented_judgment
  LIMIT ALL OFFSET 0) AS ground, identifier AS matched
JOIN enterprise AS enterprise_1 ON enterprise_1.subject_id = matched.subject_id
WHERE matched.kind = $13 AND matched.value_index = $14
ORDER BY CASE
  WHEN (matched.valid_until IS NULL OR matched.valid_until >= $2) THEN 0
  ELSE 1 END, matched.subject_id
LIMIT 1
