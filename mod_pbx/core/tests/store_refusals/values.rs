//! Values, each by itself.

use pbx_core::store::Change;

use super::{bench, refused};
use crate::store_common::setting;

#[test]
fn every_value_is_checked() {
    let (bench, alice, _) = bench();
    let extension = |edit: &dyn Fn(&mut pbx_core::store::rows::Extension)| {
        let mut row = alice.extension.clone();
        edit(&mut row);
        vec![Change::put(row)]
    };
    refused(
        &bench,
        extension(&|e| e.caller_id_name = "a\nb".into()),
        &["caller ID name has no line breaks"],
    );
    refused(
        &bench,
        extension(&|e| e.caller_id_name = "x".repeat(65)),
        &["at most 64 characters"],
    );
    refused(
        &bench,
        extension(&|e| e.caller_id_name = "${system(x)}".into()),
        &["cannot contain \"${\""],
    );
    refused(
        &bench,
        extension(&|e| e.ring_seconds = 4),
        &["ring-seconds takes 5 to 600, not 4"],
    );
    refused(&bench, extension(&|e| e.ring_seconds = 601), &["5 to 600"]);
    for pin in ["123", "12345678901", "12a4", ""] {
        refused(
            &bench,
            extension(&|e| e.voicemail_pin = Some(pin.into())),
            &["PIN has 4 to 10 digits"],
        );
    }
    let line = |edit: &dyn Fn(&mut pbx_core::store::rows::Line)| {
        let mut row = alice.line.clone();
        edit(&mut row);
        vec![Change::put(row)]
    };
    refused(
        &bench,
        line(&|l| l.a1 = "secret".into()),
        &["the A1 of line alice is not an MD5 hash"],
    );
    refused(&bench, line(&|l| l.a1 = l.a1.to_uppercase()), &["lower-case hex"]);
    refused(
        &bench,
        line(&|l| l.max_registrations = 0),
        &["max-registrations takes 1 to 32"],
    );
    refused(
        &bench,
        line(&|l| l.source_acl = Some("10.0.0.0/8 10.0.0.0/33".into())),
        &["not \"10.0.0.0/33\""],
    );
    refused(
        &bench,
        line(&|l| l.source_acl = Some(" ".into())),
        &["leave it off"],
    );
    bench
        .commit(line(&|l| l.source_acl = Some("10.0.0.0/8,  ::1".into())))
        .unwrap();
    let stored = bench
        .store
        .read(|r| r.get::<pbx_core::store::rows::Line>(alice.line.id))
        .unwrap()
        .unwrap();
    assert_eq!(stored.source_acl.as_deref(), Some("10.0.0.0/8 ::1"));
    let user = |edit: &dyn Fn(&mut pbx_core::store::rows::User)| {
        let mut row = alice.user.clone();
        edit(&mut row);
        vec![Change::put(row)]
    };
    for bad in [
        "alice",
        "a@b@c",
        "a;rm@mail.test",
        "-f@mail.test",
        "a b@mail.test",
        "a@-x",
        "@mail.test",
        "$x@m.test",
    ] {
        refused(
            &bench,
            user(&|u| u.email = Some(bad.into())),
            &["is not a mail address"],
        );
    }
    refused(
        &bench,
        user(&|u| u.display_name = "\u{7}".into()),
        &["display name"],
    );
    refused(
        &bench,
        user(&|u| u.password_hash = Some("plain".into())),
        &["is not argon2id"],
    );
    let mut channel = alice.channel.clone();
    channel.name = "a/b".into();
    refused(&bench, vec![Change::put(channel)], &["is not a channel name"]);
    let mut domain = alice.domain.clone();
    domain.name = "extensions".parse().unwrap();
    refused(&bench, vec![Change::put(domain)], &["\"extensions\" is reserved"]);
    refused(
        &bench,
        vec![Change::put(setting("no-such", "1"))],
        &["no setting \"no-such\"", "pbx setting list"],
    );
    refused(
        &bench,
        vec![Change::put(setting("sip-port", "0"))],
        &["sip-port takes a port"],
    );
    bench
        .commit(vec![Change::put(setting("sip-tls", " on "))])
        .unwrap();
    let stored = bench.store.read(|r| r.setting("sip-tls")).unwrap().unwrap();
    assert_eq!(stored.value, "yes", "values have one spelling");
}
