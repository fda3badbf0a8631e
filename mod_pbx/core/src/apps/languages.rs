//! The phrase macros that mod_voicemail plays, where the operator has none of their own.
//!
//! Each phrase is a lookup of its own (`switch_ivr_phrase_macro`), with the macro's name and what is to be
//! said of it: the answer is that one macro, and in it the sounds that say exactly this. Its `input` looks
//! at nothing (`field=""`): the switch would otherwise expand `${…}` in what is to be said, which may be
//! what a caller calls itself.

use crate::prompts::{self, Sounds};
use crate::registry::{Builder, Handler, RegistryError, Section, View};
use crate::reply::Reply;
use crate::request::Request;
use crate::xml::Document;

/// What is heard in a missing sound's place: a fifth of a second, so that nobody waits for nothing.
const TONE: &str = "tone_stream://%(200,100,425)";

/// Adds the handler of the phrases.
///
/// # Errors
/// A key is taken.
pub fn register(builder: &mut Builder) -> Result<(), RegistryError> {
    builder.section(Section::Languages);
    builder
        .dict(Section::Languages)
        .data("each phrase of voicemail", Phrases);
    Ok(())
}

struct Phrases;

impl Handler for Phrases {
    fn name(&self) -> &'static str {
        "voicemail-phrases"
    }

    fn process(&self, key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        let language = rq.param("lang").unwrap_or("en".into());
        if view.sounds.are_theirs(&language) {
            return Some(Reply::NotOurs);
        }
        let data = rq.param("data").unwrap_or_default();
        let said = prompts::say(key, &data, &view.sounds.moment())?;
        Some(Reply::Document(document(&language, key, &said, view.sounds)))
    }
}

fn document(language: &str, name: &str, said: &[prompts::Prompt], sounds: &Sounds) -> String {
    let mut doc = Document::section("languages", 1024);
    doc.start("language")
        .attr("name", language)
        .attr("say-module", "en");
    doc.start("phrases").start("macros").attr("name", "pbx");
    doc.start("macro").attr("name", name).attr("pause", &0u64);
    doc.start("input").attr("field", "").attr("pattern", ".*");
    doc.start("match");
    let mut was_missing = false;
    for prompt in said {
        let file = sounds.file(*prompt);
        // One tone for all that are missing in a row.
        if file.is_some() || !was_missing {
            doc.start("action").attr("function", "play-file");
            doc.action_attr("data", |out| match file {
                Some((folder, prompt)) => {
                    out.sound(folder, prompt);
                }
                None => {
                    out.literal(TONE);
                }
            });
            doc.end();
        }
        was_missing = file.is_none();
    }
    doc.finish()
}
