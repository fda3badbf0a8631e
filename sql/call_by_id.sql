-- One call.
SELECT id, domain, direction, caller_number, caller_name, called_number, payer, class, gateway, began, answered, ended,
       outcome, cause, seconds
FROM call
WHERE id = ?1;
