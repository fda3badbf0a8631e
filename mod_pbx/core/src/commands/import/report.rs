//! What an import did or would do, line by line.

use std::path::Path;

use serde_json::{Value, json};

use super::directory::Directory;
use super::make::Made;
use super::plan::{Entry, Plan, Verdict};
use crate::commands::out::{Answer, Table, plain};

/// The report of an import that made revision `rev`, or of one that changed nothing.
pub(super) fn report(file: &Path, directory: &Directory, made: &Made, rev: Option<u64>) -> Answer {
    let plan = &made.plan;
    let (mut skipped, mut refused) = (0, 0);
    for entry in &plan.entries {
        match entry.verdict {
            Verdict::Skip(_) => skipped += 1,
            Verdict::Refuse(_) => refused += 1,
            Verdict::Create(_) => {}
        }
    }
    let mut text = String::new();
    let verb = if rev.is_some() { "created" } else { "create" };
    let folder = format!("{}/", file.parent().unwrap_or(file).display());
    for entry in &plan.entries {
        text.push_str(&described(plan, entry, verb, &folder));
    }
    for note in &directory.notes {
        text.push_str(&format!("note     {}\n", plain(note)));
    }
    if !plan.left_out.is_empty() {
        let names: Vec<String> = plan
            .left_out
            .iter()
            .map(|(name, n)| format!("{} ({n})", plain(name)))
            .collect();
        text.push_str(&format!(
            "not taken over, with how many have it: {}\n",
            names.join(", ")
        ));
    }
    let done = if rev.is_some() {
        "created"
    } else {
        "to create, nothing was changed"
    };
    text.push_str(&format!(
        "{} {done}; {skipped} skipped, {refused} refused\n",
        made.created
    ));
    if rev.is_some() {
        text.push_str(&secrets(plan));
    }
    let users: Vec<Value> = plan
        .entries
        .iter()
        .map(|entry| row(plan, entry, rev.is_some()))
        .collect();
    let json = json!({
        "ok": true,
        "file": file.display().to_string(),
        "revision": rev,
        "created": made.created,
        "skipped": skipped,
        "refused": refused,
        "users": users,
        "not_taken_over": plan.left_out,
        "notes": directory.notes,
    });
    Answer::new(text, json)
}

fn described(plan: &Plan, entry: &Entry, verb: &str, folder: &str) -> String {
    let place = entry.place.strip_prefix(folder).unwrap_or(&entry.place);
    let id = plain(&entry.id);
    let at = entry
        .domain
        .map(|at| format!("@{}", plan.domains[at].name))
        .unwrap_or_default();
    let (verdict, mut what) = match &entry.verdict {
        Verdict::Create(user) => {
            let whose = match user.person {
                Some(_) => format!("of {}, who is there already", user.line),
                None => format!("of {:?}", user.display_name),
            };
            (
                verb,
                vec![format!("extension {} {whose}, line {}", user.number, user.line)],
            )
        }
        Verdict::Skip(why) => ("skip", vec![why.clone()]),
        Verdict::Refuse(why) => ("refuse", vec![why.clone()]),
    };
    if matches!(entry.verdict, Verdict::Create(_)) {
        what.extend(entry.remarks.iter().cloned());
    }
    format!(
        "{verdict:<8} {id}{at}: {} ({})\n",
        plain(&what.join("; ")),
        plain(place)
    )
}

/// The new passwords and PINs.
fn secrets(plan: &Plan) -> String {
    let mut table = Table::new(["username", "domain", "new password", "new voicemail PIN"]);
    for entry in &plan.entries {
        if let (Verdict::Create(user), Some(domain)) = (&entry.verdict, entry.domain)
            && (user.new_password.is_some() || user.new_pin.is_some())
        {
            table.row([
                user.line.to_string(),
                plan.domains[domain].name.to_string(),
                user.new_password
                    .clone()
                    .unwrap_or_else(|| "(as before)".to_owned()),
                user.new_pin
                    .clone()
                    .unwrap_or_else(|| if user.voicemail { "(as before)" } else { "" }.to_owned()),
            ]);
        }
    }
    if table.is_empty() {
        String::new()
    } else {
        format!("Shown only this once:\n{}", table.text())
    }
}

fn row(plan: &Plan, entry: &Entry, done: bool) -> Value {
    let domain = entry.domain.map(|at| &plan.domains[at].name);
    let mut row = json!({"id": entry.id, "domain": domain, "place": entry.place, "remarks": entry.remarks});
    match &entry.verdict {
        Verdict::Create(user) => {
            row["verdict"] = json!("create");
            row["number"] = json!(user.number);
            row["line"] = json!(user.line);
            // Made up afresh each time: those of a dry run are nobody's.
            if done {
                row["new_password"] = json!(user.new_password);
                row["new_voicemail_pin"] = json!(user.new_pin);
            }
        }
        Verdict::Skip(why) => {
            row["verdict"] = json!("skip");
            row["why"] = json!(why);
        }
        Verdict::Refuse(why) => {
            row["verdict"] = json!("refuse");
            row["why"] = json!(why);
        }
    }
    row
}
