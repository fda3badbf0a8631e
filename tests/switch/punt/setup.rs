//! The switch of these scenarios, its directory and its clients.

use std::fs;
use std::sync::OnceLock;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::curl::{Directory, Lookup};
use crate::esl::Esl;
use crate::found::{self, Installed};
use crate::ports::ports;
use crate::rig::Rig;
use crate::running::{self, Running};
use crate::site::Site;
use crate::verto::Verto;

/// The domain that every client logs in to.
pub(super) const DOMAIN: &str = "verto.test";
const MODULES: [&str; 9] = [
    "mod_console",
    "mod_logfile",
    "mod_xml_curl",
    "mod_event_socket",
    "mod_commands",
    "mod_dptools",
    "mod_dialplan_xml",
    "mod_rtc",
    "mod_verto",
];
/// How long an answered call waits for its session, in seconds.
pub(super) const DETACH_TIMEOUT: u64 = 3;

/// What stands in the way of these scenarios.
pub(crate) fn unpatched(installed: &Installed) -> Option<String> {
    let file = |name: &str| fs::read(installed.modules.join(name)).ok();
    let command = b"verto_punt\0";
    match file("mod_verto.so") {
        Some(module) if module.windows(command.len()).any(|bytes| bytes == command) => {}
        _ => return Some("this FreeSWITCH's mod_verto is not patched; see patches/README.md".to_owned()),
    }
    file("mod_xml_curl.so")
        .is_none()
        .then(|| "this FreeSWITCH has no mod_xml_curl".to_owned())
}

pub(super) fn start() -> Rig {
    let site = Site::new(&found::freeswitch().expect("looked for before"));
    let modules = MODULES.map(|name| format!("<load module=\"{name}\"/>")).concat();
    site.write(
        "conf/autoload_configs/modules.conf.xml",
        &format!("<configuration name=\"modules.conf\"><modules>{modules}</modules></configuration>"),
    );
    site.write(
        "conf/autoload_configs/xml_curl.conf.xml",
        &format!(
            "<configuration name=\"xml_curl.conf\"><bindings><binding name=\"test\">\
             <param name=\"gateway-url\" value=\"{}\" bindings=\"directory\"/></binding></bindings></configuration>",
            directory().url()
        ),
    );
    site.write("conf/autoload_configs/verto.conf.xml", &verto_conf());
    let local = fs::read_to_string(site.path("conf/local.xml")).unwrap();
    site.write(
        "conf/local.xml",
        &local.replace("</include>", &format!("{DIALPLAN}\n</include>")),
    );
    let mut switch = Running::start(&site);
    switch.until("verto status", "RUNNING");
    Rig { site, switch }
}

const DIALPLAN: &str = "<section name=\"dialplan\"><context name=\"verto\">\
    <extension name=\"echo\"><condition field=\"destination_number\" expression=\"^echo$\">\
    <action application=\"answer\"/><action application=\"echo\"/></condition></extension>\
    <extension name=\"ring\"><condition field=\"destination_number\" expression=\"^ring$\">\
    <action application=\"ring_ready\"/><action application=\"sleep\" data=\"60000\"/></condition></extension>\
    </context></section>";

fn verto_conf() -> String {
    let listen = format!("127.0.0.1:{}", ports().verto);
    let params = [
        ("bind-local", listen.as_str()),
        ("userauth", "true"),
        ("force-register-domain", DOMAIN),
        ("context", "verto"),
        ("dialplan", "XML"),
        ("rtp-ip", "127.0.0.1"),
        ("apply-candidate-acl", "loopback.auto"),
        ("inbound-codec-string", "PCMU"),
        ("outbound-codec-string", "PCMU"),
    ];
    let params = params
        .map(|(name, value)| format!("<param name=\"{name}\" value=\"{value}\"/>"))
        .concat();
    format!(
        "<configuration name=\"verto.conf\"><settings><param name=\"detach-timeout-sec\" value=\"{DETACH_TIMEOUT}\"/>\
         </settings><profiles><profile name=\"test\">{params}</profile></profiles></configuration>"
    )
}

/// The directory of these scenarios; it lives as long as the run.
pub(super) fn directory() -> &'static Directory {
    static DIRECTORY: OnceLock<Directory> = OnceLock::new();
    DIRECTORY.get_or_init(|| Directory::start(user))
}

/// Users u0 to u9, password pw- and the name.
fn user(lookup: &Lookup) -> String {
    let user = lookup.iter().find(|(name, _)| name == "user");
    let user = user.map_or("", |(_, value)| value.as_str());
    let section = if user.len() == 2 && user.starts_with('u') {
        format!(
            "<section name=\"directory\"><domain name=\"{DOMAIN}\"><user id=\"{user}\"><params>\
             <param name=\"password\" value=\"pw-{user}\"/>\
             <param name=\"jsonrpc-allowed-methods\" value=\"verto,echo\"/></params>\
             <variables><variable name=\"user_context\" value=\"verto\"/></variables></user></domain></section>"
        )
    } else {
        "<section name=\"result\"><result status=\"not found\"/></section>".to_owned()
    };
    format!("<document type=\"freeswitch/xml\">{section}</document>")
}

pub(super) fn login(verto: &mut Verto, user: &str, sessid: &str) -> Value {
    let params =
        json!({"login": format!("{user}@{DOMAIN}"), "passwd": format!("pw-{user}"), "sessid": sessid});
    verto.ask("login", &params)
}

/// A new connection that is logged in, and its session id.
pub(super) fn session(user: &str) -> (Verto, String) {
    let (mut verto, sessid) = (Verto::connect(), Uuid::new_v4().to_string());
    let answer = login(&mut verto, user, &sessid);
    assert_eq!(answer["result"]["sessid"], sessid.as_str(), "{answer}");
    (verto, sessid)
}

/// Calls `number` with plain RTP, which needs no handshake before an answer; the call's id.
pub(super) fn call(verto: &mut Verto, number: &str) -> String {
    let call = Uuid::new_v4().to_string();
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
               m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
    let dialog = json!({"callID": call, "destination_number": number});
    let answer = verto.ask("verto.invite", &json!({"sdp": sdp, "dialogParams": dialog}));
    assert_eq!(answer["result"]["callID"], call.as_str(), "{answer}");
    call
}

#[track_caller]
pub(super) fn punt(switch: &mut Running, sessid: &str) {
    let said = switch.api(&format!("verto_punt {sessid}"));
    assert!(said.starts_with("+OK"), "{said}");
}

/// The ends of connections from now on.
pub(super) fn events() -> Esl {
    let mut esl = running::connect().unwrap();
    esl.subscribe("CUSTOM verto::client_disconnect").unwrap();
    esl
}

/// The end of the connection from this address.
pub(super) fn disconnected(events: &mut Esl, address: &str) -> Value {
    loop {
        let event = events.event().unwrap();
        if event["verto_client_address"] == address {
            return event;
        }
    }
}
