//! How numbers are dialled in some countries: what `pbx plan set --country-code` starts from. What a domain has is in
//! its own row, and can be changed there: national numbering plans change more often than this file.

use super::plan::Plan;

/// Country code, national prefix, international prefix, and what mobile and dear numbers begin with.
type Country = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

static COUNTRIES: [Country; 22] = [
    ("1", "1", "011", "", "900"),
    ("31", "0", "00", "6", "900 906 909 18"),
    ("32", "0", "00", "45 46 47 48 49", "90"),
    ("33", "0", "00", "6 7", "81 82 89"),
    ("34", "", "00", "6 7", "803 806 807 905 907"),
    ("351", "", "00", "9", "601 607 608 646 76"),
    ("352", "", "00", "6", "90"),
    ("353", "0", "00", "8", "15"),
    ("358", "0", "00", "4 50", "600 700"),
    ("39", "", "00", "3", "89 178 199"),
    ("41", "0", "00", "74 75 76 77 78 79", "900 901 906"),
    ("420", "", "00", "60 72 73 77 79", "90"),
    (
        "43",
        "0",
        "00",
        "650 651 652 653 655 657 659 660 661 663 664 665 666 667 668 669 67 68 69",
        "900 901 930 931 939",
    ),
    ("44", "0", "00", "71 72 73 74 75 77 78 79", "9 70 84 87"),
    ("45", "", "00", "", "90"),
    ("46", "0", "00", "70 72 73 76 79", "900 939 944 99"),
    ("47", "", "00", "4 9", "82"),
    ("48", "", "00", "45 50 51 53 57 60 66 69 72 73 78 79 88", "70"),
    ("49", "0", "00", "15 16 17", "900 137 118"),
    ("61", "0", "0011", "4", "190"),
    ("64", "0", "00", "2", "900"),
    ("81", "0", "010", "70 80 90", "990 180"),
];

/// The plan of a country; of one that is not known here, the most common prefixes.
pub fn plan(country_code: &str) -> Plan {
    let known = COUNTRIES.iter().find(|(code, ..)| *code == country_code);
    let (_, national, international, mobile, premium) = known.copied().unwrap_or(("", "0", "00", "", ""));
    Plan {
        country_code: country_code.to_owned(),
        national_prefix: national.to_owned(),
        international_prefix: international.to_owned(),
        mobile_prefixes: mobile.to_owned(),
        premium_prefixes: premium.to_owned(),
        ..Plan::default()
    }
}

/// Whether a country's dear numbers are known.
pub fn is_known(country_code: &str) -> bool {
    COUNTRIES.iter().any(|(code, ..)| *code == country_code)
}
