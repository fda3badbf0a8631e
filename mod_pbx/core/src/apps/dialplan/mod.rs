//! The dialplan: decided here, answered as one extension.
//!
//! Contexts are those of the SIP domains, which the directory gives to every line as `user_context`, that of
//! the lines' profile, in which a call arrives that the directory does not know, and those that only our own
//! answers send a call to. Who calls is told by the directory's `pbx_identity`, never by From; whom is called
//! is a number, a feature code, or nobody.

mod call;
mod did;
mod feature;
mod guest;
mod help;
mod inbound;
mod outside;
mod refusal;

use std::borrow::Cow;
use std::sync::Arc;

use super::srtp;
use crate::clients::view::REALM;
use crate::features;
use crate::follow::{self, Hops};
use crate::legs;
use crate::registry::{Builder, Handler, RegistryError, Section, View};
use crate::reply::Reply;
use crate::request::Request;
use crate::resolve;
use crate::store::snapshot::{Domain, Extension};
use crate::xml::Document;
use crate::xml::action::ActionData;

/// The context of the lines' profile. Not the name of any domain: they have no `_`.
pub const LINES_CONTEXT: &str = "pbx_lines";

/// Where a call goes on that its phones did not take. Only our own answers name this context and the two
/// below; whom a phone transfers stays out of them (`force_transfer_context`).
const UNANSWERED_CONTEXT: &str = "pbx_unanswered";

/// Where the number is known that a forward's code asked for.
const WISH_CONTEXT: &str = "pbx_wish";

/// Where a caller is told whether a wish was granted.
const GRANTED_CONTEXT: &str = "pbx_granted";

/// Adds the dialplan's handlers.
///
/// # Errors
/// A key is taken.
pub fn register(builder: &mut Builder) -> Result<(), RegistryError> {
    builder.section(Section::Dialplan);
    let dict = builder.dict(Section::Dialplan);
    for context in &OWN {
        dict.literal(context.key, Arc::new(context))?;
    }
    dict.literal(did::DID_CONTEXT, Arc::new(did::DidContext))?;
    dict.data("each SIP domain", DomainContext);
    dict.data("each phone that redirects", SentOnContext);
    dict.data("each gateway", inbound::GatewayContext);
    Ok(())
}

/// A call whose caller is known.
#[derive(Clone, Copy)]
struct Call<'r, 'v> {
    context: &'r str,
    rq: &'r Request<'r>,
    view: &'r View<'v>,
    home: &'v Domain,
    calling: &'v Extension,
    hops: Hops,
}

/// Calls within a domain.
struct DomainContext;

impl Handler for DomainContext {
    fn name(&self) -> &'static str {
        "sip-domain"
    }

    fn process(&self, key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        let domain = view.snapshot.domain(key)?;
        Some(within(domain.name.as_str(), domain, rq, view))
    }
}

/// Calls that a phone sends on by a redirect (302): what the phone names, in its domain.
struct SentOnContext;

impl Handler for SentOnContext {
    fn name(&self) -> &'static str {
        "redirects"
    }

    fn process(&self, key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        let identity = key.strip_prefix(resolve::SENT_ON)?;
        // Nobody's any more: as a call of nobody's.
        Some(match legs::of_identity(identity, view) {
            Some(by) => within(key, by.domain, rq, view),
            None => Reply::Document(refused(key)),
        })
    }
}

fn within<'v>(context: &str, domain: &'v Domain, rq: &Request<'_>, view: &View<'v>) -> Reply {
    let caller = caller(rq, view).filter(|(home, _)| home.name == domain.name);
    if caller.is_none()
        && let Some(document) = guest::document(context, Some(domain), rq, view)
    {
        return Reply::Document(document);
    }
    answer(context, caller, rq, view, dialled)
}

/// A context of our own.
#[derive(Clone, Copy)]
struct Context {
    key: &'static str,
    name: &'static str,
    process: fn(Call<'_, '_>) -> String,
}

static OWN: [Context; 6] = [
    Context {
        key: LINES_CONTEXT,
        name: "lines",
        process: dialled,
    },
    // Where mod_verto would have a call begin whose client has no context: the profile's own.
    Context {
        key: REALM,
        name: "lines",
        process: dialled,
    },
    Context {
        key: UNANSWERED_CONTEXT,
        name: "unanswered",
        process: unanswered,
    },
    Context {
        key: outside::MAILBOX_CONTEXT,
        name: "mailbox",
        process: mailbox,
    },
    Context {
        key: WISH_CONTEXT,
        name: "wish",
        process: feature::wished,
    },
    Context {
        key: GRANTED_CONTEXT,
        name: "granted",
        process: feature::granted,
    },
];

impl Handler for &'static Context {
    fn name(&self) -> &'static str {
        self.name
    }

    fn process(&self, _key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        let caller = caller(rq, view);
        let goes_on = [UNANSWERED_CONTEXT, outside::MAILBOX_CONTEXT].contains(&self.key);
        if goes_on
            && caller.is_none()
            && let Some(document) = guest::document(self.key, None, rq, view)
        {
            return Some(Reply::Document(document));
        }
        Some(answer(self.key, caller, rq, view, self.process))
    }
}

fn answer<'v>(
    context: &str,
    caller: Option<(&'v Domain, &'v Extension)>,
    rq: &Request<'_>,
    view: &View<'v>,
    process: fn(Call<'_, '_>) -> String,
) -> Reply {
    let hops = Hops::of(rq);
    match caller {
        Some((home, calling)) => {
            let who = format_args!("extension {} of {} calls", calling.number, home.name);
            view.note(0, Some(true), who);
        }
        None => view.note(0, Some(false), format_args!("nobody who is known calls: refused")),
    }
    Reply::Document(match caller {
        None => refused(context),
        Some(_) if let Some(refusal) = srtp::refusal(context, rq) => refusal,
        Some(_) if hops.is_too_many() => ended(context, "loop", "482", "EXCHANGE_ROUTING_ERROR"),
        Some((home, calling)) => process(Call {
            context,
            rq,
            view,
            home,
            calling,
            hops,
        }),
    })
}

/// A call for help, a feature code, a number of the domain, or one outside, in this order.
fn dialled(call: Call<'_, '_>) -> String {
    let dialled = call.dialled();
    if let Some(document) = help::document(call, &dialled) {
        return document;
    }
    if let Some(feature) = features::dialled(&call.view.snapshot.settings, &dialled) {
        return feature::document(call, &feature);
    }
    match resolve::number(call.home, &dialled) {
        Some(called) => call::document(call, &follow::follow(call.view, call.home, called, call.hops)),
        None => outside::document(call, &dialled).unwrap_or_else(|| refusal::unknown(call)),
    }
}

/// The number whose phones did not take the call.
fn unanswered(call: Call<'_, '_>) -> String {
    match resolve::number(call.home, &call.dialled()) {
        Some(called) => {
            let cause = call
                .rq
                .param("variable_originate_disposition")
                .unwrap_or_default();
            let way = follow::unanswered(call.view, call.home, called, &cause, call.hops);
            call::document(call, &way)
        }
        None => ended(call.context, "unknown", "404", "UNALLOCATED_NUMBER"),
    }
}

/// The number whose forward outside nobody took.
fn mailbox(call: Call<'_, '_>) -> String {
    match resolve::number(call.home, &call.dialled()) {
        Some(called) => {
            let way = follow::Way {
                end: follow::End::Nobody(called),
                forwarder: None,
                hops: call.hops.next(),
            };
            call::document(call, &way)
        }
        None => ended(call.context, "unknown", "404", "UNALLOCATED_NUMBER"),
    }
}

impl<'r> Call<'r, '_> {
    /// Hunt- is the profile that is being routed, Caller- the channel's own.
    fn dialled(&self) -> Cow<'r, str> {
        self.rq
            .param("Hunt-Destination-Number")
            .or_else(|| self.rq.param("Caller-Destination-Number"))
            .unwrap_or_default()
    }
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

fn refused(context: &str) -> String {
    ended(context, "refused", "403", "CALL_REJECTED")
}

/// A document with nothing but an end in it.
fn ended(context: &str, name: &'static str, status: &'static str, cause: &'static str) -> String {
    let mut doc = open(context, name);
    respond(&mut doc, status, cause);
    doc.finish()
}

fn open(context: &str, name: &'static str) -> Document {
    let mut doc = Document::section("dialplan", 1024);
    doc.start("context").attr("name", context).start("extension");
    doc.attr("name", name);
    doc.start("condition");
    doc
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

/// Sets variables of the caller's channel: `name=value`, with a `:` between two. All at once, since the switch tells of
/// each application's begin and end, and copies some hundred headers for both.
fn variables(doc: &mut Document, fill: impl FnOnce(&mut ActionData<'_>)) {
    action(doc, "multiset", |out| {
        fill(out.literal("^^:"));
    });
}

/// Calls those of this dial string.
///
/// Who already speaks (was transferred, or heard something) has a codec, and whoever is called for them would be offered
/// that one alone (`switch_core_media_prepare_codecs`): few phones know a browser's Opus. So those of the profile are
/// offered too, then and only then: for a call that begins, the caller's own list says enough.
///
/// What an attended transfer that was refused left on the caller is taken away: the next leg would be told to replace a call
/// that it does not know, and its phone refuse (RFC 3891, 3).
fn bridge(doc: &mut Document, rq: &Request<'_>, fill: impl FnOnce(&mut ActionData<'_>)) {
    if rq.param("variable__sofia_replaces_").is_some() {
        action(doc, "unset", |out| {
            out.literal("_sofia_replaces_");
        });
    }
    let speaks = rq.param("Channel-Read-Codec-Name").is_some();
    action(doc, "bridge", |out| {
        if speaks {
            out.literal("{media_mix_inbound_outbound_codecs=true}");
        }
        fill(out);
    });
}
