//! Who is in a group, as a part of the group. One by one they are `group-members`.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Draft, Grant, Plan, Refusal, plain};
use crate::store::rows::{ExtensionGroup, GroupMember};
use crate::store::{Change, Image, Page, Reader, Row, Table};

/// So many are told and taken at once.
const MOST: usize = 1000;

/// The field of a group.
pub(super) const MEMBERS: Field = Field::may(
    "members",
    Kind::List(&Kind::Of(Table::Extension), MOST),
    "The extensions in it, in the order in which they came; null: more than 1000, which group-members lists.",
)
.or_null()
.default("[]");

/// How many there are.
pub(super) const SIZE: Field = Field::shown(
    "size",
    Kind::Integer(0, i64::MAX),
    "How many extensions are in it.",
);

/// Fills in who is in a group.
pub(super) fn show(_: &Admin<'_>, reader: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let found = reader.members_of_group(row.id(), Page::first(MOST as u32))?;
    let ids: Vec<Uuid> = found.rows.iter().map(|member| member.extension_id).collect();
    let all = found.total == ids.len() as u64;
    image.insert("size".into(), json!(found.total));
    image.insert("members".into(), json!(all.then_some(ids)));
    Ok(())
}

/// The extensions that were sent.
fn sent(draft: &Draft) -> Result<Option<Vec<Uuid>>, Refusal> {
    if !draft.get("members").is_some_and(Value::is_array) {
        return Ok(None);
    }
    let all: Vec<Uuid> = draft
        .texts("members")
        .iter()
        .filter_map(|id| id.parse().ok())
        .collect();
    let mut sorted = all.clone();
    sorted.sort_unstable();
    sorted.dedup();
    match sorted.len() == all.len() {
        true => Ok(Some(all)),
        false => Err(Refusal::field("members", "an extension is there twice")),
    }
}

fn new(group: &ExtensionGroup, extension_id: Uuid) -> Change {
    Change::put(GroupMember {
        id: Uuid::now_v7(),
        domain_id: group.domain_id,
        group_id: group.id,
        extension_id,
        row_rev: 0,
        updated_at: String::new(),
    })
}

/// Makes a group with who is in it.
pub(super) fn create(admin: &Admin<'_>, grant: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    let mut plan = plain::create::<ExtensionGroup>(admin, grant, draft)?;
    let group = plan.changes.iter().find_map(|change| match change {
        Change::Put {
            row: Row::ExtensionGroup(group),
            ..
        } => Some(group.clone()),
        _ => None,
    });
    if let (Some(group), Some(wanted)) = (group, sent(draft)?) {
        plan.changes.extend(wanted.into_iter().map(|id| new(&group, id)));
    }
    Ok(plan)
}

/// Changes a group, and who is in it if that was sent.
pub(super) fn edit(admin: &Admin<'_>, grant: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let Row::ExtensionGroup(group) = before else {
        return Err(Refusal::Missing);
    };
    let mut plan = plain::edit(admin, grant, before, draft)?;
    let Some(wanted) = sent(draft)? else {
        return Ok(plan);
    };
    let old = admin.read(|reader| Ok(reader.members_of(group.id)?))?;
    let added = wanted
        .iter()
        .filter(|id| !old.iter().any(|member| member.extension_id == **id))
        .map(|id| new(group, *id));
    let mut changes: Vec<Change> = added.collect();
    let gone = old.iter().filter(|member| !wanted.contains(&member.extension_id));
    changes.extend(gone.cloned().map(Change::delete));
    if !changes.is_empty() && plan.changes.is_empty() {
        // Always with the row itself: two who change the members at once then see each other.
        plan.changes.push(Change::edit(group.clone()));
    }
    plan.changes.extend(changes);
    Ok(plan)
}
