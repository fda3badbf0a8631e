-- Emergency routes of a domain (?1) that a number (?2) is for, as it is or behind the domain's access prefix.
SELECT count(*)
FROM route
WHERE domain_id = ?1
    AND emergency
    AND (
        instr(' ' || pattern || ' ', ' ' || ?2 || ' ')
        OR instr(' ' || pattern || ' ', (
            SELECT ' ' || substr(?2, 1 + length(access_prefix)) || ' '
            FROM number_plan
            WHERE domain_id = ?1
                AND access_prefix <> ''
                AND substr(?2, 1, length(access_prefix)) = access_prefix
        ))
    )
