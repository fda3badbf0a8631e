//! `pbx plan`: how numbers are dialled in a domain.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::desk::{self, Desk, InDomain};
use super::out::{Answer, Said, Sheet, refuse};
use crate::routing::countries;
use crate::store::{Change, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Shows how numbers are dialled
    #[command(after_help = "Example: pbx plan show")]
    Show {
        #[command(flatten)]
        place: InDomain,
    },
    /// Sets how numbers are dialled: only what is named
    #[command(after_help = "\
Examples: pbx plan set --country-code 49 --area-code 30
          pbx plan set --access-prefix 9 --premium-prefixes \"900 137 118 180\"
A new country code brings its prefixes along, where they are known; look at them with pbx plan show.")]
    Set(Box<Set>),
}

#[derive(Debug, Args)]
pub(super) struct Set {
    #[command(flatten)]
    place: InDomain,
    /// The country calling code, such as 49
    #[arg(long, value_name = "DIGITS")]
    country_code: Option<String>,
    /// What is dialled before a number of the same country, \"\" for nothing
    #[arg(long, value_name = "DIGITS")]
    national_prefix: Option<String>,
    /// What is dialled before a country code
    #[arg(long, value_name = "DIGITS")]
    international_prefix: Option<String>,
    /// The area code; \"\": numbers are never dialled without it
    #[arg(long, value_name = "DIGITS")]
    area_code: Option<String>,
    /// What is dialled before every number outside, \"\" for nothing
    #[arg(long, value_name = "DIGITS")]
    access_prefix: Option<String>,
    /// What mobile numbers begin with, without the national prefix
    #[arg(long, value_name = "LIST")]
    mobile_prefixes: Option<String>,
    /// What numbers begin with that cost more than all others
    #[arg(long, value_name = "LIST")]
    premium_prefixes: Option<String>,
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Show { place } => show(desk, &place),
            Self::Set(arguments) => set(desk, *arguments),
        }
    }
}

fn empty(domain: Uuid) -> rows::NumberPlan {
    rows::NumberPlan {
        id: Uuid::now_v7(),
        domain_id: domain,
        plan: Box::default(),
        notify_email: None,
        notify_url: None,
        row_rev: 0,
        updated_at: String::new(),
    }
}

fn fields(domain: &rows::Domain, row: &rows::NumberPlan) -> Value {
    let mut fields = serde_json::to_value(&*row.plan).unwrap_or_default();
    fields["domain"] = json!(domain.name);
    fields
}

fn show(desk: &Desk<'_>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let Some(row) = reader.number_plan(domain.id)? else {
            return Ok(Answer::new(
                format!(
                    "domain {} has no number plan: pbx plan set --country-code CODE\n",
                    domain.name
                ),
                fields(&domain, &empty(domain.id)),
            ));
        };
        let sheet = Sheet::default()
            .row("country code", &row.plan.country_code)
            .row("national prefix", &row.plan.national_prefix)
            .row("international prefix", &row.plan.international_prefix)
            .row("area code", &row.plan.area_code)
            .row("access prefix", &row.plan.access_prefix)
            .row("mobile numbers begin with", &row.plan.mobile_prefixes)
            .row("premium numbers begin with", &row.plan.premium_prefixes);
        Ok(Answer::new(
            format!("number plan of {}\n{}", domain.name, sheet.text()),
            fields(&domain, &row),
        ))
    })
}

fn set(desk: &Desk<'_>, said: Set) -> Said {
    let (domain, before) = desk.read(|reader| {
        let domain = desk::domain(reader, None, said.place.domain.as_ref())?;
        let before = reader.number_plan(domain.id)?;
        Ok((domain, before))
    })?;
    let mut row = before.clone().unwrap_or_else(|| empty(domain.id));
    let mut note = "";
    if let Some(code) = &said.country_code
        && *code != row.plan.country_code
    {
        *row.plan = countries::plan(code);
        if !countries::is_known(code) {
            note = "Which numbers of this country cost more than others is not known: \
                    set --premium-prefixes and --mobile-prefixes, and compare the other prefixes\n";
        }
    }
    let plan = &mut *row.plan;
    for (field, value) in [
        (&mut plan.national_prefix, said.national_prefix),
        (&mut plan.international_prefix, said.international_prefix),
        (&mut plan.area_code, said.area_code),
        (&mut plan.access_prefix, said.access_prefix),
        (&mut plan.mobile_prefixes, said.mobile_prefixes),
        (&mut plan.premium_prefixes, said.premium_prefixes),
    ] {
        if let Some(value) = value {
            *field = value;
        }
    }
    if before.as_ref() == Some(&row) {
        return refuse("that is how it is already: name what is to be otherwise");
    }
    let change = match before {
        Some(_) => Change::edit(row.clone()),
        None => Change::put(row.clone()),
    };
    let summary = format!("number plan of {} changed", domain.name);
    let done = desk.commit(&summary, vec![change])?;
    let mut json = fields(&domain, &row);
    json["revision"] = json!(done.rev);
    Ok(Answer::done(
        format!("{summary} (revision {})\n{note}", done.rev),
        json,
    ))
}
