INSERT INTO cap_used (payer, hour, hour_calls, day, day_calls, local, national, mobile, international, premium)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (payer) DO UPDATE SET hour = ?2, hour_calls = ?3, day = ?4, day_calls = ?5, local = ?6, national = ?7,
                                  mobile = ?8, international = ?9, premium = ?10
