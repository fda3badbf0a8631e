-- Calls that pass a filter, newest first; ?9 is not used here.
SELECT id, domain, direction, caller_number, caller_name, called_number, payer, class, gateway, began, answered, ended,
       outcome, cause, seconds
FROM call
WHERE (?1 IS NULL OR domain = ?1)
  AND (?2 = '' OR instr(caller_number, ?2) OR instr(called_number, ?2))
  AND (?3 IS NULL OR direction = ?3)
  AND (?4 IS NULL OR outcome = ?4)
  AND (?5 IS NULL OR began >= ?5)
  AND (?6 IS NULL OR began < ?6)
  AND (?7 IS NULL OR id < ?7)
  AND ?9 IS NULL
ORDER BY id DESC
LIMIT ?8;
