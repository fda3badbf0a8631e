//! `pbx key`: what programs show to the JSON API instead of a password.

use clap::Subcommand;
use serde_json::{Value, json};

use super::address::{At, Realm, flag};
use super::desk::{self, Desk, InRealm};
use super::out::{Answer, Refusal, Said, Table, count, refuse, yes_no};
use super::user::full;
use crate::admin::Scopes;
use crate::admin::nouns::{is_area, key};
use crate::names::Username;
use crate::store::rows::{ApiKey, User};
use crate::store::{Change, Reader};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Makes a key of a person and prints it, once
    #[command(after_help = "\
Examples: pbx key add backup --user admin --scopes \"*:read\"
          pbx key add crm --user admin --scopes \"users:read extensions:write\" --expires 2030-01-01T00:00:00Z
A program sends it as Authorization: Bearer. It may do at most what its person may; a scope is NOUN:read or
NOUN:write, where NOUN is what stands behind /api/v1/, or * for every one. Only a hash of the key is stored.")]
    Add {
        /// What it is for
        #[arg(value_name = "NAME")]
        name: String,
        /// Whose it is, NAME or NAME@DOMAIN
        #[arg(long, value_name = "NAME")]
        user: At<Username, Realm>,
        #[command(flatten)]
        place: InRealm,
        /// What it may do, blank separated
        #[arg(long)]
        scopes: String,
        /// Until when it is good, such as 2030-01-01T00:00:00Z; for ever if left out
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// Lists the keys of a person
    #[command(after_help = "Example: pbx key list --user admin")]
    List {
        /// Whose, NAME or NAME@DOMAIN
        #[arg(long, value_name = "NAME")]
        user: At<Username, Realm>,
        #[command(flatten)]
        place: InRealm,
    },
    /// Changes a key: only what is named
    #[command(after_help = "Example: pbx key set backup --user admin --enabled no")]
    Set {
        /// Which
        #[arg(value_name = "NAME")]
        name: String,
        /// Whose it is, NAME or NAME@DOMAIN
        #[arg(long, value_name = "NAME")]
        user: At<Username, Realm>,
        #[command(flatten)]
        place: InRealm,
        /// What it may do, blank separated
        #[arg(long)]
        scopes: Option<String>,
        /// Until when it is good; "" for ever
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        /// Off, it opens nothing: yes or no
        #[arg(long, value_parser = flag, value_name = "YES|NO")]
        enabled: Option<bool>,
    },
    /// Revokes a key, at once
    #[command(after_help = "Example: pbx key delete backup --user admin")]
    Delete {
        /// Which
        #[arg(value_name = "NAME")]
        name: String,
        /// Whose it is, NAME or NAME@DOMAIN
        #[arg(long, value_name = "NAME")]
        user: At<Username, Realm>,
        #[command(flatten)]
        place: InRealm,
    },
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add {
                name,
                user,
                place,
                scopes,
                expires,
            } => add(desk, &name, (&user, &place), &scopes, expires),
            Self::List { user, place } => list(desk, &user, &place),
            Self::Set {
                name,
                user,
                place,
                scopes,
                expires,
                enabled,
            } => {
                let change = |key: &mut ApiKey| {
                    key.scopes = scopes.unwrap_or(std::mem::take(&mut key.scopes));
                    if let Some(time) = expires {
                        key.expires_at = Some(time).filter(|time| !time.is_empty());
                    }
                    key.enabled = enabled.unwrap_or(key.enabled);
                };
                set(desk, &name, (&user, &place), change)
            }
            Self::Delete { name, user, place } => delete(desk, &name, (&user, &place)),
        }
    }
}

type Whose<'a> = (&'a At<Username, Realm>, &'a InRealm);

fn add(desk: &Desk<'_>, name: &str, whose: Whose<'_>, scopes: &str, expires: Option<String>) -> Said {
    // Before a key is made that nobody sees.
    Scopes::parse(scopes, is_area).or_else(refuse)?;
    let (domain, user) = desk.read(|reader| desk::user(reader, whose.0, whose.1))?;
    let who = full(domain.as_ref(), &user.name);
    let (row, key) = key::make(&user, name, scopes, expires)?;
    let json = fields(desk, &row, None);
    let done = desk.commit(&format!("key {name} of {who} added"), vec![Change::put(row)])?;
    Ok(Answer::done(
        format!(
            "key {name} of {who} added (revision {})\n  {key}  (shown only this once)\n",
            done.rev
        ),
        json!({"revision": done.rev, "key": json, "token": key}),
    ))
}

/// A key as programs read it.
fn fields(desk: &Desk<'_>, key: &ApiKey, used: Option<String>) -> Value {
    let used = desk.pbx.people().key_used(key.id).map(|used| used.0).or(used);
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "expires_at": key.expires_at,
        "enabled": key.enabled,
        "last_used_at": used,
    })
}

fn list(desk: &Desk<'_>, user: &At<Username, Realm>, place: &InRealm) -> Said {
    let keys = desk.read(|reader| {
        let (_, user) = desk::user(reader, user, place)?;
        let keys = reader.keys_of(user.id)?.into_iter();
        let with_use = keys.map(|key| Ok((reader.key_use(key.id)?.map(|used| used.at), key)));
        with_use.collect::<Result<Vec<_>, Refusal>>()
    })?;
    let mut table = Table::new(["key", "may", "until (UTC)", "last used (UTC)", "enabled"]);
    let mut rows = Vec::new();
    for (used, key) in &keys {
        let json = fields(desk, key, used.clone());
        table.row([
            key.name.clone(),
            key.scopes.clone(),
            key.expires_at.clone().unwrap_or_else(|| "for ever".to_owned()),
            json["last_used_at"].as_str().unwrap_or("never").to_owned(),
            yes_no(key.enabled).to_owned(),
        ]);
        rows.push(json);
    }
    let text = if keys.is_empty() {
        "no key: pbx key add makes one\n".to_owned()
    } else {
        format!("{}{}\n", table.text(), count(keys.len() as u64, "key"))
    };
    Ok(Answer::new(text, json!({"keys": rows})))
}

/// The key of this name, and its person.
fn find(
    reader: &Reader<'_>,
    name: &str,
    (user, place): Whose<'_>,
) -> Result<(String, User, ApiKey), Refusal> {
    let (domain, user) = desk::user(reader, user, place)?;
    let who = full(domain.as_ref(), &user.name);
    let mut keys = reader.keys_of(user.id)?.into_iter();
    match keys.find(|key| key.name == name) {
        Some(key) => Ok((who, user, key)),
        None => refuse(format!(
            "{who} has no key {name}: pbx key list --user {who} shows those there are"
        )),
    }
}

fn set(desk: &Desk<'_>, name: &str, whose: Whose<'_>, change: impl FnOnce(&mut ApiKey)) -> Said {
    let (who, _, before) = desk.read(|reader| find(reader, name, whose))?;
    let mut key = before.clone();
    change(&mut key);
    if key == before {
        return refuse(format!(
            "nothing about key {name} would change: name what is to be set"
        ));
    }
    let json = fields(desk, &key, None);
    let done = desk.commit(&format!("key {name} of {who} changed"), vec![Change::edit(key)])?;
    Ok(Answer::done(
        format!("key {name} of {who} changed (revision {})\n", done.rev),
        json!({"revision": done.rev, "key": json}),
    ))
}

fn delete(desk: &Desk<'_>, name: &str, whose: Whose<'_>) -> Said {
    let (who, _, key) = desk.read(|reader| find(reader, name, whose))?;
    let done = desk.commit(&format!("key {name} of {who} revoked"), vec![Change::delete(key)])?;
    Ok(Answer::done(
        format!("key {name} of {who} revoked (revision {})\n", done.rev),
        json!({"revision": done.rev, "key": name}),
    ))
}
