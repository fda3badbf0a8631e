//! Finders and lists, for commands and the UI. Lookups of the switch read the snapshot instead.

mod outside;

use rusqlite::{Connection, ToSql};
use uuid::Uuid;

use super::bans::{self, Ban};
use super::calls;
use super::change::{Revision, Row, RowChange, Stored, Table};
use super::clients::{self, Client};
use super::error::{StoreError, on};
use super::log;
use super::mail::{self, Counts, Mail, State};
use super::people::{self, SignIn, SignInEvent};
use super::rows::{
    ApiKey, Channel, Did, DidMember, Domain, Extension, Gateway, Line, Schedule, Setting, User,
};
use super::shape::shape;
use super::write::to_row;

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many rows to leave out at the start.
    pub skip: u64,
    /// How many rows at most.
    pub limit: u32,
}

impl Page {
    /// Everything.
    pub const ALL: Self = Self {
        skip: 0,
        limit: u32::MAX,
    };

    /// The first `limit` rows.
    pub const fn first(limit: u32) -> Self {
        Self { skip: 0, limit }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// The rows of the page.
    pub rows: Vec<T>,
    /// How many there are on all pages.
    pub total: u64,
}

/// One committed state of the database, for as long as it is borrowed.
#[derive(Debug)]
pub struct Reader<'a> {
    pub(super) conn: &'a Connection,
}

impl Reader<'_> {
    /// The number of the newest revision.
    pub fn rev(&self) -> Result<u64, StoreError> {
        log::head(self.conn)
    }

    /// A row by its id.
    pub fn get<T: Stored + TryFrom<Row>>(&self, id: Uuid) -> Result<Option<T>, StoreError> {
        self.one("id = ?1", &[&id.to_string()])
    }

    /// A row of any table by its id.
    pub fn row(&self, table: Table, id: Uuid) -> Result<Option<Row>, StoreError> {
        let rows = self.rows(table, "id = ?1", &[&id.to_string()], "id", Page::first(1))?;
        Ok(rows.into_iter().next())
    }

    /// Every domain, by name.
    pub fn domains(&self) -> Result<Vec<Domain>, StoreError> {
        Ok(self.list("1", &[], "name", Page::ALL)?.rows)
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
        Ok(self
            .list("user_id = ?1", &[&user.to_string()], "number", Page::ALL)?
            .rows)
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
        Ok(self
            .list(
                "extension_id = ?1",
                &[&extension.to_string()],
                "username",
                Page::ALL,
            )?
            .rows)
    }

    /// The lines of a person, by username.
    pub fn lines_of_user(&self, user: Uuid) -> Result<Vec<Line>, StoreError> {
        Ok(self
            .list("user_id = ?1", &[&user.to_string()], "username", Page::ALL)?
            .rows)
    }

    /// The line with this username in a domain, without regard to case.
    pub fn line_by_username(&self, domain: Uuid, username: &str) -> Result<Option<Line>, StoreError> {
        self.one(
            "domain_id = ?1 AND username = ?2",
            &[&domain.to_string(), &username],
        )
    }

    /// The keys of a person, by name.
    pub fn keys_of(&self, user: Uuid) -> Result<Vec<ApiKey>, StoreError> {
        Ok(self
            .list("user_id = ?1", &[&user.to_string()], "name", Page::ALL)?
            .rows)
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
        Ok(self.list("1", &[], "name", Page::ALL)?.rows)
    }

    /// The row of the setting called `name`, if it is set.
    pub fn setting(&self, name: &str) -> Result<Option<Setting>, StoreError> {
        self.one("name = ?1", &[&name])
    }

    /// The schedules of a domain whose name contains `search`, by name.
    pub fn schedules(&self, domain: Uuid, search: &str, page: Page) -> Result<Listing<Schedule>, StoreError> {
        self.list(
            "domain_id = ?1 AND (?2 = '' OR instr(name, lower(?2)))",
            &[&domain.to_string(), &search],
            "name",
            page,
        )
    }

    /// The gateways whose name or proxy contains `search`, by name.
    pub fn gateways(&self, search: &str, page: Page) -> Result<Listing<Gateway>, StoreError> {
        self.list(
            "?1 = '' OR instr(lower(name || ' ' || proxy), lower(?1))",
            &[&search],
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

    /// The gateway called `name`, without regard to case.
    pub fn gateway_by_name(&self, name: &str) -> Result<Option<Gateway>, StoreError> {
        self.one("name = ?1", &[&name])
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
        Ok(self
            .list("did_id = ?1", &[&did.to_string()], "position, id", Page::ALL)?
            .rows)
    }

    /// How many rows a table has.
    pub fn count(&self, table: Table) -> Result<u64, StoreError> {
        self.total(table, "1", &[])
    }

    /// Every ban that is stored, those that have ended included.
    pub fn bans(&self) -> Result<Vec<Ban>, StoreError> {
        bans::all(self.conn).map_err(on(self.conn, "reading bans"))
    }

    /// The calls that pass the filter, newest first, at most [`calls::MOST`]. A person's own are those of the channels
    /// of their extensions.
    pub fn calls(&self, filter: &calls::Filter, limit: u32) -> Result<Vec<calls::Call>, StoreError> {
        calls::list(self.conn, filter, limit).map_err(on(self.conn, "reading calls"))
    }

    /// The legs of a call.
    pub fn legs_of_call(&self, call: Uuid) -> Result<Vec<calls::Leg>, StoreError> {
        calls::legs(self.conn, call).map_err(on(self.conn, "reading calls"))
    }

    /// Every browser client that is stored, those that have expired included.
    pub fn clients(&self) -> Result<Vec<Client>, StoreError> {
        clients::all(self.conn).map_err(on(self.conn, "reading browser clients"))
    }

    /// Every session that is stored.
    pub fn sign_ins(&self) -> Result<Vec<SignIn>, StoreError> {
        people::all(self.conn).map_err(on(self.conn, "reading sign-ins"))
    }

    /// The newest `most` events of sign-ins, of one kind or of all.
    pub fn sign_in_events(&self, what: Option<&str>, most: u32) -> Result<Vec<SignInEvent>, StoreError> {
        people::events(self.conn, what, most).map_err(on(self.conn, "reading sign-ins"))
    }

    /// The key that browsers' tokens are signed with, hex.
    pub fn web_key(&self) -> Result<Option<String>, StoreError> {
        people::key(self.conn).map_err(on(self.conn, "reading the web server's key"))
    }

    /// Whether there is an administrator of the whole PBX.
    pub fn has_administrator(&self) -> Result<bool, StoreError> {
        Ok(self.total(Table::User, "domain_id IS NULL AND role = 'administrator'", &[])? > 0)
    }

    /// Mail in these states that is due by then (RFC 3339 in UTC), that which is due first at the top.
    pub fn mail(&self, states: [State; 2], by: &str, limit: u32) -> Result<Vec<Mail>, StoreError> {
        mail::rows(self.conn, states, by, limit).map_err(on(self.conn, "reading mail"))
    }

    /// How much mail waits or was given up.
    pub fn mail_counts(&self) -> Result<Counts, StoreError> {
        mail::counts(self.conn).map_err(on(self.conn, "reading mail"))
    }

    /// Up to when voicemail messages have been looked at, in seconds since 1970; none: never.
    pub fn voicemail_seen(&self) -> Result<Option<i64>, StoreError> {
        mail::seen(self.conn).map_err(on(self.conn, "reading what was seen of voicemail"))
    }

    /// The revisions, newest first.
    pub fn revisions(&self, page: Page) -> Result<Listing<Revision>, StoreError> {
        Ok(Listing {
            rows: log::newest(self.conn, page.skip, page.limit)?,
            total: self.rev()?,
        })
    }

    /// The revisions whose summary or actor contains `search`, newest first.
    pub fn revisions_with(&self, search: &str, page: Page) -> Result<Listing<Revision>, StoreError> {
        if search.is_empty() {
            return self.revisions(page);
        }
        let (rows, total) = log::containing(self.conn, search, page.skip, page.limit)?;
        Ok(Listing { rows, total })
    }

    /// One revision.
    pub fn revision(&self, rev: u64) -> Result<Option<Revision>, StoreError> {
        log::by_number(self.conn, rev)
    }

    /// The revision that a request made, if it was made.
    pub fn revision_of(&self, request: Uuid) -> Result<Option<Revision>, StoreError> {
        log::by_request(self.conn, request)
    }

    /// What a revision changed, in its order.
    pub fn changes(&self, rev: u64) -> Result<Vec<RowChange>, StoreError> {
        log::changes(self.conn, rev)
    }

    fn one<T: Stored + TryFrom<Row>>(
        &self,
        condition: &str,
        params: &[&dyn ToSql],
    ) -> Result<Option<T>, StoreError> {
        let rows = self.rows(T::TABLE, condition, params, "id", Page::first(1))?;
        Ok(rows.into_iter().next().and_then(|row| T::try_from(row).ok()))
    }

    fn list<T: Stored + TryFrom<Row>>(
        &self,
        condition: &str,
        params: &[&dyn ToSql],
        order: &str,
        page: Page,
    ) -> Result<Listing<T>, StoreError> {
        let rows = self.rows(T::TABLE, condition, params, order, page)?;
        let whole = page.skip == 0 && rows.len() < page.limit as usize;
        let total = if whole {
            rows.len() as u64
        } else {
            self.total(T::TABLE, condition, params)?
        };
        let rows = rows.into_iter().filter_map(|row| T::try_from(row).ok()).collect();
        Ok(Listing { rows, total })
    }

    pub(super) fn rows(
        &self,
        table: Table,
        condition: &str,
        params: &[&dyn ToSql],
        order: &str,
        page: Page,
    ) -> Result<Vec<Row>, StoreError> {
        let shape = shape(table);
        // Condition and order are this file's own; what people type is bound.
        let sql = format!(
            "SELECT {} FROM {table} WHERE {condition} ORDER BY {order} LIMIT ?{} OFFSET ?{}",
            shape.column_list(),
            params.len() + 1,
            params.len() + 2
        );
        let skip = i64::try_from(page.skip).unwrap_or(i64::MAX);
        let mut params = params.to_vec();
        params.extend([&page.limit as &dyn ToSql, &skip]);
        let run = || -> rusqlite::Result<Vec<Row>> {
            self.conn
                .prepare_cached(&sql)?
                .query_map(params.as_slice(), |row| to_row(row, shape))?
                .collect()
        };
        run().map_err(on(self.conn, "reading the configuration"))
    }

    pub(super) fn total(
        &self,
        table: Table,
        condition: &str,
        params: &[&dyn ToSql],
    ) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM {table} WHERE {condition}");
        self.conn
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row(params, |row| row.get::<_, i64>(0)))
            .map(i64::cast_unsigned)
            .map_err(on(self.conn, "counting rows"))
    }
}
