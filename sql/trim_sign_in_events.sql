DELETE FROM sign_in_event
WHERE what = ?1 AND seq <= (SELECT seq FROM sign_in_event WHERE what = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)
