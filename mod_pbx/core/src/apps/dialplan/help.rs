//! Calls for help: what is done with one, and with one that nobody takes.

use super::{Call, action, open, outside, refusal};
use crate::event::HELP_FAILED;
use crate::prompts::Prompt;
use crate::registry::View;
use crate::routing::{self, Payer};
use crate::xml::Document;

/// How a call for help ends that no gateway took: a phone that has another way out may take it then.
pub(super) const END: (&str, &str) = ("503", "NORMAL_TEMPORARY_FAILURE");

/// What is done with a call for help; none: this is none.
pub(super) fn document(call: Call<'_, '_>, dialled: &str) -> Option<String> {
    routing::is_emergency(call.view, call.home, dialled).then(|| outside::of_caller(call).dialled(dialled))
}

/// A call for help for which there is no gateway at all.
pub(super) fn nowhere(context: &str, view: &View<'_>, payer: &Payer<'_>, dialled: &str) -> String {
    let mut doc = open(context, "help");
    failed(&mut doc, payer, dialled);
    refusal::spoken(&mut doc, view, Prompt::HELP_FAILED, END);
    doc.finish()
}

/// Has the log say that nobody heard a call for help, and tells whoever is told of such calls (`alarm`): by an event of our
/// own, since there may have been no leg of which the switch could tell.
pub(super) fn failed(doc: &mut Document, payer: &Payer<'_>, dialled: &str) {
    let who = outside::who(payer);
    action(doc, "log", |data| {
        data.literal("ERR mod_pbx: the call of ")
            .free(&who)
            .literal(" for help to ")
            .free(dialled)
            .literal(" FAILED: no gateway took it");
    });
    action(doc, "event", |data| {
        data.literal("Event-Name=CUSTOM,Event-Subclass=")
            .literal(HELP_FAILED)
            .literal(",pbx-dialled=")
            .free(dialled)
            .literal(",pbx-from=")
            .number(&payer.extension.number)
            .literal("@")
            .domain(&payer.domain.name);
        if let Some(line) = payer.line.and_then(|line| payer.extension.line(line)) {
            data.literal(",pbx-line=").username(&line.username);
        }
    });
}
