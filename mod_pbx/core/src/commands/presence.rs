//! `pbx presence`: who is online, and with which phones. Read from memory, like a call would.

use clap::Args;
use serde_json::{Value, json};

use super::address::{At, one};
use super::desk::{Desk, InDomain, Part};
use super::out::{Answer, Refusal, Said, Sheet, Table, count, refuse};
use super::status::spoken;
use crate::names::{DomainName, Number};
use crate::presence::view::{Call, Line, Moment, Phase, Registration, State, View};
use crate::store::Listing;
use crate::store::snapshot::{self, Snapshot};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples: pbx presence
          pbx presence 1001
          pbx presence --all --search 10 json
An extension is offline, online, ringing or busy: the most that one of its lines is. Without a number those
that are not offline are listed. A phone that is registered but not called says why.")]
pub(super) struct Presence {
    /// The extension whose phones are shown
    #[arg(value_name = "NUMBER")]
    number: Option<At<Number>>,
    #[command(flatten)]
    place: InDomain,
    /// Those that are offline too
    #[arg(long, conflicts_with = "number")]
    all: bool,
    #[command(flatten)]
    part: Part,
}

/// What is looked at: all of one moment.
struct Now<'a> {
    snapshot: &'a Snapshot,
    view: &'a View,
    moment: Moment,
}

impl Presence {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let presence = desk.pbx.presence();
        let now = Now {
            snapshot: &desk.pbx.store().snapshot(),
            view: &presence.view(),
            moment: presence.now(),
        };
        match &self.number {
            Some(number) => now.one(number, &self.place),
            None => now.list(&self.place, self.all, &self.part),
        }
    }
}

impl Now<'_> {
    fn list(&self, place: &InDomain, all: bool, part: &Part) -> Said {
        let mut found = Vec::new();
        for domain in self.domains(place.domain.as_ref())? {
            for extension in domain.extensions() {
                let state = self.view.extension_state(domain.name.as_str(), extension);
                let wanted = extension.number.as_str().contains(&part.search)
                    || extension.caller_id_name.contains(&part.search);
                if wanted && (all || state != State::Offline) {
                    found.push((domain, extension, state));
                }
            }
        }
        found.sort_by_key(|(domain, extension, _)| (&domain.name, &extension.number));
        let page = part.page();
        let skip = usize::try_from(page.skip).unwrap_or(usize::MAX);
        let listing = Listing {
            total: found.len() as u64,
            rows: found.into_iter().skip(skip).take(page.limit as usize).collect(),
        };
        let mut table = Table::new(["extension", "state", "phones", "name"]);
        let mut rows = Vec::new();
        for (domain, extension, state) in &listing.rows {
            let phones = self.phones(domain, extension);
            let full = format!("{}@{}", extension.number, domain.name);
            table.row([
                full,
                state.to_string(),
                phones.to_string(),
                extension.caller_id_name.to_string(),
            ]);
            rows.push(json!({
                "domain": domain.name,
                "number": extension.number,
                "caller_id_name": extension.caller_id_name,
                "state": state,
                "phones": phones,
            }));
        }
        let footer = part.footer(&listing, "extension");
        let text = if table.is_empty() {
            footer
        } else {
            table.text() + &footer
        };
        Ok(Answer::new(
            text + self.doubt(),
            json!({"rows": rows, "total": listing.total, "settled": self.view.settled}),
        ))
    }

    fn one(&self, number: &At<Number>, place: &InDomain) -> Said {
        let named = one(number.domain.as_ref(), place.domain.as_ref())?;
        let domains = self.domains(named.as_ref())?;
        let [domain] = domains.as_slice() else {
            return refuse(format!(
                "there are {} domains: say which one, as NUMBER@DOMAIN or --domain DOMAIN (pbx domain list)",
                domains.len()
            ));
        };
        let found = domain
            .find(number.name.as_str())
            .filter(|e| e.number == number.name);
        let Some(extension) = found else {
            return refuse(format!(
                "there is no extension {} in {}, or it is not enabled: pbx extension list shows those there are",
                number.name, domain.name
            ));
        };
        let state = self.view.extension_state(domain.name.as_str(), extension);
        let sheet = Sheet::default()
            .row("state", state)
            .row("name", &extension.caller_id_name)
            .row("lines", count(extension.lines.len() as u64, "line"))
            .row("phones", self.phones(domain, extension));
        let mut table = Table::new(["line", "state", "phone", "from", "since", "expires in", "called"]);
        let mut lines = Vec::new();
        for line in &extension.lines {
            let name = line.username.as_str();
            let (state, seen) = self.seen(domain, line);
            for registration in &seen.registrations {
                table.row([
                    name.to_owned(),
                    state.to_string(),
                    registration.user_agent.to_string(),
                    registration
                        .source
                        .map_or_else(String::new, |source| source.to_string()),
                    spoken(self.moment.seconds_since(registration.since)),
                    spoken(registration.deadline().seconds_since(self.moment)),
                    called(registration),
                ]);
            }
            if seen.registrations.is_empty() {
                table.row([name, &state.to_string(), "", "", "", "", "no phone"].map(str::to_owned));
            }
            lines.push(json!({
                "username": line.username,
                "state": state,
                "registrations": seen.registrations.iter().map(|r| self.registration(r)).collect::<Vec<_>>(),
                "calls": calls(&seen.calls),
            }));
        }
        let table = if table.is_empty() {
            String::new()
        } else {
            table.text()
        };
        let text = format!(
            "extension {}@{}\n{}{table}{}",
            number.name,
            domain.name,
            sheet.text(),
            self.doubt()
        );
        let json = json!({
            "domain": domain.name,
            "number": extension.number,
            "caller_id_name": extension.caller_id_name,
            "state": state,
            "lines": lines,
            "calls": calls(self.view.extension_calls(domain.name.as_str(), extension)),
            "settled": self.view.settled,
        });
        Ok(Answer::new(text, json))
    }

    /// The domain that was named, or all of them.
    fn domains(&self, named: Option<&DomainName>) -> Result<Vec<&snapshot::Domain>, Refusal> {
        let Some(name) = named else {
            return Ok(self.snapshot.domains.values().map(|domain| &**domain).collect());
        };
        match self.snapshot.domain(name.as_str()) {
            Some(domain) => Ok(vec![domain]),
            None => refuse(format!(
                "there is no domain {name}: pbx domain list shows those there are"
            )),
        }
    }

    fn seen(&self, domain: &snapshot::Domain, line: &snapshot::Line) -> (State, Line) {
        let seen = self.view.line(domain.name.as_str(), line.username.as_str());
        let seen = seen.map(|seen| Line::clone(seen)).unwrap_or_default();
        (seen.state(), seen)
    }

    fn phones(&self, domain: &snapshot::Domain, extension: &snapshot::Extension) -> usize {
        let phones = |line| self.seen(domain, line).1.targets().count();
        extension.lines.iter().map(phones).sum()
    }

    /// What to add while the switch has not said yet who was there before the module.
    fn doubt(&self) -> &'static str {
        if self.view.settled {
            ""
        } else {
            "the switch was not yet asked who else is there: try again\n"
        }
    }

    fn registration(&self, registration: &Registration) -> Value {
        json!({
            "profile": registration.profile,
            "call_id": registration.call_id,
            "contact": registration.contact,
            "source": registration.source,
            "user_agent": registration.user_agent,
            "since_seconds": self.moment.seconds_since(registration.since),
            "expires_seconds": registration.deadline().seconds_since(self.moment),
            "called": registration.dialled().is_some(),
            "not_called_because": registration.not_called(),
        })
    }
}

fn called(registration: &Registration) -> String {
    match registration.not_called() {
        Some(why) => format!("no: {why}"),
        None => "yes".to_owned(),
    }
}

fn calls(calls: &[Call]) -> Value {
    let row = |call: &Call| {
        json!({
            "uuid": &*call.uuid,
            "state": match call.phase {
                Phase::Ringing => State::Ringing,
                Phase::Busy => State::Busy,
            },
        })
    };
    calls.iter().map(row).collect()
}
