-- The queue of mail also holds what tells of calls for help: as mail, and as what is posted to a webhook.
ALTER TABLE mail_queue ADD COLUMN kind TEXT NOT NULL DEFAULT 'voicemail'
    CHECK (kind IN ('voicemail', 'emergency', 'webhook'));
ALTER TABLE mail_queue ADD COLUMN details TEXT;    -- what there is to tell, as JSON; NULL: a voicemail message
