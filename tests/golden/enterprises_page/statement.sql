-- enterprises: $1 first_0, $2 first_1, $3 today, $4 filter.status, $5 filter.region
-- may open: nothing
SELECT (
  SELECT concat('{"edges":[', array_to_string(enterprise_1_page.c0[1:$1], ','), '],"nodes":[', array_to_string(enterprise_1_page.c1[1:$1], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(enterprise_1_page.keys), 0) > $1 AS TEXT), ',"hasPreviousPage":false,"startCursor":', coalesce('¤c0,' || enterprise_1_page.keys[1] || '¤', 'null'), ',"endCursor":', coalesce('¤c0,' || enterprise_1_page.keys[least(coalesce(cardinality(enterprise_1_page.keys), 0), $1)] || '¤', 'null'), '}}') AS concat_1
  FROM (
    SELECT array_agg(enterprise_1_rows.c0) AS c0, array_agg(enterprise_1_rows.c1) AS c1, array_agg(enterprise_1_rows.key) AS keys
    FROM (
      SELECT concat('{"cursor":¤c0,', enterprise_1.subject_id, ',0¤,"node":§0/legal/ordinary/0,', enterprise_1.subject_id, ',0,', enterprise_1.version, '§{"name":', coalesce(CAST(to_json(enterprise_1.name) AS TEXT), 'null'), ',"uscc":', coalesce(CAST(to_json(enterprise_1.uscc) AS TEXT), 'null'), '}}') AS c0, concat('§1/legal/ordinary/0,', enterprise_1.subject_id, ',0,', enterprise_1.version, '§{"penalties":', (
        SELECT concat('{"nodes":[', array_to_string(penalty_2_page.c0[1:$2], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(penalty_2_page.keys), 0) > $2 AS TEXT), ',"endCursor":', coalesce('¤c4,' || penalty_2_page.keys[least(coalesce(cardinality(penalty_2_page.keys), 0), $2)] || '¤', 'null'), '}}') AS concat_2
        FROM (
          SELECT array_agg(penalty_2_rows.c0) AS c0, array_agg(penalty_2_rows.key) AS keys
          FROM (
            SELECT concat('§2/legal/ordinary/0,', penalty_2.subject_id, ',', penalty_2.id, ',', penalty_2.version, '§{"documentNumber":', coalesce(CAST(to_json(penalty_2.document_number) AS TEXT), 'null'), '}') AS c0, concat(penalty_2.id, ',0') AS key
            FROM penalty AS penalty_2
            WHERE penalty_2.subject_id = enterprise_1.subject_id AND penalty_2.status IN ('ACTIVE', 'CORRECTED') AND (penalty_2.published_until IS NULL OR penalty_2.published_until >= $3) AND (penalty_2.retained_until IS NULL OR penalty_2.retained_until >= $3) AND NOT penalty_2.minor AND penalty_2.disclosure = 'PUBLIC'
            ORDER BY penalty_2.decided_on DESC, penalty_2.id DESC
            LIMIT $2 + 1) AS penalty_2_rows) AS penalty_2_page), '}') AS c1, concat(enterprise_1.subject_id, ',0') AS key
      FROM enterprise AS enterprise_1
      WHERE enterprise_1.status = $4 AND enterprise_1.region = $5 AND enterprise_1.subject_class = 'legal'
      ORDER BY enterprise_1.subject_id
      LIMIT $1 + 1) AS enterprise_1_rows) AS enterprise_1_page) AS anon_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground
