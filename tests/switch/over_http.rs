//! A switch without the module, whose mod_xml_curl asks the module of another host over `POST /fsapi`. That other
//! host is the stand-in: it holds the database and the web server, and every call is the switch's own.

use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use fs_standin::app;
use libtest_mimic::Trial;

use crate::callee::Callee;
use crate::child::Owned;
use crate::found::Installed;
use crate::group::Group;
use crate::ports;
use crate::rig::{DOMAINS, Rig, account, canary, password};
use crate::running::Running;
use crate::sipp::{Sipp, row};
use crate::site::{self, Site};
use crate::wait;
use crate::wire::Phone;

/// Names the folder of the stand-in that this program is to be, in place of a test.
const FOLDER: &str = "PBX_TEST_STANDIN";

/// The stand-in beside the switch: it ends with the test program, or when the next one starts.
static BESIDE: Mutex<Option<Owned>> = Mutex::new(None);

/// Where it listens: not where the module in the switch does, since it outlives the scenarios here.
fn listens() -> [u16; 2] {
    static PORTS: OnceLock<[u16; 2]> = OnceLock::new();
    *PORTS.get_or_init(|| {
        let [web, local, _] = ports::another_switch();
        [web, local]
    })
}

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("over_http", start).needs(no_curl).add(
        trials,
        &[
            ("a_phone_registers_and_its_call_is_routed", registers_and_calls),
            ("a_wrong_password_is_refused", a_wrong_password_is_refused),
            (
                "while_nobody_answers_nobody_gets_in",
                while_nobody_answers_nobody_gets_in,
            ),
        ],
    );
}

/// The stand-in's program, if that is what this process was started as.
pub(crate) fn stand_in() -> Option<ExitCode> {
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER)?);
    let own = ["standin", "--log", "info", "--conf"].map(Into::into);
    let rest = [
        folder.join("conf").into(),
        "--run".into(),
        folder.join("run").into(),
        "--module".into(),
        site::module().into(),
    ];
    Some(app::run(own.into_iter().chain(rest)))
}

fn no_curl(installed: &Installed) -> Option<String> {
    let there = installed.modules.join("mod_xml_curl.so").is_file();
    (!there).then(|| "this FreeSWITCH has no mod_xml_curl".to_owned())
}

fn start() -> Rig {
    let site = Rig::whole_site();
    *BESIDE.lock().unwrap() = Some(beside(&site));
    without_the_module(&site);
    let mut switch = Running::start(&site);
    switch.until("sofia status", "RUNNING");
    assert_eq!(switch.api("module_exists mod_pbx").trim(), "false");
    Rig { site, switch }
}

/// Starts the stand-in with a copy of the site's configuration and database; it answers when this returns.
fn beside(site: &Site) -> Owned {
    let folder = site.path("beside");
    for name in ["conf/autoload_configs", "run/storage/pbx"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let conf = folder.join("conf");
    for name in ["freeswitch.xml", "vars.xml"] {
        fs::copy(site.path("conf").join(name), conf.join(name)).unwrap();
    }
    fs::write(conf.join("local.xml"), "<include/>").unwrap();
    let modules =
        "<configuration name=\"modules.conf\"><modules><load module=\"mod_pbx\"/></modules></configuration>";
    fs::write(conf.join("autoload_configs/modules.conf.xml"), modules).unwrap();
    let database = folder.join("run/storage/pbx/pbx.db").display().to_string();
    let [web, local] = listens().map(|port| format!("127.0.0.1:{port}"));
    fs::write(
        conf.join("autoload_configs/pbx.conf.xml"),
        site.pbx_conf(&[
            ("database", &database),
            ("web-listen", &web),
            ("local-listen", &local),
        ]),
    )
    .unwrap();
    if !folder.join("run/storage/pbx/pbx.db").exists() {
        site::copy_database(&site.database(), &folder.join("run/storage/pbx/pbx.db"));
    }
    let output = fs::File::create(folder.join("output")).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .env(FOLDER, &folder)
        .stdin(Stdio::null())
        .stderr(output.try_clone().unwrap())
        .stdout(output);
    let mut process = Owned::spawn(command).unwrap();
    let local = (std::net::Ipv4Addr::LOCALHOST, listens()[1]);
    wait::until("the stand-in to listen", Duration::from_secs(30), || {
        let said = || fs::read_to_string(folder.join("output")).unwrap_or_default();
        assert!(process.ended().is_none(), "the stand-in ended:\n{}", said());
        std::net::TcpStream::connect(local).ok()
    });
    process
}

/// Deploy's configuration with mod_xml_curl in mod_pbx's place.
fn without_the_module(site: &Site) {
    site.load_all();
    let file = "conf/autoload_configs/modules.conf.xml";
    let text = fs::read_to_string(site.path(file)).unwrap();
    let replaced = text.replace("<load module=\"mod_pbx\"/>", "<load module=\"mod_xml_curl\"/>");
    assert_ne!(replaced, text, "deploy loads mod_pbx");
    site.write(file, &replaced);
    site.write(
        "conf/autoload_configs/xml_curl.conf.xml",
        &format!(
            "<configuration name=\"xml_curl.conf\"><bindings><binding name=\"pbx\"><param name=\"gateway-url\" \
             value=\"http://127.0.0.1:{}/fsapi\" bindings=\"configuration|directory|dialplan\"/></binding></bindings>\
             </configuration>",
            listens()[1]
        ),
    );
}

/// How many lookups of a section the stand-in has answered, as its `/metrics` say.
fn answered(section: &str) -> u64 {
    use std::io::{Read as _, Write as _};
    let address = format!("127.0.0.1:{}", listens()[1]);
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let name = format!("pbx_lookup_duration_seconds_count{{section=\"{section}\",result=\"answered\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
        .trim()
        .parse()
        .unwrap()
}

fn registers_and_calls(rig: &mut Rig) {
    assert!(
        answered("configuration") > 0,
        "sofia's configuration came over HTTP"
    );
    let (domain, before) = (DOMAINS[0], ["directory", "dialplan"].map(answered));
    let phone = Callee::start(account("bob", domain, &password("bob", domain)));
    rig.switch
        .until("sofia status profile internal reg", &format!("bob@{domain}"));
    let rows = vec![row("alice", domain, "1002", &password("alice", domain))];
    Sipp::new(&rig.site, "call", rows).run();
    let invites = phone.calls(1);
    let from = invites[0].header("From").unwrap_or_default();
    assert!(from.contains(&format!("alice {}", canary(domain))), "{from}");
    assert!(from.contains("sip:1001@"), "{from}");
    let after = ["directory", "dialplan"].map(answered);
    assert!(
        after[0] >= before[0] + 2 && after[1] > before[1],
        "{before:?} {after:?}"
    );
}

fn a_wrong_password_is_refused(_rig: &mut Rig) {
    let domain = DOMAINS[0];
    for (username, password) in [
        ("bob", "wrong"),
        ("nobody", "wrong"),
        ("bob", &password("bob", DOMAINS[1])),
    ] {
        let [_, answer] = Phone::new()
            .register(account(username, domain, password), 60)
            .unwrap();
        assert_eq!(answer.status, 403, "{username}: {}", answer.text);
    }
}

/// Last, since it ends the stand-in.
fn while_nobody_answers_nobody_gets_in(rig: &mut Rig) {
    *BESIDE.lock().unwrap() = None;
    let domain = DOMAINS[0];
    let [_, answer] = Phone::new()
        .register(account("bob", domain, &password("bob", domain)), 60)
        .unwrap();
    assert_eq!(answer.status, 403, "{}", answer.text);
    *BESIDE.lock().unwrap() = Some(beside(&rig.site));
    let registered = || {
        let answers = Phone::new().register(account("bob", domain, &password("bob", domain)), 60);
        answers.ok().filter(|[_, answer]| answer.status == 200)
    };
    wait::until("the phone to register again", wait::SOON, registered);
}
