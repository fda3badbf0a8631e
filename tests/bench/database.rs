//! Databases of any size, made by the store itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pbx_core::names::Username;
use pbx_core::store::rows::{Channel, Domain, Extension, Line, Role, Setting, Srtp, User};
use pbx_core::store::{Change, Commit, ConfigStore, Row, StoreOptions};
use rusqlite::Connection;
use uuid::Uuid;

/// The one domain.
pub(crate) const DOMAIN: &str = "bench.test";
/// Every line's password.
pub(crate) const PASSWORD: &str = "a-password-of-the-bench";
/// The first extension's number; the others follow without a gap.
pub(crate) const FIRST: u32 = 1_000_000;

/// How many extensions the large database has: a million unless `PBX_BENCH_LARGE` says another number.
pub(crate) fn large() -> u32 {
    std::env::var("PBX_BENCH_LARGE")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1_000_000)
}

/// A database with this many extensions, each with a user and a line of the same name. Made once: kept
/// in cargo's folder for the next run.
pub(crate) fn with_extensions(count: u32) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{count}.db"));
    if file.is_file() {
        return file;
    }
    eprintln!("making a database of {count} extensions");
    let work = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = work.path().join("pbx.db");
    let store = ConfigStore::open(StoreOptions::new(&path)).unwrap();
    let domain = Uuid::now_v7();
    let name = DOMAIN.parse().unwrap();
    commit(
        &store,
        vec![Row::Domain(Domain {
            id: domain,
            name,
            row_rev: 0,
            updated_at: String::new(),
        })],
    );
    let numbers: Vec<u32> = (FIRST..FIRST + count).collect();
    for part in numbers.chunks(20_000) {
        commit(
            &store,
            part.iter().flat_map(|number| person(domain, *number)).collect(),
        );
    }
    store.close();
    copy(&path, &file, &[]);
    file
}

fn commit(store: &Arc<ConfigStore>, rows: Vec<Row>) {
    let changes = rows
        .into_iter()
        .map(|row| Change::Put { row, base: None })
        .collect();
    let commit = Commit {
        force: false,
        request_id: Uuid::new_v4(),
        actor: "bench".to_owned(),
        summary: "bench".to_owned(),
        changes,
    };
    store.commit(commit).unwrap();
}

fn person(domain_id: Uuid, number: u32) -> [Row; 4] {
    let (user_id, channel_id, extension_id) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let text = number.to_string();
    let (row_rev, updated_at) = (0, String::new());
    let username: Username = text.parse().unwrap();
    let a1 = pbx_core::secret::a1_hex(username.as_str(), DOMAIN, PASSWORD);
    [
        Row::User(User {
            id: user_id,
            domain_id: Some(domain_id),
            name: username.clone(),
            display_name: format!("Person {number}"),
            email: None,
            role: Role::User,
            password_hash: None,
            enabled: true,
            row_rev,
            updated_at: updated_at.clone(),
        }),
        Row::Channel(Channel {
            id: channel_id,
            domain_id,
            name: text.clone(),
            row_rev,
            updated_at: updated_at.clone(),
        }),
        Row::Extension(Extension {
            id: extension_id,
            domain_id,
            number: text.parse().unwrap(),
            user_id,
            channel_id,
            caller_id_name: format!("Person {number}"),
            ring_seconds: 30,
            voicemail: true,
            voicemail_pin: Some("4711".to_owned()),
            forwards: Default::default(),
            enabled: true,
            row_rev,
            updated_at: updated_at.clone(),
        }),
        Row::Line(Line {
            id: Uuid::now_v7(),
            domain_id,
            extension_id,
            user_id,
            username,
            a1,
            max_registrations: 32,
            source_acl: None,
            srtp: Srtp::Optional,
            enabled: true,
            row_rev,
            updated_at,
        }),
    ]
}

/// Copies a database that may have a log beside it, and sets settings in the copy.
pub(crate) fn copy(from: &Path, to: &Path, settings: &[(&str, &str)]) {
    let conn = Connection::open(from).unwrap();
    conn.execute("VACUUM INTO ?1", [to.to_str()]).unwrap();
    if !settings.is_empty() {
        let store = ConfigStore::open(StoreOptions::new(to)).unwrap();
        let setting = |(name, value): &(&str, &str)| {
            let (name, value) = ((*name).to_owned(), (*value).to_owned());
            Row::Setting(Setting {
                id: Uuid::now_v7(),
                name,
                value,
                row_rev: 0,
                updated_at: String::new(),
            })
        };
        commit(&store, settings.iter().map(setting).collect());
        store.close();
    }
}

/// The command that shows the answer to the digest of a request with this method, for the first line.
pub(crate) fn sip_auth_lookup(method: &str) -> String {
    format!(
        "pbx lookup directory key_value={DOMAIN} user={FIRST} key=id action=sip_auth sip_auth_method={method} \
         sip_auth_username={FIRST} sip_auth_realm={DOMAIN} sip_from_host={DOMAIN} sip_to_host={DOMAIN}"
    )
}
