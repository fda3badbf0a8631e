//! `pbx schedule`: when something is open.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::At;
use super::desk::{self, Desk, InDomain, Part, full};
use super::out::{Answer, Refusal, Said, Sheet, Table, refuse};
use super::schedule_import::Import;
use crate::names::Slug;
use crate::schedules::{self, Day, Holidays, Hours, Override, Reason};
use crate::store::{Change, Reader, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Makes a schedule
    #[command(after_help = "\
Examples: pbx schedule add office --hours \"mon-fri 08:00-12:00 13:00-17:00; sat 09:00-12:00\"
          pbx schedule add night --hours \"daily 22:00-06:00\" --time-zone Europe/Berlin --code 1 --keys 1001
Hours are local times of the time zone; always and never are hours too. What goes past midnight belongs to the
day on which it begins. --code and --keys: these extensions may dial *28 and the code to switch it.")]
    Add(Add),
    /// Lists schedules
    #[command(after_help = "Example: pbx schedule list")]
    List {
        #[command(flatten)]
        place: InDomain,
        #[command(flatten)]
        part: Part,
    },
    /// Shows a schedule, and whether it is open now
    #[command(after_help = "Example: pbx schedule show office")]
    Show {
        #[command(flatten)]
        named: Named,
    },
    /// Changes a schedule
    #[command(after_help = "\
Examples: pbx schedule set office --hours \"mon-fri 09:00-17:00\"
          pbx schedule set office --add-holiday \"2026-12-24 Christmas Eve\" --add-holiday \"*-12-25 Christmas Day\"
          pbx schedule set office --keys \"1001 1002\"
A day with * comes every year. On a holiday it is closed all day long.")]
    Set(Set),
    /// Deletes a schedule
    #[command(after_help = "Example: pbx schedule delete office")]
    Delete {
        #[command(flatten)]
        named: Named,
    },
    /// Takes over holidays out of an iCalendar file
    Import(Import),
    /// Opens or closes against the hours, until it is off again
    #[command(after_help = "\
Examples: pbx schedule override office closed
          pbx schedule override office off")]
    Override {
        #[command(flatten)]
        named: Named,
        /// Which; off: hours and holidays count
        #[arg(value_name = "open|closed|off")]
        to: Override,
    },
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// NAME or NAME@DOMAIN
    #[arg(value_name = "NAME")]
    pub(super) name: At<Slug>,
    #[command(flatten)]
    pub(super) place: InDomain,
}

#[derive(Debug, Args)]
pub(super) struct Add {
    #[command(flatten)]
    named: Named,
    /// When it is open
    #[arg(long, value_name = "HOURS")]
    hours: Hours,
    /// Where these are the local times; this machine's if left out
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// A closed day and its name, such as "*-12-25 Christmas Day"; may be repeated
    #[arg(long, value_name = "DAY NAME")]
    holiday: Vec<String>,
    /// What is dialled behind the feature code to switch it, 1 to 999
    #[arg(long, value_name = "N")]
    code: Option<u16>,
    /// The extensions that may
    #[arg(long, value_name = "NUMBERS")]
    keys: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    #[command(flatten)]
    named: Named,
    /// Another name
    #[arg(long, value_name = "NAME")]
    rename: Option<Slug>,
    /// When it is open
    #[arg(long, value_name = "HOURS")]
    hours: Option<Hours>,
    /// Where these are the local times
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// A day on which it is closed, and its name; may be repeated
    #[arg(long, value_name = "DAY NAME")]
    add_holiday: Vec<String>,
    /// A day that is to be none; may be repeated
    #[arg(long, value_name = "DAY")]
    remove_holiday: Vec<Day>,
    /// What is dialled behind the feature code to switch it, 1 to 999; 0: nothing
    #[arg(long, value_name = "N")]
    code: Option<u16>,
    /// The extensions that may; "": none
    #[arg(long, value_name = "NUMBERS")]
    keys: Option<String>,
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add(arguments) => add(desk, arguments),
            Self::List { place, part } => list(desk, &place, &part),
            Self::Show { named } => show(desk, &named),
            Self::Set(arguments) => set(desk, arguments),
            Self::Delete { named } => delete(desk, &named),
            Self::Import(import) => import.run(desk),
            Self::Override { named, to } => force(desk, &named, to),
        }
    }
}

/// A schedule, and the domain it is in.
pub(super) fn find(reader: &Reader<'_>, named: &Named) -> Result<(rows::Domain, rows::Schedule), Refusal> {
    let domain = desk::domain(reader, named.name.domain.as_ref(), named.place.domain.as_ref())?;
    match reader.schedule_by_name(domain.id, named.name.name.as_str())? {
        Some(schedule) => Ok((domain, schedule)),
        None => refuse(format!(
            "there is no schedule {} in {}: pbx schedule list shows those there are",
            named.name.name, domain.name
        )),
    }
}

fn add_holidays(holidays: &mut Holidays, typed: &[String]) -> Result<(), Refusal> {
    for text in typed {
        let (day, name) = schedules::holiday(text)?;
        holidays.add(day, name)?;
    }
    Ok(())
}

fn add(desk: &Desk<'_>, arguments: Add) -> Said {
    let named = &arguments.named;
    let domain =
        desk.read(|reader| desk::domain(reader, named.name.domain.as_ref(), named.place.domain.as_ref()))?;
    let mut schedule = rows::Schedule {
        id: Uuid::now_v7(),
        domain_id: domain.id,
        name: named.name.name.clone(),
        time_zone: arguments.time_zone.unwrap_or_else(schedules::own_zone),
        hours: arguments.hours,
        holidays: Holidays::default(),
        forced: Override::Off,
        code: arguments.code,
        keys: arguments.keys.unwrap_or_default(),
        row_rev: 0,
        updated_at: String::new(),
    };
    add_holidays(&mut schedule.holidays, &arguments.holiday)?;
    let name = full(&schedule.name, &domain);
    let done = desk.commit(
        &format!("schedule {name} added"),
        vec![Change::put(schedule.clone())],
    )?;
    let stored = rows::Schedule {
        row_rev: done.rev,
        updated_at: done.at,
        ..schedule
    };
    Ok(Answer::done(
        format!("schedule {name} added (revision {})\n", done.rev),
        json!({"revision": done.rev, "schedule": view(desk, &domain, &stored)}),
    ))
}

fn list(desk: &Desk<'_>, place: &InDomain, part: &Part) -> Said {
    desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let listing = reader.schedules(domain.id, &part.search, part.page())?;
        let mut table = Table::new(["schedule", "now", "hours", "time zone", "holidays", "code"]);
        let mut rows = Vec::new();
        for schedule in &listing.rows {
            table.row([
                schedule.name.to_string(),
                now(desk, schedule.id),
                schedule.hours.to_string(),
                schedule.time_zone.clone(),
                schedule.holidays.len().to_string(),
                schedule.code.map(|code| code.to_string()).unwrap_or_default(),
            ]);
            rows.push(view(desk, &domain, schedule));
        }
        Ok(Answer::new(
            format!("{}{}", table.text(), part.footer(&listing, "schedule")),
            json!({"domain": domain.name, "schedules": rows, "total": listing.total, "page": part.page}),
        ))
    })
}

fn show(desk: &Desk<'_>, named: &Named) -> Said {
    let (domain, schedule) = desk.read(|reader| find(reader, named))?;
    let mut sheet = Sheet::default()
        .row("now", now(desk, schedule.id))
        .row("hours", &schedule.hours)
        .row("time zone", &schedule.time_zone)
        .row("override", schedule.forced.as_str())
        .row(
            "code",
            schedule.code.map(|code| code.to_string()).unwrap_or_default(),
        )
        .row("switched by", &schedule.keys);
    for (day, name) in schedule.holidays.iter() {
        sheet = sheet.row(format!("closed {day}"), name);
    }
    sheet = sheet.row(
        "changed",
        format!("in revision {} at {}", schedule.row_rev, schedule.updated_at),
    );
    Ok(Answer::new(
        format!("schedule {}\n{}", full(&schedule.name, &domain), sheet.text()),
        view(desk, &domain, &schedule),
    ))
}

fn set(desk: &Desk<'_>, arguments: Set) -> Said {
    let (domain, before) = desk.read(|reader| find(reader, &arguments.named))?;
    let mut schedule = before.clone();
    if let Some(name) = arguments.rename {
        schedule.name = name;
    }
    if let Some(hours) = arguments.hours {
        schedule.hours = hours;
    }
    if let Some(zone) = arguments.time_zone {
        schedule.time_zone = zone;
    }
    if let Some(code) = arguments.code {
        schedule.code = Some(code).filter(|code| *code > 0);
    }
    if let Some(keys) = arguments.keys {
        schedule.keys = keys;
    }
    for day in arguments.remove_holiday {
        if !schedule.holidays.remove(day) {
            return refuse(format!("{day} is no holiday of schedule {}", before.name));
        }
    }
    add_holidays(&mut schedule.holidays, &arguments.add_holiday)?;
    save(desk, &domain, &before, schedule, "changed")
}

fn force(desk: &Desk<'_>, named: &Named, to: Override) -> Said {
    let (domain, before) = desk.read(|reader| find(reader, named))?;
    let schedule = rows::Schedule {
        forced: to,
        ..before.clone()
    };
    save(
        desk,
        &domain,
        &before,
        schedule,
        &format!("override {}", to.as_str()),
    )
}

/// Makes the change a revision.
pub(super) fn save(
    desk: &Desk<'_>,
    domain: &rows::Domain,
    before: &rows::Schedule,
    schedule: rows::Schedule,
    what: &str,
) -> Said {
    let name = full(&before.name, domain);
    if schedule == *before {
        return refuse(format!("nothing about schedule {name} would change"));
    }
    let done = desk.commit(
        &format!("schedule {name}: {what}"),
        vec![Change::edit(schedule.clone())],
    )?;
    let stored = desk.read(|reader| Ok(reader.get::<rows::Schedule>(schedule.id)?))?;
    let stored = stored.unwrap_or(schedule);
    Ok(Answer::done(
        format!(
            "schedule {name}: {what}; now {} (revision {})\n",
            now(desk, stored.id),
            done.rev
        ),
        json!({"revision": done.rev, "schedule": view(desk, domain, &stored)}),
    ))
}

fn delete(desk: &Desk<'_>, named: &Named) -> Said {
    let (domain, schedule) = desk.read(|reader| find(reader, named))?;
    let name = full(&schedule.name, &domain);
    let done = desk.commit(
        &format!("schedule {name} deleted"),
        vec![Change::delete(schedule)],
    )?;
    Ok(Answer::done(
        format!(
            "schedule {name} deleted (revision {0}); pbx revert {0} brings it back\n",
            done.rev
        ),
        json!({"revision": done.rev, "schedule": name}),
    ))
}

/// Whether lookups see it open now, and why.
fn now(desk: &Desk<'_>, id: Uuid) -> String {
    let snapshot = desk.pbx.store().snapshot();
    let Some(schedule) = snapshot.schedules.get(id) else {
        return String::new();
    };
    let (open, reason) = schedules::told(schedule, Timestamp::now());
    let state = if open { "open" } else { "closed" };
    match reason {
        Reason::Hours => state.to_owned(),
        Reason::Override => format!("{state} (override)"),
        Reason::Holiday(name) => format!("{state} (holiday: {name})"),
    }
}

/// As programs read it.
fn view(desk: &Desk<'_>, domain: &rows::Domain, schedule: &rows::Schedule) -> Value {
    let holidays: Vec<Value> = schedule
        .holidays
        .iter()
        .map(|(day, name)| json!({"day": day.to_string(), "name": name}))
        .collect();
    let keys: Vec<&str> = schedule.keys.split_ascii_whitespace().collect();
    let snapshot = desk.pbx.store().snapshot();
    let open = snapshot
        .schedules
        .get(schedule.id)
        .map(|schedule| schedules::open(schedule, Timestamp::now()));
    json!({
        "id": schedule.id,
        "domain": domain.name,
        "name": schedule.name,
        "time_zone": schedule.time_zone,
        "hours": schedule.hours,
        "holidays": holidays,
        "override": schedule.forced,
        "code": schedule.code,
        "keys": keys,
        "open": open,
        "row_rev": schedule.row_rev,
        "updated_at": schedule.updated_at,
    })
}
