UPDATE mail_queue
SET state = ?2, attempts = attempts + 1, next_at = ?3, last_error = ?4, ended_at = ?5
WHERE id = ?1 AND state = 'waiting';
