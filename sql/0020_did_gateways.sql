-- A DID may be for the calls of one gateway alone; NULL: whichever brings them.
ALTER TABLE did ADD COLUMN gateway_id TEXT REFERENCES gateway (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX did_gateway ON did (gateway_id) WHERE gateway_id IS NOT NULL;

-- In which country's way a gateway writes numbers, by its calling code; NULL: as its domain's plan says, if it has one.
ALTER TABLE gateway ADD COLUMN country_code TEXT;
