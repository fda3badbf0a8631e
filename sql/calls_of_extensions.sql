-- The same of calls with a leg of one of these extensions (?9, a JSON list).
SELECT id, domain, direction, caller_number, caller_name, called_number, payer, class, gateway, began, answered, ended,
       outcome, cause, seconds
FROM call
WHERE id IN (SELECT call_id FROM call_leg WHERE extension IN (SELECT value FROM json_each(?9)))
  AND (?1 IS NULL OR domain = ?1)
  AND (?2 = '' OR instr(caller_number, ?2) OR instr(called_number, ?2))
  AND (?3 IS NULL OR direction = ?3)
  AND (?4 IS NULL OR outcome = ?4)
  AND (?5 IS NULL OR began >= ?5)
  AND (?6 IS NULL OR began < ?6)
  AND (?7 IS NULL OR id < ?7)
ORDER BY id DESC
LIMIT ?8;
