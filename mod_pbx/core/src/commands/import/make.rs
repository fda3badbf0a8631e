//! The rows of a plan, each checked as the store checks it, so that one bad user is refused alone.

use uuid::Uuid;

use super::plan::{Make, Plan, Verdict};
use crate::admin::nouns::line::MAX_REGISTRATIONS;
use crate::store::{Change, Row, check_row, rows};

/// What an import makes.
pub(super) struct Made {
    pub(super) plan: Plan,
    pub(super) changes: Vec<Change>,
    /// Of each change, whose it is: an index into the plan's entries; none for a domain.
    owners: Vec<Option<usize>>,
    /// How many users are made.
    pub(super) created: usize,
}

impl Made {
    /// The rows of everything in `plan` that can be made; what cannot is refused in it.
    pub(super) fn of(mut plan: Plan) -> Self {
        let ids: Vec<Uuid> = plan
            .domains
            .iter()
            .map(|target| target.present.domain.unwrap_or_else(Uuid::now_v7))
            .collect();
        let mut used = vec![false; ids.len()];
        let (mut changes, mut owners, mut created) = (Vec::new(), Vec::new(), 0);
        for (at, entry) in plan.entries.iter_mut().enumerate() {
            let (Verdict::Create(user), Some(domain)) = (&entry.verdict, entry.domain) else {
                continue;
            };
            match rows_of(user, ids[domain]) {
                Ok(rows) => {
                    created += 1;
                    used[domain] = true;
                    owners.extend(rows.iter().map(|_| Some(at)));
                    changes.extend(rows.into_iter().map(Change::put));
                }
                Err(why) => entry.verdict = Verdict::Refuse(why),
            }
        }
        for (at, target) in plan.domains.iter().enumerate() {
            if used[at] && target.present.domain.is_none() {
                changes.push(Change::put(rows::Domain {
                    id: ids[at],
                    name: target.name.clone(),
                    row_rev: 0,
                    updated_at: String::new(),
                }));
                owners.push(None);
            }
        }
        Self {
            plan,
            changes,
            owners,
            created,
        }
    }

    /// Whose the `change`-th change is.
    pub(super) fn place(&self, change: usize) -> String {
        match self.owners.get(change).copied().flatten() {
            Some(at) => format!(
                "{}: user {}",
                self.plan.entries[at].place, self.plan.entries[at].id
            ),
            None => "the domain".to_owned(),
        }
    }
}

fn rows_of(user: &Make, domain_id: Uuid) -> Result<Vec<Row>, String> {
    let mut made: Vec<Row> = Vec::with_capacity(4);
    let user_id = user.person.unwrap_or_else(Uuid::now_v7);
    if user.person.is_none() {
        made.push(Row::User(rows::User {
            id: user_id,
            domain_id: Some(domain_id),
            name: user.line.clone(),
            display_name: user.display_name.clone(),
            email: user.email.clone(),
            role: rows::Role::User,
            password_hash: None,
            enabled: true,
            row_rev: 0,
            updated_at: String::new(),
        }));
    }
    let channel_id = Uuid::now_v7();
    made.push(Row::Channel(rows::Channel {
        id: channel_id,
        domain_id,
        name: user.number.to_string(),
        row_rev: 0,
        updated_at: String::new(),
    }));
    let extension_id = Uuid::now_v7();
    made.push(Row::Extension(rows::Extension {
        id: extension_id,
        domain_id,
        number: user.number.clone(),
        user_id,
        channel_id,
        caller_id_name: user.display_name.clone(),
        ring_seconds: 30,
        voicemail: user.voicemail,
        voicemail_pin: user.pin.clone(),
        forwards: Default::default(),
        enabled: true,
        row_rev: 0,
        updated_at: String::new(),
    }));
    made.push(Row::Line(rows::Line {
        id: Uuid::now_v7(),
        domain_id,
        extension_id,
        user_id,
        username: user.line.clone(),
        a1: user.a1.clone(),
        max_registrations: MAX_REGISTRATIONS,
        source_acl: user.source_acl.clone(),
        srtp: rows::Srtp::Optional,
        enabled: true,
        row_rev: 0,
        updated_at: String::new(),
    }));
    for row in &mut made {
        check_row(row)?;
    }
    Ok(made)
}
