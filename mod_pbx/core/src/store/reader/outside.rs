//! Finders and lists about calls out.

use uuid::Uuid;

use super::{Listing, Page, Reader};
use crate::store::error::on;
use crate::store::rows::{
    Block, CallerId, CallerIdUse, Cap, ExtensionGroup, GroupMember, NumberPlan, Route, RouteGateway,
    RouteGrant, RouteTest,
};
use crate::store::{StoreError, caps};

impl Reader<'_> {
    /// What was called out, as it was last saved.
    pub fn caps_used(&self) -> Result<Vec<caps::Row>, StoreError> {
        caps::used(self.conn).map_err(on(self.conn, "reading what was called out"))
    }

    /// The legs that were out when it was last saved, with what each carries.
    pub fn cap_legs(&self) -> Result<Vec<(String, String)>, StoreError> {
        caps::legs(self.conn).map_err(on(self.conn, "reading what was called out"))
    }

    /// How numbers are dialled in a domain, if that is said.
    pub fn number_plan(&self, domain: Uuid) -> Result<Option<NumberPlan>, StoreError> {
        self.one("domain_id = ?1", &[&domain.to_string()])
    }

    /// The groups of a domain, by name.
    pub fn groups(&self, domain: Uuid) -> Result<Vec<ExtensionGroup>, StoreError> {
        self.all("domain_id = ?1", &[&domain.to_string()], "name")
    }

    /// The group called `name` in a domain.
    pub fn group_by_name(&self, domain: Uuid, name: &str) -> Result<Option<ExtensionGroup>, StoreError> {
        self.one("domain_id = ?1 AND name = ?2", &[&domain.to_string(), &name])
    }

    /// Who is in a group, in the order in which they came.
    pub fn members_of(&self, group: Uuid) -> Result<Vec<GroupMember>, StoreError> {
        self.all("group_id = ?1", &[&group.to_string()], "id")
    }

    /// A part of who is in a group, in the order in which they came.
    pub fn members_of_group(&self, group: Uuid, page: Page) -> Result<Listing<GroupMember>, StoreError> {
        self.list("group_id = ?1", &[&group.to_string()], "id", page)
    }

    /// The groups that an extension is in.
    pub fn memberships_of(&self, extension: Uuid) -> Result<Vec<GroupMember>, StoreError> {
        self.all("extension_id = ?1", &[&extension.to_string()], "id")
    }

    /// The numbers that a domain owns, in their order.
    pub fn caller_ids(&self, domain: Uuid) -> Result<Vec<CallerId>, StoreError> {
        self.all("domain_id = ?1", &[&domain.to_string()], "number")
    }

    /// The number that a domain owns.
    pub fn caller_id_by_number(&self, domain: Uuid, number: &str) -> Result<Option<CallerId>, StoreError> {
        self.one("domain_id = ?1 AND number = ?2", &[&domain.to_string(), &number])
    }

    /// As whom the extensions and lines of a domain call out.
    pub fn caller_id_uses(&self, domain: Uuid) -> Result<Vec<CallerIdUse>, StoreError> {
        self.all("domain_id = ?1", &[&domain.to_string()], "id")
    }

    /// As whom an extension calls out.
    pub fn caller_id_use_of_extension(&self, extension: Uuid) -> Result<Option<CallerIdUse>, StoreError> {
        self.one("extension_id = ?1", &[&extension.to_string()])
    }

    /// As whom a line calls out.
    pub fn caller_id_use_of_line(&self, line: Uuid) -> Result<Option<CallerIdUse>, StoreError> {
        self.one("line_id = ?1", &[&line.to_string()])
    }

    /// Which extensions and lines call out as a number, for help alone too: so many at most.
    pub fn uses_of_caller_id(&self, caller_id: Uuid, most: u32) -> Result<Vec<CallerIdUse>, StoreError> {
        let condition = "caller_id = ?1 OR emergency_caller_id = ?1";
        Ok(self
            .list(condition, &[&caller_id.to_string()], "id", Page::first(most))?
            .rows)
    }

    /// The routes whose calls go out as a number: so many at most.
    pub fn routes_of_caller_id(&self, caller_id: Uuid, most: u32) -> Result<Vec<Route>, StoreError> {
        Ok(self
            .list(
                "caller_id = ?1",
                &[&caller_id.to_string()],
                "id",
                Page::first(most),
            )?
            .rows)
    }

    /// The gateways of routes whose calls go out as a number: so many at most.
    pub fn ways_of_caller_id(&self, caller_id: Uuid, most: u32) -> Result<Vec<RouteGateway>, StoreError> {
        Ok(self
            .list(
                "caller_id = ?1",
                &[&caller_id.to_string()],
                "id",
                Page::first(most),
            )?
            .rows)
    }

    /// The routes of a domain, in the order in which they are tried.
    pub fn routes(&self, domain: Uuid) -> Result<Vec<Route>, StoreError> {
        let order = "emergency DESC, priority, name";
        self.all("domain_id = ?1", &[&domain.to_string()], order)
    }

    /// The route called `name` in a domain.
    pub fn route_by_name(&self, domain: Uuid, name: &str) -> Result<Option<Route>, StoreError> {
        self.one("domain_id = ?1 AND name = ?2", &[&domain.to_string(), &name])
    }

    /// The gateways of a route, in their order.
    pub fn gateways_of_route(&self, route: Uuid) -> Result<Vec<RouteGateway>, StoreError> {
        self.all("route_id = ?1", &[&route.to_string()], "position, id")
    }

    /// Who may take a route.
    pub fn grants_of(&self, route: Uuid) -> Result<Vec<RouteGrant>, StoreError> {
        self.all("route_id = ?1", &[&route.to_string()], "id")
    }

    /// The route tests of a domain, in the order in which they came.
    pub fn route_tests(&self, domain: Uuid) -> Result<Vec<RouteTest>, StoreError> {
        self.all("domain_id = ?1", &[&domain.to_string()], "id")
    }

    /// The numbers that nobody in a domain may call, in their order.
    pub fn blocks(&self, domain: Uuid) -> Result<Vec<Block>, StoreError> {
        self.all("domain_id = ?1", &[&domain.to_string()], "pattern")
    }

    /// The block of this pattern in a domain.
    pub fn block_by_pattern(&self, domain: Uuid, pattern: &str) -> Result<Option<Block>, StoreError> {
        self.one(
            "domain_id = ?1 AND pattern = ?2",
            &[&domain.to_string(), &pattern],
        )
    }

    /// How much may be called out in a domain: its own row first.
    pub fn caps(&self, domain: Uuid) -> Result<Vec<Cap>, StoreError> {
        let order = "extension_id IS NOT NULL, id";
        self.all("domain_id = ?1", &[&domain.to_string()], order)
    }

    /// How much an extension may call out; none: how much each of the domain may that says nothing else.
    pub fn cap(&self, domain: Uuid, extension: Option<Uuid>) -> Result<Option<Cap>, StoreError> {
        let extension = extension.map(|id| id.to_string());
        self.one(
            "domain_id = ?1 AND extension_id IS ?2",
            &[&domain.to_string(), &extension],
        )
    }
}
