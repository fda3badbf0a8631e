-- A domain's calls, in the order of time, without those of all others.

CREATE INDEX call_domain ON call (domain, id);
