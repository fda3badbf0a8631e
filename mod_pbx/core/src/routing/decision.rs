//! What a decision says.

use std::sync::Arc;

use uuid::Uuid;

use super::class::Class;
use super::outside::CallerId;
use super::plan::NotOutside;
use crate::names::{GatewayName, Slug};
use crate::store::gateways::Gateway;
use crate::store::rows::CallerIdStyle;

/// A number as a gateway is sent it: digits, and a `+` before them if at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent(Box<str>);

impl Sent {
    /// `number` without its first characters, and with others before the rest. None: nothing is left of it.
    pub(super) fn new(number: &str, strip: u8, prepend: &str) -> Option<Self> {
        let rest = number.get(usize::from(strip)..).unwrap_or_default();
        let sent = format!("{prepend}{rest}");
        let digits = sent.strip_prefix('+').unwrap_or(&sent);
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| Self(sent.into_boxed_str()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Out by one gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// The gateway's row.
    pub gateway: Uuid,
    /// What mod_sofia calls it.
    pub name: GatewayName,
    /// What it is sent.
    pub number: Sent,
    /// As whom; none: nobody has said so, and the gateway's account speaks for itself. Never the caller's own idea.
    pub caller_id: Option<CallerId>,
    /// Where the gateway looks for that.
    pub style: CallerIdStyle,
    /// A call for help goes to the proxy of this gateway though mod_sofia thinks that it is down: to one that does not answer
    /// OPTIONS, or where it is not registered, mod_sofia sends nothing (`sofia_outgoing_channel`, `GATEWAY_DOWN`).
    pub straight: Option<Arc<Gateway>>,
}

/// A call that goes out.
#[derive(Debug, Clone, PartialEq)]
pub struct Out {
    /// By which gateways, the first first; the next where one fails for a reason of the network. At least one.
    pub ways: Vec<Way>,
    /// The number that is called, in its one spelling; of a call for help as it was dialled.
    pub number: Box<str>,
    /// By which route; none: a call for help without a route of its own.
    pub route: Option<Slug>,
    /// What it is counted as; none: a call for help, which is never counted.
    pub class: Option<Class>,
    /// Who pays: the extension's channel.
    pub payer: Uuid,
}

impl Out {
    /// Whether it is a call for help.
    pub fn is_emergency(&self) -> bool {
        self.class.is_none()
    }
}

/// Which limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Calls at once.
    Concurrent,
    /// Calls begun in this hour.
    Hour,
    /// Calls begun today.
    Day,
    /// And of these, those of a class.
    Class(Class),
}

/// Why a call does not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// What was dialled is no number outside.
    NoNumber(NotOutside),
    /// Nobody in the domain may call it.
    Blocked,
    /// No route for it is granted to who pays.
    NotGranted,
    /// The routes that are granted are closed at this time.
    Closed,
    /// It costs more than who pays may spend at all.
    Premium,
    /// Who pays has called enough.
    Capped(Limit),
    /// No gateway of the route is there.
    NoGateway,
}

impl Refusal {
    /// For logs and programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoNumber(_) => "no-number",
            Self::Blocked => "blocked",
            Self::NotGranted => "not-granted",
            Self::Closed => "closed",
            Self::Premium => "premium",
            Self::Capped(Limit::Concurrent) => "cap-concurrent",
            Self::Capped(Limit::Hour) => "cap-hour",
            Self::Capped(Limit::Day) => "cap-day",
            Self::Capped(Limit::Class(_)) => "cap-class",
            Self::NoGateway => "no-gateway",
        }
    }

    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Self::NoNumber(NotOutside::NotANumber) => "what was dialled is no number",
            Self::NoNumber(NotOutside::NoAccessPrefix) => "it does not begin as numbers outside are dialled",
            Self::NoNumber(NotOutside::Length) => "the number is too long or too short",
            Self::Blocked => "nobody in the domain may call this number",
            Self::NotGranted => "no route for this number is granted",
            Self::Closed => "the routes that are granted are closed at this time",
            Self::Premium => "numbers that cost more than all others are not permitted",
            Self::Capped(Limit::Concurrent) => "too many calls at once",
            Self::Capped(Limit::Hour) => "too many calls in this hour",
            Self::Capped(Limit::Day) => "too many calls today",
            Self::Capped(Limit::Class(_)) => "too many calls of this class today",
            Self::NoGateway => "no gateway of the route is there",
        }
    }
}

/// Whether a call goes out, and how.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// It does.
    Out(Out),
    /// It does not.
    Refused(Refusal),
}
