-- Every enabled line as lookups need it, in the order of load_extensions.sql.
SELECT extension_id, username, a1, max_registrations, source_acl
FROM line
WHERE enabled
ORDER BY extension_id, username;
