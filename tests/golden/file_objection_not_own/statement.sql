SELECT license.subject_id, license.subject_class, license.provider, license.version, license.status, subject_key.wrapped
FROM license, subject_key
WHERE license.id = %(id_1)s::BIGINT AND license.subject_id IN (
  SELECT mandate.subject_id
  FROM mandate
  WHERE mandate.principal = %(principal_1)s::VARCHAR AND mandate.valid_from <= %(valid_from_1)s::TIMESTAMP WITH TIME ZONE AND (mandate.valid_until IS NULL OR mandate.valid_until > %(valid_until_1)s::TIMESTAMP WITH TIME ZONE) AND mandate.revoked_at IS NULL AND (mandate.basis IN (%(basis_1_1)s::VARCHAR, %(basis_1_2)s::VARCHAR) OR (mandate.scope @> %(scope_1)s::TEXT[]))) AND license.disclosure != %(disclosure_1)s::VARCHAR AND subject_key.subject_id = license.subject_id FOR UPDATE OF license;
