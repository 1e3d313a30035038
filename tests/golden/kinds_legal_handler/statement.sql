-- enterprise: $1 first_0, $2 today, $3 first_1, $4 first_2, $5 first_3, $6 first_4, $7 first_5, $8 first_6, $9 department, $10 principal, $11 now, $12 by_kind, $13 by_value
-- may open: listing.reason, listing.responsible_persons, commitment.text, commitment.signed_by, honor.merits
SELECT concat('§0/', enterprise_1.subject_class, '/ordinary/', CASE
  WHEN (enterprise_1.subject_id = ANY (ground.case_subjects)) THEN 8
  ELSE 0 END, ',', enterprise_1.subject_id, ',0,', enterprise_1.version, '§¤k', enterprise_1.subject_id, ',', (
  SELECT encode(subject_key.wrapped, 'hex') AS encode_1
  FROM subject_key
  WHERE subject_key.subject_id = enterprise_1.subject_id), '¤{"listings":', CASE
  WHEN (EXISTS (
    SELECT 1
    FROM listing AS listing_3
    WHERE listing_3.subject_id = enterprise_1.subject_id AND listing_3.id = ANY (ground.case_rows))) THEN (
    SELECT concat('{"nodes":[', array_to_string(listing_2_page.c0[1:$1], ','), ']}') AS concat_2
    FROM (
      SELECT array((
        SELECT concat('§1/', listing_2.subject_class, '/', CASE
          WHEN (NOT (listing_2.status IN ('ACTIVE', 'CORRECTED') AND (listing_2.published_until IS NULL OR listing_2.published_until >= $2) AND (listing_2.retained_until IS NULL OR listing_2.retained_until >= $2) AND (listing_2.exited_on IS NULL OR listing_2.exited_on > $2))) THEN 'ended'
          ELSE 'ordinary' END, '/', CASE
          WHEN (listing_2.id = ANY (ground.case_rows)) THEN 8
          ELSE 0 END, ',', listing_2.subject_id, ',', listing_2.id, ',', listing_2.version, '§{"listName":', coalesce(CAST(to_json(listing_2.list_name) AS TEXT), 'null'), ',"organ":', coalesce(CAST(to_json(listing_2.organ) AS TEXT), 'null'), ',"measures":', coalesce(CAST(to_json(listing_2.measures) AS TEXT), 'null'), ',"reason":', coalesce(concat('¤v0,', listing_2.subject_id, ',', listing_2.id, ',') || encode(listing_2.reason_sealed, 'hex') || '¤', 'null'), ',"termEndsOn":', coalesce('"' || CAST(listing_2.term_ends_on AS TEXT) || '"', 'null'), ',"exitedOn":', coalesce('"' || CAST(listing_2.exited_on AS TEXT) || '"', 'null'), ',"responsiblePersons":', coalesce(concat('¤v1,', listing_2.subject_id, ',', listing_2.id, ',') || encode(listing_2.responsible_persons_sealed, 'hex') || '¤', 'null'), ',"disputed":', CAST(listing_2.disputed_on IS NOT NULL AS TEXT), ',"standing":', coalesce('"' || CAST(CASE
          WHEN (NOT (listing_2.status IN ('ACTIVE', 'CORRECTED') AND (listing_2.published_until IS NULL OR listing_2.published_until >= $2) AND (listing_2.retained_until IS NULL OR listing_2.retained_until >= $2) AND (listing_2.exited_on IS NULL OR listing_2.exited_on > $2))) THEN 'NO_LONGER_DISCLOSED'
          WHEN false THEN 'LAPSED'
          ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
        FROM listing AS listing_2
        WHERE listing_2.subject_id = enterprise_1.subject_id AND listing_2.id = ANY (ground.case_rows) AND listing_2.disclosure IN ('PUBLIC', 'GOV_SHARED', 'AUTHORIZED', 'INTERNAL')
        ORDER BY listing_2.decided_on DESC, listing_2.id DESC
        LIMIT $1 + 1)) AS c0) AS listing_2_page)
  ELSE 'null' END, ',"irregularities":', CASE
  WHEN (EXISTS (
    SELECT 1
    FROM irregularity AS irregularity_5
    WHERE irregularity_5.subject_id = enterprise_1.subject_id AND irregularity_5.id = ANY (ground.case_rows))) THEN (
    SELECT concat('{"nodes":[', array_to_string(irregularity_4_page.c0[1:$3], ','), ']}') AS concat_3
    FROM (
      SELECT array((
        SELECT concat('§2/', irregularity_4.subject_class, '/', CASE
          WHEN (NOT (irregularity_4.status IN ('ACTIVE', 'CORRECTED') AND (irregularity_4.published_until IS NULL OR irregularity_4.published_until >= $2) AND (irregularity_4.retained_until IS NULL OR irregularity_4.retained_until >= $2) AND (irregularity_4.exited_on IS NULL OR irregularity_4.exited_on > $2))) THEN 'ended'
          ELSE 'ordinary' END, '/', CASE
          WHEN (irregularity_4.id = ANY (ground.case_rows)) THEN 8
          ELSE 0 END, ',', irregularity_4.subject_id, ',', irregularity_4.id, ',', irregularity_4.version, '§{"cause":', coalesce('"' || CAST(irregularity_4.cause AS TEXT) || '"', 'null'), ',"decidedOn":', coalesce('"' || CAST(irregularity_4.decided_on AS TEXT) || '"', 'null'), ',"exitReason":', coalesce('"' || CAST(irregularity_4.exit_reason AS TEXT) || '"', 'null'), ',"standing":', coalesce('"' || CAST(CASE
          WHEN (NOT (irregularity_4.status IN ('ACTIVE', 'CORRECTED') AND (irregularity_4.published_until IS NULL OR irregularity_4.published_until >= $2) AND (irregularity_4.retained_until IS NULL OR irregularity_4.retained_until >= $2) AND (irregularity_4.exited_on IS NULL OR irregularity_4.exited_on > $2))) THEN 'NO_LONGER_DISCLOSED'
          WHEN false THEN 'LAPSED'
          ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
        FROM irregularity AS irregularity_4
        WHERE irregularity_4.subject_id = enterprise_1.subject_id AND irregularity_4.id = ANY (ground.case_rows) AND irregularity_4.disclosure IN ('PUBLIC', 'GOV_SHARED', 'AUTHORIZED', 'INTERNAL')
        ORDER BY irregularity_4.decided_on DESC, irregularity_4.id DESC
        LIMIT $3 + 1)) AS c0) AS irregularity_4_page)
  ELSE 'null' END, ',"ratings":', CASE
  WHEN (EXISTS (
    SELECT 1
    FROM rating AS rating_8
    WHERE rating_8.subject_id = enterprise_1.subject_id AND rating_8.id = ANY (ground.case_rows))) THEN (
    SELECT concat('{"nodes":[', array_to_string(rating_6_page.c0[1:$4], ','), ']}') AS concat_4
    FROM (
      SELECT array((
        SELECT concat('§3/', rating_6.subject_class, '/', CASE
          WHEN (NOT (rating_6.status IN ('ACTIVE', 'CORRECTED') AND (rating_6.published_until IS NULL OR rating_6.published_until >= $2) AND (rating_6.retained_until IS NULL OR rating_6.retained_until >= $2))) THEN 'ended'
          WHEN rating_6.minor THEN 'minor'
          ELSE 'ordinary' END, '/', CASE
          WHEN (rating_6.id = ANY (ground.case_rows)) THEN 8
          ELSE 0 END, ',', rating_6.subject_id, ',', rating_6.id, ',', rating_6.version, '§{"scheme":', coalesce((
          SELECT concat('{"code":', coalesce(CAST(to_json(scheme_7.code) AS TEXT), 'null'), ',"published":', CAST(NOT scheme_7.minor AS TEXT), '}') AS concat_5
          FROM scheme AS scheme_7
          WHERE scheme_7.code = rating_6.scheme), 'null'), ',"year":', coalesce(CAST(to_json(rating_6.year) AS TEXT), 'null'), ',"grade":', coalesce(CAST(to_json(rating_6.grade) AS TEXT), 'null'), ',"score":', coalesce('"' || CAST(rating_6.score AS TEXT) || '"', 'null'), ',"standing":', coalesce('"' || CAST(CASE
          WHEN (NOT (rating_6.status IN ('ACTIVE', 'CORRECTED') AND (rating_6.published_until IS NULL OR rating_6.published_until >= $2) AND (rating_6.retained_until IS NULL OR rating_6.retained_until >= $2))) THEN 'NO_LONGER_DISCLOSED'
          WHEN (rating_6.valid_until < $2) THEN 'LAPSED'
          ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
        FROM rating AS rating_6
        WHERE rating_6.subject_id = enterprise_1.subject_id AND rating_6.id = ANY (ground.case_rows) AND rating_6.disclosure IN ('PUBLIC', 'GOV_SHARED', 'AUTHORIZED', 'INTERNAL')
        ORDER BY rating_6.decided_on DESC, rating_6.id DESC
        LIMIT $4 + 1)) AS c0) AS rating_6_page)
  ELSE 'null' END, ',"commitments":', CASE
  WHEN (EXISTS (
    SELECT 1
    FROM commitment AS commitment_10
    WHERE commitment_10.subject_id = enterprise_1.subject_id AND commitment_10.id = ANY (ground.case_rows))) THEN (
    SELECT concat('{"nodes":[', array_to_string(commitment_9_page.c0[1:$5], ','), ']}') AS concat_6
    FROM (
      SELECT array((
        SELECT concat('§4/', commitment_9.subject_class, '/', CASE
          WHEN (NOT (commitment_9.status IN ('ACTIVE', 'CORRECTED') AND (commitment_9.published_until IS NULL OR commitment_9.published_until >= $2) AND (commitment_9.retained_until IS NULL OR commitment_9.retained_until >= $2))) THEN 'ended'
          ELSE 'ordinary' END, '/', CASE
          WHEN (commitment_9.id = ANY (ground.case_rows)) THEN 8
          ELSE 0 END, ',', commitment_9.subject_id, ',', commitment_9.id, ',', commitment_9.version, '§{"matter":', coalesce(CAST(to_json(commitment_9.matter) AS TEXT), 'null'), ',"performance":', coalesce('"' || CAST(commitment_9.performance AS TEXT) || '"', 'null'), ',"text":', coalesce(concat('¤v2,', commitment_9.subject_id, ',', commitment_9.id, ',') || encode(commitment_9.text_sealed, 'hex') || '¤', 'null'), ',"signedBy":', coalesce(concat('¤v3,', commitment_9.subject_id, ',', commitment_9.id, ',') || encode(commitment_9.signed_by_sealed, 'hex') || '¤', 'null'), '}') AS c0
        FROM commitment AS commitment_9
        WHERE commitment_9.subject_id = enterprise_1.subject_id AND commitment_9.id = ANY (ground.case_rows) AND commitment_9.disclosure IN ('PUBLIC', 'GOV_SHARED', 'AUTHORIZED', 'INTERNAL')
        ORDER BY commitment_9.signed_on DESC, commitment_9.id DESC
        LIMIT $5 + 1)) AS c0) AS commitment_9_page)
  ELSE 'null' END, ',"honors":', CASE
  WHEN (EXISTS (
    SELECT 1
    FROM honor AS honor_12
    WHERE honor_12.subject_id = enterprise_1.subject_id AND honor_12.id = ANY (ground.case_rows))) THEN (
    SELECT concat('{"nodes":[', array_to_string(honor_11_page.c0[1:$6], ','), ']}') AS concat_7
    FROM (
      SELECT array((
        SELECT concat('§5/', honor_11.subject_class, '/', CASE
          WHEN (NOT (honor_11.status IN ('ACTIVE', 'CORRECTED') AND (honor_11.published_until IS NULL OR honor_11.published_until >= $2) AND (honor_11.retained_until IS NULL OR honor_11.retained_until >= $2))) THEN 'ended'
          ELSE 'ordinary' END, '/', CASE
          WHEN (honor_11.id = ANY (ground.case_rows)) THEN 8
          ELSE 0 END, ',', honor_11.subject_id, ',', honor_11.id, ',', honor_11.version, '§{"title":', coalesce(CAST(to_json(honor_11.title) AS TEXT), 'null'), ',"merits":', coalesce(concat('¤v4,', honor_11.subject_id, ',', honor_11.id, ',') || encode(honor_11.merits_sealed, 'hex') || '¤', 'null'), '}') AS c0
        FROM honor AS honor_11
        WHERE honor_11.subject_id = enterprise_1.subject_id AND honor_11.id = ANY (ground.case_rows) AND honor_11.disclosure IN ('PUBLIC', 'GOV_SHARED', 'AUTHORIZED', 'INTERNAL')
        ORDER BY honor_11.decided_on DESC, honor_11.id DESC
        LIMIT $6 + 1)) AS c0) AS honor_11_page)
  ELSE 'null' END, ',"judgments":', CASE
  WHEN (EXISTS (
    SELECT 1
    FROM judgment AS judgment_14
    WHERE judgment_14.subject_id = enterprise_1.subject_id AND judgment_14.id = ANY (ground.case_rows))) THEN (
    SELECT concat('{"nodes":[', array_to_string(judgment_13_page.c0[1:$7], ','), ']}') AS concat_8
    FROM (
      SELECT array((
        SELECT concat('§6/', judgment_13.subject_class, '/', CASE
          WHEN (NOT (judgment_13.status IN ('ACTIVE', 'CORRECTED') AND (judgment_13.published_until IS NULL OR judgment_13.published_until >= $2) AND (judgment_13.retained_until IS NULL OR judgment_13.retained_until >= $2))) THEN 'ended'
          ELSE 'ordinary' END, '/', CASE
          WHEN (judgment_13.id = ANY (ground.case_rows)) THEN 8
          ELSE 0 END, ',', judgment_13.subject_id, ',', judgment_13.id, ',', judgment_13.version, '§{"documentNumber":', coalesce(CAST(to_json(judgment_13.document_number) AS TEXT), 'null'), ',"cause":', coalesce(CAST(to_json(judgment_13.cause) AS TEXT), 'null'), ',"amount":', coalesce('"' || CAST(judgment_13.amount AS TEXT) || '"', 'null'), ',"performance":', coalesce('"' || CAST(judgment_13.performance AS TEXT) || '"', 'null'), ',"officialSite":', coalesce(CAST(to_json(judgment_13.official_site) AS TEXT), 'null'), '}') AS c0
        FROM judgment AS judgment_13
        WHERE judgment_13.subject_id = enterprise_1.subject_id AND judgment_13.id = ANY (ground.case_rows) AND judgment_13.disclosure IN ('PUBLIC', 'GOV_SHARED', 'AUTHORIZED', 'INTERNAL')
        ORDER BY judgment_13.decided_on DESC, judgment_13.id DESC
        LIMIT $7 + 1)) AS c0) AS judgment_13_page)
  ELSE 'null' END, ',"repairs":', CASE
  WHEN (EXISTS (
    SELECT 1
    FROM repair AS repair_16
    WHERE repair_16.subject_id = enterprise_1.subject_id AND repair_16.id = ANY (ground.case_rows))) THEN (
    SELECT concat('{"nodes":[', array_to_string(repair_15_page.c0[1:$8], ','), ']}') AS concat_9
    FROM (
      SELECT array((
        SELECT concat('§7/', repair_15.subject_class, '/', CASE
          WHEN (NOT (repair_15.status IN ('ACTIVE', 'CORRECTED') AND (repair_15.published_until IS NULL OR repair_15.published_until >= $2) AND (repair_15.retained_until IS NULL OR repair_15.retained_until >= $2))) THEN 'ended'
          ELSE 'ordinary' END, '/', CASE
          WHEN (repair_15.id = ANY (ground.case_rows)) THEN 8
          ELSE 0 END, ',', repair_15.subject_id, ',', repair_15.id, ',', repair_15.version, '§{"form":', coalesce('"' || CAST(repair_15.form AS TEXT) || '"', 'null'), ',"outcome":', coalesce('"' || CAST(repair_15.outcome AS TEXT) || '"', 'null'), ',"decidedOn":', coalesce('"' || CAST(repair_15.decided_on AS TEXT) || '"', 'null'), '}') AS c0
        FROM repair AS repair_15
        WHERE repair_15.subject_id = enterprise_1.subject_id AND repair_15.id = ANY (ground.case_rows) AND repair_15.disclosure IN ('PUBLIC', 'GOV_SHARED', 'AUTHORIZED', 'INTERNAL')
        ORDER BY repair_15.decided_on DESC, repair_15.id DESC
        LIMIT $8 + 1)) AS c0) AS repair_15_page)
  ELSE 'null' END, '}') AS concat_1
FROM (
  SELECT array((
    SELECT "case".subject_id
    FROM "case"
    WHERE "case".department = $9 AND ("case".handler IS NULL OR "case".handler = $10) AND "case".filed_at <= $11 AND ("case".closed_at IS NULL OR "case".closed_at > $11))) AS case_subjects, array((
    SELECT "case".record_id
    FROM "case"
    WHERE "case".department = $9 AND ("case".handler IS NULL OR "case".handler = $10) AND "case".filed_at <= $11 AND ("case".closed_at IS NULL OR "case".closed_at > $11) AND "case".record_id IS NOT NULL UNION ALL
    SELECT "case".of_case
    FROM "case"
    WHERE "case".department = $9 AND ("case".handler IS NULL OR "case".handler = $10) AND "case".filed_at <= $11 AND ("case".closed_at IS NULL OR "case".closed_at > $11) AND "case".of_case IS NOT NULL UNION ALL
    SELECT "case".id
    FROM "case"
    WHERE "case".department = $9 AND ("case".handler IS NULL OR "case".handler = $10) AND "case".filed_at <= $11 AND ("case".closed_at IS NULL OR "case".closed_at > $11))) AS case_rows
  LIMIT ALL OFFSET 0) AS ground, identifier AS matched
JOIN enterprise AS enterprise_1 ON enterprise_1.subject_id = matched.subject_id
WHERE matched.kind = $12 AND matched.value_index = $13 AND (enterprise_1.subject_class = 'legal' OR enterprise_1.subject_class = 'individual' AND enterprise_1.subject_id = ANY (ground.case_subjects))
ORDER BY CASE
  WHEN (matched.valid_until IS NULL OR matched.valid_until >= $2) THEN 0
  ELSE 1 END, matched.subject_id
LIMIT 1
