INSERT INTO friend (network, account, day) VALUES (?1, ?2, ?3)
ON CONFLICT (network, account) DO UPDATE SET day = excluded.day
