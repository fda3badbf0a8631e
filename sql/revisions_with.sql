SELECT rev, id, at, actor, node_id, request_id, summary FROM revision
WHERE instr(lower(summary || char(31) || actor), lower(?1))
ORDER BY rev DESC LIMIT ?2 OFFSET ?3
