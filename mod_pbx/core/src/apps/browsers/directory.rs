//! The realm `extensions`: a document for a live client, and for nobody else.
//!
//! mod_verto asks twice: at a login, where the parameters begin with the stranger's own `loginParams`, and at each
//! invite, answer and attach (`set_user`), where there are none. `action` is set after theirs and holds.

use crate::clients::view::{Client, REALM, now};
use crate::registry::{Handler, View};
use crate::reply::Reply;
use crate::request::Request;
use crate::store::snapshot::{Domain, Extension};
use crate::xml::user::{self, Credential, Decoy};
use crate::xml::{At, Document};

/// All that a call needs. Comma separated: `set_perm` splits at blanks as soon as there is one.
const METHODS: &str = "verto.invite,verto.answer,verto.attach,verto.bye,verto.modify,verto.info,verto.ping";

/// Variables by which a channel runs commands or applications, lets others do so, or leaves our dialplan. mod_verto
/// sets those of a login's `userVariables` on every call of that login (`verto__invite_func`), the directory's after
/// them: so each is set here to nothing, which takes it away. The first wall is the proxy, which lets no
/// `userVariables` through; it is the only one for names that end in something of the caller's own
/// (`execute_on_answer_1`).
const HARMLESS: &[&str] = &[
    "api_after_bridge",
    "api_hangup_hook",
    "api_on_answer",
    "api_on_media",
    "api_on_originate",
    "api_on_post_originate",
    "api_on_pre_answer",
    "api_on_ring",
    "api_on_tone_detect",
    "api_reporting_hook",
    "bridge_pre_execute_aleg_app",
    "bridge_pre_execute_aleg_data",
    "bridge_pre_execute_bleg_app",
    "bridge_pre_execute_bleg_data",
    "bypass_media",
    "bypass_media_after_bridge",
    "cc_export_vars",
    "continue_on_fail",
    "dialed_extension",
    "exec_after_bridge_app",
    "exec_after_bridge_arg",
    "execute_on_answer",
    "execute_on_media",
    "execute_on_originate",
    "execute_on_post_originate",
    "execute_on_pre_answer",
    "execute_on_ring",
    "execute_on_tone_detect",
    "export_vars",
    "bridge_export_vars",
    "failed_xml_cdr_prefix",
    "group_confirm_file",
    "group_confirm_key",
    "hangup_after_bridge",
    "hold_music",
    "media_bug_answer_req",
    "park_after_bridge",
    "proxy_media",
    "record_post_process_exec_api",
    "record_post_process_exec_app",
    "ringback",
    "session_in_hangup_hook",
    "transfer_after_bridge",
    "transfer_on_fail",
    "transfer_ringback",
    "verto_skip_set_user",
];

/// The browser clients.
pub(super) struct Realm(pub(super) Decoy);

impl Handler for Realm {
    fn name(&self) -> &'static str {
        "browser-clients"
    }

    fn process(&self, _key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        let mut doc = Document::section("directory", 4096);
        doc.start("domain").attr("name", REALM);
        let user = rq.param("user");
        let client = user.and_then(|user| view.clients.find(&user));
        let speaks = client.and_then(|client| Some((client, client.extension(view.snapshot)?)));
        if let Some((client, (domain, extension))) = speaks {
            match rq.param("action") {
                Some(action) if action == "jsonrpc-authenticate" => {
                    if may_log_in(client, rq) {
                        write(&mut doc, client, domain, extension, Credential::Line(&client.a1));
                    }
                }
                // set_user, which checks no password.
                None => write(&mut doc, client, domain, extension, Credential::Nobody(&self.0)),
                Some(_) => {}
            }
        }
        Some(Reply::Document(doc.finish()))
    }
}

/// While it lasts, and with no other session id than its own. Only the patched mod_verto tells us the session id
/// that is logged in with, and then after the stranger's parameters; else the login's event does.
fn may_log_in(client: &Client, rq: &Request<'_>) -> bool {
    let session = rq.param("verto_sessid");
    client.is_live(now()) && session.is_none_or(|session| session == client.session.to_string())
}

fn write(
    doc: &mut Document,
    client: &Client,
    domain: &Domain,
    extension: &Extension,
    credential: Credential<'_>,
) {
    let mut user = user::open(doc, &client.id.to_string(), None, credential);
    user.param("jsonrpc-allowed-methods", METHODS);
    // What mod_verto calls whoever names nobody (`caller-id-…` of the login).
    user.param("caller-id-number", &extension.number);
    let mut variables = user.variables();
    for name in HARMLESS {
        variables.variable(name, "");
    }
    variables
        .variable("user_context", &domain.name)
        .variable("domain_name", &domain.name)
        .variable("toll_allow", "none")
        .variable("accountcode", &extension.number)
        .action_variable("effective_caller_id_name", |out| {
            out.free(&extension.caller_id_name);
        })
        .variable("effective_caller_id_number", &extension.number);
    let identity = At(extension.number.as_str(), &domain.name);
    variables.variable("pbx_identity", &identity);
    // As a phone's: the lamps are ours (see apps/directory/one.rs). Without it mod_verto would show the client's id.
    variables.variable("presence_data", &identity);
    variables.variable("presence_id", "none");
    let expires = u64::try_from(client.expires).unwrap_or(0);
    variables.variable("login-expires", &expires);
    variables.close();
}
