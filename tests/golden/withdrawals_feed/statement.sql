-- withdrawals: $1 first_0
-- may open: nothing
SELECT (
  SELECT concat('{"nodes":[', array_to_string(withdrawal_1_page.c0[1:$1], ','), '],"pageInfo":{"hasNextPage":', CAST(coalesce(cardinality(withdrawal_1_page.c0), 0) > $1 AS TEXT), '}}') AS concat_1
  FROM (
    SELECT array((
      SELECT concat('§0/', withdrawal_1.subject_class, '/ordinary/0,', withdrawal_1.subject_id, ',', withdrawal_1.id, ',', withdrawal_1.version, '§{"record":', concat('¤i', CASE
        WHEN (withdrawal_1.record_kind = 'license') THEN '3'
        WHEN (withdrawal_1.record_kind = 'penalty') THEN '4'
        WHEN (withdrawal_1.record_kind = 'listing') THEN '8'
        ELSE '' END, ',', withdrawal_1.record_id, ',0¤'), ',"recordKind":', coalesce(CAST(to_json(withdrawal_1.record_kind) AS TEXT), 'null'), ',"withdrawnAt":', coalesce('"' || CAST(to_char(timezone('UTC', withdrawal_1.withdrawn_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS TEXT) || '"', 'null'), '}') AS c0
      FROM withdrawal AS withdrawal_1
      WHERE withdrawal_1.subject_class IN ('legal', 'individual')
      ORDER BY withdrawal_1.withdrawn_at DESC, withdrawal_1.id DESC
      LIMIT $1 + 1)) AS c0
    LIMIT ALL OFFSET 0) AS withdrawal_1_page) AS anon_1
FROM (
  SELECT 1 AS one
  LIMIT ALL OFFSET 0) AS ground
