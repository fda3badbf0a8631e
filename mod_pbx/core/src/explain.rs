//! Calls that are only thought of: what would happen, and why.
//!
//! Nothing is decided here: the switch's own lookup is made, with somebody who listens, so that what is explained and
//! what is answered cannot differ.

use jiff::Timestamp;
use uuid::Uuid;

use crate::gateways;
use crate::names::DomainName;
use crate::pbx::Pbx;
use crate::reply::Reply;
use crate::request::Request;
use crate::routing::{Step, Watch};
use crate::store::gateways::Gateway;

/// The longest text that is dialled, in bytes.
const LONGEST: usize = 256;

/// Who calls.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// An extension, or a line, of a domain.
    Own(&'a DomainName, &'a str),
    /// Somebody outside, by this gateway, with this number if they tell it.
    Outside(&'a Gateway, Option<&'a str>),
}

/// What happens to a call.
#[derive(Debug)]
pub struct Explained {
    /// What was looked at, in order.
    pub steps: Vec<Step>,
    /// The very document that the switch would be answered.
    pub document: String,
    /// The domain of the one who calls, or of the number that is called from outside; none: nobody has it.
    pub domain: Option<DomainName>,
}

/// Why there is nothing to explain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unthinkable {
    /// Nothing is dialled, or too much.
    Dialled,
    /// There is no such extension or line, or it is disabled.
    Nobody,
    /// There is no such extension or line that would transfer it, or it is disabled.
    NobodySends,
    /// No call comes in by that gateway.
    NoSource,
    /// The switch's own dialplan has such a call.
    NotOurs,
}

/// Has a call to what is dialled answered as the switch's, at a time, which is now unless it is named. With `sender`, an
/// extension or a line, it is a call that goes on there because that one transfers who calls. Blocks on nothing; for any thread
/// of ours.
///
/// # Errors
/// There can be no such call.
pub fn explain(
    pbx: &Pbx,
    caller: Caller<'_>,
    dialled: &str,
    at: Option<Timestamp>,
    sender: Option<(&DomainName, &str)>,
) -> Result<Explained, Unthinkable> {
    if dialled.is_empty() || dialled.len() > LONGEST {
        return Err(Unthinkable::Dialled);
    }
    let mut params = match caller {
        Caller::Own(domain, name) => own(pbx, domain, name)?,
        Caller::Outside(gateway, number) => outside(gateway, number)?,
    };
    params.push(("Hunt-Destination-Number".to_owned(), dialled.to_owned()));
    params.push(("Unique-ID".to_owned(), Uuid::nil().to_string()));
    let mut watch = at.map_or_else(Watch::default, Watch::at);
    if let Some((domain, name)) = sender {
        watch.sender = Some(sent_on(pbx, &caller, domain, name, &mut params)?);
    }
    let request = Request {
        section: "dialplan",
        tag_name: "",
        key_name: "",
        key_value: "",
        params: &params,
    };
    match pbx.explain(&request, &watch) {
        Reply::Document(document) => Ok(Explained {
            domain: match caller {
                Caller::Own(domain, _) => Some(domain.clone()),
                Caller::Outside(..) => watch.whose().or_else(|| sender.map(|(domain, _)| domain.clone())),
            },
            steps: watch.steps(),
            document,
        }),
        _ => Err(Unthinkable::NotOurs),
    }
}

/// Makes it a call that has been answered, and that this one transfers: the answers to it have said so much. Gives who that is.
fn sent_on(
    pbx: &Pbx,
    caller: &Caller<'_>,
    domain: &DomainName,
    name: &str,
    params: &mut Params,
) -> Result<String, Unthinkable> {
    let snapshot = pbx.store().snapshot();
    let home = snapshot.domain(domain.as_str());
    if home.and_then(|home| home.find(name)).is_none() {
        return Err(Unthinkable::NobodySends);
    }
    params.push(("variable_pbx_hops".to_owned(), "1".to_owned()));
    if matches!(caller, Caller::Outside(..)) {
        // REFER names no context: whoever is transferred is routed in the domain that had them.
        for (name, value) in params.iter_mut() {
            if name.ends_with("-Context") {
                *value = domain.to_string();
            }
        }
        params.push(("variable_pbx_guest".to_owned(), domain.to_string()));
    }
    Ok(format!("{name}@{domain}"))
}

/// What the switch sends along with a call.
type Params = Vec<(String, String)>;

fn own(pbx: &Pbx, domain: &DomainName, name: &str) -> Result<Params, Unthinkable> {
    let snapshot = pbx.store().snapshot();
    let home = snapshot.domain(domain.as_str());
    if home.and_then(|home| home.find(name)).is_none() {
        return Err(Unthinkable::Nobody);
    }
    let context = domain.to_string();
    Ok(vec![
        ("Caller-Context".to_owned(), context.clone()),
        ("Hunt-Context".to_owned(), context),
        ("variable_pbx_identity".to_owned(), format!("{name}@{domain}")),
    ])
}

/// A call that comes in by a gateway.
fn outside(gateway: &Gateway, number: Option<&str>) -> Result<Params, Unthinkable> {
    let Some(source) = gateway.sources.first() else {
        return Err(Unthinkable::NoSource);
    };
    let context = gateways::context(gateway);
    let address = source.to_string();
    let address = address.split('/').next().unwrap_or_default();
    let said = [
        ("Caller-Context", context.as_str()),
        ("Hunt-Context", context.as_str()),
        ("Call-Direction", "inbound"),
        ("Caller-Channel-Name", "sofia/external/explained"),
        ("variable_sofia_profile_name", gateways::PROFILE),
        ("variable_sip_acl_authed_by", gateways::ACL),
        ("variable_sip_gateway", gateway.name.as_str()),
        ("variable_sip_network_ip", address),
    ];
    let told = number.map(|number| ("Caller-Caller-ID-Number", number));
    let all = said.into_iter().chain(told);
    Ok(all
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}
