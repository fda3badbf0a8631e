//! Has mod_sofia and the core's ACL be as the configuration says.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::{BUSY, SOON, TICK, Worker};
use crate::gateways::sofia::{Plan, Step, Want, is_ours};
use crate::gateways::status::{self, Row};
use crate::gateways::view::State;
use crate::gateways::{ACL, PROFILE, PROFILE_CONTEXT, context};
use crate::presence::profiles;
use crate::store::gateways::Gateway;
use crate::store::snapshot::Snapshot;

/// When mod_sofia has answered for this long it has started the profiles that its configuration had.
const STARTED: Duration = Duration::from_secs(3);

/// A profile that did not start is not started again for this long.
const START_AGAIN: Duration = Duration::from_secs(60);

impl Worker {
    /// Has the switch be as the configuration says, step by step. Gives the time until it is to be looked at again.
    pub(super) fn settle(&mut self) -> Duration {
        let snapshot = self.shared.store.snapshot();
        let mut troubles = self.locked.clone();
        let after = self.steps(&snapshot, &mut troubles);
        *self
            .shared
            .troubles
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = troubles;
        after
    }

    fn steps(&mut self, snapshot: &Snapshot, troubles: &mut Vec<String>) -> Duration {
        let config = self.shared.config.load_full();
        let any = snapshot.gateways.enabled().next().is_some();
        if !config.serves("sofia.conf") {
            if any {
                troubles.push(
                    "gateways are not used, for \"serve\" in pbx.conf leaves out sofia.conf".to_owned(),
                );
            }
            return TICK;
        }
        if !any && !self.some {
            return TICK;
        }
        let rows = self
            .api("sofia", "xmlstatus gateway")
            .as_deref()
            .and_then(status::rows);
        let Some(rows) = rows else {
            // mod_sofia is not loaded yet, or again.
            self.answers = None;
            return Duration::from_secs(1);
        };
        let answers = *self.answers.get_or_insert_with(Instant::now);
        // Before a gateway is there, and before one is gone.
        let open = if config.serves("acl.conf") {
            self.reload_acl(snapshot)
        } else {
            troubles.push(
                "no call comes in by a gateway, for \"serve\" in pbx.conf leaves out acl.conf, which says from where"
                    .to_owned(),
            );
            true
        };
        let wants = self.wants(snapshot);
        if !wants.is_empty() {
            match self.profile() {
                Profile::Ours => self.start_tried = None,
                Profile::Anothers => {
                    troubles.push(format!(
                        "the sofia profile {PROFILE} that runs is not mod_pbx's, and gateways are not used: type \
                         sofia profile {PROFILE} restart"
                    ));
                    return Duration::from_secs(5);
                }
                Profile::None => return self.start_profile(answers, troubles),
            }
        }
        let plan = self.sofia.plan(&wants, &rows, Instant::now());
        self.carry_out(&plan);
        self.hear(snapshot, &rows, &plan);
        for (name, why) in &plan.refused {
            troubles.push(format!("gateway {name} is not used: {why}"));
        }
        self.some = any || rows.iter().any(is_ours);
        if plan.waits || !plan.steps.is_empty() || !open {
            BUSY
        } else if plan.refused.is_empty() {
            TICK
        } else {
            SOON
        }
    }

    /// The gateways that mod_sofia can be told of.
    fn wants(&self, snapshot: &Snapshot) -> Vec<Want> {
        let told = |gateway: &&Arc<Gateway>| !gateway.register || self.passwords.contains_key(&gateway.id);
        let gateways = snapshot.gateways.enabled().filter(told);
        gateways
            .map(|gateway| Want {
                name: gateway.name.to_string(),
                context: context(gateway),
            })
            .collect()
    }

    /// Whether the core's list is as it should be.
    fn reload_acl(&mut self, snapshot: &Snapshot) -> bool {
        let networks = snapshot.gateways.networks();
        if self.acl.as_ref() == Some(&networks) {
            return true;
        }
        // A switch that never had a gateway needs no list.
        let done = (self.acl.is_none() && networks.is_empty())
            || self.api("reloadacl", "").is_some_and(|said| said.contains("+OK"));
        if done {
            self.acl = Some(networks);
        } else {
            tracing::warn!("the switch did not reload its ACLs; {ACL} is as it was");
        }
        done
    }

    fn profile(&self) -> Profile {
        let running = profiles(&self.api("sofia", "xmlstatus").unwrap_or_default());
        if !running.iter().any(|name| name == PROFILE) {
            return Profile::None;
        }
        let about = self.api("sofia", &format!("xmlstatus profile {PROFILE}"));
        let own = format!("<context>{PROFILE_CONTEXT}</context>");
        if about.is_some_and(|about| about.lines().any(|line| line.trim() == own)) {
            Profile::Ours
        } else {
            Profile::Anothers
        }
    }

    fn start_profile(&mut self, answers: Instant, troubles: &mut Vec<String>) -> Duration {
        if let Some(left) = STARTED.checked_sub(answers.elapsed()) {
            return left.max(BUSY);
        }
        match self.start_tried.map(|at| at.elapsed()) {
            Some(ago) if ago < START_AGAIN => {
                if ago > SOON {
                    troubles.push(format!(
                        "the sofia profile {PROFILE} does not start: is the port in use (pbx setting show \
                         gateway-port)? The switch's log says why"
                    ));
                }
            }
            _ => {
                self.start_tried = Some(Instant::now());
                tracing::info!("starting the sofia profile {PROFILE}: there are gateways");
                self.api("sofia", &format!("profile {PROFILE} start"));
            }
        }
        Duration::from_millis(500)
    }

    fn carry_out(&self, plan: &Plan) {
        for step in &plan.steps {
            let (verb, name) = match step {
                Step::Kill(name) => ("killgw", name),
                Step::Start(name) => ("startgw", name),
            };
            let said = self.api("sofia", &format!("profile {PROFILE} {verb} {name}"));
            tracing::debug!("{verb} {name}: {}", said.unwrap_or_default().trim_end());
        }
    }

    /// Takes mod_sofia's list for the truth.
    fn hear(&mut self, snapshot: &Snapshot, rows: &[Row], plan: &Plan) {
        let mut news = false;
        for gateway in snapshot.gateways.enabled() {
            let own = context(gateway);
            let row = rows.iter().find(|row| is_ours(row) && row.context == own);
            let refused = plan
                .refused
                .iter()
                .find(|(name, _)| *name == gateway.name.as_str());
            let known = self
                .states
                .get(&gateway.id)
                .map(|said| (said.state, said.why.clone()));
            news |= match (refused, row) {
                (Some((_, why)), _) => self.say(gateway, State::Down, why.clone()),
                (None, Some(row)) => {
                    let state = status::state(&row.status);
                    // What the event said is more than the list says.
                    let why = match known {
                        Some((known, why)) if known == state && !why.is_empty() => why,
                        _ => status::meaning(&row.state).to_owned(),
                    };
                    self.say(gateway, state, why)
                }
                (None, None) if gateway.register && !self.passwords.contains_key(&gateway.id) => self.say(
                    gateway,
                    State::Down,
                    "its password does not open: set it again".to_owned(),
                ),
                (None, None) => self.states.remove(&gateway.id).is_some(),
            };
        }
        if news {
            self.publish();
        }
    }

    fn api(&self, command: &str, arguments: &str) -> Option<String> {
        self.shared.host.api(command, arguments).ok()
    }
}

/// The sofia profile called `external`.
enum Profile {
    Ours,
    /// The operator's, which was started before there were gateways.
    Anothers,
    None,
}
