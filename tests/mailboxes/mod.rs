//! mod_voicemail where there is none: its tables, and its commands as far as the PBX gives them. A double, which
//! proves nothing of the real one.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// mod_voicemail's tables (`vm_msg_sql`, `vm_pref_sql`).
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS voicemail_msgs (created_epoch INTEGER, read_epoch INTEGER, username VARCHAR(255),
        domain VARCHAR(255), uuid VARCHAR(255), cid_name VARCHAR(255), cid_number VARCHAR(255), in_folder VARCHAR(255),
        file_path VARCHAR(255), message_len INTEGER, flags VARCHAR(255), read_flags VARCHAR(255), forwarded_by VARCHAR(255));
    CREATE TABLE IF NOT EXISTS voicemail_prefs (username VARCHAR(255), domain VARCHAR(255), name_path VARCHAR(255),
        greeting_path VARCHAR(255), password VARCHAR(255));";

/// The mailboxes of a switch.
#[derive(Debug, Clone)]
pub(crate) struct Mailboxes {
    /// `db_dir`.
    pub(crate) databases: PathBuf,
    /// `storage_dir`.
    pub(crate) storage: PathBuf,
}

/// A message that is left.
#[derive(Debug)]
pub(crate) struct Left<'a> {
    /// Its id.
    pub(crate) id: &'a str,
    /// The mailbox.
    pub(crate) number: &'a str,
    /// Its domain.
    pub(crate) domain: &'a str,
    /// Number and name.
    pub(crate) caller: (&'a str, &'a str),
    /// In seconds since 1970.
    pub(crate) at: i64,
    /// Its length.
    pub(crate) seconds: u32,
}

impl Mailboxes {
    fn open(&self) -> Connection {
        std::fs::create_dir_all(&self.databases).expect("writable");
        let conn = Connection::open(self.databases.join("voicemail_default.db")).expect("a database");
        conn.execute_batch(TABLES).expect("tables");
        conn
    }

    /// Leaves a message with this sound; where it is.
    pub(crate) fn leave(&self, left: &Left<'_>, sound: &[u8]) -> PathBuf {
        let folder = self
            .storage
            .join("voicemail/default")
            .join(left.domain)
            .join(left.number);
        std::fs::create_dir_all(&folder).expect("writable");
        let file = folder.join(format!("msg_{}.wav", left.id));
        std::fs::write(&file, sound).expect("writable");
        self.book(left, &file);
        file
    }

    /// Writes a message down whose sound is said to be there.
    pub(crate) fn book(&self, left: &Left<'_>, file: &Path) {
        let row = "INSERT INTO voicemail_msgs VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, 'inbox', ?7, ?8, '', 'B_NORMAL', '')";
        let (number, name) = left.caller;
        let file = file.to_str().expect("text");
        let values = (
            left.at,
            left.number,
            left.domain,
            left.id,
            name,
            number,
            file,
            left.seconds,
        );
        self.open().execute(row, values).expect("a row");
    }

    /// Runs a command; none: it has none of that name.
    pub(crate) fn command(&self, command: &str, arguments: &str) -> Option<String> {
        let words: Vec<&str> = arguments.split(' ').collect();
        let conn = self.open();
        let run = |sql: &str, values: &[&str]| {
            conn.execute(sql, rusqlite::params_from_iter(values))
                .expect("SQL");
        };
        let files = |sql: &str, values: &[&str]| {
            let mut statement = conn.prepare(sql).expect("SQL");
            let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(0));
            rows.expect("rows")
                .map(|row| row.expect("text"))
                .collect::<Vec<_>>()
        };
        match (command, words.as_slice()) {
            ("vm_read", [_, "read", id]) => {
                run("UPDATE voicemail_msgs SET read_epoch = 1 WHERE uuid = ?1", &[id]);
            }
            ("vm_read", [_, "unread", id]) => {
                run(
                    "UPDATE voicemail_msgs SET read_epoch = 0, flags = '' WHERE uuid = ?1",
                    &[id],
                );
            }
            ("vm_delete", [_, id]) => {
                for file in files("SELECT file_path FROM voicemail_msgs WHERE uuid = ?1", &[id]) {
                    // As mod_voicemail: whatever comes of it.
                    let _ = std::fs::remove_file(file);
                }
                run("DELETE FROM voicemail_msgs WHERE uuid = ?1", &[id]);
            }
            ("vm_fsdb_msg_delete", ["default", domain, number, id]) => run(
                "UPDATE voicemail_msgs SET flags = 'delete' WHERE username = ?1 AND domain = ?2 AND uuid = ?3",
                &[number, domain, id],
            ),
            ("vm_fsdb_msg_purge", ["default", domain, number]) => {
                let of = "FROM voicemail_msgs WHERE username = ?1 AND domain = ?2 AND flags = 'delete'";
                for file in files(&format!("SELECT file_path {of}"), &[number, domain]) {
                    let _ = std::fs::remove_file(file);
                }
                run(&format!("DELETE {of}"), &[number, domain]);
            }
            ("vm_fsdb_pref_password_set", ["default", domain, number, "''"]) => run(
                "UPDATE voicemail_prefs SET password = '' WHERE username = ?1 AND domain = ?2",
                &[number, domain],
            ),
            _ => return None,
        }
        Some("+OK\n".to_owned())
    }
}
