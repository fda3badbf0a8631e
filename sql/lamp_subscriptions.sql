-- Whose lamps phones have asked mod_sofia's profile ?1 for.
SELECT DISTINCT sub_to_user || '@' || sub_to_host, event
FROM sip_subscriptions
WHERE profile_name = ?1 AND proto = 'sip' AND event IN ('dialog', 'presence');
