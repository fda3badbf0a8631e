//! The mail about a call for help. What is dialled and by whom is said in the subject, since it is read on a phone.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use lettre::Message;
use lettre::message::SinglePart;

use super::letter::{addressed, plain};
use crate::alarm::Notice;
use crate::store::mail::Mail;

/// Composes the mail.
///
/// # Errors
/// An address is none, or the row was not written by us; the text says which.
pub(super) fn compose(mail: &Mail, from: &str) -> Result<Message, String> {
    let details = mail.details.as_deref().unwrap_or_default();
    let notice: Notice =
        serde_json::from_str(details).map_err(|error| format!("what it is about cannot be read: {error}"))?;
    let domain = plain(&notice.domain);
    addressed(mail, from, ("emergency", &domain), "pbx plan set --notify-email")?
        .subject(subject(&notice))
        .singlepart(SinglePart::plain(body(&notice)))
        .map_err(|error| error.to_string())
}

fn who(notice: &Notice) -> String {
    let (number, name) = (plain(&notice.extension), plain(&notice.name));
    if name.is_empty() || name == number {
        number
    } else {
        format!("{number} ({name})")
    }
}

fn subject(notice: &Notice) -> String {
    let (who, dialled) = (who(notice), plain(&notice.dialled));
    if notice.is_test() {
        return "Test: calls for help are told of here".to_owned();
    }
    let what = if notice.failed {
        "Emergency call FAILED"
    } else {
        "Emergency call"
    };
    format!("{what}: {who} dialled {dialled}")
}

fn body(notice: &Notice) -> String {
    if notice.is_test() {
        return format!(
            "Nobody has called for help. This mail shows that calls for help of {} are told of here.\r\n",
            plain(&notice.domain)
        );
    }
    let at = notice.at.parse::<Timestamp>().unwrap_or_default();
    let local = Zoned::new(at, TimeZone::system());
    let (who, domain, dialled) = (who(notice), plain(&notice.domain), plain(&notice.dialled));
    let what = if notice.failed {
        format!(
            "Extension {who} of {domain} dialled {dialled}.\r\nThe call FAILED: no gateway took it. Nobody has heard \
             it.\r\nLook after them, or call for help in their place."
        )
    } else {
        format!("Extension {who} of {domain} calls {dialled}.")
    };
    let mut text = format!(
        "{what}\r\n\r\nWhen:      {}\r\n",
        local.strftime("%Y-%m-%d %H:%M:%S %Z"),
    );
    let call = notice.call.map(|id| id.to_string());
    for (name, value) in [
        ("Line", notice.line.as_deref()),
        ("Gateway", notice.gateway.as_deref()),
        ("Called as", notice.caller_id.as_deref()),
        ("Record", call.as_deref()),
    ] {
        if let Some(value) = value {
            text.push_str(&format!("{:<11}{}\r\n", format!("{name}:"), plain(value)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::mail::{Kind, State};

    fn mail(notice: &Notice) -> Mail {
        Mail {
            id: Uuid::nil(),
            kind: Kind::Emergency,
            source: String::new(),
            state: State::Waiting,
            recipient: "guard@example.com".to_owned(),
            mailbox: "1001@pbx.test".to_owned(),
            caller_name: String::new(),
            caller_number: String::new(),
            left_at: String::new(),
            seconds: 0,
            attempts: 0,
            next_at: String::new(),
            last_error: None,
            queued_at: String::new(),
            details: Some(serde_json::to_string(notice).unwrap()),
        }
    }

    fn notice(name: &str) -> Notice {
        Notice {
            event: Notice::CALL.to_owned(),
            id: Uuid::nil(),
            call: Some(Uuid::nil()),
            at: "2026-11-22T07:00:00.000Z".to_owned(),
            domain: "pbx.test".to_owned(),
            extension: "1001".to_owned(),
            name: name.to_owned(),
            line: Some("alice".to_owned()),
            dialled: "112".to_owned(),
            gateway: Some("carrier".to_owned()),
            caller_id: None,
            failed: false,
        }
    }

    #[test]
    fn who_reads_it_knows_who_called_whom() {
        let message = compose(&mail(&notice("Alice A")), "").unwrap();
        let text = String::from_utf8(message.formatted()).unwrap();
        for part in [
            "From: emergency@pbx.test",
            "To: guard@example.com",
            "Subject: Emergency call: 1001 (Alice A) dialled 112",
            "Extension 1001 (Alice A) of pbx.test calls 112.",
            "Line:      alice",
            "Gateway:   carrier",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("Called as"), "{text}");
    }

    #[test]
    fn that_nobody_heard_it_is_said_first() {
        let failed = Notice {
            failed: true,
            gateway: None,
            ..notice("Alice A")
        };
        let message = compose(&mail(&failed), "").unwrap();
        let text = String::from_utf8(message.formatted()).unwrap();
        for part in [
            "Subject: Emergency call FAILED: 1001 (Alice A) dialled 112",
            "dialled 112.\r\nThe call FAILED: no gateway took it.",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("calls 112") && !text.contains("Gateway"), "{text}");
        // What waits since before there was such a word was about a call that went out.
        let old = serde_json::to_string(&notice(""))
            .unwrap()
            .replace(",\"failed\":false", "");
        assert!(!serde_json::from_str::<Notice>(&old).unwrap().failed && !old.contains("failed"));
    }

    #[test]
    fn a_name_adds_no_header() {
        let message = compose(&mail(&notice("Eve\r\nBcc: victim@example.com")), "").unwrap();
        assert_eq!(message.envelope().to().len(), 1);
        let text = String::from_utf8(message.formatted()).unwrap();
        assert!(!text.contains("\r\nBcc"), "{text}");
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let mut odd = mail(&notice(""));
        odd.details = Some("{".to_owned());
        assert!(compose(&odd, "").unwrap_err().contains("cannot be read"));
    }
}
