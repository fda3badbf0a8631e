-- Every enabled line as lookups need it.
SELECT extension_id, username, a1, max_registrations, source_acl, srtp
FROM line
WHERE enabled
ORDER BY id;
