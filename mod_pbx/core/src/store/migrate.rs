//! The schema's versions: `sql/` in order, each applied once, in a transaction.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::connection;
use super::error::{StoreError, on};

/// Every migration, by the version it makes.
pub(super) const MIGRATIONS: &[(u32, &str)] = &[
    (1, include_str!("../../../../sql/0001_configuration.sql")),
    (2, include_str!("../../../../sql/0002_bans.sql")),
    (3, include_str!("../../../../sql/0003_clients.sql")),
    (4, include_str!("../../../../sql/0004_people.sql")),
    (5, include_str!("../../../../sql/0005_srtp.sql")),
    (6, include_str!("../../../../sql/0006_forwards.sql")),
    (7, include_str!("../../../../sql/0007_mail.sql")),
    (8, include_str!("../../../../sql/0008_schedules.sql")),
    (9, include_str!("../../../../sql/0009_routes.sql")),
    (10, include_str!("../../../../sql/0010_gateways.sql")),
    (11, include_str!("../../../../sql/0011_keys.sql")),
    (12, include_str!("../../../../sql/0012_dids.sql")),
    (13, include_str!("../../../../sql/0013_calls.sql")),
    (14, include_str!("../../../../sql/0014_route_gateways.sql")),
    (15, include_str!("../../../../sql/0015_caps.sql")),
    (16, include_str!("../../../../sql/0016_route_tests.sql")),
    (17, include_str!("../../../../sql/0017_outside_members.sql")),
    (18, include_str!("../../../../sql/0018_calls_of_domain.sql")),
    (19, include_str!("../../../../sql/0019_emergency_notices.sql")),
    (20, include_str!("../../../../sql/0020_did_gateways.sql")),
    (
        21,
        include_str!("../../../../sql/0021_route_tests_of_calls_in.sql"),
    ),
    (
        22,
        include_str!("../../../../sql/0022_calls_of_a_domain_for_good.sql"),
    ),
    (23, include_str!("../../../../sql/0023_friends.sql")),
];

/// The version this program reads and writes.
pub(super) const VERSION: u32 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// `PRAGMA application_id`: tells our files from other people's ("pbx" and a format number).
pub(super) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"pbx1");

/// What a database file says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing in it yet.
    Empty,
    /// Ours, in this version.
    Ours(u32),
    /// Somebody else's.
    Foreign,
}

/// Reads what the database says about itself.
pub(super) fn kind(conn: &Connection) -> rusqlite::Result<Kind> {
    let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let tables: u32 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let version = pragma("user_version")?;
    Ok(match pragma("application_id")? {
        APPLICATION_ID => Kind::Ours(version.max(0).cast_unsigned()),
        0 if tables == 0 && version == 0 => Kind::Empty,
        _ => Kind::Foreign,
    })
}

/// The version of the database, 0 when it is empty.
fn known(conn: &Connection, path: &Path) -> Result<u32, StoreError> {
    match kind(conn).map_err(|source| StoreError::sqlite(path, "reading the schema version", source))? {
        Kind::Ours(found) if found > VERSION => Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known: VERSION,
        }),
        Kind::Ours(found) => Ok(found),
        Kind::Empty => Ok(0),
        Kind::Foreign => Err(StoreError::Unusable(format!(
            "{} is a database of another program: name another file as \"database\" in pbx.conf",
            path.display()
        ))),
    }
}

/// Reads whose database it is, and changes nothing in it.
///
/// # Errors
/// As [`migrate`].
pub(super) fn recognise(path: &Path) -> Result<(), StoreError> {
    known(&connection::reader(path)?, path).map(drop)
}

/// Checks that a backup is a database of ours, in a version we know.
pub(super) fn ours(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    match kind(conn).map_err(|source| StoreError::sqlite(path, "reading the schema version", source))? {
        Kind::Ours(found) if found <= VERSION => Ok(()),
        Kind::Ours(found) => Err(StoreError::refuse(format!(
            "the backup {} has schema version {found}, this mod_pbx knows versions up to {VERSION}: \
             install the newer mod_pbx first",
            path.display()
        ))),
        Kind::Empty | Kind::Foreign => Err(StoreError::refuse(format!(
            "{} is not a backup of mod_pbx: \"pbx status\" names the directory of its backups",
            path.display()
        ))),
    }
}

/// Checks that an up-to-date database has the tables that the migrations make, and no code of its own:
/// a backup comes from outside.
pub(super) fn same_schema(conn: &Connection) -> Result<(), StoreError> {
    let tables = |conn: &Connection| -> rusqlite::Result<Vec<(String, String)>> {
        conn.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    };
    let model = || -> rusqlite::Result<Vec<(String, String)>> {
        let conn = Connection::open_in_memory()?;
        MIGRATIONS
            .iter()
            .try_for_each(|(_, sql)| conn.execute_batch(sql))?;
        tables(&conn)
    };
    let wanted = model().map_err(on(conn, "making a model schema"))?;
    let found = tables(conn).map_err(on(conn, "reading the schema"))?;
    if let Some((name, _)) = wanted.iter().find(|table| !found.contains(table)) {
        return Err(StoreError::Damaged(format!(
            "its table {name} is not as mod_pbx makes it"
        )));
    }
    let code: u32 = conn
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')",
            [],
            |row| row.get(0),
        )
        .map_err(on(conn, "reading the schema"))?;
    if code > 0 {
        return Err(StoreError::Damaged(
            "it has triggers or views, which mod_pbx never makes".into(),
        ));
    }
    Ok(())
}

/// Brings the database to [`VERSION`]. All or nothing.
///
/// # Errors
/// [`StoreError::Newer`], [`StoreError::Damaged`] when it is not a database of ours, or SQLite's own.
pub(super) fn migrate(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let error = |source| StoreError::sqlite(path, "bringing the schema up to date", source);
    if known(conn, path)? == VERSION {
        return Ok(());
    }
    let tx = conn
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(error)?;
    // Read again under the write lock: another process may have just done the same.
    let known = known(&tx, path)?;
    for (version, sql) in MIGRATIONS.iter().filter(|(version, _)| *version > known) {
        tx.execute_batch(sql).map_err(error)?;
        tx.pragma_update(None, "user_version", version).map_err(error)?;
    }
    if known == 0 {
        tx.pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(error)?;
        tx.execute(
            "INSERT INTO node (one, node_id) VALUES (1, ?1)",
            [uuid::Uuid::new_v4().to_string()],
        )
        .map_err(error)?;
    }
    tx.commit().map_err(error)?;
    tracing::info!("{}: schema version {VERSION} (was {known})", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is there stays, and gets the default of what is new.
    #[test]
    fn a_line_of_an_older_version_keeps_its_calls() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pbx.db");
        let mut conn = Connection::open(&path).unwrap();
        for (version, sql) in &MIGRATIONS[..2] {
            conn.execute_batch(sql).unwrap();
            conn.pragma_update(None, "user_version", version).unwrap();
        }
        conn.pragma_update(None, "application_id", APPLICATION_ID)
            .unwrap();
        conn.execute_batch(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO line VALUES ('l', 'd', 'e', 'u', 'alice', '00000000000000000000000000000000', 2, NULL, 1, 1, '')",
        )
        .unwrap();
        migrate(&mut conn, &path).unwrap();
        let srtp: String = conn
            .query_row("SELECT srtp FROM line WHERE username = 'alice'", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(srtp, "optional");
        assert_eq!(kind(&conn).unwrap(), Kind::Ours(VERSION));
    }
}
