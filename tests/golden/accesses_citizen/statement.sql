-- accesses: $1 first_0, $2 own_keys, $3 own_pseudonyms, $4 now, $5 filter.institution
-- may open: nothing
SELECT (
  SELECT concat('{"nodes":[', array_to_string(access_1_page.c0[1:$1], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(access_1_page.c0), 0) > $1 AS TEXT), '}}') AS concat_1
  FROM (
    SELECT array((
      SELECT concat('§0/legal/', CASE
        WHEN access_1.minor THEN 'minor'
        ELSE 'ordinary' END, '/', CASE
        WHEN (access_1.subject_id = ANY ($2) AND coalesce(access_1.subject = ANY ($3), false) AND NOT (EXISTS (
          SELECT 1
          FROM access_delay AS delay
          WHERE delay.department = access_1.unit AND delay.matter = ANY (access_1.matter_numbers) AND delay.ended_at IS NULL AND delay.valid_from <= $4 AND $4 < delay.until AND access_1.at >= delay.since AND access_1.at < delay.until AND NOT (EXISTS (
            SELECT 1
            FROM access_delay AS line
            WHERE line.department = delay.department AND line.matter = delay.matter AND line.since = delay.since AND line.approved_by = access_1.officer))))) THEN 1
        ELSE 0 END, ',', access_1.subject_id, ',', access_1.id, ',', access_1.version, '§{"at":', coalesce('"' || CAST(to_char(timezone('UTC', access_1.at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS TEXT) || '"', 'null'), ',"institution":', coalesce(CAST(to_json(access_1.institution) AS TEXT), 'null'), ',"unit":', coalesce(CAST(to_json(access_1.unit) AS TEXT), 'null'), ',"officer":', coalesce(CAST(to_json(access_1.officer) AS TEXT), 'null'), ',"purposes":', coalesce(CAST(to_json(access_1.purposes) AS TEXT), 'null'), ',"clear":', coalesce(CAST(to_json(access_1.clear) AS TEXT), 'null'), ',"outcome":', coalesce(CAST(to_json(access_1.outcome) AS TEXT), 'null'), ',"body":', CASE
        WHEN NOT access_1.minor THEN coalesce((
          SELECT CAST(to_json(convert_from(log_entry.body, 'UTF8')) AS TEXT) AS to_json_1
          FROM log_entry
          WHERE log_entry.shard = access_1.shard AND log_entry.index = access_1.number AND log_entry.month = access_1.month), 'null')
        ELSE 'null' END, '}') AS c0
      FROM access AS access_1
      WHERE access_1.institution = $5 AND access_1.subject_id = ANY ($2) AND coalesce(access_1.subject = ANY ($3), false) AND NOT (EXISTS (
        SELECT 1
        FROM access_delay AS delay
        WHERE delay.department = access_1.unit AND delay.matter = ANY (access_1.matter_numbers) AND delay.ended_at IS NULL AND delay.valid_from <= $4 AND $4 < delay.until AND access_1.at >= delay.since AND access_1.at < delay.until AND NOT (EXISTS (
          SELECT 1
          FROM access_delay AS line
          WHERE line.department = delay.department AND line.matter = delay.matter AND line.since = delay.since AND line.approved_by = access_1.officer))))
      ORDER BY access_1.at DESC, access_1.id DESC
      LIMIT $1 + 1)) AS c0
    LIMIT ALL OFFSET 0) AS access_1_page) AS anon_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground
