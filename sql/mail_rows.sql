-- What is in these states (?1, ?2), that which is due first at the top; ?3: due by then; ?4: no more than these; ?5: of
-- webhooks (1), of mail (0), or of both (NULL).
SELECT id, source, state, recipient, mailbox, caller_name, caller_number, left_at, seconds, attempts, next_at,
       last_error, queued_at, kind, details
FROM mail_queue
WHERE state IN (?1, ?2) AND next_at <= ?3 AND (?5 IS NULL OR (kind = 'webhook') = ?5)
ORDER BY next_at, id
LIMIT ?4;
