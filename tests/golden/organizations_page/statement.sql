-- organizations: $1 first_0, $2 filter.region
-- may open: nothing
SELECT (
  SELECT concat('{"nodes":[', array_to_string(organization_1_page.c0[1:$1], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(organization_1_page.c0), 0) > $1 AS TEXT), '}}') AS concat_1
  FROM (
    SELECT array((
      SELECT concat('§0/legal/ordinary/0,', organization_1.subject_id, ',0,', organization_1.version, '§{"name":', coalesce(CAST(to_json(organization_1.name) AS TEXT), 'null'), ',"status":', coalesce('"' || CAST(organization_1.status AS TEXT) || '"', 'null'), '}') AS c0
      FROM organization AS organization_1
      WHERE organization_1.region = $2
      ORDER BY organization_1.subject_id
      LIMIT $1 + 1)) AS c0
    LIMIT ALL OFFSET 0) AS organization_1_page) AS anon_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground
