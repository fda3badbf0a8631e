//! API keys: what programs show instead of a password (`Authorization: Bearer`).

use serde_json::{Value, json};
use uuid::Uuid;

use super::{DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Draft, Grant, Noun, Place, Plan, Refusal, Sort, Source, Stored, Who};
use crate::people::keys;
use crate::store::rows::{ApiKey, Role, User};
use crate::store::{Change, Image, Reader, Row, Table};

/// What is shown once about a key.
static ONCE: [Field; 1] = [Field::shown(
    "key",
    Kind::Text(64),
    "The key: nothing of it but a hash is stored.",
)];

/// Keys. People make them for themselves alone: one for somebody else would be that person's power.
pub static NOUN: Noun = Noun {
    path: "keys",
    one: "key",
    about: "What a program shows instead of a password, as Authorization: Bearer. It may do at most what its person \
            may. It is made by the person who is signed in, never by a key; deleting it revokes it at once.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        ID,
        Field::shown(
            "domain_id",
            Kind::Of(Table::Domain),
            "Its person's domain; null: the whole PBX.",
        )
        .or_null()
        .filter(),
        DOMAIN.or_null(),
        Field::shown("user_id", Kind::Of(Table::User), "Whose it is.").filter(),
        Field::shown("user", Kind::Username, "That person's name."),
        Field::must("name", Kind::Shown, "What it is for."),
        Field::must(
            "scopes",
            Kind::List(&Kind::Text(64), 64),
            "What it may do: NOUN:read or NOUN:write, as in users:read; * is every noun. Who may write may read.",
        ),
        Field::may("expires_at", Kind::Time, "Until when it is good; null: for ever.")
            .or_null()
            .default("null"),
        Field::may("enabled", Kind::Flag, "Off, it opens nothing.")
            .default("true")
            .filter(),
        Field::shown("last_used_at", Kind::Time, "When it was last used; null: never.").or_null(),
        Field::shown("last_used_from", Kind::Text(64), "From where.").or_null(),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &ONCE,
    sort: &[
        Sort::by("name", &["name COLLATE NOCASE"]),
        Sort::by("expires_at", &["expires_at"]),
        Sort::BY_TIME,
    ],
    source: Source::Table(&Stored {
        table: Table::ApiKey,
        place: Place::DomainOrWhole,
        search: &["name", "(SELECT name FROM user WHERE user.id = api_key.user_id)"],
        show,
        create: Some(create),
        edit: Some(edit),
        delete: Some(delete),
        after: |_| {},
    }),
    actions: &[],
};

fn show(admin: &Admin<'_>, reader: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let Row::ApiKey(key) = row else {
        return Ok(());
    };
    let user = reader.get::<User>(key.user_id)?;
    let stored = || -> Result<_, Refusal> {
        let used = reader.key_use(key.id)?;
        Ok(used.map(|used| (used.at, used.address)))
    };
    let used = match admin.pbx.people().key_used(key.id) {
        Some(used) => Some(used),
        None => stored()?,
    };
    let scopes: Vec<&str> = key.scopes.split_ascii_whitespace().collect();
    image.insert("scopes".into(), json!(scopes));
    image.insert("user".into(), json!(user.map(|user| user.name)));
    image.insert("last_used_at".into(), json!(used.as_ref().map(|used| &used.0)));
    image.insert("last_used_from".into(), json!(used.as_ref().map(|used| &used.1)));
    Ok(())
}

/// A new key of a person, and its row.
pub(crate) fn make(
    user: &User,
    name: &str,
    scopes: &str,
    expires_at: Option<String>,
) -> Result<(ApiKey, String), Refusal> {
    let (key, token_hash) = keys::make()?;
    let row = ApiKey {
        id: Uuid::now_v7(),
        domain_id: user.domain_id,
        user_id: user.id,
        name: name.to_owned(),
        token_hash,
        scopes: scopes.to_owned(),
        expires_at,
        enabled: true,
        row_rev: 0,
        updated_at: String::new(),
    };
    Ok((row, key))
}

/// The scopes of a draft as they are stored.
fn scopes(draft: &Draft) -> Result<String, Refusal> {
    let all = draft.texts("scopes");
    let parsed = match all.iter().find(|scope| scope.contains(char::is_whitespace)) {
        Some(bad) => Err(format!("{bad:?} is no scope: send a list of them")),
        None if all.is_empty() => {
            Err("a key without a scope may do nothing: give it one such as *:read".to_owned())
        }
        None => crate::admin::Scopes::parse(&all.join(" "), super::is_area).map(drop),
    };
    parsed.map_err(|why| Refusal::field("scopes", why))?;
    Ok(all.join(" "))
}

fn create(admin: &Admin<'_>, grant: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    let user = admin.read(|reader| reader.get::<User>(grant.user)?.ok_or(Refusal::Missing))?;
    let end = draft.text("expires_at").map(str::to_owned);
    let (row, key) = make(
        &user,
        draft.text("name").unwrap_or_default(),
        &scopes(draft)?,
        end,
    )?;
    let row = ApiKey {
        enabled: draft.flag("enabled").unwrap_or(true),
        ..row
    };
    Ok(Plan {
        summary: format!("key {} of {} added", row.name, user.name),
        id: row.id,
        changes: vec![Change::put(row)],
        once: Image::from_iter([("key".to_owned(), json!(key))]),
    })
}

fn edit(admin: &Admin<'_>, grant: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let Row::ApiKey(before) = before else {
        return Err(Refusal::Missing);
    };
    may_touch(admin, grant, before)?;
    let mut values = draft.clone();
    values.set(
        "scopes",
        match draft.has("scopes") {
            true => Value::from(scopes(draft)?),
            false => Value::from(before.scopes.clone()),
        },
    );
    let row: ApiKey = values.over(before)?;
    let mut plan = Plan {
        summary: format!("key {} changed", before.name),
        id: before.id,
        ..Plan::default()
    };
    if row != *before {
        plan.changes.push(Change::edit(row));
    }
    Ok(plan)
}

fn delete(admin: &Admin<'_>, grant: &Grant, row: &Row, _: bool) -> Result<Plan, Refusal> {
    let Row::ApiKey(key) = row else {
        return Err(Refusal::Missing);
    };
    may_touch(admin, grant, key)?;
    Ok(Plan {
        summary: format!("key {} revoked", key.name),
        changes: vec![Change::delete(key.clone())],
        id: key.id,
        once: Image::new(),
    })
}

/// Who administers only a domain leaves the keys of an administrator alone.
fn may_touch(admin: &Admin<'_>, grant: &Grant, key: &ApiKey) -> Result<(), Refusal> {
    let owner = admin.read(|reader| Ok(reader.get::<User>(key.user_id)?))?;
    let above = owner.is_some_and(|owner| owner.role == Role::Administrator);
    if grant.role != Role::Administrator && above {
        return Err(Refusal::Forbidden(
            "only an administrator changes an administrator's key".to_owned(),
        ));
    }
    Ok(())
}
