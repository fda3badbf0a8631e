//! Which legs there are and which call each belongs to.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::open::{Open, paid};
use crate::event::Event;
use crate::store::calls::{Call, Direction, Leg, Outcome, Role};
use crate::store::snapshot::Snapshot;

/// No more legs than these are followed: a switch that has more is under attack.
const MOST_LEGS: usize = 20_000;

/// The most legs of one call that are kept; who forwards in every direction gets no more.
const MOST_OF_ONE: usize = 200;

/// The longest text of a caller that is kept, in characters.
pub(super) const LONGEST: usize = 64;

/// What `presence_data` of a gateway's leg begins with.
const GATEWAY: &str = "pbx_gateway_";

/// The calls that are not over.
#[derive(Default)]
pub(super) struct Book {
    calls: HashMap<Uuid, Open>,
    /// Which call a channel belongs to.
    index: HashMap<Box<str>, Uuid>,
    /// Calls that differ from what is written.
    changed: HashSet<Uuid>,
    /// Calls that became a part of others.
    gone: Vec<Uuid>,
}

/// What is to be written down.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) calls: Vec<(Call, Vec<Leg>)>,
    pub(super) gone: Vec<Uuid>,
}

impl Batch {
    /// With what has come since. What became a part of another call meanwhile is not written any more: it is taken out
    /// before the rest is put in, and would be there again.
    pub(super) fn append(&mut self, mut since: Self) {
        if !since.gone.is_empty() {
            let gone: HashSet<Uuid> = since.gone.iter().copied().collect();
            self.calls.retain(|(call, _)| !gone.contains(&call.id));
        }
        self.calls.append(&mut since.calls);
        self.gone.append(&mut since.gone);
    }
}

impl Book {
    /// `CHANNEL_CREATE`.
    pub(super) fn began(&mut self, event: &Event, snapshot: &Snapshot) {
        let Some(uuid) = event.header("Unique-ID") else {
            return;
        };
        if self.index.contains_key(uuid) || self.index.len() >= MOST_LEGS {
            return;
        }
        let called = event
            .header("Call-Direction")
            .is_some_and(|direction| direction.eq_ignore_ascii_case("outbound"));
        let of = |name| {
            event
                .header(name)
                .and_then(|other| self.index.get(other))
                .copied()
        };
        let joined = of("Other-Leg-Unique-ID").or_else(|| of("Channel-Call-UUID"));
        let joined = joined.filter(|id| {
            self.calls
                .get(id)
                .is_some_and(|open| open.legs.len() < MOST_OF_ONE)
        });
        let at = moment(event);
        let number = text(event, "Caller-Destination-Number");
        let id = joined.unwrap_or_else(Uuid::now_v7);
        let open = self.calls.entry(id).or_insert_with(|| Open {
            call: Call {
                id,
                domain: None,
                direction: Direction::Internal,
                caller_number: text(event, "Caller-Caller-ID-Number"),
                caller_name: text(event, "Caller-Caller-ID-Name"),
                called_number: number.clone(),
                payer: None,
                class: None,
                gateway: None,
                began: at.clone(),
                answered: None,
                ended: None,
                outcome: Outcome::Open,
                cause: None,
                seconds: 0,
            },
            legs: Vec::new(),
            paid: Vec::new(),
            is_ours: false,
            voicemail: false,
            open: 0,
            spoke: false,
        });
        open.open += 1;
        let leg = Uuid::now_v7();
        // Of a leg that the switch itself called: whoever calls us cannot name a payer.
        if called && let Some(paid) = paid(leg, event) {
            open.paid.push(paid);
        }
        open.legs.push((
            uuid.into(),
            Leg {
                id: leg,
                role: if called { Role::Called } else { Role::Caller },
                domain: None,
                extension: None,
                number: if called {
                    number
                } else {
                    text(event, "Caller-Caller-ID-Number")
                },
                device: None,
                gateway: None,
                began: at,
                answered: None,
                ended: None,
                cause: None,
            },
        ));
        self.index.insert(uuid.into(), id);
        self.learn(event, snapshot);
    }

    /// Any event of a channel: whose it is.
    pub(super) fn learn(&mut self, event: &Event, snapshot: &Snapshot) {
        let Some(whose) = event.header("Channel-Presence-Data") else {
            return;
        };
        let Some((id, place)) = self.place(event) else {
            return;
        };
        let Some(open) = self.calls.get_mut(&id) else {
            return;
        };
        let leg = &mut open.legs[place].1;
        if leg.domain.is_some() || leg.gateway.is_some() {
            return;
        }
        if let Some(gateway) = whose.strip_prefix(GATEWAY) {
            leg.gateway = Some(gateway.chars().take(LONGEST).collect());
        } else {
            let Some((name, domain)) = whose.split_once('@') else {
                return;
            };
            let Some(domain) = snapshot.domain(domain) else {
                return;
            };
            let Some(extension) = domain.find(name) else {
                return;
            };
            leg.domain = Some(domain.name.to_string());
            leg.extension = Some(extension.channel);
            leg.number = extension.number.to_string();
            leg.device = extension.line(name).map(|line| line.username.to_string());
            let called = leg.role == Role::Called;
            if open.call.domain.is_none() {
                open.call.domain = Some(domain.name.to_string());
            }
            if !called && place == 0 {
                open.call.caller_number = extension.number.to_string();
                open.call.caller_name = extension.caller_id_name.chars().take(LONGEST).collect();
            }
        }
        open.is_ours = true;
        self.changed.insert(id);
    }

    fn place(&self, event: &Event) -> Option<(Uuid, usize)> {
        self.find(event.header("Unique-ID")?)
    }

    fn find(&self, uuid: &str) -> Option<(Uuid, usize)> {
        let id = *self.index.get(uuid)?;
        let place = self
            .calls
            .get(&id)?
            .legs
            .iter()
            .position(|(own, _)| **own == *uuid)?;
        Some((id, place))
    }

    /// `CHANNEL_ANSWER`.
    pub(super) fn answered(&mut self, event: &Event) {
        let Some((id, place)) = self.place(event) else {
            return;
        };
        let Some(open) = self.calls.get_mut(&id) else {
            return;
        };
        open.legs[place].1.answered.get_or_insert_with(|| moment(event));
        self.changed.insert(id);
    }

    /// `CHANNEL_BRIDGE`: two that speak with each other are in one call, whatever brought them there.
    pub(super) fn bridged(&mut self, event: &Event) {
        let of = |name| event.header(name).and_then(|uuid| self.find(uuid));
        let (Some((one, _)), Some((two, _))) = (of("Bridge-A-Unique-ID"), of("Bridge-B-Unique-ID")) else {
            return;
        };
        // Ids are in the order of their making.
        let (kept, other) = (one.min(two), one.max(two));
        if kept != other
            && let Some(mut taken) = self.calls.remove(&other)
            && let Some(open) = self.calls.get_mut(&kept)
        {
            for (uuid, _) in &taken.legs {
                self.index.insert(uuid.clone(), kept);
            }
            open.legs.append(&mut taken.legs);
            open.paid.append(&mut taken.paid);
            open.open += taken.open;
            open.is_ours |= taken.is_ours;
            open.voicemail |= taken.voicemail;
            open.call.domain = open.call.domain.take().or(taken.call.domain);
            self.changed.remove(&other);
            self.gone.push(other);
        }
        if let Some(open) = self.calls.get_mut(&kept) {
            open.spoke = true;
            open.call.answered.get_or_insert_with(|| moment(event));
            self.changed.insert(kept);
        }
    }

    /// `CHANNEL_HANGUP_COMPLETE`.
    pub(super) fn ended(&mut self, event: &Event) {
        let Some((id, place)) = self.place(event) else {
            return;
        };
        let Some(open) = self.calls.get_mut(&id) else {
            return;
        };
        let some = |name| {
            event
                .header(name)
                .map(|text| text.chars().take(LONGEST).collect::<String>())
        };
        let leg = &mut open.legs[place].1;
        leg.ended = Some(moment(event));
        leg.cause = some("Hangup-Cause");
        let mailbox = event.header("variable_current_application") == Some("voicemail");
        if leg.role == Role::Caller {
            open.voicemail |= mailbox && leg.answered.is_some();
            open.call.payer = open.call.payer.take().or_else(|| some("variable_accountcode"));
        }
        self.over(id, event.header("Unique-ID").unwrap_or_default());
    }

    /// Ends the legs of these channels, which are gone without a word.
    pub(super) fn vanished(&mut self, uuids: &[Box<str>], at: &str) {
        for uuid in uuids {
            let Some((id, place)) = self.find(uuid) else {
                continue;
            };
            if let Some(open) = self.calls.get_mut(&id) {
                open.legs[place].1.ended = Some(at.to_owned());
            }
            self.over(id, uuid);
        }
    }

    fn over(&mut self, id: Uuid, uuid: &str) {
        self.index.remove(uuid);
        let Some(open) = self.calls.get_mut(&id) else {
            return;
        };
        open.open = open.open.saturating_sub(1);
        self.changed.insert(id);
        if open.open == 0 {
            open.finish();
        }
    }

    /// The record that a channel is in.
    pub(super) fn record(&self, uuid: &str) -> Option<Uuid> {
        self.index.get(uuid).copied()
    }

    /// The channels that are followed.
    pub(super) fn channels(&self) -> impl Iterator<Item = &str> {
        self.index.keys().map(|uuid| &**uuid)
    }

    /// What has changed since it was last asked; calls that are over are forgotten with it.
    pub(super) fn take(&mut self) -> Batch {
        let mut batch = Batch {
            calls: Vec::new(),
            gone: std::mem::take(&mut self.gone),
        };
        for id in std::mem::take(&mut self.changed) {
            let Some(open) = self.calls.get(&id) else { continue };
            if open.is_ours {
                let legs = open.legs.iter().map(|(_, leg)| leg.clone()).collect();
                batch.calls.push((open.described(), legs));
            }
            if open.open == 0 {
                self.calls.remove(&id);
            }
        }
        batch
    }

    /// Nothing is left to write.
    pub(super) fn is_quiet(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty()
    }
}

/// When an event was fired, RFC 3339 in UTC.
fn moment(event: &Event) -> String {
    format!("{:.3}", event.moment())
}

/// A stranger's text, on one line and not too long.
fn text(event: &Event, name: &str) -> String {
    let text = event.header(name).unwrap_or_default();
    text.chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
