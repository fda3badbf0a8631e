//! `pbx cap`: how much extensions may call out.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::At;
use super::desk::{self, Desk, InDomain};
use super::group;
use super::out::{Answer, Refusal, Said, Table, refuse};
use crate::names::{BadName, Number};
use crate::store::{Change, Reader, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists what is capped, and what was used
    #[command(after_help = "Example: pbx cap list")]
    List {
        #[command(flatten)]
        place: InDomain,
    },
    /// Sets how much an extension may call out, or each of the domain; only what is named
    #[command(after_help = "\
Examples: pbx cap set --concurrent 2 --per-day 100          (each extension of the domain)
          pbx cap set 1001 --international-per-day 5 --concurrent domain
A number; or none, for no limit; or domain, for what is set for all. An hour is one of the clock, a day one of
the switch's time zone. Premium numbers are not permitted unless --premium-per-day says so. Calls for help never
count.")]
    Set(Set),
    /// Takes back what was set
    #[command(after_help = "Example: pbx cap delete 1001")]
    Delete {
        /// The extension; without, what is set for all
        #[arg(value_name = "NUMBER")]
        number: Option<At<Number>>,
        #[command(flatten)]
        place: InDomain,
    },
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The extension; without, each of the domain that says nothing else
    #[arg(value_name = "NUMBER")]
    number: Option<At<Number>>,
    #[command(flatten)]
    place: InDomain,
    /// Calls at once
    #[arg(long, value_name = "N")]
    concurrent: Option<Most>,
    /// Calls begun in an hour
    #[arg(long, value_name = "N")]
    per_hour: Option<Most>,
    /// Calls begun in a day
    #[arg(long, value_name = "N")]
    per_day: Option<Most>,
    /// Local calls a day
    #[arg(long, value_name = "N")]
    local_per_day: Option<Most>,
    /// National calls a day
    #[arg(long, value_name = "N")]
    national_per_day: Option<Most>,
    /// Calls to mobile phones a day
    #[arg(long, value_name = "N")]
    mobile_per_day: Option<Most>,
    /// International calls a day
    #[arg(long, value_name = "N")]
    international_per_day: Option<Most>,
    /// Calls to premium numbers a day
    #[arg(long, value_name = "N")]
    premium_per_day: Option<Most>,
}

/// As good as no limit, and more than any switch carries: the store takes no higher one.
const NO_LIMIT: u32 = 1_000_000;

/// A limit as typed.
#[derive(Debug, Clone, Copy)]
struct Most(Option<u32>);

impl std::str::FromStr for Most {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        match text {
            "domain" => Ok(Self(None)),
            "none" => Ok(Self(Some(NO_LIMIT))),
            number => number.parse().map(|number| Self(Some(number))).map_err(|_| {
                BadName(format!(
                    "{:?} is no limit: use a number, none, or domain",
                    number.chars().take(64).collect::<String>()
                ))
            }),
        }
    }
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::List { place } => list(desk, &place),
            Self::Set(arguments) => set(desk, arguments),
            Self::Delete { number, place } => delete(desk, number.as_ref(), &place),
        }
    }
}

fn shown(most: Option<u32>) -> String {
    match most {
        None => "domain".to_owned(),
        Some(NO_LIMIT..) => "none".to_owned(),
        Some(number) => number.to_string(),
    }
}

fn fields(number: Option<&Number>, cap: &rows::Cap) -> Value {
    json!({
        "id": cap.id,
        "extension": number,
        "concurrent": cap.concurrent,
        "per_hour": cap.per_hour,
        "per_day": cap.per_day,
        "local_per_day": cap.local_per_day,
        "national_per_day": cap.national_per_day,
        "mobile_per_day": cap.mobile_per_day,
        "international_per_day": cap.international_per_day,
        "premium_per_day": cap.premium_per_day,
        "row_rev": cap.row_rev,
    })
}

fn list(desk: &Desk<'_>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let mut table = Table::new([
            "extension",
            "at once",
            "an hour",
            "a day",
            "local",
            "national",
            "mobile",
            "international",
            "premium",
        ]);
        let mut rows = Vec::new();
        for cap in reader.caps(domain.id)? {
            let number = match cap.extension_id {
                Some(id) => reader
                    .get::<rows::Extension>(id)?
                    .map(|extension| extension.number),
                None => None,
            };
            let name = number
                .as_ref()
                .map_or_else(|| "each".to_owned(), ToString::to_string);
            table.row([
                name,
                shown(cap.concurrent),
                shown(cap.per_hour),
                shown(cap.per_day),
                shown(cap.local_per_day),
                shown(cap.national_per_day),
                shown(cap.mobile_per_day),
                shown(cap.international_per_day),
                shown(cap.premium_per_day),
            ]);
            rows.push(fields(number.as_ref(), &cap));
        }
        let text = match rows.len() {
            0 => "nothing is capped; premium numbers are not permitted: pbx cap set\n".to_owned(),
            _ => table.text(),
        };
        Ok(Answer::new(text, json!({"domain": domain.name, "caps": rows})))
    })
}

type Found = (rows::Domain, Option<rows::Extension>, Option<rows::Cap>);

fn find(reader: &Reader<'_>, number: Option<&At<Number>>, place: &InDomain) -> Result<Found, Refusal> {
    let behind_at = number.and_then(|at| at.domain.as_ref());
    let domain = desk::domain(reader, behind_at, place.domain.as_ref())?;
    let extension = match number {
        Some(at) => Some(group::extension(reader, &domain, &at.name)?),
        None => None,
    };
    let cap = reader.cap(domain.id, extension.as_ref().map(|extension| extension.id))?;
    Ok((domain, extension, cap))
}

fn whose(domain: &rows::Domain, extension: Option<&rows::Extension>) -> String {
    match extension {
        Some(extension) => format!("extension {}", desk::full(&extension.number, domain)),
        None => format!("each extension of {}", domain.name),
    }
}

fn set(desk: &Desk<'_>, said: Set) -> Said {
    let (domain, extension, before) = desk.read(|reader| find(reader, said.number.as_ref(), &said.place))?;
    let mut cap = before.clone().unwrap_or_else(|| rows::Cap {
        id: Uuid::now_v7(),
        domain_id: domain.id,
        extension_id: extension.as_ref().map(|extension| extension.id),
        concurrent: None,
        per_hour: None,
        per_day: None,
        local_per_day: None,
        national_per_day: None,
        mobile_per_day: None,
        international_per_day: None,
        premium_per_day: None,
        row_rev: 0,
        updated_at: String::new(),
    });
    let mut any = false;
    for (field, value) in [
        (&mut cap.concurrent, said.concurrent),
        (&mut cap.per_hour, said.per_hour),
        (&mut cap.per_day, said.per_day),
        (&mut cap.local_per_day, said.local_per_day),
        (&mut cap.national_per_day, said.national_per_day),
        (&mut cap.mobile_per_day, said.mobile_per_day),
        (&mut cap.international_per_day, said.international_per_day),
        (&mut cap.premium_per_day, said.premium_per_day),
    ] {
        if let Some(Most(most)) = value {
            any = true;
            *field = most;
        }
    }
    if !any {
        return refuse("say what is capped, such as --concurrent 2: pbx cap set help");
    }
    let summary = format!("caps of {} set", whose(&domain, extension.as_ref()));
    let change = match before {
        Some(_) => Change::edit(cap.clone()),
        None => Change::put(cap.clone()),
    };
    let done = desk.commit(&summary, vec![change])?;
    let mut json = fields(extension.as_ref().map(|extension| &extension.number), &cap);
    json["revision"] = json!(done.rev);
    Ok(Answer::done(format!("{summary} (revision {})\n", done.rev), json))
}

fn delete(desk: &Desk<'_>, number: Option<&At<Number>>, place: &InDomain) -> Said {
    let (domain, extension, cap) = desk.read(|reader| find(reader, number, place))?;
    let whose = whose(&domain, extension.as_ref());
    let Some(cap) = cap else {
        return refuse(format!("nothing is capped for {whose}: pbx cap list"));
    };
    let summary = format!("caps of {whose} deleted");
    let done = desk.commit(&summary, vec![Change::delete(cap)])?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json!({"revision": done.rev}),
    ))
}
