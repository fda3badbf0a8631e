//! Who may do what. This is the one place that says so.

use uuid::Uuid;

use super::noun::{Noun, Who};
use super::refusal::Refusal;
use crate::names::DomainName;
use crate::people::Person;
use crate::people::keys::Holder;
use crate::store::rows::Role;

/// Whether something is only looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It is.
    Read,
    /// It is changed.
    Write,
}

/// Which rows somebody may see and change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All.
    All,
    /// Those of this domain.
    Domain(Uuid, DomainName),
}

/// Somebody who asks, and what they may do.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Who the revision log says it was.
    pub actor: String,
    /// The person, or whose key it is.
    pub user: Uuid,
    /// Their role.
    pub role: Role,
    /// The domain they belong to; none: the whole PBX.
    pub domain: Option<(Uuid, DomainName)>,
    /// What the key may do; none: it is the person themselves.
    pub scopes: Option<Scopes>,
}

/// What an API key may do: at most what its owner may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<(Box<str>, Verb)>);

impl Scopes {
    /// Reads them as they are stored: `NOUN:read` or `NOUN:write`, or `*` for every noun, blank separated.
    ///
    /// # Errors
    /// The one that is none, in words for whoever wrote it.
    pub fn parse(text: &str, is_noun: impl Fn(&str) -> bool) -> Result<Self, String> {
        let one = |scope: &str| {
            let (noun, verb) = scope.split_once(':')?;
            let verb = match verb {
                "read" => Verb::Read,
                "write" => Verb::Write,
                _ => return None,
            };
            (noun == "*" || is_noun(noun)).then(|| (noun.into(), verb))
        };
        let all = text.split_ascii_whitespace().map(|scope| {
            one(scope).ok_or_else(|| {
                let scope: String = scope.chars().take(64).collect();
                format!("{scope:?} is no scope: use NOUN:read, NOUN:write, *:read or *:write")
            })
        });
        all.collect::<Result<_, _>>().map(Self)
    }

    /// Whether it is among them. Whoever may change may look.
    pub fn allow(&self, noun: &str, verb: Verb) -> bool {
        let covers = |(known, most): &(Box<str>, Verb)| {
            (&**known == "*" || &**known == noun) && (*most == Verb::Write || verb == Verb::Read)
        };
        self.0.iter().any(covers)
    }
}

impl Grant {
    /// What a person who is signed in may do.
    pub fn of(person: &Person) -> Self {
        Self {
            actor: person.name.clone(),
            user: person.id,
            role: person.role,
            domain: person.domain.clone(),
            scopes: None,
        }
    }

    /// What the program that shows a key may do.
    pub fn of_key(holder: &Holder) -> Self {
        let key = &holder.key;
        // A scope that is none any more, of an older program, allows nothing.
        let scopes = Scopes::parse(&key.scopes, super::nouns::is_area).unwrap_or(Scopes(Vec::new()));
        Self {
            actor: format!("{} by key {}", holder.person.name, key.name),
            scopes: Some(scopes),
            ..Self::of(&holder.person)
        }
    }

    /// Whether these may be read or changed, and which of them.
    ///
    /// # Errors
    /// None of them.
    pub fn may(&self, noun: &Noun, verb: Verb) -> Result<Scope, Refusal> {
        let who = match verb {
            Verb::Read => noun.read,
            Verb::Write => noun.write,
        };
        self.may_at_all(who, noun.path, verb)
    }

    /// The same for what is no noun: `area` is its name in a key's scopes.
    ///
    /// # Errors
    /// None of it.
    pub fn may_at_all(&self, who: Who, area: &str, verb: Verb) -> Result<Scope, Refusal> {
        let doing = match verb {
            Verb::Read => "look at",
            Verb::Write => "change",
        };
        if let Some(scopes) = &self.scopes {
            // A key that makes keys could give itself more, and outlive its own revocation.
            let makes_keys = area == "keys" && verb == Verb::Write;
            if makes_keys || !scopes.allow(area, verb) {
                return Err(Refusal::Forbidden(format!("this key may not {doing} {area}")));
            }
        }
        match (self.role, who, &self.domain) {
            (Role::Administrator, ..) => Ok(Scope::All),
            (Role::DomainAdministrator, Who::DomainAdministrators, Some((id, name))) => {
                Ok(Scope::Domain(*id, name.clone()))
            }
            (role, ..) => {
                let role = match role {
                    Role::DomainAdministrator => "a domain's administrator",
                    _ => "a user",
                };
                Err(Refusal::Forbidden(format!("{role} may not {doing} {area}")))
            }
        }
    }
}

impl Scope {
    /// Whether what belongs to this domain (none: to the whole PBX) is among it.
    pub fn holds(&self, domain: Option<Uuid>) -> bool {
        match self {
            Self::All => true,
            Self::Domain(own, _) => domain == Some(*own),
        }
    }

    /// The same by the domain's name.
    pub fn holds_name(&self, domain: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Domain(_, own) => domain.is_some_and(|name| name.eq_ignore_ascii_case(own.as_str())),
        }
    }

    /// The domain, if it is only one.
    pub fn domain(&self) -> Option<Uuid> {
        match self {
            Self::All => None,
            Self::Domain(id, _) => Some(*id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_its_noun_and_no_more() {
        let known = |noun: &str| noun == "users" || noun == "lines";
        let scopes = Scopes::parse("users:read lines:write", known).unwrap();
        assert!(scopes.allow("users", Verb::Read) && !scopes.allow("users", Verb::Write));
        assert!(scopes.allow("lines", Verb::Read) && scopes.allow("lines", Verb::Write));
        assert!(!scopes.allow("gateways", Verb::Read));
        let all = Scopes::parse("*:read", known).unwrap();
        assert!(all.allow("gateways", Verb::Read) && !all.allow("users", Verb::Write));
        assert!(!Scopes::parse("", known).unwrap().allow("users", Verb::Read));
        for bad in [
            "users",
            "users:",
            ":read",
            "users:delete",
            "nobodys:read",
            "*",
            "users:read,lines:read",
        ] {
            assert!(
                Scopes::parse(bad, known).unwrap_err().contains("is no scope"),
                "{bad}"
            );
        }
    }
}
