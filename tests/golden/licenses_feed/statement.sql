-- licenses: $1 first_0, $2 today, $3 filter.region
-- may open: nothing
SELECT (
  SELECT concat('{"nodes":[', array_to_string(license_1_page.c0[1:$1], ','), ']}') AS concat_1
  FROM (
    SELECT array((
      SELECT concat('§0/', license_1.subject_class, '/ordinary/0,', license_1.subject_id, ',', license_1.id, ',', license_1.version, '§{"documentNumber":', coalesce(CAST(to_json(license_1.document_number) AS TEXT), 'null'), ',"subjectName":', coalesce(CAST(to_json(license_1.subject_name) AS TEXT), 'null'), ',"receivedAt":', coalesce('"' || CAST(to_char(timezone('UTC', license_1.received_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS TEXT) || '"', 'null'), ',"standing":', coalesce('"' || CAST(CASE
        WHEN (NOT (license_1.status IN ('ACTIVE', 'CORRECTED') AND (license_1.published_until IS NULL OR license_1.published_until >= $2) AND (license_1.retained_until IS NULL OR license_1.retained_until >= $2))) THEN 'NO_LONGER_DISCLOSED'
        WHEN (license_1.valid_until < $2) THEN 'LAPSED'
        ELSE 'CURRENT' END AS TEXT) || '"', 'null'), '}') AS c0
      FROM license AS license_1
      WHERE license_1.subject_class IN ('legal', 'individual') AND license_1.subject_region = $3 AND license_1.status IN ('ACTIVE', 'CORRECTED') AND (license_1.published_until IS NULL OR license_1.published_until >= $2) AND (license_1.retained_until IS NULL OR license_1.retained_until >= $2) AND license_1.subject_class IN ('individual', 'legal') AND license_1.disclosure = 'PUBLIC'
      ORDER BY license_1.received_at DESC, license_1.id DESC
      LIMIT $1 + 1)) AS c0) AS license_1_page) AS anon_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground
