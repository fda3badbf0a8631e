-- Which extensions of a domain forward calls to a number; four are enough to name some.
SELECT number FROM extension WHERE domain_id = ?1 AND forward_always = ?2
UNION SELECT number FROM extension WHERE domain_id = ?1 AND forward_busy = ?2
UNION SELECT number FROM extension WHERE domain_id = ?1 AND forward_no_answer = ?2
UNION SELECT number FROM extension WHERE domain_id = ?1 AND forward_offline = ?2
LIMIT 4;
