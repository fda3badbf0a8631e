-- The newest revision from ?1 on that changed row ?3 of table ?2.
SELECT max(rev)
FROM change
WHERE seq >= (SELECT first_change FROM revision WHERE rev = ?1) AND tbl = ?2 AND pk = ?3;
