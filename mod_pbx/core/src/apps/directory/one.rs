//! Documents with one user in them.
//!
//! A secret is only in the answer to the one who checks it: the A1 hash in that to `sip_auth`, the PIN in
//! that to mod_voicemail. All others carry the decoy, for none of those who ask checks a SIP password, and
//! mod_voicemail would take the hash of one for another PIN.

use super::open;
use crate::follow::{self, End, Hops};
use crate::legs::HELP_ONLY;
use crate::names::{DomainName, Number, Username};
use crate::pin;
use crate::registry::View;
use crate::request::Request;
use crate::resolve::line_rings;
use crate::store::snapshot::{Domain, Extension, Line};
use crate::xml::user::{self, Credential, Decoy, Params, Variables};
use crate::xml::{At, Document};

/// What a lookup of one user is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A digest is to be checked.
    Auth,
    /// `user/…` is to be dialled.
    Call,
    /// Voicemail is to be left or heard.
    Mailbox,
    /// A message is put into the mailbox, without a call.
    Inject,
    /// Whose number is it: the mailbox of a name, the user of an alias.
    Owner,
    /// May the mailbox have this new PIN.
    NewPin,
    /// No reason given: `set_user`, `user_data`, `user_exists`, voicemail's forward, …
    Anything,
}

impl Asked {
    /// What this lookup is for; none: for something that our users are not for, such as a verto login
    /// (browser clients have a domain of their own), ESL or HTTP logins, or the password for another
    /// switch's challenge (`reverse-auth-lookup`; we have none).
    pub(super) fn of(rq: &Request<'_>) -> Option<Self> {
        let Some(action) = rq.param("action") else {
            // mod_xml_rpc gives no action but this parameter, and would take the PIN for a password.
            if rq.param("number_alias").is_some() {
                return None;
            }
            let says = |name, text| rq.param(name).is_some_and(|value| value == text);
            return Some(if says("VM-Action", "change-password") {
                Self::NewPin
            } else if says("Event-Calling-Function", "voicemail_inject") {
                Self::Inject
            } else if says("Event-Calling-Function", "vm_fsdb_auth_login_function") {
                Self::Mailbox
            } else if says("key", "number-alias") {
                Self::Owner
            } else {
                Self::Anything
            });
        };
        [
            ("sip_auth", Self::Auth),
            ("user_call", Self::Call),
            ("voicemail-lookup", Self::Mailbox),
            ("message-count", Self::Owner),
            ("web-vm", Self::Owner),
        ]
        .into_iter()
        .find_map(|(name, asked)| action.eq_ignore_ascii_case(name).then_some(asked))
    }
}

/// A user's id.
#[derive(Clone, Copy)]
enum Id<'a> {
    Number(&'a Number),
    Username(&'a Username),
}

impl Id<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::Username(name) => name.as_str(),
        }
    }
}

/// For a REGISTER's digest: the line with its hash and cap.
///
/// No variables: no channel comes of it, and bytes are what the switch's time goes into.
pub(super) fn register(domain: &Domain, extension: &Extension, line: &Line) -> String {
    let mut doc = open(domain, 512);
    let mut user = user::open(&mut doc, &line.username, None, Credential::Line(&line.a1));
    user.param(
        "max-registrations-per-extension",
        &u64::from(line.max_registrations),
    );
    if extension.voicemail && line.username.as_str() != extension.number.as_str() {
        // The lamp follows the extension's mailbox (`sofia_reg_handle_register_token`).
        user.param("mwi-account", &At(extension.number.as_str(), &domain.name));
    }
    user.close();
    doc.finish()
}

/// What a line's digest lets it do.
#[derive(Debug, Clone, Copy)]
pub(super) enum May {
    /// Call; whether its audio must be encrypted.
    Call { secured: bool },
    /// Call for help, and nothing that comes of it: from here it may not call otherwise.
    CallForHelp,
}

/// For any other digest: the line with its hash and identity, and what its call may be.
pub(super) fn auth(domain: &Domain, extension: &Extension, line: &Line, may: May) -> String {
    let mut doc = open(domain, 1024);
    let user = user::open(&mut doc, &line.username, None, Credential::Line(&line.a1));
    let mut variables = identity(user, domain, extension, line.username.as_str());
    match may {
        // What the phone offers without it is no match (`switch_core_media_negotiate_sdp`). The profile's
        // `require-secure-rtp` sets a flag that nothing reads.
        May::Call { secured: true } => {
            variables.variable("rtp_secure_media_inbound", "mandatory");
        }
        May::Call { secured: false } => {}
        May::CallForHelp => {
            variables.variable(HELP_ONLY, "true");
        }
    }
    variables.close();
    doc.finish()
}

/// For `user/…`: what to dial, and the identity of who is called.
pub(super) fn call(
    view: &View<'_>,
    domain: &Domain,
    extension: &Extension,
    line: Option<&Line>,
    decoy: &Decoy,
) -> String {
    let mut doc = open(domain, 1024);
    let id = id(extension, line);
    let mut user = user::open(&mut doc, id.as_str(), None, Credential::Nobody(decoy));
    dial_string(&mut user, view, domain, extension, line);
    identity(user, domain, extension, id.as_str()).close();
    doc.finish()
}

/// For mod_voicemail: the mailbox, whose id is the extension's number.
pub(super) fn mailbox(domain: &Domain, extension: &Extension, line: Option<&Line>, decoy: &Decoy) -> String {
    let mut doc = open(domain, 768);
    let mut user = open_mailbox(&mut doc, extension, line, decoy);
    mailbox_params(&mut user, extension);
    user.close();
    doc.finish()
}

/// For whoever wants to know the number behind a name (mod_voicemail's `resolve_id`). Who looks for a
/// number-alias finds it in that attribute only (`switch_xml_locate_user_in_domain`), so it is always there.
pub(super) fn owner(domain: &Domain, extension: &Extension, line: Option<&Line>, decoy: &Decoy) -> String {
    let mut doc = open(domain, 512);
    let alias = id(extension, line);
    user::open(
        &mut doc,
        &extension.number,
        Some(alias.as_str()),
        Credential::Nobody(decoy),
    )
    .close();
    doc.finish()
}

/// For mod_voicemail's `change-password`: whether this may be the new PIN. It is changed later, by revision, when
/// mod_voicemail tells of it (see [`crate::voicemail`]).
pub(super) fn new_pin(
    rq: &Request<'_>,
    domain: &Domain,
    extension: &Extension,
    line: Option<&Line>,
    decoy: &Decoy,
) -> String {
    let mut doc = open(domain, 512);
    let chosen = rq.param("VM-User-Password").unwrap_or_default();
    let may_be = extension.voicemail && pin::check(&extension.number, &chosen).is_ok();
    open_mailbox(&mut doc, extension, line, decoy).result(may_be);
    doc.finish()
}

/// For those who give no reason: all but the secrets.
pub(super) fn anything(
    view: &View<'_>,
    domain: &Domain,
    extension: &Extension,
    line: Option<&Line>,
    decoy: &Decoy,
) -> String {
    let mut doc = open(domain, 1024);
    let id = id(extension, line);
    let mut user = user::open(&mut doc, id.as_str(), None, Credential::Nobody(decoy));
    dial_string(&mut user, view, domain, extension, line);
    user.param("vm-enabled", &extension.voicemail);
    identity(user, domain, extension, id.as_str()).close();
    doc.finish()
}

/// A user in a listing of the domain.
pub(super) fn write_listed(
    doc: &mut Document,
    domain: &Domain,
    extension: &Extension,
    line: Option<&Line>,
    decoy: &Decoy,
) {
    let id = id(extension, line);
    let user = user::open(doc, id.as_str(), None, Credential::Nobody(decoy));
    identity(user, domain, extension, id.as_str()).close();
}

/// A mailbox among others, for messages to be put into.
pub(super) fn write_mailbox(doc: &mut Document, extension: &Extension, decoy: &Decoy) {
    open_mailbox(doc, extension, None, decoy).close();
}

/// An entry of mod_directory's dial-by-name (`generate_sql_entry_for_user`).
pub(super) fn write_entry(doc: &mut Document, extension: &Extension, decoy: &Decoy) {
    let user = user::open(doc, &extension.number, None, Credential::Nobody(decoy));
    let mut variables = user.variables();
    variables.action_variable("effective_caller_id_name", |out| {
        out.free(&extension.caller_id_name);
    });
    variables.close();
}

/// A line goes by its username, an extension by its number; if they are the same there is one document.
fn id<'a>(extension: &'a Extension, line: Option<&'a Line>) -> Id<'a> {
    match line {
        Some(line) => Id::Username(&line.username),
        None => Id::Number(&extension.number),
    }
}

/// The mailbox; its alias is the name it was asked for by, if that is a line's.
fn open_mailbox<'d>(
    doc: &'d mut Document,
    extension: &Extension,
    line: Option<&Line>,
    decoy: &Decoy,
) -> Params<'d> {
    let alias = line
        .map(|line| line.username.as_str())
        .filter(|name| *name != extension.number.as_str());
    user::open(doc, &extension.number, alias, Credential::Nobody(decoy))
}

fn mailbox_params(user: &mut Params<'_>, extension: &Extension) {
    user.param("vm-enabled", &extension.voicemail);
    if let (true, Some(pin)) = (extension.voicemail, &extension.voicemail_pin) {
        user.param("vm-password", &**pin);
    }
}

fn dial_string(
    user: &mut Params<'_>,
    view: &View<'_>,
    domain: &Domain,
    extension: &Extension,
    line: Option<&Line>,
) {
    // A line that is called by its extension's number stands for the extension, and is where it forwards to.
    // One that is called by its own name is wanted itself.
    let end = match line.filter(|line| line.username.as_str() != extension.number.as_str()) {
        Some(_) if extension.dnd() => End::Busy(extension),
        Some(line) => End::Rings(line_rings(view, domain, extension, line)),
        None => follow::follow(view, domain, extension, Hops::NONE).end,
    };
    user.action_param("dial-string", |out| match end {
        End::Rings(ring) => ring.dial_string(out),
        End::Busy(_) => {
            out.literal("error/user_busy");
        }
        // Who dials by a dial string of their own dials outside by one too.
        End::Outside(..) | End::Unanswered(_) | End::Nobody(_) | End::Loops => {
            out.literal("error/user_not_registered");
        }
    });
}

/// Every variable that later decisions rest on, in every document: for a verto client FreeSWITCH keeps
/// what the client says of any variable that the directory does not set (`verto_invite`).
fn identity<'d>(user: Params<'d>, domain: &Domain, extension: &Extension, id: &str) -> Variables<'d> {
    let mut variables = user.variables();
    security(&mut variables, &domain.name, extension);
    variables.variable("pbx_identity", &At(id, &domain.name));
    // Who is shown as busy when it calls. Without a `presence_id` mod_sofia would take whom From names
    // (`sofia_handle_sip_i_invite`); it leaves one alone that has no domain (`actual_sofia_presence_event_handler`).
    variables.variable("presence_data", &At(id, &domain.name));
    variables.variable("presence_id", "none");
    variables
}

fn security(variables: &mut Variables<'_>, domain: &DomainName, extension: &Extension) {
    variables
        .variable("user_context", domain)
        .variable("domain_name", domain)
        .variable("toll_allow", "none")
        .variable("accountcode", &extension.number)
        .action_variable("effective_caller_id_name", |out| {
            out.free(&extension.caller_id_name);
        })
        .variable("effective_caller_id_number", &extension.number);
}
