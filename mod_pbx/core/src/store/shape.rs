//! The one description of the tables: what the generic row writer and the checks go by.
//!
//! A test compares it with the row types and with what the migrations create.

mod gateway;
mod inbound;
mod inside;
mod outside;
mod system;
#[cfg(test)]
mod tests;

use super::change::Table;

/// How a column is stored, and so how it reads in a row image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// TEXT.
    Text,
    /// INTEGER, a number.
    Number,
    /// INTEGER, 0 or 1.
    Flag,
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The table whose `id` it holds.
    pub(super) references: Option<Table>,
    /// Whether the row is a part of that, and is deleted with it.
    pub(super) part: bool,
}

/// A table.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) table: Table,
    /// All columns, `id` first.
    pub(super) columns: &'static [Column],
    /// Columns that no two rows may have alike.
    pub(super) unique: &'static [&'static [&'static str]],
}

const fn text(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Text,
        references: None,
        part: false,
    }
}

const fn number(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Number,
        references: None,
        part: false,
    }
}

const fn flag(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Flag,
        references: None,
        part: false,
    }
}

const fn key(name: &'static str, table: Table) -> Column {
    Column {
        name,
        kind: Kind::Text,
        references: Some(table),
        part: false,
    }
}

const fn part(name: &'static str, table: Table) -> Column {
    Column {
        name,
        kind: Kind::Text,
        references: Some(table),
        part: true,
    }
}

/// The description of `table`.
pub(super) fn shape(table: Table) -> &'static Shape {
    match table {
        Table::Domain => &inside::DOMAIN,
        Table::User => &inside::USER,
        Table::Channel => &inside::CHANNEL,
        Table::Extension => &inside::EXTENSION,
        Table::Line => &inside::LINE,
        Table::Setting => &system::SETTING,
        Table::Schedule => &inbound::SCHEDULE,
        Table::NumberPlan => &outside::NUMBER_PLAN,
        Table::ExtensionGroup => &outside::EXTENSION_GROUP,
        Table::GroupMember => &outside::GROUP_MEMBER,
        Table::CallerId => &outside::CALLER_ID,
        Table::CallerIdUse => &outside::CALLER_ID_USE,
        Table::Route => &outside::ROUTE,
        Table::RouteGateway => &outside::ROUTE_GATEWAY,
        Table::RouteGrant => &outside::ROUTE_GRANT,
        Table::RouteTest => &outside::ROUTE_TEST,
        Table::Block => &outside::BLOCK,
        Table::Cap => &outside::CAP,
        Table::Gateway => &gateway::GATEWAY,
        Table::ApiKey => &system::API_KEY,
        Table::Did => &inbound::DID,
        Table::DidMember => &inbound::DID_MEMBER,
    }
}

/// Every column that refers to `table`.
pub(super) fn referrers(table: Table) -> impl Iterator<Item = (&'static Shape, &'static Column)> {
    Table::ALL.iter().flat_map(move |&other| {
        let shape = shape(other);
        let refers = move |column: &&Column| column.references == Some(table);
        shape
            .columns
            .iter()
            .filter(refers)
            .map(move |column| (shape, column))
    })
}

impl Shape {
    /// `id, name, …`
    pub(super) fn column_list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        names.join(", ")
    }

    /// Reads a row by its id.
    pub(super) fn select_sql(&self) -> String {
        format!("SELECT {} FROM {} WHERE id = ?1", self.column_list(), self.table)
    }

    /// Writes a new row.
    pub(super) fn insert_sql(&self) -> String {
        let marks = (1..=self.columns.len()).map(|n| format!("?{n}"));
        format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.table,
            self.column_list(),
            marks.collect::<Vec<_>>().join(", ")
        )
    }

    /// Deletes a row by its id.
    pub(super) fn delete_sql(&self) -> String {
        format!("DELETE FROM {} WHERE id = ?1", self.table)
    }
}
