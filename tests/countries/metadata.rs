//! What a number costs by our table, against what libphonenumber knows: every beginning of five digits in every length
//! that the country has.

#![cfg(test)]

use pbx_core::routing::Class;
use pbx_core::routing::countries::{self, plan};
use phonenumber::metadata::{DATABASE, Descriptor, Metadata};

/// A main country of each code that the table has.
fn known() -> Vec<&'static Metadata> {
    let all = DATABASE.iter().filter(|meta| countries::is_known(&meta.country_code().to_string()));
    let mut all: Vec<&Metadata> = all.collect();
    all.sort_by_key(|meta| (meta.country_code(), !meta.is_main_country_for_code()));
    all.dedup_by_key(|meta| meta.country_code());
    all
}

/// Numbers without their country code.
fn numbers(meta: &Metadata) -> impl Iterator<Item = String> + '_ {
    let lengths = meta.descriptors().general().possible_length();
    let longest = |length: &&u16| (6..=12).contains(*length);
    lengths.iter().filter(longest).flat_map(|&length| {
        (0..100_000).map(move |begin| {
            let number = format!("{begin:05}2345678");
            number[..usize::from(length)].to_owned()
        })
    })
}

#[test]
fn what_is_dialled_before_a_number_is_what_the_country_dials() {
    for meta in known() {
        let plan = plan(&meta.country_code().to_string());
        assert_eq!(plan.national_prefix, meta.national_prefix().unwrap_or_default(), "{}", meta.id());
        let international = meta.international_prefix().unwrap();
        let preferred = meta.preferred_international_prefix();
        assert!(
            preferred.is_none_or(|prefix| prefix == plan.international_prefix),
            "{}",
            meta.id()
        );
        assert!(international.as_str().contains(plan.international_prefix.trim_end_matches('1').trim_end_matches('0')));
    }
}

#[test]
fn a_number_costs_what_it_costs() {
    let is = |descriptor: Option<&Descriptor>, number: &str| {
        descriptor.is_some_and(|descriptor| descriptor.is_match(number))
    };
    for meta in known() {
        let code = meta.country_code().to_string();
        let plan = plan(&code);
        let (mut mobile, mut missed) = (0, 0);
        for number in numbers(meta) {
            let kinds = meta.descriptors();
            if !kinds.general().is_match(&number) {
                continue;
            }
            let Ok(spelled) = plan.number(&format!("+{code}{number}")) else {
                continue;
            };
            let class = plan.class(&spelled);
            if is(kinds.premium_rate(), &number) {
                assert_eq!(class, Class::Premium, "+{code} {number}");
                continue;
            }
            let free = is(kinds.toll_free(), &number);
            let fixed = is(kinds.fixed_line(), &number);
            if free || fixed || is(kinds.mobile(), &number) {
                assert_ne!(class, Class::Premium, "+{code} {number}");
            }
            if is(kinds.mobile(), &number) && !fixed {
                mobile += 1;
                missed += usize::from(class != Class::Mobile);
            } else if fixed {
                assert_ne!(class, Class::Mobile, "+{code} {number}");
            }
        }
        println!("+{code}: {missed} of {mobile} mobile beginnings are taken for others");
        // Machines' numbers among those of towns.
        assert!(plan.mobile_prefixes.is_empty() || missed * 50 <= mobile, "+{code}: {missed} of {mobile}");
    }
}
