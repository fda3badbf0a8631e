//! Single rows about calls out.

use super::{check_email, quote};
use crate::alarm::check_url;
use crate::names::{E164, Number, Slug};
use crate::routing::expect::{Expected, Origin};
use crate::routing::pattern::Pattern;
use crate::store::rows::{CallerIdUse, Cap, NumberPlan, Route, RouteGateway, RouteGrant, RouteTest};

/// The highest priority number.
const LAST: u32 = 100_000;

/// The most characters that a route leaves out, and puts before a number.
const LONGEST_CHANGE: usize = 20;

/// How many emergency numbers one route has.
const MOST_NUMBERS: usize = 32;

/// No cap is higher: it is then as good as none.
const NO_CAP: u32 = 1_000_000;

fn digits(what: &str, text: &str, least: usize, most: usize) -> Result<(), String> {
    let good = (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if good {
        return Ok(());
    }
    let empty = if least == 0 { ", or nothing" } else { "" };
    Err(format!(
        "{what} takes up to {most} digits{empty}, not {}",
        quote(text)
    ))
}

/// How many beginnings a list has.
const MOST_PREFIXES: usize = 64;

fn prefixes(what: &str, list: &mut String) -> Result<(), String> {
    let all: Vec<&str> = list.split([' ', ',']).filter(|n| !n.is_empty()).collect();
    if all.len() > MOST_PREFIXES {
        return Err(format!(
            "{what} takes at most {MOST_PREFIXES} beginnings of numbers"
        ));
    }
    for one in &all {
        digits(what, one, 1, 8)?;
    }
    *list = all.join(" ");
    Ok(())
}

pub(super) fn plan(row: &mut NumberPlan) -> Result<(), String> {
    let plan = &mut *row.plan;
    digits("country-code", &plan.country_code, 1, 3)?;
    if plan.country_code.starts_with('0') {
        return Err("country-code is written without zeros before it, such as 49".into());
    }
    digits("national-prefix", &plan.national_prefix, 0, 4)?;
    digits("international-prefix", &plan.international_prefix, 0, 6)?;
    digits("area-code", &plan.area_code, 0, 6)?;
    digits("access-prefix", &plan.access_prefix, 0, 4)?;
    prefixes("mobile-prefixes", &mut plan.mobile_prefixes)?;
    prefixes("premium-prefixes", &mut plan.premium_prefixes)?;
    if !plan.national_prefix.is_empty() && plan.national_prefix == plan.international_prefix {
        return Err(
            "national-prefix and international-prefix are the same: they cannot be told apart".into(),
        );
    }
    if let Some(mail) = &row.notify_email {
        check_email(mail)?;
    }
    let Some(url) = &row.notify_url else {
        return Ok(());
    };
    check_url(url).map_err(|why| {
        format!(
            "notify-url takes an address such as https://alarm.example.com/pbx, not {}: {why}",
            quote(url)
        )
    })
}

pub(super) fn caller_id_use(row: &CallerIdUse) -> Result<(), String> {
    if row.extension_id.is_some() == row.line_id.is_some() {
        return Err("a caller ID is used by an extension or by a line: name one of them".into());
    }
    if row.caller_id.is_none() && row.emergency_caller_id.is_none() {
        return Err("a use of caller IDs names one: delete it to use none".into());
    }
    Ok(())
}

pub(super) fn route(route: &mut Route) -> Result<(), String> {
    if route.priority > LAST {
        return Err(format!("priority takes 0 to {LAST}, not {}", route.priority));
    }
    if route.strip as usize > LONGEST_CHANGE {
        return Err(format!("strip takes 0 to {LONGEST_CHANGE}, not {}", route.strip));
    }
    let prepended = route.prepend.strip_prefix('+').unwrap_or(&route.prepend);
    if prepended.len() > LONGEST_CHANGE || !prepended.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!(
            "prepend takes digits, with a + before them if at all, not {}",
            quote(&route.prepend)
        ));
    }
    if !route.emergency {
        let pattern: Pattern = route
            .pattern
            .parse()
            .map_err(|bad: crate::names::BadName| bad.0)?;
        route.pattern = pattern.into();
        return Ok(());
    }
    let numbers: Vec<&str> = route
        .pattern
        .split([' ', ','])
        .filter(|n| !n.is_empty())
        .collect();
    let dialled = |n: &&str| (2..=15).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    if let Some(bad) = numbers.iter().find(|n| !dialled(n)) {
        return Err(format!(
            "an emergency route takes exact numbers such as 112, blank separated, not {}",
            quote(bad)
        ));
    }
    if numbers.is_empty() || numbers.len() > MOST_NUMBERS {
        return Err(format!(
            "an emergency route takes 1 to {MOST_NUMBERS} numbers, not {}",
            numbers.len()
        ));
    }
    route.pattern = numbers.join(" ");
    Ok(())
}

/// Whether it is an extension's number, or one outside with whose call it is: `1001`, `+491711234567/1001`.
fn rings(word: &str) -> bool {
    let (outside, number) = match word.split_once('/') {
        Some((outside, number)) => (Some(outside), number),
        None => (None, word),
    };
    number.parse::<Number>().is_ok()
        && outside.is_none_or(|typed| typed.parse::<E164>().is_ok_and(|number| number.as_str() == typed))
}

pub(super) fn test(test: &mut RouteTest) -> Result<(), String> {
    if !test.at_time.is_empty() && test.at_time.parse::<jiff::Timestamp>().is_err() {
        return Err(format!(
            "at-time takes a time such as 2026-12-24T20:00:00Z, not {}",
            quote(&test.at_time)
        ));
    }
    if test.dialled.is_empty() || test.dialled.len() > 64 || test.dialled.chars().any(char::is_control) {
        return Err("a route test says what is dialled, in up to 64 bytes".into());
    }
    let comes_in = matches!(test.number, Origin::Gateway(_));
    if test.expect == Expected::Out && comes_in {
        return Err("a call that a gateway brings in does not go out: expect something else".into());
    }
    if test.expect != Expected::Out && (test.gateway.is_some() || test.caller_id.is_some()) {
        return Err("gateway and caller-id go with out: any other call has neither".into());
    }
    if let Some(caller) = &test.caller
        && (!comes_in || caller.len() > 32 || !is_number(caller))
    {
        return Err("caller is the number of somebody outside, and goes with gateway:NAME".into());
    }
    let Some(target) = &mut test.target else {
        return if test.expect.has_target() {
            Err(format!(
                "{} says whom, or which: name a target",
                test.expect.as_str()
            ))
        } else {
            Ok(())
        };
    };
    let words: Vec<&str> = target.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let good = match test.expect {
        Expected::Rings => (1..=50).contains(&words.len()) && words.iter().all(|word| rings(word)),
        Expected::Voicemail => words.len() == 1 && words[0].parse::<Number>().is_ok(),
        Expected::Announcement => words.len() == 1 && words[0].parse::<Slug>().is_ok(),
        Expected::Out | Expected::Refused | Expected::Ends => {
            return Err(format!("{} takes no target", test.expect.as_str()));
        }
    };
    if !good {
        return Err(format!(
            "{} takes {}, not {}",
            test.expect.as_str(),
            match test.expect {
                Expected::Rings => {
                    "numbers of extensions, and outside with whose call it is, such as \"1001 +491711234567/1001\""
                }
                Expected::Voicemail => "the number of an extension",
                _ => "the name of an announcement",
            },
            quote(target)
        ));
    }
    *target = words.join(" ");
    Ok(())
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn way(way: &RouteGateway) -> Result<(), String> {
    if way.position > 99 {
        return Err(format!("position takes 0 to 99, not {}", way.position));
    }
    Ok(())
}

pub(super) fn grant(grant: &RouteGrant) -> Result<(), String> {
    if grant.extension_id.is_some() == grant.group_id.is_some() {
        return Err("a route is granted to an extension or to a group: name one of them".into());
    }
    Ok(())
}

pub(super) fn cap(cap: &mut Cap) -> Result<(), String> {
    let all = [
        &mut cap.concurrent,
        &mut cap.per_hour,
        &mut cap.per_day,
        &mut cap.local_per_day,
        &mut cap.national_per_day,
        &mut cap.mobile_per_day,
        &mut cap.international_per_day,
        &mut cap.premium_per_day,
    ];
    for limit in all.into_iter().flatten() {
        *limit = (*limit).min(NO_CAP);
    }
    Ok(())
}
