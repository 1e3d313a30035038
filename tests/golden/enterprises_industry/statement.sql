-- enterprises: $1 first_0, $2 filter.industry.3
-- may open: nothing
SELECT (
  SELECT concat('{"nodes":[', array_to_string(enterprise_1_page.c0[1:$1], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(enterprise_1_page.c0), 0) > $1 AS TEXT), '}}') AS concat_1
  FROM (
    SELECT array((
      SELECT concat('§0/legal/ordinary/0,', enterprise_1.subject_id, ',0,', enterprise_1.version, '§{"name":', coalesce(CAST(to_json(enterprise_1.name) AS TEXT), 'null'), ',"industry":', coalesce(CAST(to_json(enterprise_1.industry) AS TEXT), 'null'), '}') AS c0
      FROM enterprise AS enterprise_1
      WHERE left(enterprise_1.industry, 3) = $2 AND enterprise_1.subject_class = 'legal'
      ORDER BY enterprise_1.subject_id
      LIMIT $1 + 1)) AS c0
    LIMIT ALL OFFSET 0) AS enterprise_1_page) AS anon_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground
