-- Does nothing for what is in the queue already, whatever became of it.
INSERT INTO mail_queue (id, source, state, recipient, mailbox, caller_name, caller_number, left_at, seconds, attempts,
                        next_at, queued_at, kind, details)
VALUES (?1, ?2, 'waiting', ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?9, ?10, ?11)
ON CONFLICT (source) DO NOTHING;
