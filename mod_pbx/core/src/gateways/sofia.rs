//! What mod_sofia is to be told, so that it has the gateways that the configuration has.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::status::Row;
use super::{CONTEXT, PROFILE};

/// A gateway that mod_sofia does not take is not offered again for this long.
const AGAIN: Duration = Duration::from_secs(30);

/// For so long a gateway that was started is expected to be listed.
const PATIENCE: Duration = Duration::from_secs(2);

/// A gateway that mod_sofia is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Want {
    pub(super) name: String,
    pub(super) context: String,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Kill(String),
    Start(String),
}

/// What to do now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// Something is to be done later, when a gateway that was killed is gone.
    pub(super) waits: bool,
    /// Gateways that mod_sofia does not take, by name, and why.
    pub(super) refused: Vec<(String, String)>,
}

/// What mod_sofia was told.
#[derive(Debug, Default)]
pub(super) struct Sofia {
    /// Gateways that were killed and are listed still, by name and context.
    killed: Vec<(String, String)>,
    /// When gateways were started, by name and context.
    started: HashMap<(String, String), Instant>,
}

impl Sofia {
    /// From what mod_sofia lists to what it is to have.
    ///
    /// A gateway that changes is killed and started. One that registers is started when the one before is gone: else
    /// the old one's farewell, which has the same Contact, would reach the carrier after the new one's REGISTER, and
    /// end it (`sofia_reg_check_gateway`).
    pub(super) fn plan(&mut self, wants: &[Want], rows: &[Row], now: Instant) -> Plan {
        let mut plan = Plan::default();
        let ours = || rows.iter().filter(|row| is_ours(row));
        let listed = |name: &str, context: &str| ours().any(|row| row.name == name && row.context == context);
        self.killed.retain(|(name, context)| listed(name, context));
        for row in ours() {
            let wanted = wants
                .iter()
                .any(|want| want.name == row.name && want.context == row.context);
            let key = (row.name.clone(), row.context.clone());
            if !wanted && !self.killed.contains(&key) {
                plan.steps.push(Step::Kill(row.name.clone()));
                self.killed.push(key);
            }
        }
        self.started.retain(|(name, context), _| {
            wants
                .iter()
                .any(|want| want.name == *name && want.context == *context)
        });
        for want in wants {
            let elsewhere = rows.iter().find(|row| !is_ours(row) && row.name == want.name);
            if let Some(row) = elsewhere {
                let why = format!(
                    "the switch's own profile {} has a gateway of this name",
                    row.profile
                );
                plan.refused.push((want.name.clone(), why));
                continue;
            }
            let key = (want.name.clone(), want.context.clone());
            let dying = |row: &Row| {
                let known = self
                    .killed
                    .iter()
                    .any(|(name, context)| *name == row.name && *context == row.context);
                known && row.name == want.name && (row.state != "NOREG" || row.context == want.context)
            };
            if ours().any(dying) {
                plan.waits = true;
            } else if listed(&want.name, &want.context) {
                self.started.remove(&key);
            } else {
                match self
                    .started
                    .get(&key)
                    .map(|at| now.saturating_duration_since(*at))
                {
                    Some(ago) if ago < PATIENCE => plan.waits = true,
                    Some(ago) if ago < AGAIN => {
                        let why = "mod_sofia does not take it; the switch's log says why".to_owned();
                        plan.refused.push((want.name.clone(), why));
                    }
                    _ => {
                        plan.steps.push(Step::Start(want.name.clone()));
                        self.started.insert(key, now);
                    }
                }
            }
        }
        plan
    }
}

/// Whether mod_sofia has it from us. An operator's own profile may be called as ours is while there are no gateways.
pub(super) fn is_ours(row: &Row) -> bool {
    row.profile == PROFILE && row.context.starts_with(CONTEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(name: &str, context: &str) -> Want {
        Want {
            name: name.into(),
            context: of(context),
        }
    }

    fn of(context: &str) -> String {
        format!("{CONTEXT}{context}")
    }

    fn row(name: &str, context: &str, state: &str) -> Row {
        Row {
            name: name.into(),
            profile: PROFILE.into(),
            context: of(context),
            state: state.into(),
            status: "UP".into(),
        }
    }

    fn kill(name: &str) -> Step {
        Step::Kill(name.into())
    }

    fn start(name: &str) -> Step {
        Step::Start(name.into())
    }

    #[test]
    fn only_what_differs_is_touched() {
        let (mut sofia, now) = (Sofia::default(), Instant::now());
        let wants = [want("a", "a1"), want("b", "b1")];
        let plan = sofia.plan(&wants, &[], now);
        assert_eq!(plan.steps, [start("a"), start("b")]);
        let rows = [row("a", "a1", "NOREG"), row("b", "b1", "REGED")];
        assert_eq!(sofia.plan(&wants, &rows, now), Plan::default());
        // One goes, one changes, which registers nowhere, one comes.
        let plan = sofia.plan(&[want("a", "a2"), want("c", "c1")], &rows, now);
        assert_eq!(plan.steps, [kill("a"), kill("b"), start("a"), start("c")]);
        // The old ones are listed for a while.
        let rows = [
            row("c", "c1", "NOREG"),
            row("a", "a2", "NOREG"),
            row("a", "a1", "NOREG"),
            row("b", "b1", "UNREGISTER"),
        ];
        let plan = sofia.plan(&[want("a", "a2"), want("c", "c1")], &rows, now);
        assert_eq!(plan, Plan::default());
    }

    #[test]
    fn a_registration_ends_before_the_next_begins() {
        let (mut sofia, now) = (Sofia::default(), Instant::now());
        let wants = [want("a", "a2")];
        let plan = sofia.plan(&wants, &[row("a", "a1", "REGED")], now);
        assert_eq!((plan.steps, plan.waits), (vec![kill("a")], true));
        let plan = sofia.plan(&wants, &[row("a", "a1", "DOWN")], now);
        assert_eq!((plan.steps, plan.waits), (vec![], true));
        let plan = sofia.plan(&wants, &[], now);
        assert_eq!((plan.steps, plan.waits), (vec![start("a")], false));
        // And what was killed and is wanted again, as it was, comes back when it is gone.
        let rows = [row("a", "a2", "NOREG")];
        assert_eq!(sofia.plan(&[], &rows, now).steps, [kill("a")]);
        assert!(sofia.plan(&wants, &rows, now).waits);
        assert_eq!(sofia.plan(&wants, &[], now).steps, [start("a")]);
    }

    #[test]
    fn what_mod_sofia_does_not_take_is_said_and_tried_again() {
        let (mut sofia, now) = (Sofia::default(), Instant::now());
        let wants = [want("a", "a1")];
        assert_eq!(sofia.plan(&wants, &[], now).steps, [start("a")]);
        assert!(sofia.plan(&wants, &[], now + PATIENCE / 2).waits);
        let plan = sofia.plan(&wants, &[], now + PATIENCE);
        assert!(plan.steps.is_empty() && plan.refused[0].0 == "a");
        assert_eq!(sofia.plan(&wants, &[], now + AGAIN).steps, [start("a")]);
        let mut theirs = row("a", "public", "NOREG");
        theirs.profile = "carriers".into();
        let plan = sofia.plan(&wants, &[theirs], now);
        assert!(plan.steps.is_empty() && plan.refused[0].1.contains("carriers"));
        // What the operator has is left alone, in a profile of the same name too.
        let mut theirs = row("b", "public", "NOREG");
        theirs.context = "public".into();
        assert_eq!(Sofia::default().plan(&[], &[theirs], now), Plan::default());
    }
}
