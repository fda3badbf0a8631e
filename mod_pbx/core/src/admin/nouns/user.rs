//! People.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind};
use crate::admin::{
    Action, Admin, BODY, Draft, Grant, Noun, Place, Plan, Refusal, Request, Scope, Sort, Source, Stored, Who,
};
use crate::names::Username;
use crate::pbx::Pbx;
use crate::people::password::{self, Stored as StoredPassword};
use crate::secret;
use crate::store::rows::{Role, User};
use crate::store::{Change, Commit, Image, Reader, Row, Table, rows};

/// People.
pub static NOUN: Noun = Noun {
    path: "users",
    one: "user",
    about: "A person. Administrators of a domain neither see those of others nor change an administrator.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        ID,
        Field::may(
            "domain_id",
            Kind::Of(Table::Domain),
            "Their domain; null: the whole PBX, for administrators.",
        )
        .or_null()
        .fixed()
        .filter(),
        DOMAIN.or_null(),
        Field::must("name", Kind::Username, "What they sign in with."),
        Field::may(
            "display_name",
            Kind::Shown,
            "What other people see; their name if left out.",
        ),
        Field::may("email", Kind::Email, "Where mail goes; null: nowhere.")
            .or_null()
            .default("null"),
        Field::may(
            "role",
            Kind::Choice(&["administrator", "domain-administrator", "user"]),
            "What they may do.",
        )
        .default("\"user\"")
        .filter(),
        Field::may(
            "password",
            Kind::Password,
            "A password for the web pages; they are signed out everywhere.",
        )
        .hidden(),
        Field::shown(
            "has_password",
            Kind::Flag,
            "Whether they have a password, and can sign in.",
        ),
        Field::shown(
            "must_change_password",
            Kind::Flag,
            "Whether it is good for signing in once.",
        ),
        Field::may("enabled", Kind::Flag, "Whether they may sign in.")
            .default("true")
            .filter(),
        Field::shown(
            "extensions",
            Kind::List(&Kind::Number, 1000),
            "The numbers of their extensions.",
        ),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[
        Sort::by("name", &["name"]),
        Sort::by("display_name", &["display_name COLLATE NOCASE"]),
        Sort::by("email", &["email COLLATE NOCASE"]),
        Sort::by("role", &["role", "name"]),
        Sort::by("enabled", &["enabled", "name"]),
        Sort::BY_TIME,
    ],
    source: Source::Table(&Stored {
        table: Table::User,
        place: Place::DomainOrWhole,
        search: &["name", "display_name", "email"],
        show,
        create: Some(create),
        edit: Some(edit),
        delete: Some(delete),
        after: |_| {},
    }),
    actions: &[Action {
        name: "reset-password",
        about: "Gives them a password that is good for signing in once, shown this once; they are signed out \
                everywhere.",
        takes: &[],
        largest: BODY,
        answer: &[
            Field::must(
                "revision",
                Kind::Integer(1, i64::MAX),
                "The revision that was made.",
            ),
            Field::must("password", Kind::Password, "The password."),
        ],
        run: reset,
    }],
};

fn show(_: &Admin<'_>, reader: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let Row::User(user) = row else {
        return Ok(());
    };
    let once = user
        .password_hash
        .as_deref()
        .is_some_and(|hash| StoredPassword::parse(hash).once);
    let numbers: Vec<_> = reader
        .extensions_of(user.id)?
        .into_iter()
        .map(|extension| extension.number)
        .collect();
    image.insert("has_password".into(), json!(user.password_hash.is_some()));
    image.insert("must_change_password".into(), json!(once));
    image.insert("extensions".into(), json!(numbers));
    Ok(())
}

/// What the row of `name` holds for this password; `once`: it is good for signing in once. Waits for a hash.
pub(crate) fn stored_password(pbx: &Pbx, name: &Username, text: &str, once: bool) -> Result<String, Refusal> {
    password::check(text, name.as_str()).map_err(|why| Refusal::field("password", why))?;
    let phc = pbx.people().hash_and_wait(text).map_err(Refusal::Unavailable)?;
    Ok(StoredPassword { once, phc: &phc }.text())
}

/// A person of a domain, out of what was sent along with an extension.
pub(super) fn of(domain: Uuid, sent: &Value) -> Result<User, Refusal> {
    let name = sent["name"].as_str().unwrap_or_default().parse();
    Ok(User {
        id: Uuid::now_v7(),
        domain_id: Some(domain),
        name: name.map_err(|bad: crate::names::BadName| Refusal::field("new_user", bad.0))?,
        display_name: sent["display_name"].as_str().unwrap_or_default().to_owned(),
        email: sent["email"].as_str().map(str::to_owned),
        role: Role::User,
        password_hash: None,
        enabled: true,
        row_rev: 0,
        updated_at: String::new(),
    })
}

/// Who administers only a domain neither makes an administrator nor touches one, in their own domain neither:
/// with a new password they would be one.
fn may_touch(grant: &Grant, before: Option<&User>, role: Option<&str>) -> Result<(), Refusal> {
    if grant.role == Role::Administrator {
        return Ok(());
    }
    let is = before.is_some_and(|user| user.role == Role::Administrator);
    if is || role == Some("administrator") {
        return Err(Refusal::Forbidden(
            "only an administrator of the whole PBX makes, changes or deletes an administrator".to_owned(),
        ));
    }
    Ok(())
}

fn create(admin: &Admin<'_>, grant: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    may_touch(grant, None, draft.text("role"))?;
    let name: Username = draft.name("name")?;
    let base = User {
        id: Uuid::now_v7(),
        domain_id: None,
        display_name: name.to_string(),
        name,
        email: None,
        role: Role::User,
        password_hash: None,
        enabled: true,
        row_rev: 0,
        updated_at: String::new(),
    };
    let mut user: User = draft.over(&base)?;
    if user.domain_id.is_none() && user.role != Role::Administrator {
        let why = "who belongs to no domain is an administrator: say which domain";
        return Err(Refusal::field("domain_id", why));
    }
    if let Some(text) = draft.text("password") {
        user.password_hash = Some(stored_password(admin.pbx, &user.name, text, false)?);
    }
    Ok(Plan {
        summary: format!("user {} added", super::full(admin, &user.clone().into())?),
        id: user.id,
        changes: vec![Change::put(user)],
        once: Image::new(),
    })
}

fn edit(admin: &Admin<'_>, grant: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let Row::User(before) = before else {
        return Err(Refusal::Missing);
    };
    may_touch(grant, Some(before), draft.text("role"))?;
    let mut user: User = draft.over(before)?;
    if let Some(text) = draft.text("password") {
        user.password_hash = Some(stored_password(admin.pbx, &user.name, text, false)?);
    }
    let mut plan = Plan {
        summary: format!("user {} changed", super::full(admin, &before.clone().into())?),
        id: before.id,
        ..Plan::default()
    };
    if user != *before {
        plan.changes.push(Change::edit(user));
    }
    Ok(plan)
}

fn delete(admin: &Admin<'_>, grant: &Grant, row: &Row, everything: bool) -> Result<Plan, Refusal> {
    let Row::User(user) = row else {
        return Err(Refusal::Missing);
    };
    may_touch(grant, Some(user), None)?;
    if user.id == grant.user {
        return Err(Refusal::Conflict("nobody deletes themselves".to_owned()));
    }
    let name = super::full(admin, row)?;
    let theirs = admin.read(|reader| Theirs::of(reader, user))?;
    if !everything && !theirs.is_empty() {
        return Err(Refusal::Conflict(format!(
            "user {name} has {}: delete those first, give them to somebody else, or ask for with_everything",
            theirs.text()
        )));
    }
    let mut changes = theirs.deletions();
    changes.push(Change::delete(user.clone()));
    Ok(Plan {
        summary: format!("user {name} deleted"),
        changes,
        id: user.id,
        once: Image::new(),
    })
}

fn reset(
    admin: &Admin<'_>,
    grant: &Grant,
    _: &Scope,
    id: &str,
    (_, request): (&Draft, Request),
) -> Result<Image, Refusal> {
    let id: Uuid = id.parse().map_err(|_| Refusal::Missing)?;
    let user = admin.read(|reader| reader.get::<User>(id)?.ok_or(Refusal::Missing))?;
    may_touch(grant, Some(&user), None)?;
    let name = super::full(admin, &user.clone().into())?;
    let password = secret::generate()?;
    let hash = stored_password(admin.pbx, &user.name, &password, true)?;
    let user = User {
        password_hash: Some(hash.clone()),
        ..user
    };
    let commit = Commit {
        force: request.is_forced(),
        request_id: request.id(),
        actor: grant.actor.clone(),
        summary: format!("password of user {name} reset"),
        changes: vec![Change::edit(user)],
    };
    let done = admin.pbx.store().commit(commit)?;
    let kept = admin.read(|reader| Ok(reader.get::<User>(id)?))?;
    if kept.and_then(|user| user.password_hash) != Some(hash) {
        return Err(Refusal::Conflict(
            "this request was carried out before, and its password was shown then: ask again under another key"
                .to_owned(),
        ));
    }
    Ok(Image::from_iter([
        ("revision".to_owned(), json!(done.rev)),
        ("password".to_owned(), json!(password)),
    ]))
}

/// What goes when a person goes.
pub(crate) struct Theirs {
    extensions: Vec<rows::Extension>,
    channels: Vec<rows::Channel>,
    lines: Vec<rows::Line>,
    keys: Vec<rows::ApiKey>,
}

impl Theirs {
    /// That of a person.
    pub(crate) fn of(reader: &Reader<'_>, user: &User) -> Result<Self, Refusal> {
        let extensions = reader.extensions_of(user.id)?;
        let mut lines = reader.lines_of_user(user.id)?;
        let mut channels = Vec::new();
        for extension in &extensions {
            channels.extend(reader.get::<rows::Channel>(extension.channel_id)?);
            // Other people's phones on their extension go with the extension.
            let others = reader.lines_of(extension.id)?.into_iter();
            lines.extend(others.filter(|line| line.user_id != user.id));
        }
        Ok(Self {
            extensions,
            channels,
            lines,
            keys: reader.keys_of(user.id)?,
        })
    }

    /// Whether there is nothing of theirs but what goes without saying: their keys.
    pub(crate) fn is_empty(&self) -> bool {
        self.extensions.is_empty() && self.lines.is_empty()
    }

    /// `extension 1001, line alice`.
    pub(crate) fn text(&self) -> String {
        let numbers = self
            .extensions
            .iter()
            .map(|extension| format!("extension {}", extension.number));
        let lines = self.lines.iter().map(|line| format!("line {}", line.username));
        numbers.chain(lines).collect::<Vec<_>>().join(", ")
    }

    /// What deletes it.
    pub(crate) fn deletions(self) -> Vec<Change> {
        let lines = self.lines.into_iter().map(Change::delete);
        let extensions = self.extensions.into_iter().map(Change::delete);
        let channels = self.channels.into_iter().map(Change::delete);
        let keys = self.keys.into_iter().map(Change::delete);
        lines.chain(extensions).chain(channels).chain(keys).collect()
    }
}
