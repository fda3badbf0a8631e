//! The generic row writer: any row of any table, by way of its image and the table's description.

use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params_from_iter};
use serde_json::Value;
use uuid::Uuid;

use super::change::{Image, Row, Table};
use super::shape::{Kind, Shape, shape};

/// The statements of every table.
#[derive(Debug)]
pub(super) struct RowStore {
    statements: Vec<Statements>,
}

#[derive(Debug)]
struct Statements {
    select: String,
    insert: String,
    delete: String,
}

impl RowStore {
    pub(super) fn new() -> Self {
        let statements = |&table: &Table| {
            let shape = shape(table);
            Statements {
                select: shape.select_sql(),
                insert: shape.insert_sql(),
                delete: shape.delete_sql(),
            }
        };
        Self {
            statements: Table::ALL.iter().map(statements).collect(),
        }
    }

    /// The stored row.
    pub(super) fn read(&self, conn: &Connection, table: Table, id: Uuid) -> rusqlite::Result<Option<Row>> {
        conn.prepare_cached(&self.statements[table as usize].select)?
            .query_row([id.to_string()], |row| to_row(row, shape(table)))
            .optional()
    }

    /// Stores the row, which is new, or which is `before` now: then only what differs is written, since
    /// SQLite renews every index of a column that is set.
    pub(super) fn write(&self, conn: &Connection, before: Option<&Row>, row: &Row) -> rusqlite::Result<()> {
        match before {
            Some(before) => Self::update(conn, before, row),
            None => self.insert(conn, row),
        }
    }

    fn update(conn: &Connection, before: &Row, row: &Row) -> rusqlite::Result<()> {
        let table = row.table();
        let (old, new) = (before.image(), row.image());
        let mut sql = format!("UPDATE {table} SET ");
        let mut values = vec![Sql::Text(row.id().to_string())];
        for column in shape(table).columns {
            if old.get(column.name) != new.get(column.name) {
                values.push(to_sql(new.get(column.name)));
                let comma = if values.len() > 2 { ", " } else { "" };
                sql.push_str(&format!("{comma}{} = ?{}", column.name, values.len()));
            }
        }
        sql.push_str(" WHERE id = ?1");
        // `row_rev` differs always.
        conn.prepare_cached(&sql)?.execute(params_from_iter(values))?;
        Ok(())
    }

    fn insert(&self, conn: &Connection, row: &Row) -> rusqlite::Result<()> {
        let table = row.table();
        let image = row.image();
        let values = shape(table)
            .columns
            .iter()
            .map(|column| to_sql(image.get(column.name)));
        conn.prepare_cached(&self.statements[table as usize].insert)?
            .execute(params_from_iter(values))?;
        Ok(())
    }

    /// Deletes the row.
    pub(super) fn delete(&self, conn: &Connection, table: Table, id: Uuid) -> rusqlite::Result<()> {
        conn.prepare_cached(&self.statements[table as usize].delete)?
            .execute([id.to_string()])?;
        Ok(())
    }
}

fn to_sql(value: Option<&Value>) -> Sql {
    match value {
        Some(Value::String(text)) => Sql::Text(text.clone()),
        Some(Value::Bool(flag)) => Sql::Integer((*flag).into()),
        Some(Value::Number(number)) => number.as_i64().map_or(Sql::Null, Sql::Integer),
        _ => Sql::Null,
    }
}

/// The row type's value of a result row that has the table's columns in order.
pub(super) fn to_row(row: &SqlRow<'_>, shape: &Shape) -> rusqlite::Result<Row> {
    let mut image = Image::new();
    for (index, column) in shape.columns.iter().enumerate() {
        let value = match (row.get_ref(index)?, column.kind) {
            (ValueRef::Integer(number), Kind::Flag) => Value::Bool(number != 0),
            (ValueRef::Integer(number), _) => Value::from(number),
            (ValueRef::Text(text), _) => Value::from(String::from_utf8_lossy(text)),
            _ => Value::Null,
        };
        image.insert(column.name.to_owned(), value);
    }
    let id = image.get("id").map(ToString::to_string).unwrap_or_default();
    Row::from_image(shape.table, image).map_err(|error| {
        // A row that no program of ours wrote: say which one.
        let text = format!("{} {id}: {error}", shape.table);
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, text.into())
    })
}
