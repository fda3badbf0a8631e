-- Whom DIDs ring, by their numbers.
SELECT m.did_id, e.number
FROM did_member m
JOIN extension e ON e.id = m.extension_id
