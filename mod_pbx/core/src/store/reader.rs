//! Finders and lists, for commands and the UI. Lookups of the switch read the snapshot instead.

mod facts;
mod gateway;
mod inbound;
mod inside;
mod outside;
mod system;

use rusqlite::{Connection, ToSql};
use uuid::Uuid;

use super::change::{Revision, Row, RowChange, Stored, Table};
use super::error::{StoreError, on};
use super::log;
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

    /// How many rows a table has.
    pub fn count(&self, table: Table) -> Result<u64, StoreError> {
        self.total(table, "1", &[])
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

    /// Every row that the condition holds for.
    fn all<T: Stored + TryFrom<Row>>(
        &self,
        condition: &str,
        params: &[&dyn ToSql],
        order: &str,
    ) -> Result<Vec<T>, StoreError> {
        Ok(self.list(condition, params, order, Page::ALL)?.rows)
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
