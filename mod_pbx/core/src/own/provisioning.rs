//! What phones read that take their account out of a code: the texts, not the codes.
//!
//! A `sip:` address is none: whoever scans one calls it. What the makers wrote of their formats is all that is
//! known here of the phones.

use quick_xml::escape::escape;

/// An account, as a phone is to have it.
#[derive(Debug, Clone)]
pub struct Account<'a> {
    /// The line's username.
    pub username: &'a str,
    /// Its domain.
    pub domain: &'a str,
    /// What the phone calls the account.
    pub name: &'a str,
    /// Host and port, for UDP and TCP.
    pub server: &'a str,
    /// What is dialled for the mailbox; empty: nothing.
    pub voicemail: &'a str,
}

/// Grandstream Wave's own format, password and all: it is the code's text.
pub fn grandstream_wave(account: &Account<'_>, password: &str) -> String {
    let server = account.server;
    // Numbers, feature codes, and codes with numbers behind them.
    let dialled = "{x+|*x+|*++}";
    let mut text =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><AccountConfig version=\"1\"><Account>".to_owned();
    for (tag, value) in [
        ("RegisterServer", account.domain),
        ("OutboundServer", server),
        ("UserID", account.username),
        ("AuthID", account.username),
        ("AuthPass", password),
        ("AccountName", account.name),
        ("DisplayName", account.name),
        ("Dialplan", dialled),
        ("RandomPort", "0"),
        ("Voicemail", account.voicemail),
    ] {
        text.push_str(&format!("<{tag}>{}</{tag}>", escape(value)));
    }
    text.push_str("</Account></AccountConfig>");
    text
}

/// What Linphone fetches (its remote provisioning), with the hash instead of the password. It is not to fetch it
/// again at each start.
pub fn linphone(account: &Account<'_>, a1: &str) -> String {
    let server = format!("<sip:{};transport=tcp>", account.server);
    let identity = format!("sip:{}@{}", account.username, account.domain);
    let sections: [(&str, &[(&str, &str)]); 4] = [
        ("misc", &[("transient_provisioning", "1")]),
        ("sip", &[("default_proxy", "0")]),
        (
            "proxy_0",
            &[
                ("reg_proxy", &server),
                ("reg_identity", &identity),
                ("reg_sendregister", "1"),
                ("realm", account.domain),
            ],
        ),
        (
            "auth_info_0",
            &[
                ("username", account.username),
                ("domain", account.domain),
                ("realm", account.domain),
                ("ha1", a1),
                ("algorithm", "MD5"),
            ],
        ),
    ];
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                    <config xmlns=\"http://www.linphone.org/xsds/lpconfig.xsd\">\n"
        .to_owned();
    for (section, entries) in sections {
        text.push_str(&format!("<section name=\"{section}\">\n"));
        for (name, value) in entries {
            text.push_str(&format!(
                "<entry name=\"{name}\" overwrite=\"true\">{}</entry>\n",
                escape(*value)
            ));
        }
        text.push_str("</section>\n");
    }
    text.push_str("</config>\n");
    text
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::escape::unescape;
    use quick_xml::events::Event;

    use super::*;

    /// What stands between the two in a document that is one.
    #[track_caller]
    fn between(document: &str, begin: &str, end: &str) -> String {
        let mut reader = Reader::from_str(document);
        while reader.read_event().expect("XML") != Event::Eof {}
        let (_, rest) = document.split_once(begin).expect("it begins");
        let (text, _) = rest.split_once(end).expect("it ends");
        unescape(text).expect("escaped").into_owned()
    }

    #[test]
    fn whatever_is_in_a_name_or_password_arrives_as_it_is() {
        let account = Account {
            username: "alice",
            domain: "pbx.test",
            name: "A & <B> \"C\"",
            server: "192.0.2.1:5060",
            voicemail: "*97",
        };
        let password = "]]> </AuthPass> & 'x' \"";
        let wave = grandstream_wave(&account, password);
        let text = |tag: &str| between(&wave, &format!("<{tag}>"), &format!("</{tag}>"));
        assert_eq!(
            (text("AuthPass"), text("DisplayName")),
            (password.to_owned(), account.name.to_owned())
        );
        assert_eq!(
            (text("RegisterServer"), text("OutboundServer")),
            ("pbx.test".into(), "192.0.2.1:5060".into())
        );
        let hash = "0123456789abcdef0123456789abcdef";
        let linphone = linphone(&account, hash);
        let text = |name: &str| {
            between(
                &linphone,
                &format!("<entry name=\"{name}\" overwrite=\"true\">"),
                "</entry>",
            )
        };
        assert_eq!(text("reg_proxy"), "<sip:192.0.2.1:5060;transport=tcp>");
        assert_eq!(
            (text("reg_identity"), text("ha1")),
            ("sip:alice@pbx.test".into(), hash.into())
        );
    }
}
