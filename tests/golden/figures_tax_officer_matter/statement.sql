-- figures: $1 first_0, $2 filter.month, $3 department, $4 matter_kind, $5 matter_basis, $6 today
-- may open: nothing
SELECT (
  SELECT concat('{"nodes":[', array_to_string(figure_1_page.c0[1:$1], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(figure_1_page.c0), 0) > $1 AS TEXT), '}}') AS concat_1
  FROM (
    SELECT array((
      SELECT concat('§0/', figure_1.subject_class, '/ordinary/', CASE
        WHEN (figure_1.provider = ANY (ground.shared_figure)) THEN 4
        ELSE 0 END, ',', figure_1.subject_id, ',', figure_1.id, ',', figure_1.version, '§{"month":', coalesce(CAST(to_json(figure_1.month) AS TEXT), 'null'), ',"recordKind":', coalesce(CAST(to_json(figure_1.record_kind) AS TEXT), 'null'), ',"subjects":', coalesce('"' || CAST(figure_1.subject_class AS TEXT) || '"', 'null'), ',"region":', coalesce(CAST(to_json(figure_1.region) AS TEXT), 'null'), ',"industry":', coalesce(CAST(to_json(figure_1.industry) AS TEXT), 'null'), ',"department":', coalesce(CAST(to_json(figure_1.department) AS TEXT), 'null'), ',"year":', coalesce(CAST(to_json(figure_1.year) AS TEXT), 'null'), ',"records":', coalesce(CAST(figure_1.records AS TEXT), 'null'), ',"told":', CAST(figure_1.records IS NOT NULL AS TEXT), '}') AS c0
      FROM figure AS figure_1
      WHERE figure_1.month = $2 AND (figure_1.subject_class = 'legal' OR figure_1.subject_class = 'person' AND figure_1.provider = ANY (ground.shared_figure))
      ORDER BY figure_1.month DESC, figure_1.id DESC
      LIMIT $1 + 1)) AS c0
    LIMIT ALL OFFSET 0) AS figure_1_page) AS anon_1
FROM (
  SELECT array((
    SELECT sharing_scope.provider
    FROM sharing_scope
    WHERE sharing_scope.receiver = $3 AND sharing_scope.kind = 'figure' AND sharing_scope.matter_kind = $4 AND sharing_scope.basis = $5 AND sharing_scope.valid_from <= $6 AND (sharing_scope.valid_until IS NULL OR sharing_scope.valid_until >= $6))) AS shared_figure
  LIMIT ALL OFFSET 0) AS ground
