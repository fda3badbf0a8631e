-- Whom DIDs ring, by their numbers; outside: as a call of whom.
SELECT m.did_id, e.number, m.outside
FROM did_member m
JOIN extension e ON e.id = m.extension_id
