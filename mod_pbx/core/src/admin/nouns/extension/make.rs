//! The rows that an extension is made of, and those that go with it.

use uuid::Uuid;

use crate::admin::Refusal;
use crate::admin::nouns::line;
use crate::names::{Number, Username};
use crate::pin;
use crate::store::{Change, Reader, rows};

/// What an extension is to be, beside where and whose.
pub(crate) struct Wanted {
    pub(crate) number: Number,
    /// None: the person's name.
    pub(crate) caller_id_name: Option<String>,
    pub(crate) ring_seconds: u32,
    pub(crate) voicemail: bool,
    /// None: made up, if there is a mailbox.
    pub(crate) voicemail_pin: Option<String>,
    /// The usernames of its phones.
    pub(crate) lines: Vec<Username>,
    /// The password of the one line; none: made up for each.
    pub(crate) password: Option<String>,
}

/// The rows that an extension is made of.
pub(crate) struct Made {
    pub(crate) channel: rows::Channel,
    pub(crate) extension: rows::Extension,
    /// A PIN that was made up.
    pub(crate) new_pin: Option<String>,
    /// Each with its password, if that was made up.
    pub(crate) lines: Vec<(rows::Line, Option<String>)>,
}

/// Makes an extension with its channel and lines.
pub(crate) fn make(domain: &rows::Domain, person: &rows::User, wanted: Wanted) -> Result<Made, Refusal> {
    if wanted.password.is_some() && wanted.lines.len() != 1 {
        let why = "a password is for one line: leave it out to have one made up for each";
        return Err(Refusal::field("password", why));
    }
    let channel = rows::Channel {
        id: Uuid::now_v7(),
        domain_id: domain.id,
        name: wanted.number.to_string(),
        row_rev: 0,
        updated_at: String::new(),
    };
    let mut extension = rows::Extension {
        id: Uuid::now_v7(),
        domain_id: domain.id,
        number: wanted.number,
        user_id: person.id,
        channel_id: channel.id,
        caller_id_name: wanted
            .caller_id_name
            .unwrap_or_else(|| person.display_name.clone()),
        ring_seconds: wanted.ring_seconds,
        voicemail: wanted.voicemail,
        voicemail_pin: None,
        forwards: Default::default(),
        enabled: true,
        row_rev: 0,
        updated_at: String::new(),
    };
    let new_pin = choose_pin(&mut extension, wanted.voicemail_pin, false)?;
    let lines = wanted.lines.into_iter().map(|username| {
        let (a1, new_password) = line::credential(&username, &domain.name, wanted.password.as_deref())?;
        let line = rows::Line {
            id: Uuid::now_v7(),
            domain_id: domain.id,
            extension_id: extension.id,
            user_id: extension.user_id,
            username,
            a1,
            max_registrations: line::MAX_REGISTRATIONS,
            source_acl: None,
            srtp: rows::Srtp::Optional,
            enabled: true,
            row_rev: 0,
            updated_at: String::new(),
        };
        Ok((line, new_password))
    });
    let lines = lines.collect::<Result<_, Refusal>>()?;
    Ok(Made {
        channel,
        extension,
        new_pin,
        lines,
    })
}

/// Gives the mailbox the PIN that was chosen, or one that is made up: if that was asked for, or if there is a
/// mailbox without one. Gives back the one that was made up.
pub(crate) fn choose_pin(
    extension: &mut rows::Extension,
    chosen: Option<String>,
    make_up: bool,
) -> Result<Option<String>, Refusal> {
    if let Some(pin) = chosen {
        pin::check(&extension.number, &pin).map_err(|why| Refusal::field("voicemail_pin", why))?;
        extension.voicemail_pin = Some(pin);
    }
    if !make_up && (!extension.voicemail || extension.voicemail_pin.is_some()) {
        return Ok(None);
    }
    let pin = pin::generate(&extension.number)?;
    extension.voicemail_pin = Some(pin.clone());
    Ok(Some(pin))
}

/// A channel that goes by the number of its extension, under another number. Its address does not change, since
/// that is its id.
pub(crate) fn renamed_channel(
    channel: Option<rows::Channel>,
    before: &Number,
    after: &Number,
) -> Option<Change> {
    let mut channel = channel.filter(|channel| before != after && channel.name == before.as_str())?;
    channel.name = after.to_string();
    Some(Change::edit(channel))
}

/// What goes with an extension: its lines, and what is to be deleted then, all together.
pub(crate) fn removal(
    reader: &Reader<'_>,
    extension: rows::Extension,
) -> Result<(Vec<rows::Line>, Vec<Change>), Refusal> {
    let lines = reader.lines_of(extension.id)?;
    let channel = reader.get::<rows::Channel>(extension.channel_id)?;
    let mut changes: Vec<Change> = lines.iter().cloned().map(Change::delete).collect();
    changes.push(Change::delete(extension));
    changes.extend(channel.map(Change::delete));
    Ok((lines, changes))
}
