INSERT INTO sign_in (id, token, user_id, password, begun, seen, address, browser)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (id) DO UPDATE SET token = ?2, password = ?4, seen = ?6, address = ?7, browser = ?8
