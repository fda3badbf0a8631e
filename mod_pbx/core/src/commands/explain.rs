//! `pbx explain`: what happens to a call, and why.
//!
//! Nothing is decided here: the switch's own lookup is made, with somebody who listens, so that what is explained and
//! what is answered cannot differ. The last line is the answer itself.

use clap::Args;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::json;

use super::address::At;
use super::desk::{self, Desk, InDomain};
use super::out::{Answer, Refusal, Said, plain, refuse};
use crate::gateways;
use crate::names::Username;
use crate::reply::Reply;
use crate::request::Request;
use crate::routing::{Step, Watch};
use crate::store::Reader;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples: pbx explain 1001 +4930123456
          pbx explain alice-mobile 0900123456 at 2026-12-24T20:00
          pbx explain gateway:carrier +4930123450 at \"2026-12-24 20:00\"
FROM is an extension or a line of it, or gateway:NAME for a call that comes in. TO is what is dialled.
+ speaks for the call, - against it. The last line is the very document that the switch would be answered.")]
pub(super) struct Explain {
    /// An extension, a line, or gateway:NAME; @DOMAIN may follow
    #[arg(value_name = "FROM")]
    from: String,
    /// What is dialled
    #[arg(value_name = "TO")]
    to: String,
    /// at TIME: another time than now
    #[arg(value_name = "at TIME", num_args = 0..=3)]
    when: Vec<String>,
    #[command(flatten)]
    place: InDomain,
}

/// What the switch sends along with a call.
type Params = Vec<(String, String)>;

/// A call that was thought of: what was looked at, and the document that answers it.
pub(super) struct Explained {
    pub(super) steps: Vec<Step>,
    pub(super) document: String,
}

/// Has the call answered as the switch's.
pub(super) fn explain(desk: &Desk<'_>, params: &Params, at: Option<Timestamp>) -> Result<Explained, Refusal> {
    let watch = at.map_or_else(Watch::default, Watch::at);
    let request = Request {
        section: "dialplan",
        tag_name: "",
        key_name: "",
        key_value: "",
        params,
    };
    match desk.pbx.explain(&request, &watch) {
        Reply::Document(document) => Ok(Explained {
            steps: watch.steps(),
            document,
        }),
        _ => refuse("the switch's own dialplan has such a call, and not this PBX"),
    }
}

impl Explain {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let at = time(&self.when)?;
        let params = desk.read(|reader| call(reader, desk, &self.from, &self.to, &self.place))?;
        let Explained { steps, document } = explain(desk, &params, at)?;
        let mut text = format!("call from {} to {}\n", plain(&self.from), plain(&self.to));
        for step in &steps {
            let sign = match step.verdict {
                Some(true) => '+',
                Some(false) => '-',
                None => ' ',
            };
            let indent = 2 * usize::from(step.depth);
            text.push_str(&format!("{:indent$}  {sign} {}\n", "", plain(&step.text)));
        }
        text.push_str(&document);
        text.push('\n');
        Ok(Answer::new(
            text,
            json!({
                "from": self.from,
                "to": self.to,
                "at": at.map(|at| at.to_string()),
                "steps": steps,
                "answer": document,
            }),
        ))
    }
}

/// The time that `at TIME` says.
pub(super) fn time(words: &[String]) -> Result<Option<Timestamp>, Refusal> {
    let rest = match words.split_first() {
        None => return Ok(None),
        Some((at, rest)) if at == "at" && !rest.is_empty() => rest.join("T"),
        Some(_) => return refuse("write at TIME behind it, such as at 2026-12-24T20:00"),
    };
    let rest = rest.replacen(' ', "T", 1);
    if let Ok(at) = rest.parse::<Timestamp>() {
        return Ok(Some(at));
    }
    let local = rest.parse::<DateTime>().ok();
    let zoned = local.and_then(|local| local.to_zoned(TimeZone::system()).ok());
    zoned
        .map(|zoned| Some(zoned.timestamp()))
        .ok_or_else(|| Refusal(format!("{rest:?} is no time: write it as 2026-12-24T20:00")))
}

/// What the switch would send along with this call.
pub(super) fn call(
    reader: &Reader<'_>,
    desk: &Desk<'_>,
    from: &str,
    to: &str,
    place: &InDomain,
) -> Result<Params, Refusal> {
    if to.is_empty() || to.len() > 256 {
        return refuse("say what is dialled");
    }
    let mut params = match from.strip_prefix("gateway:") {
        Some(name) => inbound(desk, name)?,
        None => {
            let at: At<Username> = from.parse()?;
            let domain = desk::domain(reader, at.domain.as_ref(), place.domain.as_ref())?;
            let snapshot = desk.pbx.store().snapshot();
            let known = snapshot
                .domain(domain.name.as_str())
                .and_then(|domain| domain.find(at.name.as_str()));
            if known.is_none() {
                return refuse(format!(
                    "there is no extension or line {} in {}, or it is disabled: pbx extension list",
                    at.name, domain.name
                ));
            }
            let context = domain.name.to_string();
            vec![
                ("Caller-Context".to_owned(), context.clone()),
                ("Hunt-Context".to_owned(), context),
                (
                    "variable_pbx_identity".to_owned(),
                    format!("{}@{}", at.name, domain.name),
                ),
            ]
        }
    };
    params.push(("Hunt-Destination-Number".to_owned(), to.to_owned()));
    params.push(("Unique-ID".to_owned(), uuid::Uuid::nil().to_string()));
    Ok(params)
}

/// A call that comes in by a gateway.
fn inbound(desk: &Desk<'_>, name: &str) -> Result<Params, Refusal> {
    let snapshot = desk.pbx.store().snapshot();
    let Some(gateway) = snapshot.gateways.by_name(name) else {
        return refuse(format!(
            "there is no gateway {name:?}: pbx gateway list shows those there are"
        ));
    };
    let Some(source) = gateway.sources.first() else {
        return refuse(format!(
            "no call comes in by gateway {name}: pbx gateway set {name} --source-acl NETWORKS"
        ));
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
    Ok(said
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec())
}
