//! The one writer: a transaction from the first check to the snapshot that lookups see.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use uuid::Uuid;

use super::apply::{self, Work};
use super::bans::{self, Ban};
use super::change::{Change, Revision};
use super::delta::Touched;
use super::error::{StoreError, on};
use super::load::{self, DomainNames};
use super::snapshot::Snapshot;
use super::upkeep::checkpoint;
use super::write::RowStore;
use super::{check, connection, log, text};
use crate::routing::expect;

/// A write transaction whose statements are prepared once, unlike `rusqlite::Transaction`'s.
struct Immediate<'a>(&'a Connection);

impl<'a> Immediate<'a> {
    fn begin(conn: &'a Connection) -> rusqlite::Result<Self> {
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self(conn))
    }

    fn commit(self) -> rusqlite::Result<()> {
        // What fails is rolled back by drop.
        self.0.prepare_cached("COMMIT")?.execute([]).map(drop)
    }
}

impl Drop for Immediate<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit()
            && let Err(error) = self.0.execute_batch("ROLLBACK")
        {
            tracing::error!("taking back what was not saved: {error}");
        }
    }
}

impl std::ops::Deref for Immediate<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.0
    }
}

/// The connection that writes, with what it knows of the database.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) conn: Connection,
    rows: RowStore,
    names: DomainNames,
    node_id: String,
    /// `PRAGMA data_version`: moves when another connection has written.
    data_version: i64,
}

/// Who commits what for.
pub(super) struct Request<'a> {
    pub(super) id: Uuid,
    pub(super) actor: &'a str,
    pub(super) summary: &'a str,
    /// Whether it is made though it breaks a route test.
    pub(super) force: bool,
}

/// How a transaction ended.
pub(super) enum Outcome {
    /// The request was answered before; nothing was done.
    Before(Revision),
    /// Durable, and this is the state after it.
    Committed(Revision, Snapshot),
    /// Another program has written to the database; nothing was done.
    Foreign,
}

impl Writer {
    /// A writer over an open and migrated database, and the state it found.
    pub(super) fn new(mut conn: Connection) -> Result<(Self, Snapshot), StoreError> {
        let (snapshot, names, node_id, data_version) = {
            let tx = conn.transaction().map_err(|source| StoreError::Sqlite {
                doing: "reading the configuration".into(),
                source,
            })?;
            let read = || -> rusqlite::Result<_> {
                let (snapshot, names) = load::everything(&tx)?;
                let node_id = tx.query_row("SELECT node_id FROM node", [], |row| row.get(0))?;
                Ok((snapshot, names, node_id, data_version(&tx)?))
            };
            read().map_err(on(&tx, "reading the configuration"))?
        };
        let writer = Self {
            conn,
            rows: RowStore::new(),
            names,
            node_id,
            data_version,
        };
        Ok((writer, snapshot))
    }

    /// Reads everything again, after another program has written.
    pub(super) fn reread(&mut self) -> Result<Snapshot, StoreError> {
        let tx = self
            .conn
            .unchecked_transaction()
            .map_err(on(&self.conn, "reading the configuration"))?;
        let read = || -> rusqlite::Result<_> { Ok((load::everything(&tx)?, data_version(&tx)?)) };
        let ((snapshot, names), version) = read().map_err(on(&tx, "reading the configuration"))?;
        drop(tx);
        self.names = names;
        self.data_version = version;
        Ok(snapshot)
    }

    /// Whether another program has written since we last looked.
    pub(super) fn is_foreign(&self) -> Result<bool, StoreError> {
        let version = data_version(&self.conn).map_err(on(&self.conn, "looking for foreign writes"))?;
        Ok(version != self.data_version)
    }

    /// Makes one revision of the changes that `changes` gives from inside the transaction.
    pub(super) fn transact(
        &mut self,
        request: &Request<'_>,
        current: &Arc<Snapshot>,
        changes: &mut dyn FnMut(&Work<'_>) -> Result<Vec<Change>, StoreError>,
    ) -> Result<Outcome, StoreError> {
        let tx = Immediate::begin(&self.conn).map_err(on(&self.conn, "beginning to write"))?;
        if data_version(&tx).map_err(on(&tx, "looking for foreign writes"))? != self.data_version {
            return Ok(Outcome::Foreign);
        }
        if let Some(revision) = log::by_request(&tx, request.id)? {
            return Ok(Outcome::Before(revision));
        }
        let work = Work {
            conn: &tx,
            rows: &self.rows,
        };
        let revision = Revision {
            rev: log::head(&tx)? + 1,
            id: Uuid::new_v4(),
            at: now(),
            actor: text::log_line(request.actor, 200),
            node_id: self.node_id.clone(),
            request_id: request.id,
            summary: text::log_line(request.summary, 500),
        };
        let changes = changes(&work)?;
        if changes.is_empty() {
            return Err(StoreError::refuse("there is nothing to change"));
        }
        let applied = apply::prepare(&work, changes, revision.rev, &revision.at)?;
        let touched = Touched::find(&work, &applied)?;
        apply::write(&work, &applied)?;
        check::check(&work, &applied)?;
        log::record(&tx, &revision, &applied)?;
        let (snapshot, names) = touched.next(&work, current, &self.names, revision.rev)?;
        if !request.force {
            expected(current, &snapshot)?;
        }
        tx.commit().map_err(on(&self.conn, "saving"))?;
        if let Some(names) = names {
            self.names = names;
        }
        Ok(Outcome::Committed(revision, snapshot))
    }
}

/// Refuses a state that breaks a route test.
fn expected(current: &Snapshot, next: &Snapshot) -> Result<(), StoreError> {
    let broken = expect::broken(current, next);
    if broken.is_empty() {
        return Ok(());
    }
    Err(StoreError::Broken(broken))
}

impl Writer {
    /// Stores bans and takes out others.
    pub(super) fn keep_bans(&self, kept: &[Ban], gone: &[(String, String)]) -> Result<(), StoreError> {
        let run = || -> rusqlite::Result<()> {
            let tx = Immediate::begin(&self.conn)?;
            bans::keep(&tx, kept, gone)?;
            tx.commit()
        };
        run().map_err(on(&self.conn, "saving bans"))
    }

    /// Writes facts that are no configuration.
    pub(super) fn keep_facts(
        &self,
        doing: &'static str,
        write: &dyn Fn(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let run = || -> rusqlite::Result<()> {
            let tx = Immediate::begin(&self.conn)?;
            write(&tx)?;
            tx.commit()
        };
        run().map_err(on(&self.conn, doing))
    }

    /// Empties the log, if all of it was moved and nobody reads it; true: it is empty. Waits for nobody.
    pub(super) fn empty_log(&self) -> Result<bool, StoreError> {
        let patience = |time| {
            self.conn
                .busy_timeout(time)
                .map_err(on(&self.conn, "emptying the log"))
        };
        patience(Duration::ZERO)?;
        let emptied = checkpoint(&self.conn, "TRUNCATE");
        patience(connection::BUSY)?;
        emptied
    }

    /// Closes the database so that one complete file is left, without a log.
    pub(super) fn close_cleanly(self) {
        let closed = checkpoint(&self.conn, "TRUNCATE").and_then(|_| {
            self.conn
                .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
                .map_err(on(&self.conn, "closing the database"))
        });
        if let Err(error) = closed {
            // The log stays and is read at the next open.
            tracing::warn!("{error}");
        }
    }
}

fn data_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))
}

/// RFC 3339 in UTC, to the millisecond.
pub(super) fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}
