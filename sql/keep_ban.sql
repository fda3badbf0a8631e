INSERT INTO ban (network, account, times, begun, ends) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (network, account) DO UPDATE SET
    times = excluded.times,
    begun = excluded.begun,
    ends  = excluded.ends
