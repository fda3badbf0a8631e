//! Calls out: what `routing::decide` has said, as the switch carries it out.
//!
//! The gateways of the decision are tried one after the other, each by a bridge of its own: within one dial string the next
//! leg would be tried whatever the reason, and somebody who is busy would be called again.
//!
//! Who pays is who causes the call: who dials; who forwards; who sends on a call by a redirect (302) or a transfer.

use super::refusal::{self, NOBODY, OWN_NUMBER, Why, log};
use super::{Call, action, bridge, help, open, variables};
use crate::caps::Charge;
use crate::follow::Hops;
use crate::gateways;
use crate::legs::{self, Sender};
use crate::names::E164;
use crate::prompts::{self, Prompt};
use crate::registry::View;
use crate::request::Request;
use crate::routing::leg::{Help, Leg, charge};
use crate::routing::{self, Decision, Out, Payer, Refusal, Watch};
use crate::store::gateways::Gateway;
use crate::store::snapshot::{Domain, Extension};
use crate::xml::Document;
use crate::xml::action::ActionData;

/// Causes that say something of the network, and nothing of who was called: the next gateway is tried for them alone.
const NETWORK: &str = "GATEWAY_DOWN,INVALID_GATEWAY,NETWORK_OUT_OF_ORDER,NORMAL_TEMPORARY_FAILURE,\
                       NORMAL_CIRCUIT_CONGESTION,SWITCH_CONGESTION,DESTINATION_OUT_OF_ORDER,\
                       RECOVERY_ON_TIMER_EXPIRE,REQUESTED_CHAN_UNAVAIL,NO_ROUTE_TRANSIT_NET,FACILITY_REJECTED,\
                       BEARERCAPABILITY_NOTAVAIL,SERVICE_UNAVAILABLE,SERVICE_NOT_IMPLEMENTED,INCOMPATIBLE_DESTINATION";

/// Causes that say something of who was called: the forwarder's mailbox answers then.
const CALLEE: &str = "USER_BUSY,CALL_REJECTED,NO_ANSWER,NO_USER_RESPONSE,ALLOTTED_TIMEOUT,PROGRESS_TIMEOUT,\
                      UNALLOCATED_NUMBER,INVALID_NUMBER_FORMAT,NUMBER_CHANGED,USER_NOT_REGISTERED,SUBSCRIBER_ABSENT,\
                      NO_ROUTE_DESTINATION,NORMAL_UNSPECIFIED";

/// Where a forward goes on that led outside and that nobody took there: at the mailbox of who forwards.
pub(super) const MAILBOX_CONTEXT: &str = "pbx_mailbox";

/// A call that may go out, and who causes it.
#[derive(Clone, Copy)]
pub(super) struct Leaving<'r, 'v> {
    pub(super) context: &'r str,
    pub(super) rq: &'r Request<'r>,
    pub(super) view: &'r View<'v>,
    pub(super) payer: Payer<'v>,
    /// How often it was sent on, this time included.
    pub(super) hops: Hops,
    /// By which gateway it came in; none: somebody of ours called.
    pub(super) guest: Option<&'v Gateway>,
}

/// What comes when nobody outside takes a call that was forwarded.
#[derive(Clone, Copy)]
pub(super) enum After<'v> {
    /// Nothing: the reason is told to who called.
    Nothing,
    /// The mailbox of this extension.
    Mailbox(&'v Extension),
    /// What comes after the phones of this DID.
    Did(uuid::Uuid),
}

/// What is done with a number that is nobody's in the domain; none: the domain has no calls out.
///
/// What somebody dials is theirs to pay. A call that was sent on is paid by who sent it on, and if that is nobody who is
/// known it goes nowhere.
pub(super) fn document(call: Call<'_, '_>, dialled: &str) -> Option<String> {
    call.view.snapshot.outside(&call.home.name)?;
    if call.hops.is_first() {
        return Some(of_caller(call).dialled(dialled));
    }
    Some(
        match sent_by(call.context, call.rq, call.view).filter(|by| by.domain.name == call.home.name) {
            Some(by) => Leaving {
                payer: payer_of(by),
                hops: call.hops.next(),
                ..of_caller(call)
            }
            .dialled(dialled),
            None => {
                let who = format_args!("{}@{}", call.calling.number, call.home.name);
                nobody(call.context, who, call.view, dialled)
            }
        },
    )
}

/// The same with a caller from outside whom somebody in the domain sends on.
pub(super) fn guest(
    leaving: Option<Leaving<'_, '_>>,
    context: &str,
    home: &Domain,
    view: &View<'_>,
    dialled: &str,
) -> String {
    match leaving {
        Some(leaving) => leaving.dialled(dialled),
        None => {
            let who = format_args!("a caller from outside at {}", home.name);
            nobody(context, who, view, dialled)
        }
    }
}

fn nobody(context: &str, who: std::fmt::Arguments<'_>, view: &View<'_>, dialled: &str) -> String {
    NOBODY.tell(view);
    refused(context, who, view, dialled, NOBODY)
}

/// Who sent a call on: a phone that redirects is named by the context that only its own leg has (`sip_redirect_context`),
/// who transfers by what the switch says of the channels.
pub(super) fn sent_by<'v>(context: &str, rq: &Request<'_>, view: &View<'v>) -> Option<Sender<'v>> {
    let sender = match context.strip_prefix(crate::resolve::SENT_ON) {
        Some(identity) => legs::of_identity(identity, view),
        None => legs::transferred_by(rq, view),
    };
    if let Some(by) = &sender {
        let who = format_args!(
            "{}@{} sends it on and would pay",
            by.extension.number, by.domain.name
        );
        view.note(0, None, who);
    }
    sender
}

pub(super) fn payer_of(by: Sender<'_>) -> Payer<'_> {
    Payer {
        domain: by.domain,
        extension: by.extension,
        line: by.line,
    }
}

/// As logs name who pays: `1001@pbx.test`.
pub(super) fn who(payer: &Payer<'_>) -> String {
    format!("{}@{}", payer.extension.number, payer.domain.name)
}

/// A call that goes out as its caller's.
pub(super) fn of_caller<'r, 'v>(call: Call<'r, 'v>) -> Leaving<'r, 'v> {
    let identity = call.rq.param("variable_pbx_identity");
    let line = identity
        .as_deref()
        .filter(|_| !super::is_of_verto(call.rq))
        .and_then(|identity| call.calling.line(identity.split_once('@')?.0));
    Leaving {
        context: call.context,
        rq: call.rq,
        view: call.view,
        payer: Payer {
            domain: call.home,
            extension: call.calling,
            line: line.map(|line| line.username.as_str()),
        },
        hops: call.hops.next(),
        guest: None,
    }
}

impl<'r, 'v> Leaving<'r, 'v> {
    /// What is decided, and as what it counts from now on.
    fn decide(&self, dialled: &str) -> Result<(Out, Charge), Refusal> {
        match routing::decide(self.view, &self.payer, dialled, self.view.now()) {
            // The directory let it in for help.
            Decision::Out(out)
                if !out.is_emergency() && self.rq.param("variable_pbx_help_only").is_some() =>
            {
                Err(Refusal::NotGranted)
            }
            Decision::Out(out) => self.charged(out),
            Decision::Refused(why) => Err(why),
        }
    }

    fn charged(&self, mut out: Out) -> Result<(Out, Charge), Refusal> {
        let asker = self.rq.param("Unique-ID");
        let charge = charge(self.view, &self.payer, &mut out, asker.as_deref());
        charge.map(|charge| (out, charge))
    }

    /// What was dialled, by the caller or by who sent the call on.
    pub(super) fn dialled(self, dialled: &str) -> String {
        match self.decide(dialled) {
            Ok((out, charge)) => self.document(&out, charge),
            Err(_) if routing::is_emergency(self.view, self.payer.domain, dialled) => {
                help::nowhere(self.context, self.view, &self.payer, dialled)
            }
            Err(why) => {
                let who = format_args!("{}", who(&self.payer));
                refused(self.context, who, self.view, dialled, why.into())
            }
        }
    }

    fn document(&self, out: &Out, charge: Charge) -> String {
        let mut doc = open(self.context, if out.is_emergency() { "help" } else { "out" });
        self.write(&mut doc, (out, charge), After::Nothing);
        doc.finish()
    }

    /// A forward to a number outside: whether it goes there. If it does, it is written.
    pub(super) fn forward(&self, doc: &mut Document, number: &E164, after: After<'v>) -> bool {
        let decided = decide_forward(self.view, &self.payer, number);
        match decided.and_then(|out| self.charged(out).map_err(Why::from)) {
            Ok((out, charge)) => {
                self.write(doc, (&out, charge), after);
                true
            }
            Err(why) => {
                refusal::logged(doc, format_args!("{}", who(&self.payer)), number.as_str(), why);
                false
            }
        }
    }

    fn write(&self, doc: &mut Document, (out, charge): (&Out, Charge), after: After<'v>) {
        variables(doc, |data| {
            if let Some(gateway) = self.guest {
                data.literal("presence_data=")
                    .literal(gateways::LEG)
                    .gateway(&gateway.name)
                    .literal(":");
            }
            // Headers of the caller's invention stay here (`sofia_outgoing_channel` would copy them).
            data.literal("hangup_after_bridge=true:sip_copy_custom_headers=false:continue_on_fail=")
                // Whatever one says to a call for help, the next is asked too.
                .literal(if out.is_emergency() { "true" } else { NETWORK })
                .literal(":accountcode=")
                .number(&self.payer.extension.number)
                .literal(":pbx_hops=")
                .integer(self.hops.count())
                .literal(":force_transfer_context=")
                .domain(&self.payer.domain.name);
            if self.guest.is_some() {
                data.literal(":pbx_guest=").domain(&self.payer.domain.name);
            }
            after_bridge(self.rq, data);
            match after {
                After::Nothing => {}
                After::Mailbox(extension) => {
                    on_failure(data)
                        .number(&extension.number)
                        .literal(" XML ")
                        .literal(MAILBOX_CONTEXT);
                }
                After::Did(id) => {
                    on_failure(data)
                        .uuid(id)
                        .literal(" XML ")
                        .literal(super::did::DID_CONTEXT);
                }
            }
        });
        let leg = Leg {
            domain: self.payer.domain,
            payer: self.payer.extension,
            hops: self.hops,
            charge,
            seconds: None,
            help: out.is_emergency().then_some(Help {
                dialled: &out.number,
                line: self.payer.line,
            }),
        };
        for way in &out.ways {
            bridge(doc, self.rq, |data| leg.dial(way, data));
        }
        if out.is_emergency() {
            help::failed(doc, &self.payer, &out.number);
            refusal::spoken(doc, self.view, Prompt::HELP_FAILED, help::END);
            return;
        }
        log(doc, |data| {
            data.literal("the call to ")
                .free(&out.number)
                .literal(" did not go out: no gateway took it");
        });
        match after {
            After::Nothing => {
                let said = prompts::refusal(Refusal::NoGateway);
                refusal::spoken(doc, self.view, said, ("503", "NORMAL_TEMPORARY_FAILURE"));
            }
            After::Mailbox(extension) => action(doc, "transfer", |data| {
                data.number(&extension.number)
                    .literal(" XML ")
                    .literal(MAILBOX_CONTEXT);
            }),
            After::Did(id) => action(doc, "transfer", |data| {
                data.uuid(id).literal(" XML ").literal(super::did::DID_CONTEXT);
            }),
        }
    }
}

/// Whether a forward to this number goes there, as a call of who forwards.
pub(super) fn decide_forward(view: &View<'_>, payer: &Payer<'_>, number: &E164) -> Result<Out, Why> {
    if view.snapshot.dids.is_own(number) {
        OWN_NUMBER.tell(view);
        return Err(OWN_NUMBER);
    }
    match routing::decide(view, payer, number.as_str(), view.now()) {
        Decision::Out(out) => Ok(out),
        Decision::Refused(why) => Err(why.into()),
    }
}

/// Tells who listens what would become of a forward, beneath the line that names it.
pub(super) fn explain_forward(view: &View<'_>, payer: &Payer<'_>, number: &E164) {
    let Some(watch) = view.watch else { return };
    let inner = watch.at.map_or_else(Watch::default, Watch::at);
    let listened = View {
        watch: Some(&inner),
        ..*view
    };
    // What is decided is told; it is done when the forward is met.
    let _ = decide_forward(&listened, payer, number);
    for step in inner.steps() {
        view.note(3 + step.depth, step.verdict, format_args!("{}", step.text));
    }
}

/// Has the channel remember whom it spoke with last: who transfers it after this answer is somebody else.
pub(super) fn after_bridge(rq: &Request<'_>, data: &mut ActionData<'_>) {
    if let Some(last) = legs::last_peer(rq) {
        data.literal(":pbx_after=").uuid(last);
    }
}

/// Where the call goes when whoever was called does not take it, which follows.
fn on_failure<'d, 'o>(data: &'d mut ActionData<'o>) -> &'d mut ActionData<'o> {
    data.literal(":transfer_on_fail=").literal(CALLEE).literal(" ")
}

/// Tells why in the log, and the caller in words.
pub(super) fn refused(
    context: &str,
    who: std::fmt::Arguments<'_>,
    view: &View<'_>,
    dialled: &str,
    why: Why,
) -> String {
    let mut doc = open(context, "not-out");
    refusal::logged(&mut doc, who, dialled, why);
    refusal::spoken(&mut doc, view, why.said, why.end);
    doc.finish()
}
