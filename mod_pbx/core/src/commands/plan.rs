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
          pbx plan set --notify-email guard@example.com --notify-url https://alarm.example.com/pbx
A new country code brings its prefixes along, where they are known; look at them with pbx plan show.
Whoever is named by --notify-… is told of every call for help; pbx plan test-notice shows whether that works.")]
    Set(Box<Set>),
    /// Tells whoever is told of calls for help that this is a test
    #[command(after_help = "\
Example: pbx plan test-notice
It takes the same way as a call for help, with \"event\": \"test\"; pbx status and pbx mail list say if it does not arrive.")]
    TestNotice {
        #[command(flatten)]
        place: InDomain,
    },
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
    /// Who gets mail about every call for help; \"\": nobody
    #[arg(long, value_name = "ADDRESS")]
    notify_email: Option<String>,
    /// Where every call for help is posted to, as JSON; \"\": nowhere
    #[arg(long, value_name = "URL")]
    notify_url: Option<String>,
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Show { place } => show(desk, &place),
            Self::Set(arguments) => set(desk, *arguments),
            Self::TestNotice { place } => test_notice(desk, &place),
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
    fields["notify_email"] = json!(row.notify_email);
    fields["notify_url"] = json!(row.notify_url);
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
            .row("premium numbers begin with", &row.plan.premium_prefixes)
            .row(
                "calls for help: mail to",
                row.notify_email.as_deref().unwrap_or("nobody"),
            )
            .row("and posted to", row.notify_url.as_deref().unwrap_or("nowhere"));
        Ok(Answer::new(
            format!("number plan of {}\n{}", domain.name, sheet.text()),
            fields(&domain, &row),
        ))
    })
}

fn test_notice(desk: &Desk<'_>, place: &InDomain) -> Said {
    let domain = desk.read(|reader| desk::domain(reader, None, place.domain.as_ref()))?;
    let told = desk.pbx.alarm().test(&domain.name)?;
    let to: Vec<&str> = [&told.email, &told.url]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if to.is_empty() {
        return refuse(format!(
            "nobody is told of calls for help of {}: pbx plan set --notify-email ADDRESS, or --notify-url URL",
            domain.name
        ));
    }
    Ok(Answer::done(
        format!(
            "a test is on its way to {}; pbx mail list shows it until it has arrived\n",
            to.join(" and ")
        ),
        json!({"email": told.email, "url": told.url}),
    ))
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
    for (field, value) in [
        (&mut row.notify_email, said.notify_email),
        (&mut row.notify_url, said.notify_url),
    ] {
        if let Some(value) = value {
            *field = Some(value).filter(|value| !value.is_empty());
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
