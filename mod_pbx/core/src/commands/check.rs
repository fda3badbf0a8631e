//! `pbx check`: what calls must do, whatever is changed.

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::address::At;
use super::desk::{self, Desk, InDomain};
use super::explain;
use super::out::{Answer, Refusal, Said, Table, count, plain};
use crate::names::{E164, GatewayName};
use crate::routing::expect::{Expected, Origin};
use crate::store::{Change, rows};

#[derive(Debug, Args)]
#[command(after_help = "\
Example: pbx check
Asks every route test, and says which fail; warns of calls for help that no gateway would take. A change that breaks one is refused; with --force behind it, it is made.")]
pub(super) struct Check {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Adds a route test
    #[command(after_help = "\
Examples: pbx check add 1001 0900123456 refused
          pbx check add 1001 +4930123456 out --gateway carrier --caller-id +4930100
          pbx check add 1001 +33123456789 refused at 2026-12-24T20:00
          pbx check add 1001 1002 rings --target 1002
          pbx check add gateway:carrier +4930123450 rings --target \"1001 1002\" at 2026-11-22T12:00
          pbx check add gateway:carrier +4930123450 voicemail --target 1001 at 2026-11-22T20:00
FROM is an extension, or gateway:NAME for a call that comes in. It is asked with all phones and gateways there.")]
    Add(Box<Add>),
    /// Lists the route tests
    #[command(after_help = "Example: pbx check list")]
    List {
        #[command(flatten)]
        place: InDomain,
    },
    /// Deletes the route tests of a call
    #[command(after_help = "Example: pbx check delete 1001 0900123456")]
    Delete {
        /// Who calls: an extension, or gateway:NAME
        #[arg(value_name = "FROM")]
        number: At<Origin>,
        /// What is dialled
        #[arg(value_name = "TO")]
        dialled: String,
        #[command(flatten)]
        place: InDomain,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// Who calls: an extension, or gateway:NAME
    #[arg(value_name = "FROM")]
    number: At<Origin>,
    /// What is dialled
    #[arg(value_name = "TO")]
    dialled: String,
    /// What is to happen
    #[arg(value_name = "out|refused|rings|voicemail|announcement|ends")]
    expect: Expected,
    /// Who rings, whose mailbox answers, or which announcement is heard
    #[arg(long, value_name = "NUMBERS|NAME")]
    target: Option<String>,
    /// The number of a caller outside
    #[arg(long, value_name = "NUMBER")]
    caller: Option<String>,
    /// at TIME: another time than that at which it is asked
    #[arg(value_name = "at TIME", num_args = 0..=3)]
    when: Vec<String>,
    /// By which gateway it goes out first
    #[arg(long, value_name = "NAME")]
    gateway: Option<GatewayName>,
    /// As whom it goes out
    #[arg(long, value_name = "NUMBER")]
    caller_id: Option<E164>,
    #[command(flatten)]
    place: InDomain,
}

impl Check {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self.verb {
            None => check(desk),
            Some(Verb::Add(test)) => add(desk, *test),
            Some(Verb::List { place }) => list(desk, &place),
            Some(Verb::Delete {
                number,
                dialled,
                place,
            }) => delete(desk, &number, &dialled, &place),
        }
    }
}

fn check(desk: &Desk<'_>) -> Said {
    let snapshot = desk.pbx.store().snapshot();
    let (mut text, mut rows, mut failed) = (String::new(), Vec::new(), 0_u64);
    let mut domains: Vec<_> = snapshot.outside.iter().collect();
    domains.sort_by(|a, b| a.0.cmp(b.0));
    for (domain, outside) in domains {
        for test in &outside.tests {
            let failure = test.failure(&snapshot, domain);
            match &failure {
                None => text.push_str(&format!("ok      {test} ({domain})\n")),
                Some(why) => {
                    failed += 1;
                    text.push_str(&format!("FAILED  {test} ({domain}), but {why}\n"));
                }
            }
            rows.push(json!({"domain": domain, "test": test.to_string(), "failure": failure}));
        }
    }
    let warnings = super::status::help_warnings(desk.pbx, &snapshot, |_| true);
    for warning in &warnings {
        text.push_str(&format!("WARNING {}\n", plain(warning)));
    }
    text.push_str(&match (rows.len(), failed) {
        (0, _) => "no route test yet: pbx check add help shows how\n".to_owned(),
        (all, 0) => format!("{} hold\n", count(all as u64, "route test")),
        (all, failed) => format!("{failed} of {} failed\n", count(all as u64, "route test")),
    });
    Ok(Answer::new(
        text,
        json!({"ok": failed == 0, "failed": failed, "tests": rows, "warnings": warnings}),
    ))
}

fn add(desk: &Desk<'_>, said: Add) -> Said {
    let at = explain::time(&said.when)?;
    let (domain, row) = desk.read(|reader| {
        let domain = desk::domain(reader, said.number.domain.as_ref(), said.place.domain.as_ref())?;
        let row = rows::RouteTest {
            id: Uuid::now_v7(),
            domain_id: domain.id,
            number: said.number.name.clone(),
            dialled: said.dialled.clone(),
            caller: said.caller.clone(),
            at_time: at.map(|at| at.to_string()).unwrap_or_default(),
            expect: said.expect,
            target: said.target.clone(),
            gateway: said.gateway.clone(),
            caller_id: said.caller_id.clone(),
            row_rev: 0,
            updated_at: String::new(),
        };
        Ok((domain, row))
    })?;
    let summary = format!(
        "route test of {}@{} calling {} added",
        row.number, domain.name, row.dialled
    );
    let done = desk.commit(&summary, vec![Change::put(row.clone())])?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json!({"revision": done.rev, "id": row.id}),
    ))
}

fn list(desk: &Desk<'_>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let mut table = Table::new(["from", "to", "at", "expected", "target", "gateway", "caller ID"]);
        let all = reader.route_tests(domain.id)?;
        for row in &all {
            table.row([
                row.number.to_string(),
                row.dialled.clone(),
                row.at_time.clone(),
                row.expect.as_str().to_owned(),
                row.target.clone().unwrap_or_default(),
                row.gateway.as_ref().map(ToString::to_string).unwrap_or_default(),
                row.caller_id
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ]);
        }
        let text = format!("{}{}\n", table.text(), count(all.len() as u64, "route test"));
        Ok(Answer::new(text, json!({"domain": domain.name, "tests": all})))
    })
}

fn delete(desk: &Desk<'_>, number: &At<Origin>, dialled: &str, place: &InDomain) -> Said {
    let (domain, found) = desk.read(|reader| {
        let domain = desk::domain(reader, number.domain.as_ref(), place.domain.as_ref())?;
        let all = reader.route_tests(domain.id)?;
        let is = |row: &rows::RouteTest| row.number == number.name && row.dialled == dialled;
        let found: Vec<rows::RouteTest> = all.into_iter().filter(is).collect();
        if found.is_empty() {
            return Err(Refusal(format!(
                "there is no route test of {} calling {dialled}: pbx check list",
                number.name
            )));
        }
        Ok((domain, found))
    })?;
    let summary = format!(
        "route test of {}@{} calling {dialled} deleted",
        number.name, domain.name
    );
    let done = desk.commit(&summary, found.into_iter().map(Change::delete).collect())?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json!({"revision": done.rev}),
    ))
}
