-- The changes of revision ?1, in their order.
SELECT ord, tbl, pk, before, after
FROM change
WHERE seq >= (SELECT first_change FROM revision WHERE rev = ?1)
  AND seq < ifnull((SELECT first_change FROM revision WHERE rev = ?1 + 1), 9223372036854775807)
ORDER BY seq;
