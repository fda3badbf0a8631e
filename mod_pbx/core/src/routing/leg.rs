//! What the dial string of a leg that goes out says.

use uuid::Uuid;

use super::decide::Payer;
use super::decision::{Out, Refusal, Sent, Way};
use crate::caps::{Asker, Charge, VARIABLE};
use crate::follow::Hops;
use crate::gateways::{LEG, PROFILE};
use crate::registry::View;
use crate::store::gateways::Gateway;
use crate::store::rows::CallerIdStyle;
use crate::store::snapshot::{Domain, Extension};
use crate::xml::action::ActionData;

/// A leg that a decision lets out, and whom it is for.
#[derive(Clone, Copy)]
pub struct Leg<'a> {
    /// The domain of who pays.
    pub domain: &'a Domain,
    /// Who pays.
    pub payer: &'a Extension,
    /// How often the call was sent on, this time included.
    pub hops: Hops,
    /// As what it counts, and whose it is.
    pub charge: Charge,
    /// How long it rings, in seconds; none: as long as the call that it is for.
    pub seconds: Option<u64>,
    /// What is told of it besides, if it calls for help; none: it does not.
    pub help: Option<Help<'a>>,
}

/// What is told of a call for help (`alarm`) that a leg does not say anyway.
#[derive(Debug, Clone, Copy)]
pub struct Help<'a> {
    /// The number for help.
    pub dialled: &'a str,
    /// The line that calls; none: a browser does.
    pub line: Option<&'a str>,
}

/// What a leg counts as, and for which call, from now on if the call takes place. `asker` is the channel that it is for.
///
/// Each decision is a call of its own: ways that are tried one after the other share it, and a call that is sent on is
/// decided about anew. Its id is ours, since a browser chooses the one of its channel, and may choose the same again.
///
/// The call takes its place within the caps of who pays, and of the gateway that is tried first. Those that others have
/// filled meanwhile are not tried. A call for help goes all the same.
///
/// # Errors
/// Others have taken the last place meanwhile.
pub fn charge(
    view: &View<'_>,
    payer: &Payer<'_>,
    out: &mut Out,
    asker: Option<&str>,
) -> Result<Charge, Refusal> {
    if !view.notes.are_live() {
        // Nothing counts: who only looks sees the same each time.
        let id = asker.and_then(|id| id.parse().ok()).unwrap_or_default();
        return Ok(Charge::of(out, id));
    }
    let charge = Charge::of(out, Uuid::new_v4());
    let asker = Asker {
        channel: asker.unwrap_or_default(),
        at: view.now(),
    };
    let outside = view.snapshot.outside(&payer.domain.name);
    let limits = outside.map(|outside| outside.limits(charge.payer));
    let place = view.caps.hold(charge, &limits.unwrap_or_default(), asker.at);
    let place = place.map_err(Refusal::Capped)?;
    let is_help = out.is_emergency();
    let holds = |way: &Way| {
        let gateway = view.snapshot.gateways.by_id(way.gateway);
        gateway.is_some_and(|gateway| view.gateways.hold(gateway, charge.call, asker, is_help))
    };
    let first = out.ways.iter().position(holds).ok_or(Refusal::NoGateway)?;
    out.ways.drain(..first);
    place.keep(asker);
    Ok(charge)
}

impl Leg<'_> {
    /// The dial string of one way out.
    ///
    /// The leg carries who pays for it, by which gateway it goes, and the identity of who pays: whoever is transferred from
    /// it is routed as they would be. The profile's name before the gateway's keeps an operator's gateway of the same name
    /// out. A redirect of the carrier's (302) ends the leg.
    pub fn dial(&self, way: &Way, data: &mut ActionData<'_>) {
        data.literal("[presence_data=").literal(LEG).gateway(&way.name);
        if let Some(seconds) = self.seconds {
            data.literal(",leg_timeout=").integer(seconds);
        }
        data.literal(",")
            .literal(VARIABLE)
            .literal("=")
            .charge(self.charge);
        if let Some(help) = self.help {
            data.literal(",pbx_help=").free(help.dialled).literal(".");
            if let Some(line) = help.line.and_then(|line| self.payer.line(line)) {
                data.username(&line.username);
            }
        }
        data.literal(",pbx_identity=")
            .number(&self.payer.number)
            .literal("@")
            .domain(&self.domain.name)
            .literal(",pbx_hops=")
            .integer(self.hops.count())
            .literal(",force_transfer_context=")
            .domain(&self.domain.name)
            .literal(",outbound_redirect_fatal=true");
        match &way.caller_id {
            Some(own) => {
                let shown = if own.name.is_empty() {
                    own.number.as_str()
                } else {
                    &own.name
                };
                data.literal(",origination_caller_id_number=")
                    .e164(&own.number)
                    .literal(",origination_caller_id_name=")
                    .free(shown);
            }
            // No number of the domain is known, and an inner one is nobody's business outside.
            None => {
                data.literal(",origination_caller_id_number=anonymous,origination_caller_id_name=anonymous");
            }
        }
        data.literal(match (way.style, &way.caller_id) {
            (CallerIdStyle::Pai, Some(_)) => ",sip_cid_type=pid",
            (CallerIdStyle::Rpid, Some(_)) => ",sip_cid_type=rpid",
            _ => ",sip_cid_type=none",
        });
        if let Some(gateway) = &way.straight {
            straight(gateway, &way.number, data);
            return;
        }
        data.literal("]");
        data.literal("sofia/gateway/")
            .literal(PROFILE)
            .literal("::")
            .gateway(&way.name)
            .literal("/")
            .sent(&way.number);
    }
}

/// To the proxy itself, with the gateway's account if it is asked for (`sofia_reg_handle_sip_r_challenge`).
fn straight(gateway: &Gateway, number: &Sent, data: &mut ActionData<'_>) {
    if let Some(domain) = gateway.from_domain.as_ref().or(gateway.realm.as_ref()) {
        data.literal(",sip_invite_domain=").domain(domain);
    }
    // As in `resolve`: mod_sofia would take the address apart, and ask DNS for an IPv6 one.
    data.literal(",sofia_suppress_url_encoding=true,sip_use_gateway=")
        .literal(PROFILE)
        .literal("::")
        .gateway(&gateway.name)
        .literal("]sofia/")
        .literal(PROFILE)
        .literal("/sip:")
        .sent(number)
        .literal("@")
        .sip_host(&gateway.proxy)
        .literal(";transport=")
        .literal(gateway.transport.as_str());
}
