//! `voicemail.conf`: the operator's profiles, and `default`, which is ours.

use super::keep;
use crate::apps::dialplan::LINES_CONTEXT;
use crate::registry::View;
use crate::store::settings;
use crate::xml::Document;
use crate::xml::tree::Element;

/// Our profile. mod_voicemail takes it for every message whose profile is not named.
const PROFILE: &str = "default";

pub(super) fn write(doc: &mut Document, view: &View<'_>, operators: &Element) {
    match operators.child("settings") {
        Some(settings) => doc.element(settings),
        None => doc.start("settings").end(),
    };
    doc.start("profiles");
    keep(doc, operators.child("profiles"), "profile", &[PROFILE]);
    doc.start("profile").attr("name", PROFILE);
    let longest = view.snapshot.settings.number(&settings::VOICEMAIL_MAX_SECONDS);
    doc.pair("param", "file-extension", "wav")
        .pair("param", "terminator-key", "#")
        .pair("param", "max-login-attempts", &3)
        .pair("param", "max-record-len", &longest)
        // A mailbox without a PIN cannot be opened, rather than by anybody.
        .pair("param", "db-password-override", &false)
        .pair("param", "allow-empty-password-auth", &false)
        .pair("param", "callback-dialplan", "XML")
        .pair("param", "callback-context", LINES_CONTEXT);
}
