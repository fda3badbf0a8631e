//! Finders and lists about gateways.

use super::{Listing, Page, Reader};
use crate::store::StoreError;
use crate::store::rows::Gateway;

impl Reader<'_> {
    /// The gateways whose name or proxy contains `search`, by name.
    pub fn gateways(&self, search: &str, page: Page) -> Result<Listing<Gateway>, StoreError> {
        self.list(
            "?1 = '' OR instr(lower(name || ' ' || proxy), lower(?1))",
            &[&search],
            "name",
            page,
        )
    }

    /// The gateway called `name`, without regard to case.
    pub fn gateway_by_name(&self, name: &str) -> Result<Option<Gateway>, StoreError> {
        self.one("name = ?1", &[&name])
    }
}
