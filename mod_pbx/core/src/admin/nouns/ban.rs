//! Bans: who is refused for having tried passwords.

use serde_json::{Value, json};

use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Facts, Noun, Refusal, Scope, Sort, Source, Who};
use crate::bans::{Account, Net};
use crate::store::Image;

/// Bans. The administrators of a domain see those of its lines; one of an address concerns everybody.
pub static NOUN: Noun = Noun {
    path: "bans",
    one: "ban",
    about: "An address that is refused, for one line or for all, for having tried passwords; deleting it lifts it.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        Field::shown("id", Kind::Text(400), "Names it while it lasts."),
        Field::shown(
            "address",
            Kind::Text(64),
            "An IPv4 address, or an IPv6 network of 64 bits.",
        )
        .filter(),
        Field::shown(
            "account",
            Kind::Text(320),
            "Which line, username@domain; null: any.",
        )
        .or_null(),
        Field::shown(
            "times",
            Kind::Integer(1, i64::MAX),
            "How many bans so far: each is twice as long as the last.",
        ),
        Field::shown("begun", Kind::Time, "Since when."),
        Field::shown("ends", Kind::Time, "Until when."),
        Field::shown(
            "seconds_left",
            Kind::Integer(0, i64::MAX),
            "Seconds that are left of it.",
        ),
    ],
    once: &[],
    sort: &[
        Sort::by("address", &[]),
        Sort::by("account", &[]),
        Sort::by("ends", &[]),
        Sort::by("times", &[]),
    ],
    source: Source::Facts(&Facts {
        list,
        paged: None,
        get: None,
        delete: Some(lift),
        edit: None,
        after: |_| {},
    }),
    actions: &[],
};

fn list(admin: &Admin<'_>, scope: &Scope) -> Result<Vec<Image>, Refusal> {
    let bans = admin.pbx.bans().list().into_iter();
    let domain = |account: &Option<String>| {
        account
            .as_deref()
            .and_then(|account| account.split_once('@'))
            .map(|(_, domain)| domain.to_owned())
    };
    let seen = bans.filter(|ban| scope.holds_name(domain(&ban.account).as_deref()));
    Ok(seen
        .filter_map(|ban| {
            // Neither has a blank or a comma in it.
            let id = match &ban.account {
                Some(account) => format!("{},{account}", ban.address.replace('/', "_")),
                None => ban.address.replace('/', "_"),
            };
            match json!(ban) {
                Value::Object(mut fields) => {
                    fields.insert("id".to_owned(), json!(id));
                    Some(fields)
                }
                _ => None,
            }
        })
        .collect())
}

fn lift(admin: &Admin<'_>, _: &Scope, id: &str) -> Result<(), Refusal> {
    let (address, account) = match id.split_once(',') {
        Some((address, account)) => (address, Some(account)),
        None => (id, None),
    };
    let address: Net = address.replace('_', "/").parse().map_err(|_| Refusal::Missing)?;
    let account: Option<Account> = match account {
        Some(account) => Some(account.parse().map_err(|_| Refusal::Missing)?),
        None => None,
    };
    match admin.pbx.bans().lift(address, account).is_empty() {
        true => Err(Refusal::Missing),
        false => Ok(()),
    }
}
