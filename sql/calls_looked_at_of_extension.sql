-- The same of calls with a leg of the extension whose channel is ?11, by the index of its legs; {column} is the domain's
-- name or id.
SELECT id,
       (?1 IS NULL OR {column} = ?1)
           AND (?5 = '' OR instr(caller_number, ?5) OR instr(called_number, ?5))
           AND (?6 = '' OR instr(lower(caller_number || char(31) || caller_name || char(31) || called_number), lower(?6)))
           AND (?7 IS NULL OR direction = ?7)
           AND (?8 IS NULL OR outcome = ?8)
           AND (?9 IS NULL OR began >= ?9)
           AND (?10 IS NULL OR began < ?10)
FROM (SELECT DISTINCT call_id
      FROM call_leg
      WHERE extension = ?11 AND call_id >= ?2 AND call_id < ?3
      ORDER BY call_id DESC
      LIMIT ?4) AS leg
         JOIN call ON call.id = leg.call_id
ORDER BY id DESC;
