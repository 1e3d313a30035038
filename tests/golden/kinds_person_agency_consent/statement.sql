-- person: $1 first_0, $2 today, $3 first_2, $4 first_3, $5 consent, $6 consumer, $7 purpose, $8 use, $9 now, $10 id_index, $11 name_index
-- may open: nothing
SELECT concat('§0/person/ordinary/', (CASE
  WHEN (person_1.subject_id = ANY (ground.consented_person)) THEN 2
  ELSE 0 END + CASE
  WHEN ground.licensed THEN 32
  ELSE 0 END), ',', person_1.subject_id, ',0,', person_1.version, '§{"listings":', CASE
  WHEN (person_1.subject_id = ANY (ground.consented_listing) AND ground.licensed) THEN (
    SELECT concat('{"nodes":[', array_to_string(listing_2_page.c0[1:$1], ','), ']}') AS concat_2
    FROM (
      SELECT array((
        SELECT concat('§1/person/ordinary/', (CASE
          WHEN (listing_2.subject_id = ANY (ground.consented_listing)) THEN 2
          ELSE 0 END + CASE
          WHEN ground.licensed THEN 32
          ELSE 0 END), ',', listing_2.subject_id, ',', listing_2.id, ',', listing_2.version, '§{"listName":', coalesce(CAST(to_json(listing_2.list_name) AS TEXT), 'null'), ',"organ":', coalesce(CAST(to_json(listing_2.organ) AS TEXT), 'null'), ',"measures":', coalesce(CAST(to_json(listing_2.measures) AS TEXT), 'null'), ',"reason":', coalesce(CAST(to_json(listing_2.reason_released) AS TEXT), 'null'), ',"officialSite":', coalesce(CAST(to_json(listing_2.official_site) AS TEXT), 'null'), ',"standing":', coalesce('"' || CAST(CASE
          WHEN (NOT (listing_2.status IN ('ACTIVE', 'CORRECTED') AND (listing_2.published_until IS NULL OR listing_2.published_until >= $2) AND (listing_2.retained_until IS NULL OR listing_2.retained_until >= $2) AND (listing_2.exited_on IS NULL OR listing_2.exited_on > $2))) THEN 'NO_LONGER_DISCLOSED'
          WHEN false THEN 'LAPSED'
          ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
        FROM listing AS listing_2
        WHERE listing_2.subject_id = person_1.subject_id AND listing_2.status IN ('ACTIVE', 'CORRECTED') AND (listing_2.published_until IS NULL OR listing_2.published_until >= $2) AND (listing_2.retained_until IS NULL OR listing_2.retained_until >= $2) AND (listing_2.exited_on IS NULL OR listing_2.exited_on > $2) AND listing_2.subject_id = ANY (ground.consented_listing) AND ground.licensed AND listing_2.disclosure IN ('PUBLIC', 'AUTHORIZED')
        ORDER BY listing_2.decided_on DESC, listing_2.id DESC
        LIMIT $1 + 1)) AS c0) AS listing_2_page)
  ELSE 'null' END, ',"commitments":', 'null', ',"honors":', CASE
  WHEN (person_1.subject_id = ANY (ground.consented_honor) AND ground.licensed) THEN (
    SELECT concat('{"nodes":[', array_to_string(honor_3_page.c0[1:$3], ','), ']}') AS concat_3
    FROM (
      SELECT array((
        SELECT concat('§2/person/ordinary/', (CASE
          WHEN (honor_3.subject_id = ANY (ground.consented_honor)) THEN 2
          ELSE 0 END + CASE
          WHEN ground.licensed THEN 32
          ELSE 0 END), ',', honor_3.subject_id, ',', honor_3.id, ',', honor_3.version, '§{"title":', coalesce(CAST(to_json(honor_3.title) AS TEXT), 'null'), ',"merits":', coalesce(CAST(to_json(honor_3.merits_released) AS TEXT), 'null'), '}') AS c0
        FROM honor AS honor_3
        WHERE honor_3.subject_id = person_1.subject_id AND honor_3.status IN ('ACTIVE', 'CORRECTED') AND (honor_3.published_until IS NULL OR honor_3.published_until >= $2) AND (honor_3.retained_until IS NULL OR honor_3.retained_until >= $2) AND honor_3.subject_id = ANY (ground.consented_honor) AND ground.licensed AND honor_3.disclosure IN ('PUBLIC', 'AUTHORIZED')
        ORDER BY honor_3.decided_on DESC, honor_3.id DESC
        LIMIT $3 + 1)) AS c0) AS honor_3_page)
  ELSE 'null' END, ',"judgments":', CASE
  WHEN (person_1.subject_id = ANY (ground.consented_judgment) AND ground.licensed) THEN (
    SELECT concat('{"nodes":[', array_to_string(judgment_4_page.c0[1:$4], ','), ']}') AS concat_4
    FROM (
      SELECT array((
        SELECT concat('§3/person/ordinary/', (CASE
          WHEN (judgment_4.subject_id = ANY (ground.consented_judgment)) THEN 2
          ELSE 0 END + CASE
          WHEN ground.licensed THEN 32
          ELSE 0 END), ',', judgment_4.subject_id, ',', judgment_4.id, ',', judgment_4.version, '§{"documentNumber":', coalesce(CAST(to_json(judgment_4.document_number) AS TEXT), 'null'), ',"cause":', coalesce(CAST(to_json(judgment_4.cause) AS TEXT), 'null'), ',"amount":', coalesce('"' || CAST(judgment_4.amount AS TEXT) || '"', 'null'), ',"performance":', coalesce('"' || CAST(judgment_4.performance AS TEXT) || '"', 'null'), '}') AS c0
        FROM judgment AS judgment_4
        WHERE judgment_4.subject_id = person_1.subject_id AND judgment_4.status IN ('ACTIVE', 'CORRECTED') AND (judgment_4.published_until IS NULL OR judgment_4.published_until >= $2) AND (judgment_4.retained_until IS NULL OR judgment_4.retained_until >= $2) AND judgment_4.subject_id = ANY (ground.consented_judgment) AND ground.licensed AND judgment_4.disclosure IN ('PUBLIC', 'AUTHORIZED')
        ORDER BY judgment_4.decided_on DESC, judgment_4.id DESC
        LIMIT $4 + 1)) AS c0) AS judgment_4_page)
  ELSE 'null' END, '}') AS concat_1
FROM (
  SELECT array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $5 AND consent.consumer = $6 AND $7 = ANY (consent.purposes) AND 'person' = ANY (consent.kinds) AND consent_covers(consent, $8, $9))) AS consented_person, EXISTS (
    SELECT 1
    FROM consumer
    WHERE consumer.id = $6 AND consumer.licensed) AS licensed, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $5 AND consent.consumer = $6 AND $7 = ANY (consent.purposes) AND 'listing' = ANY (consent.kinds) AND consent_covers(consent, $8, $9))) AS consented_listing, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $5 AND consent.consumer = $6 AND $7 = ANY (consent.purposes) AND 'honor' = ANY (consent.kinds) AND consent_covers(consent, $8, $9))) AS consented_honor, array((
    SELECT consent.subject_id
    FROM consent
    WHERE consent.number = $5 AND consent.consumer = $6 AND $7 = ANY (consent.purposes) AND 'judgment' = ANY (consent.kinds) AND consent_covers(consent, $8, $9))) AS consented_judgment
  LIMIT ALL OFFSET 0) AS ground, person AS person_1
WHERE person_1.id_number_index = $10 AND person_1.name_index = $11 AND person_1.subject_id = ANY (ground.consented_person) AND ground.licensed
LIMIT 1
