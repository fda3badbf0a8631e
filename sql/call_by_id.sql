-- One call; of this domain (?2), if one is named.
SELECT id, domain, direction, caller_number, caller_name, called_number, payer, class, gateway, began, answered, ended,
       outcome, cause, seconds
FROM call
WHERE id = ?1 AND (?2 IS NULL OR domain_id = ?2);
