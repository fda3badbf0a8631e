//! Whose lamps phones asked for before we listened: mod_sofia's own table of a profile, which we only read.
//!
//! Opening it here is safe: the switch and we share one copy of SQLite, whose locks know of each other.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// One subscription (`sip_subscriptions`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Subscription {
    /// Whose lamp: `name@host`, as the phone wrote it.
    pub(super) to: String,
    /// `dialog` or `presence`.
    pub(super) package: String,
}

/// With as many as this, or more, it is as if nobody knew.
const MOST: usize = 200_000;

/// The subscriptions to lamps that this profile has, in `folder` (`db_dir`). None: nobody knows, since the operator has it keep
/// them elsewhere (`dbname`, `odbc-dsn`), or they cannot be read. May block; a thread of ours.
pub(super) fn of_profile(folder: &Path, profile: &str) -> Option<Vec<Subscription>> {
    let file = folder.join(format!("sofia_reg_{profile}.db"));
    read(&file, profile)
        .inspect_err(|error| {
            tracing::info!(
                "who watches whose lamp is not known, so profile {profile} is told of every call: {}: {error}",
                file.display()
            );
        })
        .ok()
        .filter(|found| found.len() < MOST)
}

fn read(file: &Path, profile: &str) -> rusqlite::Result<Vec<Subscription>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags)?;
    conn.busy_timeout(Duration::from_secs(2))?;
    conn.prepare(include_str!("../../../../sql/lamp_subscriptions.sql"))?
        .query_map([profile], |row| {
            Ok(Subscription {
                to: row.get(0)?,
                package: row.get(1)?,
            })
        })?
        .take(MOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(to: &str, package: &str) -> Subscription {
        Subscription {
            to: to.to_owned(),
            package: package.to_owned(),
        }
    }

    #[test]
    fn reads_the_lamps_of_its_profile_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(of_profile(folder.path(), "internal"), None);
        let conn = Connection::open(folder.path().join("sofia_reg_internal.db")).unwrap();
        assert_eq!(of_profile(folder.path(), "internal"), None);
        // The columns that are read, of mod_sofia's 21.
        conn.execute_batch(
            "CREATE TABLE sip_subscriptions (proto, sub_to_user, sub_to_host, event, profile_name);
             INSERT INTO sip_subscriptions VALUES
               ('sip', '1001', 'pbx.test', 'dialog', 'internal'),
               ('sip', '1001', 'pbx.test', 'dialog', 'internal'),
               ('sip', 'alice', 'pbx.test', 'presence', 'internal'),
               ('sip', '1002', 'pbx.test', 'message-summary', 'internal'),
               ('conf', '1003', 'pbx.test', 'dialog', 'internal'),
               ('sip', '1004', 'pbx.test', 'dialog', 'other');",
        )
        .unwrap();
        let mut found = of_profile(folder.path(), "internal").unwrap();
        found.sort_by(|one, other| one.to.cmp(&other.to));
        assert_eq!(
            found,
            [
                subscription("1001@pbx.test", "dialog"),
                subscription("alice@pbx.test", "presence")
            ]
        );
        assert_eq!(of_profile(folder.path(), "other"), None);
    }
}
