//! Lists of any table, as programs ask for them.

use rusqlite::ToSql;
use uuid::Uuid;

use super::change::{Row, Table};
use super::error::StoreError;
use super::reader::{Listing, Page, Reader};
use super::shape::shape;

/// What is looked for. All SQL in it is the program's own, `&'static`; what people type is bound.
#[derive(Debug, Clone)]
pub struct Find<'a> {
    /// The table.
    pub table: Table,
    /// Only rows with this id in this column.
    pub within: Option<(&'static str, Uuid)>,
    /// Terms that `q` is looked for in.
    pub search: &'static [&'static str],
    /// Part of one of them, without regard to case; empty: any row.
    pub q: &'a str,
    /// Columns and what they hold; a flag's value is `true` or `false`.
    pub equal: &'a [(&'static str, String)],
    /// Terms that the rows are sorted by; the rest is decided by their ids.
    pub order: &'static [&'static str],
    /// The other way round.
    pub descending: bool,
    /// Which part of the list.
    pub page: Page,
}

impl Find<'_> {
    /// All rows of a table that belong to a domain, in the order of their making.
    pub fn in_domain(table: Table, domain: Uuid) -> Find<'static> {
        Find {
            table,
            within: Some(("domain_id", domain)),
            search: &[],
            q: "",
            equal: &[],
            order: &[],
            descending: false,
            page: Page::ALL,
        }
    }
}

impl Table {
    /// Whether its rows belong to a domain.
    pub fn is_in_domain(self) -> bool {
        shape(self)
            .columns
            .iter()
            .any(|column| column.name == "domain_id")
    }
}

impl Reader<'_> {
    /// The rows that are looked for.
    pub fn find(&self, find: &Find<'_>) -> Result<Listing<Row>, StoreError> {
        let mut values: Vec<String> = Vec::new();
        let mut conditions = vec!["1".to_owned()];
        if let Some((column, id)) = find.within {
            values.push(id.to_string());
            conditions.push(format!("{column} = ?{}", values.len()));
        }
        if !find.q.is_empty() && !find.search.is_empty() {
            values.push(find.q.to_owned());
            let terms: Vec<String> = find
                .search
                .iter()
                .map(|term| format!("ifnull({term}, '')"))
                .collect();
            // A character that no name has keeps words of two terms apart.
            let text = terms.join(" || char(31) || ");
            conditions.push(format!("instr(lower({text}), lower(?{}))", values.len()));
        }
        for (column, value) in find.equal {
            values.push(match value.as_str() {
                "true" => "1".to_owned(),
                "false" => "0".to_owned(),
                other => other.to_owned(),
            });
            // Numbers and flags are compared as the text that they print as.
            conditions.push(format!("CAST({column} AS TEXT) = ?{}", values.len()));
        }
        let way = if find.descending { "DESC" } else { "ASC" };
        let terms = find.order.iter().copied().chain(["id"]);
        let order: Vec<String> = terms.map(|term| format!("{term} {way}")).collect();
        let params: Vec<&dyn ToSql> = values.iter().map(|value| value as &dyn ToSql).collect();
        let condition = conditions.join(" AND ");
        let rows = self.rows(find.table, &condition, &params, &order.join(", "), find.page)?;
        let whole = find.page.skip == 0 && rows.len() < find.page.limit as usize;
        let total = if whole {
            rows.len() as u64
        } else {
            self.total(find.table, &condition, &params)?
        };
        Ok(Listing { rows, total })
    }
}
