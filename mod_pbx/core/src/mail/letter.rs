//! The mail itself. What a caller calls itself is a stranger's text: it goes through lettre's types, which
//! encode whatever is no plain header text, and has no control characters before that.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MessageBuilder, MultiPart, SinglePart};

use crate::store::mail::Mail;

/// The longest piece of a stranger's text, in characters.
const LONGEST: usize = 80;

/// What is known of the recording.
pub(super) enum Recording {
    /// Its bytes.
    Attached(Vec<u8>),
    /// It is larger than mail may be: so many bytes.
    TooLarge(u64),
    /// It is not there any more.
    Gone,
}

/// A stranger's text without line breaks or other control characters, not too long.
pub(crate) fn plain(text: &str) -> String {
    let printable = |c: char| if c.is_control() || is_invisible(c) { ' ' } else { c };
    let text: String = text.chars().take(10 * LONGEST).map(printable).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect()
}

/// Characters that turn the direction of what follows, or break lines in some programs.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A mail to its recipient, `from` whom the settings say, else from this name at this domain. `set` is the command that
/// sets the recipient.
///
/// # Errors
/// An address is none; the text says which.
pub(super) fn addressed(
    mail: &Mail,
    from: &str,
    (name, domain): (&str, &str),
    set: &str,
) -> Result<MessageBuilder, String> {
    let from = if from.is_empty() {
        format!("{name}@{domain}")
    } else {
        from.to_owned()
    };
    let from: Mailbox = from
        .parse()
        .map_err(|_| format!("mail-from {from:?} is no address"))?;
    let to: Mailbox = mail
        .recipient
        .parse()
        .map_err(|_| format!("{:?} is no address: {set}", mail.recipient))?;
    // The same name for every attempt, so that one who gets it twice can tell.
    let id = format!("<{}@{domain}>", mail.id);
    Ok(Message::builder().from(from).to(to).message_id(Some(id)))
}

/// Composes the mail.
///
/// # Errors
/// An address is none; the text says which.
pub(super) fn compose(mail: &Mail, from: &str, recording: Recording) -> Result<Message, String> {
    let (number, domain) = mail
        .mailbox
        .split_once('@')
        .unwrap_or((&mail.mailbox, "localhost"));
    let caller = caller(mail);
    let left_at = mail.left_at.parse::<Timestamp>().unwrap_or_default();
    let local = Zoned::new(left_at, TimeZone::system());
    let note = match &recording {
        Recording::Attached(_) => "It is attached, and in the mailbox.".to_owned(),
        Recording::TooLarge(bytes) => format!(
            "It has {} MB, which is more than is sent by mail: it is in the mailbox.",
            bytes / 1_000_000
        ),
        Recording::Gone => "The recording could not be attached.".to_owned(),
    };
    let text = format!(
        "Mailbox {number} has a new voice message.\r\n\r\nFrom:   {caller}\r\nWhen:   {}\r\nLength: {} s\r\n\r\n{note}\r\n",
        local.strftime("%Y-%m-%d %H:%M %Z"),
        mail.seconds,
    );
    let builder = addressed(mail, from, ("voicemail", domain), "pbx user set … --email")?
        .subject(format!("Voice message from {caller}, {} s", mail.seconds));
    let text = SinglePart::plain(text);
    let built = match recording {
        Recording::Attached(bytes) => {
            let name = format!("message-{number}-{}.wav", local.strftime("%Y%m%d-%H%M%S"));
            let kind = ContentType::parse("audio/wav").map_err(|error| error.to_string())?;
            builder.multipart(
                MultiPart::mixed()
                    .singlepart(text)
                    .singlepart(Attachment::new(name).body(bytes, kind)),
            )
        }
        _ => builder.singlepart(text),
    };
    built.map_err(|error| error.to_string())
}

fn caller(mail: &Mail) -> String {
    match (plain(&mail.caller_name), plain(&mail.caller_number)) {
        (name, number) if name.is_empty() && number.is_empty() => "an unknown caller".to_owned(),
        (name, number) if name.is_empty() || name == number => number,
        (name, number) if number.is_empty() => name,
        (name, number) => format!("{name} ({number})"),
    }
}

/// The same of a mail server's answer, which says more.
pub(crate) fn plain_long(text: &str) -> String {
    let printable = |c: char| if c.is_control() || is_invisible(c) { ' ' } else { c };
    text.chars().take(300).map(printable).collect()
}
