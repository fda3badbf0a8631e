//! Mail about voicemail that waits or was given up.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::admin::field::{Field, Kind};
use crate::admin::{
    Action, Admin, BODY, Draft, Facts, Grant, Noun, Refusal, Request, Scope, Sort, Source, Who,
};
use crate::store::Image;
use crate::store::mail::Which;

/// The most that are looked through.
const MOST: u32 = 10_000;

/// Mail.
pub static NOUN: Noun = Noun {
    path: "mail",
    one: "mail",
    about: "A mail about voicemail or a call for help, or a webhook, that waits or was given up; deleting it drops it, \
            and leaves a voicemail message in its mailbox.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        Field::shown("id", Kind::Id, "Names it."),
        Field::shown(
            "state",
            Kind::Choice(&["waiting", "failed"]),
            "Whether it is still tried.",
        )
        .filter(),
        Field::shown(
            "kind",
            Kind::Choice(&["voicemail", "emergency", "webhook"]),
            "A mail about a voicemail message, about a call for help, or what a webhook is posted about one.",
        )
        .filter(),
        Field::shown(
            "recipient",
            Kind::Text(512),
            "Whom it goes to: an address, or a URL.",
        ),
        Field::shown(
            "mailbox",
            Kind::Text(320),
            "The mailbox, or who called for help: number@domain.",
        )
        .filter(),
        Field::shown("caller_name", Kind::Text(1000), "What the caller calls itself."),
        Field::shown("caller_number", Kind::Text(1000), "The caller's number."),
        Field::shown(
            "left_at",
            Kind::Time,
            "When the message was left, or the call began.",
        ),
        Field::shown(
            "seconds",
            Kind::Integer(0, u32::MAX as i64),
            "How long it is, in seconds.",
        ),
        Field::shown(
            "attempts",
            Kind::Integer(0, u32::MAX as i64),
            "How often it was tried.",
        ),
        Field::shown("next_at", Kind::Time, "When it is tried next."),
        Field::shown("last_error", Kind::Text(1000), "Why the last attempt failed.").or_null(),
        Field::shown("queued_at", Kind::Time, "When it was put into the queue."),
    ],
    once: &[],
    sort: &[
        Sort::by("next_at", &[]),
        Sort::by("left_at", &[]),
        Sort::by("state", &[]),
        Sort::by("recipient", &[]),
        Sort::by("attempts", &[]),
    ],
    source: Source::Facts(&Facts {
        list,
        paged: None,
        get: None,
        delete: Some(discard),
        edit: None,
        after: |_| {},
    }),
    actions: &[Action {
        name: "retry",
        about: "Has it tried again at once, also if it was given up.",
        takes: &[],
        largest: BODY,
        answer: &[Field::must(
            "tried",
            Kind::Integer(0, 1),
            "How many are tried again.",
        )],
        run: retry,
    }],
};

fn list(admin: &Admin<'_>, scope: &Scope) -> Result<Vec<Image>, Refusal> {
    let all = admin.pbx.mail().list(MOST)?.into_iter();
    let seen = all.filter(|mail| scope.holds_name(mail.mailbox.split_once('@').map(|(_, domain)| domain)));
    Ok(seen
        .filter_map(|mail| match json!(mail) {
            Value::Object(mut fields) => {
                // The recording's place in the file system is nobody's business.
                fields.remove("source");
                Some(fields)
            }
            _ => None,
        })
        .collect())
}

fn discard(admin: &Admin<'_>, _: &Scope, id: &str) -> Result<(), Refusal> {
    let id: Uuid = id.parse().map_err(|_| Refusal::Missing)?;
    match admin.pbx.mail().discard(Which::One(id))? {
        0 => Err(Refusal::Missing),
        _ => Ok(()),
    }
}

fn retry(admin: &Admin<'_>, _: &Grant, _: &Scope, id: &str, _: (&Draft, Request)) -> Result<Image, Refusal> {
    let id: Uuid = id.parse().map_err(|_| Refusal::Missing)?;
    let tried = admin.pbx.mail().retry(Which::One(id))?;
    admin.pbx.alarm().ring();
    Ok(Image::from_iter([("tried".to_owned(), json!(tried))]))
}
