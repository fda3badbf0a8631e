//! Who rings for an extension: the one answer to it (invariant 10).
//!
//! The dialplan, the `user/` dial string and whatever explains a call to a person all ask here. What a
//! dial string looks like is decided here too, and nowhere else.

use crate::follow::Hops;
use crate::names::Number;
use crate::presence::target::Target;
use crate::presence::view::{Browser, View as Presence};
use crate::registry::View;
use crate::routing::{self, Way};
use crate::store::snapshot::{Domain, Extension, Line};
use crate::xml::action::ActionData;

/// A call goes to no more phones than this at once: `switch_ivr_originate` takes 128 (`MAX_PEERS`) and
/// leaves the rest joined to the last.
const MOST_LEGS: usize = 100;

/// What the dialplan context begins with in which a phone's redirect (302) is routed; whose it is follows, as
/// `NAME@DOMAIN`. Only that phone's own leg names it, and no domain has a `_`.
pub const SENT_ON: &str = "pbx_sent_on_";

/// What rings when an extension is called.
#[derive(Clone, Copy)]
pub struct Ring<'a> {
    /// The domain it is in.
    pub domain: &'a Domain,
    /// The extension.
    pub extension: &'a Extension,
    lines: &'a [Line],
    /// Whether the extension's browsers ring too: they belong to none of its lines.
    browsers: bool,
    presence: &'a Presence,
    hops: Hops,
    /// How long, in seconds; none: as long as the extension says.
    seconds: Option<u16>,
}

/// One of several that are called.
pub enum Branch<'a> {
    /// What rings for an extension.
    Rings(Ring<'a>),
    /// A number outside, by the first gateway of the decision that let it go there: within one dial string the next would
    /// be tried whatever the reason.
    Out(routing::leg::Leg<'a>, Way),
}

impl Branch<'_> {
    /// For how long it rings, in seconds.
    pub fn seconds(&self) -> u64 {
        match self {
            Self::Rings(ring) => ring.seconds(),
            Self::Out(leg, _) => leg.seconds.unwrap_or_else(|| leg.payer.ring_seconds.into()),
        }
    }
}

/// One leg of a call.
#[derive(Clone, Copy)]
pub enum Leg<'a> {
    /// A phone that registered the line.
    Phone(&'a Line, &'a Target),
    /// A browser that logged in to the extension's channel.
    Browser(&'a Browser),
    /// Whatever mod_sofia has registered for the line: the switch was not yet asked who is there.
    Line(&'a Line),
}

/// The extension that `dialled` is the number of within `domain`; none: nobody's.
///
/// Only numbers can be dialled. A line's username cannot, even if it is digits: whoever may choose a
/// username must not get the calls to a number.
pub fn number<'a>(domain: &'a Domain, dialled: &str) -> Option<&'a Extension> {
    let number: Number = dialled.parse().ok()?;
    let extension = domain.find(number.as_str())?;
    (extension.number == number).then_some(extension)
}

/// Who rings when the phones of this extension are called: see [`crate::follow`] for whether they are.
pub fn extension_rings<'a>(view: &View<'a>, domain: &'a Domain, extension: &'a Extension) -> Ring<'a> {
    Ring {
        domain,
        extension,
        lines: &extension.lines,
        browsers: true,
        presence: view.presence,
        hops: Hops::NONE.next(),
        seconds: None,
    }
}

/// Who rings when this line alone is called.
pub fn line_rings<'a>(
    view: &View<'a>,
    domain: &'a Domain,
    extension: &'a Extension,
    line: &'a Line,
) -> Ring<'a> {
    Ring {
        lines: std::slice::from_ref(line),
        browsers: false,
        ..extension_rings(view, domain, extension)
    }
}

/// The dial string of several: all at once, or one after the other (`switch_ivr_originate` tries what `|` separates in
/// turn, each as long as its legs' `leg_timeout`).
pub fn dial_string(branches: &[Branch<'_>], in_turn: bool, out: &mut ActionData<'_>) {
    let mut legs = 0;
    for branch in branches {
        let most = MOST_LEGS - legs;
        let count = match branch {
            Branch::Rings(ring) => ring.legs().take(most).count(),
            Branch::Out(..) => most.min(1),
        };
        if count == 0 {
            continue;
        }
        if legs > 0 {
            out.literal(if in_turn { "|" } else { "," });
        }
        match branch {
            Branch::Rings(ring) => ring.dial(most, out),
            Branch::Out(leg, way) => leg.dial(way, out),
        }
        legs += count;
    }
    if legs == 0 {
        out.literal("error/user_not_registered");
    }
}

impl<'a> Ring<'a> {
    /// What rings, all at once: every phone that is there, of every line, and every browser. None: nobody
    /// is there.
    pub fn legs(&self) -> impl Iterator<Item = Leg<'a>> + use<'a> {
        let Self {
            domain,
            extension,
            presence,
            browsers,
            ..
        } = *self;
        let seen = move |line: &Line| presence.line(domain.name.as_str(), line.username.as_str());
        let phones = self.lines.iter().flat_map(move |line| {
            let targets = seen(line).into_iter().flat_map(|seen| seen.targets());
            targets.map(move |target| Leg::Phone(line, target))
        });
        let guess = (presence.blind || !presence.settled) && phones.clone().next().is_none();
        // Of whom a REGISTER was seen it is known where to call, or why not.
        let unseen = move |line: &Line| seen(line).is_none_or(|seen| seen.registrations.is_empty());
        let lines = self.lines.iter().filter(move |line| guess && unseen(line));
        let lines = lines.map(Leg::Line);
        let logged_in = presence.browsers(domain.name.as_str(), extension);
        let browsers = logged_in.filter(move |_| browsers).map(Leg::Browser);
        phones.chain(lines).chain(browsers).take(MOST_LEGS)
    }

    /// The same in a call that was sent on so often.
    #[must_use]
    pub fn after(self, hops: Hops) -> Self {
        Self { hops, ..self }
    }

    /// The same for another time, in seconds.
    #[must_use]
    pub fn lasting(self, seconds: u16) -> Self {
        Self {
            seconds: Some(seconds),
            ..self
        }
    }

    /// Whether there is nothing to ring.
    pub fn is_empty(&self) -> bool {
        !self.presence.everybody && self.legs().next().is_none()
    }

    /// For how long, in seconds.
    pub fn seconds(&self) -> u64 {
        u64::from(self.seconds.unwrap_or(self.extension.ring_seconds))
    }

    /// The dial string, for `bridge` and `user/`.
    ///
    /// A phone's leg says what its Contact was made into, never what the phone wrote, as
    /// `${sofia_contact(…)}` would; `sofia_suppress_url_encoding` keeps mod_sofia from taking it apart again
    /// (`protect_dest_uri` drops the scheme, and then asks DNS for an IPv6 address). Where the phones are
    /// not known yet, `<user>%<domain>` has mod_sofia look up one of its own registrations
    /// (`sofia_reg_find_reg_url`).
    ///
    /// Each leg carries the identity of who is called, so that a call that is transferred from it is known
    /// (`pbx_identity`), and that presence follows it (`presence_data`). `leg_timeout` ends it even under an originate without a limit, and
    /// a phone that redirects (302) has its number routed in a context that says who it is (`sip_redirect_context`).
    pub fn dial_string(&self, out: &mut ActionData<'_>) {
        dial_string(&[Branch::Rings(*self)], false, out);
    }

    /// Its first so many legs, with a comma between them.
    fn dial(&self, most: usize, out: &mut ActionData<'_>) {
        for (index, leg) in self.legs().take(most).enumerate() {
            if index > 0 {
                out.literal(",");
            }
            self.variables(&leg, out);
            match leg {
                // The session by its id, not `user@domain`, which mod_verto would ring at every login of it.
                Leg::Browser(browser) => out.literal("]verto.rtc/u:").uuid(browser.session),
                Leg::Phone(_, target) => out.literal(",sofia_suppress_url_encoding=true]").target(target),
                Leg::Line(line) => out
                    .literal("]sofia/internal/")
                    .username(&line.username)
                    .literal("%")
                    .domain(&self.domain.name),
            };
        }
    }

    fn variables(&self, leg: &Leg<'_>, out: &mut ActionData<'_>) {
        let (domain, extension) = (&self.domain.name, self.extension);
        out.literal("[leg_timeout=").integer(self.seconds());
        for name in [",pbx_identity=", ",presence_data="] {
            out.literal(name);
            match leg {
                Leg::Phone(line, _) | Leg::Line(line) => out.username(&line.username),
                Leg::Browser(_) => out.number(&extension.number),
            };
            out.literal("@").domain(domain);
        }
        // What the caller's phone shows: whom it called, and not the phone's own idea of a user.
        out.literal(",origination_callee_id_number=")
            .number(&extension.number);
        out.literal(",origination_callee_id_name=")
            .free(&extension.caller_id_name);
        // The caller is who it is in the domain, not at the switch's address: a phone keeps it to call back.
        out.literal(",sip_invite_domain=").domain(domain);
        out.literal(",sip_redirect_context=").literal(SENT_ON);
        match leg {
            Leg::Phone(line, _) | Leg::Line(line) => out.username(&line.username),
            Leg::Browser(_) => out.number(&extension.number),
        };
        out.literal("@").domain(domain);
        if let Leg::Phone(line, _) | Leg::Line(line) = leg
            && line.srtp_required
        {
            // Offered is encryption and nothing else, and an answer without it ends the leg.
            out.literal(",rtp_secure_media_outbound=mandatory");
        }
        // Who transfers this leg sends it on in its domain, and does not dial for it.
        out.literal(",force_transfer_context=").domain(domain);
        out.literal(",pbx_hops=").integer(self.hops.count());
    }
}
