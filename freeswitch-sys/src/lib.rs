//! Raw bindings (placeholder for the first build).
