//! Finders and lists about the PBX itself.

use uuid::Uuid;

use super::Reader;
use crate::store::error::on;
use crate::store::rows::{ApiKey, Setting};
use crate::store::{StoreError, people};

impl Reader<'_> {
    /// The keys of a person, by name.
    pub fn keys_of(&self, user: Uuid) -> Result<Vec<ApiKey>, StoreError> {
        self.all("user_id = ?1", &[&user.to_string()], "name")
    }

    /// The key of which this is stored.
    pub fn key_by_hash(&self, hash: &str) -> Result<Option<ApiKey>, StoreError> {
        self.one("token_hash = ?1", &[&hash])
    }

    /// When a key was last used and from where, as it is stored.
    pub fn key_use(&self, key: Uuid) -> Result<Option<people::KeyUse>, StoreError> {
        people::key_use(self.conn, key).map_err(on(self.conn, "reading when a key was used"))
    }

    /// The settings that are set, by name.
    pub fn settings(&self) -> Result<Vec<Setting>, StoreError> {
        self.all("1", &[], "name")
    }

    /// The row of the setting called `name`, if it is set.
    pub fn setting(&self, name: &str) -> Result<Option<Setting>, StoreError> {
        self.one("name = ?1", &[&name])
    }
}
