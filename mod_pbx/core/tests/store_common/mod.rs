//! What the store's tests share: a store in a directory of its own, with one of everything.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "each test binary uses its own part of it, and fails where it cannot go on"
)]

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pbx_core::secret;
use pbx_core::store::rows::{Channel, Domain, Extension, Line, Role, Setting, Srtp, User};
use pbx_core::store::{Change, Commit, ConfigStore, Pace, Revision, StoreError, StoreOptions};
use uuid::Uuid;

pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) options: StoreOptions,
    pub(crate) store: Arc<ConfigStore>,
}

fn run(command: &mut std::process::Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// A domain with one person who has an extension and a line.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) domain: Domain,
    pub(crate) user: User,
    pub(crate) channel: Channel,
    pub(crate) extension: Extension,
    pub(crate) line: Line,
}

/// The keeper looks often, so that tests need not wait.
pub(crate) const BRISK: Pace = Pace {
    look: Duration::from_millis(50),
    first_backup: Duration::from_secs(3600),
    backup: Duration::from_secs(24 * 3600),
};

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_pace(BRISK)
    }

    pub(crate) fn with_pace(pace: Pace) -> Self {
        Self::at(tempfile::tempdir().unwrap(), pace)
    }

    pub(crate) fn at(dir: tempfile::TempDir, pace: Pace) -> Self {
        let mut options = StoreOptions::new(dir.path().join("pbx.db"));
        options.pace = pace;
        let store = ConfigStore::open(options.clone()).unwrap();
        Self { dir, options, store }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.options.database.clone()
    }

    /// A backup that counts as a daily one.
    pub(crate) fn backup_now(&self) -> PathBuf {
        let now = format!("{:.3}", jiff::Timestamp::now()).replace(':', "-");
        let file = self.options.backups.join(format!("pbx-{now}.db"));
        self.store.backup(&file).unwrap();
        assert_eq!(self.store.health().last_backup.unwrap().file, file);
        file
    }

    /// Writes over the database in place, as another program would: this process must not open it outside
    /// SQLite, since closing it would drop SQLite's locks.
    pub(crate) fn overwrite(&self, content: &[u8]) {
        let from = self.dir.path().join("what-is-written-over-it");
        std::fs::write(&from, content).unwrap();
        let before = std::fs::metadata(self.database()).unwrap();
        run(std::process::Command::new("cp").arg(&from).arg(self.database()));
        std::fs::remove_file(&from).unwrap();
        let after = std::fs::metadata(self.database()).unwrap();
        assert_eq!(before.ino(), after.ino(), "it is the same file");
    }

    /// Waits until the keeper has nothing left to do.
    pub(crate) fn settled(&self) {
        let log = self.dir.path().join("pbx.db-wal");
        let begin = std::time::Instant::now();
        while std::fs::metadata(&log).unwrap().len() > 0 {
            assert!(begin.elapsed() < Duration::from_secs(10), "the log is emptied");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// A copy of the database's main file as it is now.
    pub(crate) fn main_file(&self) -> Vec<u8> {
        let to = self.dir.path().join("copy-of-main-file");
        run(std::process::Command::new("cp").arg(self.database()).arg(&to));
        let content = std::fs::read(&to).unwrap();
        std::fs::remove_file(&to).unwrap();
        content
    }

    /// The row of a setting, the stored one if there is one.
    pub(crate) fn setting_row(&self, name: &str, value: &str) -> Setting {
        let stored = self.store.read(|r| r.setting(name)).unwrap();
        let mut row = stored.unwrap_or_else(|| setting(name, value));
        row.value = value.into();
        row
    }

    /// Runs the indented lines of an error's first list of commands, as its reader would.
    pub(crate) fn type_commands(&self, text: &str) {
        let commands: Vec<&str> = text
            .lines()
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            .collect();
        assert!(!commands.is_empty(), "{text}");
        let done = std::process::Command::new("sh")
            .arg("-ec")
            .arg(commands.join("\n"))
            .status();
        assert!(done.unwrap().success(), "{text}");
    }

    /// Closes and opens again.
    pub(crate) fn reopen(&mut self) -> Result<(), StoreError> {
        self.store.close();
        self.store = ConfigStore::open(self.options.clone())?;
        Ok(())
    }

    pub(crate) fn commit(&self, changes: Vec<Change>) -> Result<Revision, StoreError> {
        let mut commit = Commit::new("tester", "a test");
        commit.changes = changes;
        self.store.commit(commit)
    }

    pub(crate) fn put(&self, tenant: &Tenant) {
        self.commit(tenant.put()).unwrap();
    }

    /// The text of the refusal.
    pub(crate) fn refusal(&self, changes: Vec<Change>) -> String {
        let before = self.store.snapshot().rev;
        let error = self.commit(changes).expect_err("the commit is refused");
        assert_eq!(self.store.read(|r| r.rev()).unwrap(), before, "nothing was saved");
        assert!(matches!(error, StoreError::Invalid { .. }), "{error:?}");
        error.to_string()
    }
}

impl Tenant {
    pub(crate) fn new(domain: &str, user: &str, number: &str) -> Self {
        let domain = Domain {
            id: Uuid::now_v7(),
            name: domain.parse().unwrap(),
            row_rev: 0,
            updated_at: String::new(),
        };
        Self::in_domain(&domain, user, number)
    }

    pub(crate) fn in_domain(domain: &Domain, name: &str, number: &str) -> Self {
        let user = User {
            id: Uuid::now_v7(),
            domain_id: Some(domain.id),
            name: name.parse().unwrap(),
            display_name: format!("The {name}"),
            email: Some(format!("{name}@mail.test")),
            role: Role::User,
            password_hash: None,
            enabled: true,
            row_rev: 0,
            updated_at: String::new(),
        };
        let channel = Channel {
            id: Uuid::now_v7(),
            domain_id: domain.id,
            name: number.to_owned(),
            row_rev: 0,
            updated_at: String::new(),
        };
        let extension = Extension {
            id: Uuid::now_v7(),
            domain_id: domain.id,
            number: number.parse().unwrap(),
            user_id: user.id,
            channel_id: channel.id,
            caller_id_name: format!("The {name}"),
            ring_seconds: 30,
            voicemail: true,
            voicemail_pin: Some("4711".into()),
            forwards: Default::default(),
            enabled: true,
            row_rev: 0,
            updated_at: String::new(),
        };
        let line = Line {
            id: Uuid::now_v7(),
            domain_id: domain.id,
            extension_id: extension.id,
            user_id: user.id,
            username: name.parse().unwrap(),
            a1: secret::a1_hex(name, domain.name.as_str(), "kT8!vqPz2w"),
            max_registrations: 2,
            source_acl: None,
            srtp: Srtp::Optional,
            enabled: true,
            row_rev: 0,
            updated_at: String::new(),
        };
        Self {
            domain: domain.clone(),
            user,
            channel,
            extension,
            line,
        }
    }

    pub(crate) fn put(&self) -> Vec<Change> {
        vec![
            Change::put(self.line.clone()),
            Change::put(self.extension.clone()),
            Change::put(self.channel.clone()),
            Change::put(self.user.clone()),
            Change::put(self.domain.clone()),
        ]
    }

    /// Without the domain.
    pub(crate) fn put_in(&self) -> Vec<Change> {
        let mut changes = self.put();
        changes.pop();
        changes
    }
}

pub(crate) fn setting(name: &str, value: &str) -> Setting {
    Setting {
        id: Uuid::now_v7(),
        name: name.into(),
        value: value.into(),
        row_rev: 0,
        updated_at: String::new(),
    }
}
