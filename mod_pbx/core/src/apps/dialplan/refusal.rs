//! What a caller hears whose call cannot be.

use super::{Call, action, open, respond};
use crate::prompts::Prompt;
use crate::registry::View;
use crate::xml::Document;

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
