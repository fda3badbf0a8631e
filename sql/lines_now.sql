-- One extension's lines as lookups need them (see load_lines.sql).
SELECT extension_id, username, a1, max_registrations, source_acl, srtp
FROM line
WHERE enabled AND extension_id = ?1
ORDER BY username;
