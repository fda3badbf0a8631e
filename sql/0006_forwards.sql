-- Where calls to an extension go instead of to its phones. A forward leads to a number: inside the domain it is an
-- extension's, which the commit makes sure of. There are indexes for "who forwards to this number", which is
-- asked when a number goes away; hardly any extension has a forward, so they are small.
ALTER TABLE extension ADD COLUMN dnd INTEGER NOT NULL DEFAULT 0 CHECK (dnd IN (0, 1));  -- do not disturb
ALTER TABLE extension ADD COLUMN forward_always TEXT;     -- instead of ringing
ALTER TABLE extension ADD COLUMN forward_busy TEXT;       -- when every phone is busy, or with dnd
ALTER TABLE extension ADD COLUMN forward_no_answer TEXT;  -- after ring_seconds
ALTER TABLE extension ADD COLUMN forward_offline TEXT;    -- when no phone is there, or none can be reached
CREATE INDEX extension_forward_always ON extension (domain_id, forward_always) WHERE forward_always IS NOT NULL;
CREATE INDEX extension_forward_busy ON extension (domain_id, forward_busy) WHERE forward_busy IS NOT NULL;
CREATE INDEX extension_forward_no_answer ON extension (domain_id, forward_no_answer) WHERE forward_no_answer IS NOT NULL;
CREATE INDEX extension_forward_offline ON extension (domain_id, forward_offline) WHERE forward_offline IS NOT NULL;
