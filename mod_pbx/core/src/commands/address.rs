//! How things are named on a command line: `1001`, `1001@pbx.test`, or `1001 --domain pbx.test`.

use std::fmt;
use std::str::FromStr;

use crate::names::{BadName, DomainName};

/// A name, with its domain if it was typed along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At<T, D = DomainName> {
    pub(super) name: T,
    pub(super) domain: Option<D>,
}

impl<T: FromStr<Err = BadName>, D: FromStr<Err = BadName>> FromStr for At<T, D> {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        let (name, domain) = match text.split_once('@') {
            Some((name, domain)) => (name, Some(domain.parse()?)),
            None => (text, None),
        };
        Ok(Self {
            name: name.parse()?,
            domain,
        })
    }
}

/// Where a person belongs: to a domain, or to the whole PBX, which is written as a dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Realm {
    Domain(DomainName),
    Whole,
}

impl FromStr for Realm {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        match text {
            "." => Ok(Self::Whole),
            name => name.parse().map(Self::Domain),
        }
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(name) => name.fmt(f),
            Self::Whole => f.write_str("."),
        }
    }
}

/// The one domain that was named, behind the `@` or with `--domain`.
///
/// # Errors
/// Both were given and differ.
pub(super) fn one<D: Clone + PartialEq + fmt::Display>(
    behind_at: Option<&D>,
    flag: Option<&D>,
) -> Result<Option<D>, BadName> {
    match (behind_at, flag) {
        (Some(a), Some(b)) if a != b => Err(BadName(format!(
            "@{a} and --domain {b} are two different domains: leave one out"
        ))),
        (a, b) => Ok(a.or(b).cloned()),
    }
}

/// `yes` or `no` as people type it.
pub(super) fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" | "1" => Ok(true),
        "no" | "false" | "off" | "0" => Ok(false),
        _ => Err(format!("{text:?} is neither yes nor no")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{Number, Username};

    #[test]
    fn a_domain_may_follow_a_name() {
        let at: At<Number> = "1001@PBX.test".parse().unwrap();
        assert_eq!(
            (at.name.as_str(), at.domain.unwrap().as_str()),
            ("1001", "pbx.test")
        );
        assert_eq!("alice".parse::<At<Username>>().unwrap().domain, None);
        assert!("alice@".parse::<At<Username>>().is_err());
        assert!("a@b@c".parse::<At<Username>>().is_err());
        let root: At<Username, Realm> = "root@.".parse().unwrap();
        assert_eq!(root.domain, Some(Realm::Whole));
    }

    #[test]
    fn two_domains_are_one_too_many() {
        let (a, b): (DomainName, DomainName) = ("a.test".parse().unwrap(), "b.test".parse().unwrap());
        assert_eq!(one(Some(&a), Some(&a)).unwrap(), Some(a.clone()));
        assert!(one(Some(&a), Some(&b)).is_err());
        assert_eq!(one::<DomainName>(None, None).unwrap(), None);
    }
}
