//! Lines: the credentials that phones register with.

use super::{DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Draft, Grant, Noun, Place, Plan, Refusal, Sort, Source, Stored, Who, plain};
use crate::names::{DomainName, Username};
use crate::phone::Server;
use crate::secret;
use crate::store::{Change, Image, Reader, Row, Table, rows};
use serde_json::{Value, json};

/// How many phones may register a new line at once, unless somebody says otherwise.
pub(crate) const MAX_REGISTRATIONS: u32 = rows::Line::MAX_REGISTRATIONS;

/// What somebody types into a phone.
pub(super) static PHONE: [Field; 7] = [
    Field::must(
        "username",
        Kind::Username,
        "The username, also the authentication name.",
    ),
    Field::must("domain", Kind::DomainName, "The SIP domain."),
    Field::may(
        "password",
        Kind::Password,
        "The password, if it was made up just now.",
    ),
    Field::must("server", Kind::Text(64), "The switch's address.").or_null(),
    Field::must("external_server", Kind::Text(64), "Its address from outside.").or_null(),
    Field::must("port", Kind::Integer(1, 65_535), "Its port for UDP and TCP."),
    Field::must(
        "tls_port",
        Kind::Integer(1, 65_535),
        "Its port for TLS; null: there is none.",
    )
    .or_null(),
];

/// What is shown once about a line.
static ONCE: [Field; 1] = [Field::shown(
    "phone",
    Kind::Object(&PHONE),
    "What to type into the phone.",
)];

/// Lines.
pub static NOUN: Noun = Noun {
    path: "lines",
    one: "line",
    about: "A credential that phones register with. Its password is stored only as a hash, and shown once if it \
            is made up.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        ID,
        Field::shown(
            "domain_id",
            Kind::Of(Table::Domain),
            "Its domain: its extension's.",
        )
        .filter(),
        DOMAIN,
        Field::must(
            "username",
            Kind::Username,
            "The digest's username; a new one takes a new password.",
        ),
        Field::must(
            "extension_id",
            Kind::Of(Table::Extension),
            "What it rings for and calls as.",
        )
        .filter(),
        Field::shown("extension", Kind::Number, "That extension's number."),
        Field::may(
            "user_id",
            Kind::Of(Table::User),
            "Whose phone it is; the extension's person if left out.",
        )
        .filter(),
        Field::shown("user", Kind::Username, "That person's name."),
        Field::may(
            "password",
            Kind::Password,
            "Its password; made up and shown once if left out.",
        )
        .hidden(),
        Field::may(
            "new_password",
            Kind::Flag,
            "Makes up another password, shown once.",
        )
        .hidden()
        .later(),
        Field::may(
            "max_registrations",
            Kind::Integer(1, 32),
            "How many phones may register it at once.",
        )
        .default("5"),
        Field::may(
            "source_acl",
            Kind::Networks,
            "Networks it may come from; null: from anywhere.",
        )
        .or_null()
        .default("null"),
        Field::may(
            "srtp",
            Kind::Choice(&["optional", "required"]),
            "Whether its calls must be encrypted.",
        )
        .default("\"optional\""),
        Field::may("enabled", Kind::Flag, "Off, it does not exist for the switch.")
            .default("true")
            .filter(),
        Field::shown(
            "registered",
            Kind::Integer(0, 1000),
            "How many phones are registered with it now.",
        ),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &ONCE,
    sort: &[
        Sort::by("username", &["username"]),
        Sort::by(
            "extension",
            &["(SELECT printf('%15s', number) FROM extension WHERE extension.id = line.extension_id)"],
        ),
        Sort::BY_TIME,
        Sort::by("enabled", &["enabled"]),
    ],
    source: Source::Table(&Stored {
        table: Table::Line,
        place: Place::Domain,
        search: &[
            "username",
            "(SELECT number || char(31) || caller_id_name FROM extension WHERE extension.id = line.extension_id)",
        ],
        show,
        create: Some(create),
        edit: Some(edit),
        delete: Some(plain::delete),
        after: |admin| admin.pbx.presence().look(),
    }),
    actions: &[],
};

fn show(admin: &Admin<'_>, reader: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let Row::Line(line) = row else {
        return Ok(());
    };
    let extension = reader.get::<rows::Extension>(line.extension_id)?;
    let user = reader.get::<rows::User>(line.user_id)?;
    image.insert(
        "extension".into(),
        json!(extension.map(|extension| extension.number)),
    );
    image.insert("user".into(), json!(user.map(|user| user.name)));
    let domain = image
        .get("domain")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let view = admin.pbx.presence().view();
    let seen = view.line(&domain, line.username.as_str());
    image.insert(
        "registered".into(),
        json!(seen.map_or(0, |seen| seen.registrations.len())),
    );
    Ok(())
}

/// A line's A1 from the password that was chosen, or from one that is made up, which is then given back too.
pub(crate) fn credential(
    username: &Username,
    domain: &DomainName,
    chosen: Option<&str>,
) -> Result<(String, Option<String>), Refusal> {
    let (username, domain) = (username.as_str(), domain.as_str());
    match chosen {
        Some(password) => {
            secret::check(password, username).map_err(|why| Refusal::field("password", why))?;
            Ok((secret::a1_hex(username, domain, password), None))
        }
        None => {
            let password = secret::generate()?;
            Ok((secret::a1_hex(username, domain, &password), Some(password)))
        }
    }
}

/// What somebody types into a phone, for programs. The password only if it was made up just now: it is stored
/// nowhere.
pub(crate) fn phone(admin: &Admin<'_>, username: &str, domain: &str, password: Option<&str>) -> Value {
    let mut fields = Server::of(admin.pbx).json(username, domain);
    if let Some(password) = password {
        fields["password"] = json!(password);
    }
    fields
}

fn create(admin: &Admin<'_>, _: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    let gone = || Refusal::field("extension_id", "there is no such extension");
    let (extension, domain) = admin.read(|reader| {
        let id = draft.id("extension_id").unwrap_or_default();
        let extension = reader.get::<rows::Extension>(id)?.ok_or_else(gone)?;
        let domain = reader
            .get::<rows::Domain>(extension.domain_id)?
            .ok_or_else(gone)?;
        Ok((extension, domain))
    })?;
    let username: Username = draft.name("username")?;
    let (a1, made_up) = credential(&username, &domain.name, draft.text("password"))?;
    let row = rows::Line::new(&extension, extension.user_id, username, a1);
    let row: rows::Line = draft.over(&row)?;
    let phone = phone(
        admin,
        row.username.as_str(),
        domain.name.as_str(),
        made_up.as_deref(),
    );
    Ok(Plan {
        summary: format!(
            "line {}@{} added to extension {}",
            row.username, domain.name, extension.number
        ),
        id: row.id,
        changes: vec![Change::put(row)],
        once: Image::from_iter([("phone".to_owned(), phone)]),
    })
}

fn edit(admin: &Admin<'_>, _: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let Row::Line(before) = before else {
        return Err(Refusal::Missing);
    };
    let domain = admin.read(|reader| {
        reader
            .get::<rows::Domain>(before.domain_id)?
            .ok_or(Refusal::Missing)
    })?;
    let mut row: rows::Line = draft.over(before)?;
    let chosen = draft.text("password");
    let make_up = draft.flag("new_password") == Some(true);
    if make_up && chosen.is_some() {
        return Err(Refusal::field(
            "new_password",
            "send password or new_password, not both",
        ));
    }
    let mut plan = Plan {
        summary: format!("line {}@{} changed", before.username, domain.name),
        id: before.id,
        ..Plan::default()
    };
    if make_up || chosen.is_some() || row.username != before.username {
        let made_up;
        (row.a1, made_up) = credential(&row.username, &domain.name, chosen)?;
        let phone = phone(
            admin,
            row.username.as_str(),
            domain.name.as_str(),
            made_up.as_deref(),
        );
        plan.once.insert("phone".into(), phone);
    }
    if row != *before {
        plan.changes.push(Change::edit(row));
    }
    Ok(plan)
}
