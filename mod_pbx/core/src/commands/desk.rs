//! What every command works with: the PBX, its database, and how a typed name becomes a row.

use uuid::Uuid;

use super::address::{At, Realm, one};
use super::out::{Refusal, count, plain, refuse};
use crate::admin::Admin;
use crate::names::{DomainName, Number, Username};
use crate::pbx::Pbx;
use crate::store::rows;
use crate::store::{Change, Commit, Listing, Page, Reader, Revision, StoreError};

/// Who is named in the revision log. Whoever reaches fs_cli is one person to the switch.
pub(super) const ACTOR: &str = "fs_cli";

/// `--domain`, as all commands about something inside a domain take it.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct InDomain {
    /// Its domain; not needed with NAME@DOMAIN, or when it is the only one
    #[arg(long, value_name = "DOMAIN")]
    pub(super) domain: Option<DomainName>,
}

/// `--domain` where a person may also belong to the whole PBX.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct InRealm {
    /// Its domain, . for the whole PBX; not needed with NAME@DOMAIN or if it is the only one
    #[arg(long, value_name = "DOMAIN")]
    pub(super) domain: Option<Realm>,
}

/// Which rows of a list.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Part {
    /// Only those in whose names this text occurs
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(super) search: String,
    /// Rows to a page
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) limit: u32,
    /// Which page
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) page: u32,
}

impl Part {
    /// As the store takes it.
    pub(super) fn page(&self) -> Page {
        Page {
            skip: u64::from(self.page - 1) * u64::from(self.limit),
            limit: self.limit,
        }
    }

    /// The line below a list that says how much of it was shown.
    pub(super) fn footer<T>(&self, listing: &Listing<T>, what: &str) -> String {
        let (shown, total) = (listing.rows.len() as u64, listing.total);
        if shown == total {
            format!("{}\n", count(total, what))
        } else {
            let more = if self.page().skip + shown < total {
                format!("; --page {} goes on", self.page + 1)
            } else {
                String::new()
            };
            format!("{shown} of {}{more}\n", count(total, what))
        }
    }
}

/// One command at work.
pub(super) struct Desk<'a> {
    pub(super) pbx: &'a Pbx,
    /// Who the log says it is.
    pub(super) actor: &'a str,
    /// Changes are made though they break a route test.
    pub(super) force: bool,
}

impl Desk<'_> {
    /// Reads in one transaction: all that `f` sees is of one revision.
    pub(super) fn read<T>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.pbx.store().read(|reader| Ok(f(reader)))?
    }

    /// Makes `changes` as one revision.
    pub(super) fn commit(&self, summary: &str, changes: Vec<Change>) -> Result<Revision, Refusal> {
        Ok(self.try_commit(summary, changes)?)
    }

    /// The same with the store's own error, which says which change was refused.
    pub(super) fn try_commit(&self, summary: &str, changes: Vec<Change>) -> Result<Revision, StoreError> {
        let mut commit = Commit::new(self.actor, summary);
        commit.changes = changes;
        commit.force = self.force;
        self.pbx.store().commit(commit)
    }

    /// Who the log says it was.
    pub(super) fn actor(&self) -> &str {
        self.actor
    }

    /// Where browsers find a channel's page: the whole address if `public-url` is known, else its path.
    pub(super) fn channel_url(&self, channel: Uuid) -> String {
        Admin::new(self.pbx).channel_url(channel)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let text = plain(&error.to_string());
        match error {
            StoreError::Broken(_) => Self(format!(
                "{text}; add --force to do it nevertheless, or change the test (pbx check list)"
            )),
            _ => Self(text),
        }
    }
}

/// The domain that was named, or the only one there is.
pub(super) fn domain(
    reader: &Reader<'_>,
    behind_at: Option<&DomainName>,
    flag: Option<&DomainName>,
) -> Result<rows::Domain, Refusal> {
    if let Some(name) = one(behind_at, flag)? {
        return match reader.domain_by_name(name.as_str())? {
            Some(domain) => Ok(domain),
            None => refuse(format!(
                "there is no domain {name}: pbx domain list shows those there are, pbx domain add {name} makes it"
            )),
        };
    }
    let mut all = reader.domains()?;
    match all.len() {
        0 => refuse("there is no domain yet: pbx domain add DOMAIN makes one"),
        1 => Ok(all.remove(0)),
        n => refuse(format!(
            "there are {n} domains: say which one, as NAME@DOMAIN or --domain DOMAIN (pbx domain list)"
        )),
    }
}

/// An extension, and the domain it is in.
pub(super) fn extension(
    reader: &Reader<'_>,
    at: &At<Number>,
    flag: &InDomain,
) -> Result<(rows::Domain, rows::Extension), Refusal> {
    let domain = domain(reader, at.domain.as_ref(), flag.domain.as_ref())?;
    match reader.extension_by_number(domain.id, at.name.as_str())? {
        Some(extension) => Ok((domain, extension)),
        None => refuse(format!(
            "there is no extension {} in {}: pbx extension list shows those there are",
            at.name, domain.name
        )),
    }
}

/// A line, and the domain it is in.
pub(super) fn line(
    reader: &Reader<'_>,
    at: &At<Username>,
    flag: &InDomain,
) -> Result<(rows::Domain, rows::Line), Refusal> {
    let domain = domain(reader, at.domain.as_ref(), flag.domain.as_ref())?;
    match reader.line_by_username(domain.id, at.name.as_str())? {
        Some(line) => Ok((domain, line)),
        None => refuse(format!(
            "there is no line {} in {}: pbx line list shows those there are",
            at.name, domain.name
        )),
    }
}

/// A person, and the domain they belong to if they do. Without a domain typed, an administrator of the
/// whole PBX is found if nobody in the only domain has the name.
pub(super) fn user(
    reader: &Reader<'_>,
    at: &At<Username, Realm>,
    flag: &InRealm,
) -> Result<(Option<rows::Domain>, rows::User), Refusal> {
    let name = &at.name;
    let realm = one(at.domain.as_ref(), flag.domain.as_ref())?;
    let whole =
        || -> Result<_, Refusal> { Ok(reader.user_by_name(None, name.as_str())?.map(|user| (None, user))) };
    let missing =
        |place: &str| format!("there is no user {name} {place}: pbx user list shows those there are");
    match realm {
        Some(Realm::Whole) => whole()?.ok_or_else(|| Refusal(missing("of the whole PBX"))),
        Some(Realm::Domain(wanted)) => {
            let domain = domain(reader, Some(&wanted), None)?;
            match reader.user_by_name(Some(domain.id), name.as_str())? {
                Some(user) => Ok((Some(domain), user)),
                None => refuse(missing(&format!("in {wanted}"))),
            }
        }
        None => match domain(reader, None, None) {
            Ok(only) => match reader.user_by_name(Some(only.id), name.as_str())? {
                Some(user) => Ok((Some(only), user)),
                None => whole()?.ok_or_else(|| Refusal(missing(&format!("in {}", only.name)))),
            },
            Err(which) => whole()?.ok_or(which),
        },
    }
}

/// `name@domain`.
pub(super) fn full(name: impl std::fmt::Display, domain: &rows::Domain) -> String {
    format!("{name}@{}", domain.name)
}

/// The person called `name` in `domain`, or else of the whole PBX.
pub(super) fn person(
    reader: &Reader<'_>,
    domain: &rows::Domain,
    name: &Username,
) -> Result<Option<rows::User>, Refusal> {
    match reader.user_by_name(Some(domain.id), name.as_str())? {
        Some(person) => Ok(Some(person)),
        None => Ok(reader.user_by_name(None, name.as_str())?),
    }
}

/// [`person`], who must be there.
pub(super) fn person_for(
    reader: &Reader<'_>,
    domain: &rows::Domain,
    name: &Username,
) -> Result<rows::User, Refusal> {
    person(reader, domain, name)?.ok_or_else(|| {
        Refusal(format!(
            "there is no user {name} in {}: pbx user list shows those there are",
            domain.name
        ))
    })
}

/// What somebody is called, for lists.
pub(super) fn user_name(reader: &Reader<'_>, id: Uuid) -> Result<String, Refusal> {
    Ok(reader
        .get::<rows::User>(id)?
        .map(|user| user.name.to_string())
        .unwrap_or_default())
}
