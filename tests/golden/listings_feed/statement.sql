-- listings: $1 first_0, $2 today
-- may open: nothing
SELECT (
  SELECT concat('{"nodes":[', array_to_string(listing_1_page.c0[1:$1], ','), ']}') AS concat_1
  FROM (
    SELECT array((
      SELECT concat('§0/legal/ordinary/0,', listing_1.subject_id, ',', listing_1.id, ',', listing_1.version, '§{"listName":', coalesce(CAST(to_json(listing_1.list_name) AS TEXT), 'null'), ',"subjectName":', coalesce(CAST(to_json(listing_1.subject_name) AS TEXT), 'null'), ',"subjectUscc":', coalesce(CAST(to_json(listing_1.subject_uscc) AS TEXT), 'null'), ',"organ":', coalesce(CAST(to_json(listing_1.organ) AS TEXT), 'null'), ',"measures":', coalesce(CAST(to_json(listing_1.measures) AS TEXT), 'null'), ',"termEndsOn":', coalesce('"' || CAST(listing_1.term_ends_on AS TEXT) || '"', 'null'), ',"receivedAt":', coalesce('"' || CAST(to_char(timezone('UTC', listing_1.received_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS TEXT) || '"', 'null'), '}') AS c0
      FROM listing AS listing_1
      WHERE listing_1.subject_class IN ('legal') AND listing_1.status IN ('ACTIVE', 'CORRECTED') AND (listing_1.published_until IS NULL OR listing_1.published_until >= $2) AND (listing_1.retained_until IS NULL OR listing_1.retained_until >= $2) AND (listing_1.exited_on IS NULL OR listing_1.exited_on > $2) AND listing_1.subject_class = 'legal' AND listing_1.disclosure = 'PUBLIC'
      ORDER BY listing_1.received_at DESC, listing_1.id DESC
      LIMIT $1 + 1)) AS c0) AS listing_1_page) AS anon_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground
