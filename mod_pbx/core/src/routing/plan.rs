//! How numbers are dialled in a domain, and the one spelling of each.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::class::Class;

/// How numbers are dialled in a domain, under the names of its columns. One that says nothing knows numbers with `+`
/// only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The country calling code, such as `49`.
    pub country_code: String,
    /// What is dialled before a number of the same country, such as `0`; empty: nothing.
    pub national_prefix: String,
    /// What is dialled before a country code, such as `00`.
    pub international_prefix: String,
    /// The area code, such as `30`; empty: numbers are never dialled without it.
    pub area_code: String,
    /// What is dialled before every number outside, such as `9`; empty: nothing.
    pub access_prefix: String,
    /// What mobile numbers of the country begin with, without the national prefix, blank separated: `15 16 17`.
    pub mobile_prefixes: String,
    /// What numbers of the country begin with that cost more than all others: `900 137`.
    pub premium_prefixes: String,
}

/// The longest text that is looked at, in bytes.
const LONGEST_DIALLED: usize = 32;

/// The longest number with its country code, in digits (E.164).
const LONGEST: usize = 15;

/// The shortest number with its country code, in digits; what is shorter is a service's.
const SHORTEST: usize = 7;

/// A number outside: `+4930123456`, or a service's that is known in its country only, `116117`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside(Box<str>);

impl Outside {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has a country code.
    pub fn is_e164(&self) -> bool {
        self.0.starts_with('+')
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why something that was dialled is no number outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOutside {
    /// It is not made of digits, with a `+` before them if at all.
    NotANumber,
    /// It does not begin with what is dialled before every number outside.
    NoAccessPrefix,
    /// It has too many digits, or too few after a country code.
    Length,
}

impl Plan {
    /// What is left of `dialled` after the access prefix.
    ///
    /// # Errors
    /// It is no number, or one inside.
    pub fn without_access<'d>(&self, dialled: &'d str) -> Result<&'d str, NotOutside> {
        let digits = dialled.strip_prefix('+').unwrap_or(dialled);
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if dialled.len() > LONGEST_DIALLED || !plain {
            return Err(NotOutside::NotANumber);
        }
        if dialled.starts_with('+') {
            return Ok(dialled);
        }
        match dialled.strip_prefix(&*self.access_prefix) {
            Some("") | None => Err(NotOutside::NoAccessPrefix),
            Some(rest) => Ok(rest),
        }
    }

    /// The one spelling of a number that was dialled.
    ///
    /// # Errors
    /// It is none.
    pub fn number(&self, dialled: &str) -> Result<Outside, NotOutside> {
        let dialled = self.without_access(dialled)?;
        let begins = |prefix: &str| {
            let rest = dialled.strip_prefix(prefix)?;
            (!prefix.is_empty()).then_some(rest)
        };
        if let Some(rest) = begins("+").or_else(|| begins(&self.international_prefix)) {
            return e164("", "", rest);
        }
        if self.country_code.is_empty() {
            return short(dialled);
        }
        if let Some(rest) = begins(&self.national_prefix) {
            return e164(&self.country_code, "", rest);
        }
        // North America dials ten digits without the 1 before them.
        let whole = self.national_prefix.is_empty() && dialled.len() >= SHORTEST
            || self.country_code == "1" && dialled.len() == 10;
        if whole {
            return e164(&self.country_code, "", dialled);
        }
        if !self.area_code.is_empty() && dialled.len() >= 4 && !is_service(dialled) {
            return e164(&self.country_code, &self.area_code, dialled);
        }
        short(dialled)
    }
}

impl Plan {
    /// Whether a number begins as one that is dialled from within the country.
    pub fn has_prefix(&self, number: &str) -> bool {
        let begins = |prefix: &str| !prefix.is_empty() && number.starts_with(prefix);
        begins("+") || begins(&self.international_prefix) || begins(&self.national_prefix)
    }

    /// The digits, with the country code, of a number as a carrier of this country writes it: with `+`, the
    /// international or the national prefix, or none. None: it is no such number.
    pub fn of_carrier(&self, number: &str) -> Option<String> {
        let digits = number.strip_prefix('+').unwrap_or(number);
        if number.len() > LONGEST_DIALLED || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let begins = |prefix: &str| {
            let rest = number.strip_prefix(prefix)?;
            (!prefix.is_empty()).then_some(rest)
        };
        let spelled = match begins("+").or_else(|| begins(&self.international_prefix)) {
            Some(rest) => e164("", "", rest),
            None if self.country_code.is_empty() => return None,
            None => e164(
                &self.country_code,
                "",
                begins(&self.national_prefix).unwrap_or(number),
            ),
        };
        let spelled = spelled.ok()?;
        Some(spelled.as_str().trim_start_matches('+').to_owned())
    }

    /// What a call to this number costs, roughly. Of services' numbers nothing is known: they are the dearest, unless
    /// a route says otherwise.
    pub fn class(&self, number: &Outside) -> Class {
        let Some(digits) = number.as_str().strip_prefix('+') else {
            return Class::Premium;
        };
        let (country, national) = digits.split_at(country_code(digits).min(digits.len()));
        let begins = |list: &str| {
            list.split(' ')
                .any(|one| !one.is_empty() && national.starts_with(one))
        };
        if DEAR.contains(&country) {
            Class::Premium
        } else if country != self.country_code || country == "1" && begins(ISLANDS) {
            Class::International
        } else if begins(&self.premium_prefixes) {
            Class::Premium
        } else if begins(&self.mobile_prefixes) {
            Class::Mobile
        } else if begins(&self.area_code) {
            Class::Local
        } else {
            Class::National
        }
    }
}

/// Codes of no country: satellites, universal personal and premium rate numbers.
const DEAR: [&str; 8] = ["808", "870", "878", "881", "882", "883", "888", "979"];

/// Areas of code 1 outside the United States and Canada: dialled like a call at home, charged as one abroad.
const ISLANDS: &str = "242 246 264 268 284 345 441 473 649 658 664 721 758 767 784 809 829 849 868 869 876";

/// Countries whose numbers may begin with 0.
const ZEROS_MATTER: [&str; 7] = ["39", "225", "229", "241", "242", "378", "379"];

/// How many of these digits are the country code (ITU-T E.164, list of assigned codes): none is the beginning of
/// another.
fn country_code(digits: &str) -> usize {
    let two = digits.get(..2).unwrap_or_default();
    match two.as_bytes() {
        [b'1' | b'7', _] => 1,
        [b'2', b'0' | b'7'] | [b'3', b'0'..=b'4' | b'6' | b'9'] | [b'4', b'0' | b'1' | b'3'..=b'9'] => 2,
        [b'5', b'1'..=b'8'] | [b'6', b'0'..=b'6'] | [b'8', b'1' | b'2' | b'4' | b'6'] => 2,
        [b'9', b'0'..=b'5' | b'8'] => 2,
        _ => 3,
    }
}

/// Whether it is a service's number: those that people dial without any prefix begin with 1, and nobody's own does.
fn is_service(dialled: &str) -> bool {
    dialled.starts_with('1')
}

fn short(dialled: &str) -> Result<Outside, NotOutside> {
    if dialled.len() > LONGEST {
        return Err(NotOutside::Length);
    }
    Ok(Outside(dialled.into()))
}

/// The trunk zero that people leave behind a country code (`+49 (0)30`) is no part of the number, and a carrier may
/// skip it: `+490900…` must not be another number than `+49900…`.
fn e164(country: &str, area: &str, rest: &str) -> Result<Outside, NotOutside> {
    let digits = format!("{country}{area}{rest}");
    let (code, national) = digits.split_at(country_code(&digits).min(digits.len()));
    let national = if ZEROS_MATTER.contains(&code) {
        national
    } else {
        national.trim_start_matches('0')
    };
    let number = format!("+{code}{national}");
    let digits = number.len() - 1;
    // A country code does not begin with 0.
    if !(SHORTEST..=LONGEST).contains(&digits) || number.starts_with("+0") {
        return Err(NotOutside::Length);
    }
    Ok(Outside(number.into_boxed_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(country: &str, national: &str, international: &str, area: &str) -> Plan {
        Plan {
            country_code: country.to_owned(),
            national_prefix: national.to_owned(),
            international_prefix: international.to_owned(),
            area_code: area.to_owned(),
            ..Plan::default()
        }
    }

    fn number(plan: &Plan, dialled: &str) -> String {
        plan.number(dialled)
            .map_or_else(|why| format!("{why:?}"), |number| number.to_string())
    }

    #[test]
    fn however_a_number_is_dialled_it_has_one_spelling() {
        let berlin = plan("49", "0", "00", "30");
        for dialled in ["+4930123456", "004930123456", "030123456", "2123456"] {
            let expected = if dialled.starts_with('2') {
                "+49302123456"
            } else {
                "+4930123456"
            };
            assert_eq!(number(&berlin, dialled), expected, "{dialled}");
        }
        assert_eq!(number(&berlin, "116117"), "116117");
        assert_eq!(number(&plan("49", "0", "00", ""), "123456789"), "123456789");
        for dialled in ["+490900123456", "00490900123456", "0900123456", "00900123456"] {
            let expected = if dialled.starts_with("009") {
                "+90123456"
            } else {
                "+49900123456"
            };
            assert_eq!(number(&berlin, dialled), expected, "{dialled}");
        }
        assert_eq!(number(&berlin, "+4400906123456"), "+44906123456");
        assert_eq!(
            number(&berlin, "+390612345678"),
            "+390612345678",
            "Rome begins with 0"
        );
        let texas = plan("1", "1", "011", "512");
        for dialled in ["15125550100", "5125550100", "5550100", "+15125550100"] {
            assert_eq!(number(&texas, dialled), "+15125550100", "{dialled}");
        }
        assert_eq!(number(&texas, "0114930123456"), "+4930123456");
        let madrid = plan("34", "", "00", "");
        assert_eq!(number(&madrid, "911234567"), "+34911234567");
        assert_eq!(number(&madrid, "1004"), "1004");
    }

    #[test]
    fn a_carrier_writes_numbers_as_its_country_does() {
        let of = |plan: &Plan, number: &str| plan.of_carrier(number).unwrap_or_default();
        let berlin = Plan {
            access_prefix: "9".to_owned(),
            ..plan("49", "0", "00", "30")
        };
        for number in [
            "+4930123456",
            "004930123456",
            "030123456",
            "30123456",
            "+49030123456",
        ] {
            assert_eq!(of(&berlin, number), "4930123456", "{number}");
        }
        assert_eq!(of(&berlin, "0044207123456"), "44207123456");
        for none in ["", "+", "x", "030123456;x", "${x}", "030", "00"] {
            assert_eq!(berlin.of_carrier(none), None, "{none:?}");
        }
        let texas = plan("1", "1", "011", "512");
        for number in ["+15125550100", "15125550100", "5125550100"] {
            assert_eq!(of(&texas, number), "15125550100", "{number}");
        }
        assert_eq!(of(&texas, "0114930123456"), "4930123456");
        assert_eq!(of(&plan("39", "", "00", ""), "0612345678"), "390612345678");
        assert_eq!(of(&plan("34", "", "00", ""), "911234567"), "34911234567");
        assert!(berlin.has_prefix("030") && berlin.has_prefix("+49") && !berlin.has_prefix("4930"));
    }

    #[test]
    fn a_number_has_the_class_of_what_it_costs() {
        let berlin = Plan {
            mobile_prefixes: "15 16 17".to_owned(),
            premium_prefixes: "900 137".to_owned(),
            ..plan("49", "0", "00", "30")
        };
        let class = |dialled: &str| berlin.class(&berlin.number(dialled).unwrap());
        assert_eq!(class("2123456"), Class::Local);
        assert_eq!(class("0891234567"), Class::National);
        assert_eq!(class("015112345678"), Class::Mobile);
        for dear in [
            "0900123456",
            "+490900123456",
            "00490137123",
            "+8821234567",
            "11833",
        ] {
            assert_eq!(class(dear), Class::Premium, "{dear}");
        }
        assert_eq!(class("+33123456789"), Class::International);
        let texas = plan("1", "1", "011", "512");
        let class = |dialled: &str| texas.class(&texas.number(dialled).unwrap());
        assert_eq!(class("5550100"), Class::Local);
        assert_eq!(class("2125550100"), Class::National);
        assert_eq!(class("18765550100"), Class::International, "Jamaica");
    }

    #[test]
    fn an_access_prefix_is_dialled_before_all_but_a_plus() {
        let mut plan = plan("49", "0", "00", "30");
        plan.access_prefix = "9".to_owned();
        assert_eq!(number(&plan, "9030123456"), "+4930123456");
        assert_eq!(number(&plan, "+4930123456"), "+4930123456");
        assert_eq!(number(&plan, "030123456"), "NoAccessPrefix");
        assert_eq!(number(&plan, "9"), "NoAccessPrefix");
    }

    #[test]
    fn what_is_no_number_is_none() {
        let plan = plan("49", "0", "00", "30");
        let long = "1".repeat(33);
        for bad in [
            "",
            "+",
            "++49",
            "1000,sofia/gateway/x/1900",
            "{x=y}1",
            "${x}",
            "gw+x",
            "0301;gw=x",
            "٣٤",
            "0 30",
            &long,
        ] {
            assert_eq!(number(&plan, bad), "NotANumber", "{bad:?}");
        }
        for bad in [
            "+0123456789",
            "+4930",
            "+1234567890123456",
            "00123456",
            "1234567890123456",
        ] {
            assert_eq!(number(&plan, bad), "Length", "{bad:?}");
        }
        assert_eq!(
            number(&Plan::default(), "030123456"),
            "030123456",
            "known in its country only"
        );
    }
}
