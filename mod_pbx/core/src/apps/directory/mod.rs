//! The directory: who exists in a SIP domain, for each of FreeSWITCH's reasons to ask.
//!
//! Parameters may be chosen by a stranger: verto's loginParams replace any parameter that the switch has
//! set before them, `Event-Calling-Function` too, and an INVITE's unknown headers come in raw. What holds
//! is the lookup's own domain, and `key`, `user` and `domain`, which `switch_xml_locate_user` sets last.
//! So whoever asks with a `key` gets at most the one user asked for, whatever else is said.

mod all;
mod auth;
mod one;

use crate::apps::directory::one::Asked;
use crate::registry::{Builder, Handler, RegistryError, Section, View};
use crate::reply::Reply;
use crate::request::Request;
use crate::routing;
use crate::store::snapshot::{Domain, Line};
use crate::xml::Document;
use crate::xml::user::Decoy;

/// Adds the directory's handlers.
///
/// # Errors
/// A key is taken, or there are no random bytes.
pub fn register(builder: &mut Builder) -> Result<(), RegistryError> {
    register_with(
        builder,
        Decoy::random().map_err(|e| RegistryError::Random(e.to_string()))?,
    )
}

/// Adds the directory's handlers, with a known decoy.
///
/// # Errors
/// A key is taken.
pub fn register_with(builder: &mut Builder, decoy: Decoy) -> Result<(), RegistryError> {
    builder.section(Section::Directory);
    let dict = builder.dict(Section::Directory);
    dict.literal("", std::sync::Arc::new(all::EveryDomain(decoy.clone())))?;
    dict.data("each SIP domain", SipDomain(decoy));
    Ok(())
}

/// The users of a SIP domain.
struct SipDomain(Decoy);

impl Handler for SipDomain {
    fn name(&self) -> &'static str {
        "sip-domain"
    }

    fn process(&self, key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        let domain = view.snapshot.domain(key)?;
        let document = match all::asked(rq) {
            Some(all) => all.document(domain, &self.0),
            None => self.one(domain, rq, view),
        };
        Some(Reply::Document(document))
    }
}

impl SipDomain {
    fn one(&self, domain: &Domain, rq: &Request<'_>, view: &View<'_>) -> String {
        let (Some(user), Some(asked)) = (rq.param("user"), Asked::of(rq)) else {
            return nobody(domain);
        };
        let Some(extension) = domain.find(&user) else {
            return nobody(domain);
        };
        let line = extension.line(&user);
        let banned = |line: &Line| {
            let (domain, username) = (domain.name.as_str(), line.username.as_str());
            view.bans.refuses(rq, domain, username)
        };
        let for_help = || is_for_help(rq, view, domain);
        let heard = |line: &Line| for_help() && auth::is_right(rq, line);
        match (asked, line) {
            (Asked::Auth, Some(line)) => {
                let banned = banned(line);
                if banned && !heard(line) {
                    return nobody(domain);
                }
                let may = match auth::admits(rq, view, domain, line, for_help) {
                    Some(auth::Digest::Register) => return one::register(domain, extension, line),
                    Some(auth::Digest::Other) if !banned => one::May::Call {
                        // A call for help is better heard by others than not at all.
                        secured: line.srtp_required && !for_help(),
                    },
                    Some(_) => one::May::CallForHelp,
                    None => return nobody(domain),
                };
                one::auth(domain, extension, line, may)
            }
            (Asked::Auth, None) => nobody(domain),
            (Asked::Inject, _) if !extension.voicemail => nobody(domain),
            (Asked::Call, _) => one::call(view, domain, extension, line, &self.0),
            (Asked::Mailbox | Asked::Inject, _) => one::mailbox(domain, extension, line, &self.0),
            (Asked::Owner, _) => one::owner(domain, extension, line, &self.0),
            (Asked::NewPin, _) => one::new_pin(rq, domain, extension, line, &self.0),
            (Asked::Anything, _) => one::anything(view, domain, extension, line, &self.0),
        }
    }
}

/// Whether the request is a call for help. It is then refused only for a wrong digest: neither for where it comes from, nor
/// for how the digest is made, nor for a ban, during which we look at the digest ourselves.
fn is_for_help(rq: &Request<'_>, view: &View<'_>, domain: &Domain) -> bool {
    let is_invite = rq
        .param("sip_auth_method")
        .is_some_and(|method| method == "INVITE");
    let dialled = || rq.param("sip_request_user");
    is_invite && dialled().is_some_and(|number| routing::is_emergency(view, domain, &number))
}

/// The domain without any user: authoritative, so nothing falls through to static XML.
fn nobody(domain: &Domain) -> String {
    let mut doc = open(domain, 160);
    doc.end();
    doc.finish()
}

/// A document with the domain open.
fn open(domain: &Domain, capacity: usize) -> Document {
    let mut doc = Document::section("directory", capacity);
    doc.start("domain").attr("name", &domain.name);
    doc
}
