//! Finders and lists about calls that come in.

use uuid::Uuid;

use super::{Listing, Page, Reader};
use crate::store::StoreError;
use crate::store::rows::{Did, DidMember, Schedule};

impl Reader<'_> {
    /// The schedules of a domain whose name contains `search`, by name.
    pub fn schedules(&self, domain: Uuid, search: &str, page: Page) -> Result<Listing<Schedule>, StoreError> {
        self.list(
            "domain_id = ?1 AND (?2 = '' OR instr(name, lower(?2)))",
            &[&domain.to_string(), &search],
            "name",
            page,
        )
    }

    /// The schedule called `name` in a domain.
    pub fn schedule_by_name(&self, domain: Uuid, name: &str) -> Result<Option<Schedule>, StoreError> {
        self.one("domain_id = ?1 AND name = ?2", &[&domain.to_string(), &name])
    }

    /// The schedule of a domain that this code switches.
    pub fn schedule_by_code(&self, domain: Uuid, code: u16) -> Result<Option<Schedule>, StoreError> {
        self.one("domain_id = ?1 AND code = ?2", &[&domain.to_string(), &code])
    }

    /// The DIDs of a domain whose number contains `search`, by number.
    pub fn dids(&self, domain: Uuid, search: &str, page: Page) -> Result<Listing<Did>, StoreError> {
        self.list(
            "domain_id = ?1 AND (?2 = '' OR instr(number, ?2))",
            &[&domain.to_string(), &search],
            "number, id",
            page,
        )
    }

    /// The DIDs with this number, in whatever domain.
    pub fn dids_by_number(&self, number: &str) -> Result<Vec<Did>, StoreError> {
        Ok(self.list("number = ?1", &[&number], "id", Page::first(100))?.rows)
    }

    /// Who rings for a DID, in order.
    pub fn did_members(&self, did: Uuid) -> Result<Vec<DidMember>, StoreError> {
        self.all("did_id = ?1", &[&did.to_string()], "position, id")
    }
}
