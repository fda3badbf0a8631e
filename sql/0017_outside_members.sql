-- A number outside that rings for a DID, with + and its country code: as a call of the extension of its row, by the grants,
-- caps and caller IDs of that. NULL: the extension itself rings.
ALTER TABLE did_member ADD COLUMN outside TEXT;
