-- By which gateways the calls of a route go out: by the first, and by the next where that fails.
CREATE TABLE route_gateway (
    id         TEXT NOT NULL PRIMARY KEY,
    domain_id  TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    route_id   TEXT NOT NULL REFERENCES route (id) DEFERRABLE INITIALLY DEFERRED,
    gateway_id TEXT NOT NULL REFERENCES gateway (id) DEFERRABLE INITIALLY DEFERRED,
    position   INTEGER NOT NULL CHECK (position BETWEEN 0 AND 99),
    caller_id  TEXT REFERENCES caller_id (id) DEFERRABLE INITIALLY DEFERRED,  -- where nobody else has one
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (route_id, gateway_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX route_gateway_gateway ON route_gateway (gateway_id);
CREATE INDEX route_gateway_domain ON route_gateway (domain_id);
CREATE INDEX route_gateway_caller_id ON route_gateway (caller_id);
