-- Calls of a time, newest first, with whether each passes a filter: the ids from ?2 on and before ?3, ?4 of them. Whose:
-- {whose} is a condition on ?1, so that the index of a domain's calls is used.
SELECT id,
       (?5 = '' OR instr(caller_number, ?5) OR instr(called_number, ?5))
           AND (?6 = '' OR instr(lower(caller_number || char(31) || caller_name || char(31) || called_number), lower(?6)))
           AND (?7 IS NULL OR direction = ?7)
           AND (?8 IS NULL OR outcome = ?8)
           AND (?9 IS NULL OR began >= ?9)
           AND (?10 IS NULL OR began < ?10)
FROM call
WHERE {whose} AND id >= ?2 AND id < ?3
ORDER BY id DESC
LIMIT ?4;
