//! How numbers are dialled in some countries: what `pbx plan set --country-code` starts from. What a domain has is in
//! its own row, and can be changed there: national numbering plans change more often than this file.
//!
//! Held against the metadata of libphonenumber (9.0.33): no number that costs more by them counts as any other here, no
//! free, fixed or mobile one as dear (`tests/countries` compares them prefix by prefix). Dear here and unknown there are
//! mass calls and directory services: 905 and 907 in Spain, 178 and 199 in Italy, 118 in Germany, 180 in Japan.

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
    ("31", "0", "00", "6 970", "900 906 909"),
    ("32", "0", "00", "45 46 47 48 49", "70 90"),
    ("33", "0", "00", "6 73 74 75 76 77 78 79", "81 82 83 85 86 88 89"),
    ("34", "", "00", "6 71 72 73 74 78", "803 806 807 905 907"),
    ("351", "", "00", "9", "601 607 608 646 648 760 761 762"),
    ("352", "", "00", "6", "900 901 905"),
    ("353", "0", "00", "822 83 85 86 87 88 89", "15"),
    ("358", "0", "00", "4 50", "600 700"),
    ("39", "", "00", "3 43", "0878 144 163 164 166 178 199 89"),
    ("41", "0", "00", "68 69 72 73 75 76 77 78 79", "900 901 906"),
    (
        "420",
        "",
        "00",
        "60 702 703 704 705 706 719 72 73 77 79",
        "900 905 906 908 909 976",
    ),
    (
        "43",
        "0",
        "00",
        "6485 650 651 652 653 655 657 659 660 661 663 664 665 666 667 668 669 67 68 69",
        "862 863 864 865 866 868 892 893 894 895 896 898 900 901 930 931 939",
    ),
    ("44", "0", "00", "71 72 73 74 75 77 78 79", "9 70 84 87"),
    // Mobile numbers and others begin alike.
    ("45", "", "00", "", "90"),
    ("46", "0", "00", "70 72 73 76 79", "649 900 939 944 99"),
    ("47", "", "00", "4 9", "820 829"),
    (
        "48",
        "",
        "00",
        "211 212 213 45 50 51 53 57 60 66 69 72 73 78 79 88",
        "70",
    ),
    ("49", "0", "00", "15 160 162 163 17", "900 137 118"),
    ("61", "0", "0011", "4", "190"),
    (
        "64",
        "0",
        "00",
        "2",
        "11 13 14 15 17 18 19 5000 5008 5030 5066 5077 5088 90",
    ),
    ("81", "0", "010", "60 70 80 90", "990 180"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::Class;

    /// A fixed number of each country, a mobile one, a dear one, and one that is free for who calls.
    #[test]
    fn a_number_of_each_kind_counts_as_what_it_is() {
        for (code, fixed, mobile, premium, free) in [
            ("1", "2015550123", "2015550123", "9002345678", "8002345678"),
            ("31", "101234567", "612345678", "9061234", "8001234"),
            ("32", "12345678", "450001234", "90012345", "80012345"),
            ("33", "123456789", "612345678", "891123456", "801234567"),
            ("34", "810123456", "612345678", "803123456", "800123456"),
            ("351", "212345678", "912345678", "760123456", "800123456"),
            ("352", "27123456", "628123456", "90012345", "80012345"),
            ("353", "2212345", "850123456", "1520123456", "1800123456"),
            ("358", "131234567", "412345678", "600123456", "800123456"),
            ("39", "0212345678", "3123456789", "899123456", "800123456"),
            ("41", "212345678", "781234567", "900123456", "800123456"),
            ("420", "212345678", "601123456", "900123456", "800123456"),
            ("43", "1234567890", "664123456", "900123456", "800123456"),
            ("44", "1212345678", "7400123456", "9012345678", "8001234567"),
            ("45", "32123456", "34412345", "90123456", "80123456"),
            ("46", "8123456", "701234567", "9001234567", "20123456"),
            ("47", "21234567", "40612345", "82012345", "80012345"),
            ("48", "123456789", "512345678", "701234567", "800123456"),
            ("49", "30123456", "15123456789", "9001234567", "8001234567890"),
            ("61", "212345678", "412345678", "1900123456", "1800123456"),
            ("64", "32345678", "211234567", "900123456", "800123456"),
            ("81", "312345678", "9012345678", "990123456", "120123456"),
        ] {
            let plan = plan(code);
            let class = |number: &str| {
                let number = plan.number(&format!("+{code}{number}")).unwrap();
                plan.class(&number)
            };
            // In North America and Denmark mobile numbers look like any other.
            let apart = !plan.mobile_prefixes.is_empty();
            assert_eq!(class(fixed), Class::National, "{code}");
            assert_eq!(
                class(mobile),
                if apart { Class::Mobile } else { Class::National },
                "{code}"
            );
            assert_eq!(class(premium), Class::Premium, "{code}");
            assert_eq!(class(free), Class::National, "{code}");
        }
    }
}
