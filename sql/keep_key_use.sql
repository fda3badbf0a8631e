INSERT INTO api_key_use (key_id, at, address) VALUES (?1, ?2, ?3)
ON CONFLICT (key_id) DO UPDATE SET at = excluded.at, address = excluded.address
