//! Finders and lists about domains, their people and their phones.

use uuid::Uuid;

use super::{Listing, Page, Reader};
use crate::store::StoreError;
use crate::store::change::Table;
use crate::store::rows::{Channel, Domain, Extension, Line, User};

impl Reader<'_> {
    /// Every domain, by name.
    pub fn domains(&self) -> Result<Vec<Domain>, StoreError> {
        self.all("1", &[], "name")
    }

    /// The domain called `name`, without regard to case.
    pub fn domain_by_name(&self, name: &str) -> Result<Option<Domain>, StoreError> {
        self.one("name = ?1", &[&name])
    }

    /// The people of a domain (none: those of no domain) whose name, display name or mail address
    /// contains `search`, by name.
    pub fn users(&self, domain: Option<Uuid>, search: &str, page: Page) -> Result<Listing<User>, StoreError> {
        self.list(
            "domain_id IS ?1 AND (?2 = '' OR instr(lower(name || ' ' || display_name || ' ' || \
             ifnull(email, '')), lower(?2)))",
            &[&domain.map(|id| id.to_string()), &search],
            "name",
            page,
        )
    }

    /// The person called `name` in a domain, or in none.
    pub fn user_by_name(&self, domain: Option<Uuid>, name: &str) -> Result<Option<User>, StoreError> {
        self.one(
            "domain_id IS ?1 AND name = ?2",
            &[&domain.map(|id| id.to_string()), &name],
        )
    }

    /// Whether there is an administrator of the whole PBX.
    pub fn has_administrator(&self) -> Result<bool, StoreError> {
        Ok(self.total(Table::User, "domain_id IS NULL AND role = 'administrator'", &[])? > 0)
    }

    /// The channels of a domain whose name contains `search`, by name.
    pub fn channels(&self, domain: Uuid, search: &str, page: Page) -> Result<Listing<Channel>, StoreError> {
        self.list(
            "domain_id = ?1 AND (?2 = '' OR instr(lower(name), lower(?2)))",
            &[&domain.to_string(), &search],
            "name",
            page,
        )
    }

    /// The channel called `name` in a domain.
    pub fn channel_by_name(&self, domain: Uuid, name: &str) -> Result<Option<Channel>, StoreError> {
        self.one("domain_id = ?1 AND name = ?2", &[&domain.to_string(), &name])
    }

    /// The extensions of a domain whose number or caller ID name contains `search`, by number.
    pub fn extensions(
        &self,
        domain: Uuid,
        search: &str,
        page: Page,
    ) -> Result<Listing<Extension>, StoreError> {
        self.list(
            "domain_id = ?1 AND (?2 = '' OR instr(lower(number || ' ' || caller_id_name), lower(?2)))",
            &[&domain.to_string(), &search],
            "number",
            page,
        )
    }

    /// The extension with this number in a domain.
    pub fn extension_by_number(&self, domain: Uuid, number: &str) -> Result<Option<Extension>, StoreError> {
        self.one("domain_id = ?1 AND number = ?2", &[&domain.to_string(), &number])
    }

    /// The extensions of a person, by number.
    pub fn extensions_of(&self, user: Uuid) -> Result<Vec<Extension>, StoreError> {
        self.all("user_id = ?1", &[&user.to_string()], "number")
    }

    /// The extension whose browser clients log in to a channel.
    pub fn extension_of_channel(&self, channel: Uuid) -> Result<Option<Extension>, StoreError> {
        self.one("channel_id = ?1", &[&channel.to_string()])
    }

    /// The lines of a domain whose username contains `search`, by username.
    pub fn lines(&self, domain: Uuid, search: &str, page: Page) -> Result<Listing<Line>, StoreError> {
        self.list(
            "domain_id = ?1 AND (?2 = '' OR instr(username, lower(?2)))",
            &[&domain.to_string(), &search],
            "username",
            page,
        )
    }

    /// The lines of an extension, by username.
    pub fn lines_of(&self, extension: Uuid) -> Result<Vec<Line>, StoreError> {
        self.all("extension_id = ?1", &[&extension.to_string()], "username")
    }

    /// The lines of a person, by username.
    pub fn lines_of_user(&self, user: Uuid) -> Result<Vec<Line>, StoreError> {
        self.all("user_id = ?1", &[&user.to_string()], "username")
    }

    /// The line with this username in a domain, without regard to case.
    pub fn line_by_username(&self, domain: Uuid, username: &str) -> Result<Option<Line>, StoreError> {
        self.one(
            "domain_id = ?1 AND username = ?2",
            &[&domain.to_string(), &username],
        )
    }
}
