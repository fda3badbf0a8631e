//! Documents about a whole domain.
//!
//! FreeSWITCH's parser is quadratic in siblings (`switch_xml_insert`), so users come in groups of about
//! the square root of their number.

use super::{nobody, one, open};
use crate::registry::{Handler, View};
use crate::reply::Reply;
use crate::request::Request;
use crate::store::snapshot::{Domain, Extension, Line};
use crate::xml::Document;
use crate::xml::user::Decoy;

/// Most users that a mere listing shows. Voicemail for all and dial-by-name have no such limit.
const LISTED: usize = 100_000;

/// What a lookup without a `key` is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum All {
    /// Everybody: `list_users`, `xml_locate`.
    List,
    /// Every mailbox: voicemail for `_all_`.
    Mailboxes,
    /// Every name: mod_directory.
    Names,
    /// Nothing but that the domain exists: `domain_exists`, `domain_data`, a redirect's target, groups
    /// (there are none), ACLs by domain and gateways of users (neither exists).
    Existence,
}

/// What a lookup of a domain as such is for; none: it is for one user.
///
/// With a `key` it is always for one user: only `switch_xml_locate_user` sets it, after everything a
/// stranger can say. Without, the one who asks is a function of the switch, which is told by its name.
pub(super) fn asked(rq: &Request<'_>) -> Option<All> {
    if rq.param("key").is_some() {
        return None;
    }
    let user = rq.param("user");
    let Some(function) = rq.param("Event-Calling-Function") else {
        // list_users gives no parameters at all.
        return user.is_none().then_some(All::List);
    };
    match (&*function, user.as_deref()) {
        ("voicemail_inject", Some("_all_")) => Some(All::Mailboxes),
        (_, Some(_)) => None,
        ("populate_database", None) => Some(All::Names),
        ("xml_locate_function", None) => Some(All::List),
        (_, None) => Some(All::Existence),
    }
}

impl All {
    pub(super) fn document(self, domain: &Domain, decoy: &Decoy) -> String {
        if self == Self::Existence {
            return nobody(domain);
        }
        let mut doc = open(domain, 320 * domain.len() + 256);
        self.write(&mut doc, domain, decoy);
        doc.finish()
    }

    fn write(self, doc: &mut Document, domain: &Domain, decoy: &Decoy) {
        if self == Self::Existence {
            return;
        }
        // In one order, so that two switches' answers can be compared.
        let mut extensions: Vec<&Extension> = domain.extensions().map(|extension| &**extension).collect();
        extensions.sort_unstable_by(|a, b| a.number.cmp(&b.number));
        match self {
            Self::Existence => {}
            Self::List => {
                let everybody: Vec<_> = extensions.into_iter().flat_map(identities).collect();
                if everybody.len() <= LISTED {
                    grouped(doc, &everybody, |doc, (extension, line)| {
                        one::write_listed(doc, domain, extension, *line, decoy);
                    });
                }
            }
            Self::Mailboxes => {
                extensions.retain(|extension| extension.voicemail);
                grouped(doc, &extensions, |doc, extension| {
                    one::write_mailbox(doc, extension, decoy)
                });
            }
            Self::Names => grouped(doc, &extensions, |doc, extension| {
                one::write_entry(doc, extension, decoy)
            }),
        }
    }
}

/// The extension under its number, and each of its lines that has another name.
fn identities(extension: &Extension) -> impl Iterator<Item = (&Extension, Option<&Line>)> {
    let own = extension.line(extension.number.as_str());
    let others = extension
        .lines
        .iter()
        .filter(move |line| line.username.as_str() != extension.number.as_str());
    std::iter::once((extension, own)).chain(others.map(move |line| (extension, Some(line))))
}

fn grouped<T>(doc: &mut Document, users: &[T], write: impl Fn(&mut Document, &T)) {
    doc.start("groups");
    for group in users.chunks(users.len().isqrt().max(1)) {
        doc.start("group").start("users");
        for user in group {
            write(doc, user);
        }
        doc.end().end();
    }
    doc.end();
}

/// Lookups that name no domain: `list_users`, and the gateways of a profile's `<domain name="all">`.
pub(super) struct EveryDomain(pub(super) Decoy);

impl Handler for EveryDomain {
    fn name(&self) -> &'static str {
        "every-domain"
    }

    fn process(&self, _key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        // Our users have no gateways of their own; the operator's static ones may.
        if asked(rq) != Some(All::List) || view.snapshot.domains.is_empty() {
            return None;
        }
        let mut domains: Vec<&Domain> = view.snapshot.domains.values().map(|domain| &**domain).collect();
        domains.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let users: usize = domains.iter().map(|domain| domain.len()).sum();
        let mut doc = Document::section("directory", 4096);
        for domain in domains {
            doc.start("domain").attr("name", &domain.name);
            if users <= LISTED {
                All::List.write(&mut doc, domain, &self.0);
            }
            doc.end();
        }
        Some(Reply::Document(doc.finish()))
    }
}
