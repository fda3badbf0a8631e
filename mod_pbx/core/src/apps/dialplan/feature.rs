//! Feature codes: mailboxes, echo, and what a phone changes about its own extension.
//!
//! Only the phone that dials can change something, and get its mailbox without the PIN: never a call that a
//! phone was sent on to by somebody else, who transfers it or redirects to a code.

use super::{Call, GRANTED_CONTEXT, WISH_CONTEXT, action, open, refused, variables};
use crate::features::{Feature, Wish};
use crate::schedules::{self, Override, Schedule};
use crate::store::settings;
use crate::xml::Document;
use crate::xml::action::ActionData;

/// Two tones that rise.
const YES: &str = "tone_stream://%(150,50,523);%(300,200,784)";

/// Four short ones that do not, as a line that is out of order sounds.
const NO: &str = "tone_stream://%(250,250,480,620);loops=4";

/// Two that fall: what was said is taken back.
const BACK: &str = "tone_stream://%(150,50,784);%(300,200,523)";

/// What is done with a call to a code.
pub(super) fn document(call: Call<'_, '_>, feature: &Feature) -> String {
    match feature {
        Feature::OwnMailbox => own_mailbox(call),
        Feature::AnyMailbox => any_mailbox(call),
        Feature::Echo => echo(call),
        Feature::Ask(_) | Feature::Wish(_) | Feature::Switch(_) if !call.hops.is_first() => {
            refused(call.context)
        }
        Feature::Ask(when) => {
            let mut doc = begin(call, "ask");
            // A dial tone, until the first of 2 to 32 digits; # ends them.
            action(&mut doc, "play_and_get_digits", |out| {
                out.literal("2 32 1 10000 # tone_stream://%(10000,0,350,440) silence_stream://1 pbx_digits ")
                    .literal("[0-9]+ 4000");
            });
            action(&mut doc, "transfer", |out| {
                // Digits only, as the pattern says; what the next answer does with them, it parses.
                out.literal("forward-")
                    .literal(when.as_str())
                    .literal("-${pbx_digits} XML ")
                    .literal(WISH_CONTEXT);
            });
            doc.finish()
        }
        Feature::Wish(wish) => grant(call, wish),
        Feature::Switch(code) => switch(call, *code),
    }
}

/// The number is there that was asked for.
pub(super) fn wished(call: Call<'_, '_>) -> String {
    match call.dialled().parse() {
        Ok(wish) => grant(call, &wish),
        Err(_) => told(call, "no-wish", NO),
    }
}

/// The wish was granted or not: what is in force says so.
pub(super) fn granted(call: Call<'_, '_>) -> String {
    match call.dialled().parse::<Wish>() {
        Ok(wish) if wish.holds(call.view.snapshot, call.home, call.calling) => {
            let back = matches!(wish, Wish::Schedule(_, Override::Off));
            told(call, "granted", if back { BACK } else { YES })
        }
        _ => told(call, "not-granted", NO),
    }
}

/// The schedule is to be the other than it is now, for those whom it names.
fn switch(call: Call<'_, '_>, code: u16) -> String {
    let may = |schedule: &&Schedule| schedule.keys.contains(&call.calling.number);
    match call
        .view
        .snapshot
        .schedules
        .by_code(&call.home.name, code)
        .filter(may)
    {
        Some(schedule) => {
            let forced = schedules::switched(schedule, call.view.now());
            grant(call, &Wish::Schedule(code, forced))
        }
        None => told(call, "not-granted", NO),
    }
}

fn grant(call: Call<'_, '_>, wish: &Wish) -> String {
    let mut doc = begin(call, "wish");
    action(&mut doc, "pbx_feature", |out| {
        write(wish, out);
        out.literal(" ")
            .number(&call.calling.number)
            .literal("@")
            .domain(&call.home.name);
    });
    action(&mut doc, "transfer", |out| {
        write(wish, out);
        out.literal(" XML ").literal(GRANTED_CONTEXT);
    });
    doc.finish()
}

/// As [`Wish`] is read.
fn write(wish: &Wish, out: &mut ActionData<'_>) {
    match wish {
        Wish::Dnd(true) => out.literal("dnd-on"),
        Wish::Dnd(false) => out.literal("dnd-off"),
        Wish::Forward(when, target) => {
            out.literal("forward-").literal(when.as_str()).literal("-");
            match target {
                Some(number) => out.dialled(number),
                None => out.literal("off"),
            }
        }
        Wish::Schedule(code, forced) => out
            .literal("schedule-")
            .integer(u64::from(*code))
            .literal("-")
            .literal(forced.as_str()),
    };
}

/// The mailbox of the extension that calls.
///
/// Without its PIN unless a setting asks for it: the phone has just shown by its digest that it is this
/// extension's, which is worth more than four digits, and a PIN that is asked for every morning becomes 1234.
fn own_mailbox(call: Call<'_, '_>) -> String {
    let calling = call.calling;
    if !calling.voicemail {
        return told(call, "no-mailbox", NO);
    }
    let asked = call.view.snapshot.settings.flag(&settings::VOICEMAIL_OWN_PIN);
    let mut doc = begin(call, "own-mailbox");
    authorized(&mut doc, call.hops.is_first() && !asked);
    action(&mut doc, "voicemail", |out| {
        out.literal("check default ")
            .domain(&call.home.name)
            .literal(" ")
            .number(&calling.number);
    });
    doc.finish()
}

/// A mailbox of the domain; mod_voicemail asks which, and for its PIN.
fn any_mailbox(call: Call<'_, '_>) -> String {
    let mut doc = begin(call, "any-mailbox");
    authorized(&mut doc, false);
    action(&mut doc, "voicemail", |out| {
        out.literal("check default ").domain(&call.home.name);
    });
    doc.finish()
}

/// mod_voicemail believes this variable, so it is always set: a client may have brought one along.
fn authorized(doc: &mut Document, yes: bool) {
    action(doc, "set", |out| {
        out.literal(if yes {
            "voicemail_authorized=true"
        } else {
            "voicemail_authorized=false"
        });
    });
}

fn echo(call: Call<'_, '_>) -> String {
    let mut doc = begin(call, "echo");
    action(&mut doc, "echo", |_| {});
    doc.finish()
}

/// Says yes or no, and hangs up.
fn told(call: Call<'_, '_>, name: &'static str, tone: &'static str) -> String {
    let mut doc = begin(call, name);
    action(&mut doc, "playback", |out| {
        out.literal(tone);
    });
    action(&mut doc, "hangup", |out| {
        out.literal("NORMAL_CLEARING");
    });
    doc.finish()
}

/// Answers, and waits until sound gets through.
fn begin(call: Call<'_, '_>, name: &'static str) -> Document {
    let mut doc = open(call.context, name);
    variables(&mut doc, |out| {
        out.literal("pbx_hops=")
            .integer(call.hops.next().count())
            .literal(":force_transfer_context=")
            .domain(&call.home.name);
    });
    action(&mut doc, "answer", |_| {});
    action(&mut doc, "sleep", |out| {
        out.literal("300");
    });
    doc
}
