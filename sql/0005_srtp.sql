-- Whether a line's calls must be encrypted. Where they need not be, a phone may offer it.
ALTER TABLE line ADD COLUMN srtp TEXT NOT NULL DEFAULT 'optional' CHECK (srtp IN ('optional', 'required'));
