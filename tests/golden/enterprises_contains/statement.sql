-- enterprises: $1 first_0, $2 grams, $3 filter.nameContains
-- may open: nothing
SELECT (
  SELECT concat('{"nodes":[', array_to_string(enterprise_1_page.c0[1:$1], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(enterprise_1_page.keys), 0) > $1 AS TEXT), ',"endCursor":', coalesce('¤c0,' || enterprise_1_page.keys[least(coalesce(cardinality(enterprise_1_page.keys), 0), $1)] || '¤', 'null'), '}}') AS concat_1
  FROM (
    SELECT array_agg(enterprise_1_rows.c0) AS c0, array_agg(enterprise_1_rows.key) AS keys
    FROM (
      SELECT concat('§0/legal/ordinary/0,', enterprise_1.subject_id, ',0,', enterprise_1.version, '§{"name":', coalesce(CAST(to_json(enterprise_1.name) AS TEXT), 'null'), ',"region":', coalesce(CAST(to_json(enterprise_1.region) AS TEXT), 'null'), '}') AS c0, concat(enterprise_1.subject_id, ',0') AS key
      FROM enterprise AS enterprise_1
      WHERE enterprise_1.subject_id = ANY (array((
        SELECT either.subject_id
        FROM ((
          SELECT few.subject_id AS subject_id
          FROM (
            SELECT found.subject_id AS subject_id
            FROM enterprise AS found
            WHERE (found.name_grams @> $2) AND strpos(found.name_search, $3) > 0 AND found.subject_class IN ('legal')
            LIMIT ALL OFFSET 0) AS few
          WHERE NOT ground.many
          ORDER BY few.subject_id
          LIMIT $1 + 1) UNION ALL (
          SELECT found.subject_id AS subject_id
          FROM enterprise AS found
          WHERE ground.many AND strpos(found.name_search, $3) > 0 AND found.subject_class IN ('legal')
          ORDER BY found.subject_id
          LIMIT $1 + 1)) AS either))) AND enterprise_1.subject_class = 'legal'
      ORDER BY enterprise_1.subject_id
      LIMIT $1 + 1) AS enterprise_1_rows) AS enterprise_1_page) AS anon_1
FROM (
  SELECT (
    SELECT count(*) AS count_1
    FROM (
      SELECT 1 AS one
      FROM enterprise AS counted
      WHERE (counted.name_grams @> $2) AND counted.subject_class IN ('legal')
      LIMIT 1001) AS "some") > 1000 AS many
  LIMIT ALL OFFSET 0) AS ground
