-- Which domain a call was of, beside what that was called: names are given to others. Of a call of before it is the one of
-- its name that was there already: ids are in the order of their making.

ALTER TABLE call ADD COLUMN domain_id TEXT;
UPDATE call
SET domain_id = (SELECT domain.id FROM domain WHERE domain.name = call.domain AND domain.id <= call.id)
WHERE domain IS NOT NULL;
CREATE INDEX call_of_domain ON call (domain_id, id);
