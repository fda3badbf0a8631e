//! The dialplan: decided here, answered as one extension.
//!
//! Contexts are those of the SIP domains, which the directory gives to every line as `user_context`, and
//! that of the lines' profile, in which a call arrives that the directory does not know. Who calls is
//! told by the directory's `pbx_identity`, never by From; whom is called is a number or nobody.

use crate::clients::view::REALM;
use crate::registry::{Builder, Handler, RegistryError, Section, View};
use crate::reply::Reply;
use crate::request::Request;
use crate::resolve::{self, Ring};
use crate::store::snapshot::{Domain, Extension};
use crate::xml::Document;
use crate::xml::action::ActionData;

/// The context of the lines' profile. Not the name of any domain: they have no `_`.
pub const LINES_CONTEXT: &str = "pbx_lines";

/// Adds the dialplan's handlers.
///
/// # Errors
/// A key is taken.
pub fn register(builder: &mut Builder) -> Result<(), RegistryError> {
    builder.section(Section::Dialplan);
    let dict = builder.dict(Section::Dialplan);
    dict.literal(LINES_CONTEXT, std::sync::Arc::new(LinesContext))?;
    // Where mod_verto would have a call begin whose client has no context: the profile's own.
    dict.literal(REALM, std::sync::Arc::new(LinesContext))?;
    dict.data("each SIP domain", DomainContext);
    Ok(())
}

/// Calls within a domain.
struct DomainContext;

impl Handler for DomainContext {
    fn name(&self) -> &'static str {
        "sip-domain"
    }

    fn process(&self, key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        let domain = view.snapshot.domain(key)?;
        let caller = caller(rq, view).filter(|(home, _)| home.name == domain.name);
        Some(answer(domain.name.as_str(), caller, rq, view))
    }
}

/// Calls that reach the lines' profile.
struct LinesContext;

impl Handler for LinesContext {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn process(&self, key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        let context = if key.eq_ignore_ascii_case(REALM) {
            REALM
        } else {
            LINES_CONTEXT
        };
        Some(answer(context, caller(rq, view), rq, view))
    }
}

/// What is done with a call.
enum Route<'a> {
    /// Nobody of ours calls.
    Refused,
    /// Nobody has this number.
    Unknown,
    /// Ring who is there, then voicemail if there is a mailbox; at once if nobody is there.
    Ring(Ring<'a>),
}

fn answer<'a>(
    context: &str,
    caller: Option<(&'a Domain, &'a Extension)>,
    rq: &Request<'_>,
    view: &View<'a>,
) -> Reply {
    let Some((home, calling)) = caller else {
        return Reply::Document(document(context, &Route::Refused, None));
    };
    if let Some(refusal) = super::srtp::refusal(context, rq) {
        return Reply::Document(refusal);
    }
    // Hunt- is the profile that is being routed, Caller- the channel's own.
    let dialled = rq
        .param("Hunt-Destination-Number")
        .or_else(|| rq.param("Caller-Destination-Number"));
    let route = dialled
        .and_then(|dialled| resolve::dialled(view, home, &dialled))
        .map_or(Route::Unknown, Route::Ring);
    Reply::Document(document(context, &route, Some(calling)))
}

/// The extension that calls, and its domain.
///
/// `pbx_identity` is set by the directory's answer to the digest (`sofia_reg_parse_auth`), by
/// `set_user`, and on a called leg by our dial string; a SIP header becomes a variable only under a
/// prefix (`sip_h_`). What the variable names must still exist. A call that a verto client makes is another
/// matter: see [`browser`].
fn caller<'a>(rq: &Request<'_>, view: &View<'a>) -> Option<(&'a Domain, &'a Extension)> {
    if is_of_verto(rq) {
        return browser(rq, view);
    }
    let identity = rq.param("variable_pbx_identity")?;
    let (name, domain) = identity.split_once('@')?;
    let domain = view.snapshot.domain(domain)?;
    Some((domain, domain.find(name)?))
}

/// Whether a verto client made the call. mod_verto names itself as the source of the caller profile, and the channel
/// after its endpoint; a leg that the switch called carries what our dial string says, as a phone's does.
fn is_of_verto(rq: &Request<'_>) -> bool {
    let says = |name, text: &str| {
        rq.param(name)
            .is_some_and(|value| value.eq_ignore_ascii_case(text))
    };
    let by_name = rq
        .param("Caller-Channel-Name")
        .is_some_and(|name| name.starts_with("verto"));
    let verto = by_name || says("Hunt-Source", "mod_verto") || says("Caller-Source", "mod_verto");
    verto && !says("Call-Direction", "outbound")
}

/// The extension of the browser client that calls.
///
/// A login may bring variables of any name (`userVariables`), which would be the channel's. So none is believed:
/// the client is known by the user of the caller profile, which is what it logged in as (`verto__invite_func`), and
/// must still be one of ours.
fn browser<'a>(rq: &Request<'_>, view: &View<'a>) -> Option<(&'a Domain, &'a Extension)> {
    let login = rq
        .param("Hunt-Username")
        .or_else(|| rq.param("Caller-Username"))?;
    login.split_once('@')?;
    view.clients.of_login(&login)?.extension(view.snapshot)
}

fn document(context: &str, route: &Route<'_>, calling: Option<&Extension>) -> String {
    let mut doc = Document::section("dialplan", 1024);
    doc.start("context").attr("name", context).start("extension");
    doc.attr(
        "name",
        match route {
            Route::Refused => "refused",
            Route::Unknown => "unknown",
            Route::Ring(_) => "ring",
        },
    );
    doc.start("condition");
    match (route, calling) {
        (Route::Ring(ring), Some(calling)) => write_ring(&mut doc, ring, calling),
        (Route::Unknown, _) => respond(&mut doc, "404", "UNALLOCATED_NUMBER"),
        _ => respond(&mut doc, "403", "CALL_REJECTED"),
    }
    doc.finish()
}

fn write_ring(doc: &mut Document, ring: &Ring<'_>, calling: &Extension) {
    let mailbox = ring.extension.voicemail;
    if ring.is_empty() && !mailbox {
        return respond(doc, "480", "USER_NOT_REGISTERED");
    }
    action(doc, "multiset", |out| {
        // Headers of the caller's invention stay here (`sofia_outgoing_channel` would copy them).
        out.literal("hangup_after_bridge=true sip_copy_custom_headers=false continue_on_fail=")
            .literal(if mailbox { "true" } else { "false" })
            .literal(" call_timeout=")
            .integer(ring.seconds())
            .literal(" accountcode=")
            .number(&calling.number)
            .literal(" effective_caller_id_number=")
            .number(&calling.number);
    });
    action(doc, "set", |out| {
        out.literal("effective_caller_id_name=")
            .free(&calling.caller_id_name);
    });
    if !ring.is_empty() {
        action(doc, "bridge", |out| ring.dial_string(out));
    }
    if mailbox {
        action(doc, "answer", |_| {});
        action(doc, "sleep", |out| {
            out.literal("500");
        });
        action(doc, "voicemail", |out| {
            out.literal("default ")
                .domain(&ring.domain.name)
                .literal(" ")
                .number(&ring.extension.number);
        });
    }
}

/// A SIP channel is answered by `respond`; any other ends with the cause.
fn respond(doc: &mut Document, status: &'static str, cause: &'static str) {
    action(doc, "respond", |out| {
        out.literal(status);
    });
    action(doc, "hangup", |out| {
        out.literal(cause);
    });
}

fn action(doc: &mut Document, application: &'static str, fill: impl FnOnce(&mut ActionData<'_>)) {
    doc.start("action")
        .attr("application", application)
        .action_attr("data", fill)
        .end();
}
