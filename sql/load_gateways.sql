SELECT gateway.id, domain.name, gateway.name, proxy, transport, realm, username, password, register, from_domain,
       source_acl, max_calls, caller_id_style, ping_seconds, enabled, country_code
FROM gateway LEFT JOIN domain ON domain.id = gateway.domain_id
ORDER BY gateway.name
