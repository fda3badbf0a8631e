-- The DIDs that ring an extension or end in its mailbox.
SELECT did_id FROM did_member WHERE extension_id = ?1
UNION SELECT id FROM did WHERE then_extension_id = ?1
UNION SELECT id FROM did WHERE closed_extension_id = ?1;
