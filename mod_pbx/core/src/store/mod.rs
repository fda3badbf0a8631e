//! Where the configuration is kept: SQLite for the truth, a snapshot in memory for lookups.

pub mod rows;
pub mod settings;
pub mod snapshot;
