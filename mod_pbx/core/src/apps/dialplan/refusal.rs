//! Why a call cannot be: what the caller hears, and what the log says.

use super::{Call, action, open, respond};
use crate::prompts::{self, Prompt};
use crate::registry::View;
use crate::routing::Refusal;
use crate::xml::Document;
use crate::xml::action::ActionData;

/// Three rising tones, then a pause, as networks announce that a call cannot be made (ITU-T E.180).
const CANNOT_BE: &str = "tone_stream://%(330,30,950);%(330,30,1400);%(330,1000,1800);loops=2";

/// Nobody has the number: the caller is told so.
pub(super) fn unknown(call: Call<'_, '_>) -> String {
    let mut doc = open(call.context, "unknown");
    spoken(
        &mut doc,
        call.view,
        Prompt::UNKNOWN_NUMBER,
        ("404", "UNALLOCATED_NUMBER"),
    );
    doc.finish()
}

/// Says a sentence, by tones where it is not installed, and ends the call, which is never answered for it: nobody pays
/// for being refused. Which sentence is ours to say, so that no text of a caller's names a file.
pub(super) fn spoken(doc: &mut Document, view: &View<'_>, said: Prompt, end: (&'static str, &'static str)) {
    action(doc, "pre_answer", |_| {});
    match view.sounds.file(said) {
        Some((folder, prompt)) => {
            // Until sound gets through.
            action(doc, "sleep", |data| {
                data.literal("300");
            });
            action(doc, "playback", |data| {
                data.sound(folder, prompt);
            });
        }
        None => action(doc, "playback", |data| {
            data.literal(CANNOT_BE);
        }),
    }
    respond(doc, end.0, end.1);
}

/// Why a call does not go out: for logs and programs, and for people.
#[derive(Debug, Clone, Copy)]
pub(super) struct Why {
    code: &'static str,
    text: &'static str,
    /// What the caller hears.
    pub(super) said: Prompt,
    pub(super) end: (&'static str, &'static str),
}

impl From<Refusal> for Why {
    fn from(why: Refusal) -> Self {
        let end = match why {
            Refusal::NoNumber(_) => ("404", "UNALLOCATED_NUMBER"),
            Refusal::NoGateway => ("503", "NORMAL_TEMPORARY_FAILURE"),
            _ => ("403", "CALL_REJECTED"),
        };
        Self {
            code: why.code(),
            text: why.text(),
            said: prompts::refusal(why),
            end,
        }
    }
}

impl Why {
    /// Tells who listens.
    pub(super) fn tell(self, view: &View<'_>) {
        view.note(
            0,
            Some(false),
            format_args!("refused ({}): {}", self.code, self.text),
        );
    }
}

/// Who sent the call on is nobody who is known.
pub(super) const NOBODY: Why = Why {
    code: "sent-on",
    text: "nobody is known who sent this call on and would pay for it",
    said: Prompt::NOT_PERMITTED,
    end: ("403", "CALL_REJECTED"),
};

/// A call was dialled into a gateway's context (`gw+NAME`), which proves nothing.
pub(super) const STRANGER: Why = Why {
    code: "no-gateway-call",
    text: "it names a gateway, and comes by none",
    said: Prompt::NOT_PERMITTED,
    end: ("403", "CALL_REJECTED"),
};

/// The number outside is one of ours, and the call would come back.
pub(super) const OWN_NUMBER: Why = Why {
    code: "own-number",
    text: "the number is one of this PBX, and the call would come back: forward to the extension instead",
    said: Prompt::UNKNOWN_NUMBER,
    end: ("404", "UNALLOCATED_NUMBER"),
};

/// Has the log say who may not call whom.
pub(super) fn logged(doc: &mut Document, who: std::fmt::Arguments<'_>, dialled: &str, why: Why) {
    let who = who.to_string();
    log(doc, |data| {
        data.literal("the call of ")
            .free(&who)
            .literal(" to ")
            .free(dialled)
            .literal(" is refused (")
            .literal(why.code)
            .literal("): ")
            .literal(why.text);
    });
}

pub(super) fn log(doc: &mut Document, fill: impl FnOnce(&mut ActionData<'_>)) {
    action(doc, "log", |data| {
        data.literal("NOTICE mod_pbx: ");
        fill(data);
    });
}
