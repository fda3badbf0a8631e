//! The `sip_auth` lookup: what every REGISTER and every call costs.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::contender::{Contender, Plan, instrument};
use crate::database::{self, DOMAIN, FIRST};
use crate::found::Installed;
use crate::http;
use crate::table::{heading, median, row};

const ROUNDS: usize = 7;
const CALLS: u32 = 20_000;
/// For those that need a tenth of a millisecond and more.
const SLOW_CALLS: u32 = 1_000;

/// One measurement of the instrument, times in nanoseconds. What is usual is the middle of all calls: the
/// mean of a shared machine is made of the moments in which somebody else had the core.
#[derive(Debug, Clone, Copy)]
struct Reading {
    per_second: f64,
    usual: f64,
    tail: f64,
}

pub(crate) fn run(installed: &Installed) {
    let work = tempfile::tempdir().unwrap();
    let tool = instrument(installed, work.path());
    let small = database::with_extensions(1_000);
    let large = database::with_extensions(database::large());

    let mut pbx = pbx(installed, &tool, &small);
    let answer = pbx.ok(&database::sip_auth_lookup("REGISTER"));
    let answer = answer.trim_end();
    assert!(answer.contains("a1-hash"), "{answer}");
    let lean = lean();
    let mut equal = canned(installed, &tool, answer);
    let mut floor = canned(installed, &tool, &lean);

    heading(&format!("sip_auth lookup, answer of {} bytes", answer.len()));
    {
        let [ours, same, least] = alternate([&mut pbx, &mut equal, &mut floor], |c| one(c, CALLS));
        row(
            "against canned C of equal bytes",
            ours.usual / same.usual,
            "≤ 1.15",
            &of(ours, same),
        );
        row(
            &format!("against canned C of {} bytes", lean.len()),
            ours.usual / least.usual,
            "–",
            &of(ours, least),
        );
    }
    threads(&mut pbx);
    others(installed, &tool, answer, &mut pbx);
    drop(floor);
    let mut million = self::pbx(installed, &tool, &large);
    let [many, few] = alternate([&mut million, &mut pbx], |c| {
        let users = if c.memory_is_large() {
            database::large()
        } else {
            1_000
        };
        locate(c, users, CALLS, 1)
    });
    row(
        &format!("{} extensions against 1,000", database::large()),
        many.usual / few.usual,
        "≤ 1.2",
        &of(many, few),
    );
    tail(&mut million, &mut equal);
    unload(&mut pbx);
}

impl Contender {
    fn memory_is_large(&self) -> bool {
        self.memory() > 150e6
    }
}

fn pbx(installed: &Installed, tool: &Path, database: &Path) -> Contender {
    Plan::new(installed, tool).pbx(database, &[]).start(installed)
}

fn canned(installed: &Installed, tool: &Path, text: &str) -> Contender {
    let plan = Plan::new(installed, tool);
    let file = plan.path("tmp/answer.xml");
    std::fs::write(&file, text).unwrap();
    let mut contender = plan.start(installed);
    contender.ok(&format!("bench_canned {}", file.display()));
    contender
}

/// The least that registers a phone.
fn lean() -> String {
    format!(
        "<document type=\"freeswitch/xml\"><section name=\"directory\"><domain name=\"{DOMAIN}\"><user id=\"{FIRST}\"><params>\
         <param name=\"a1-hash\" value=\"0123456789abcdef0123456789abcdef\"/><param name=\"allow-empty-password\" value=\"false\"/>\
         </params><variables><variable name=\"user_context\" value=\"{DOMAIN}\"/></variables></user></domain></section></document>"
    )
}

fn threads(pbx: &mut Contender) {
    let (mut single, mut double) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        single.push(locate(pbx, 1_000, CALLS, 1).per_second);
        double.push(locate(pbx, 1_000, CALLS, 2).per_second);
    }
    let (single, double) = (median(single), median(double));
    row(
        "two threads against one",
        double / single,
        "≥ 1.8",
        &format!("{double:.0}/s, {single:.0}/s"),
    );
}

fn others(installed: &Installed, tool: &Path, answer: &str, pbx: &mut Contender) {
    let curl_port = http::serve(answer);
    let curl = format!(
        r#"<configuration name="xml_curl.conf"><bindings><binding name="a">
        <param name="gateway-url" value="http://127.0.0.1:{curl_port}/" bindings="directory"/></binding></bindings></configuration>"#
    );
    let section = answer
        .replace("<document type=\"freeswitch/xml\">", "")
        .replace("</document>", "");
    let mut contenders = vec![
        (
            "static XML of one user",
            CALLS,
            "–",
            Plan::new(installed, tool).section(&section).start(installed),
        ),
        (
            "mod_xml_curl, application that takes no time",
            SLOW_CALLS,
            "≥ 5",
            Plan::new(installed, tool)
                .module("mod_xml_curl", &curl)
                .start(installed),
        ),
    ];
    if installed.modules.join("mod_lua.so").is_file() {
        let plan = Plan::new(installed, tool);
        let script = plan.path("tmp/answer.lua");
        std::fs::write(&script, format!("XML_STRING = [==[{answer}]==]")).unwrap();
        let lua = format!(
            r#"<configuration name="lua.conf"><settings><param name="xml-handler-script" value="{}"/>
            <param name="xml-handler-bindings" value="directory"/></settings></configuration>"#,
            script.display()
        );
        let lua = plan.module("mod_lua", &lua).start(installed);
        contenders.push(("mod_lua, a constant", SLOW_CALLS, "–", lua));
    }
    for (name, calls, bound, mut contender) in contenders {
        let [theirs, ours] = alternate([&mut contender, pbx], |c| one(c, calls));
        row(
            &format!("{name}, against us"),
            theirs.usual / ours.usual,
            bound,
            &of(theirs, ours),
        );
    }
}

/// p99.9 while another connection commits and backs up without a pause in between.
fn tail(pbx: &mut Contender, canned: &mut Contender) {
    let mut writer = pbx.second();
    let stop = AtomicBool::new(false);
    let backup = pbx.path("tmp/backup.db");
    let [ours, same] = std::thread::scope(|scope| {
        let writing = || {
            let mut commits = 0;
            while !stop.load(Ordering::Relaxed) {
                let answer = writer.api(&format!(
                    "pbx extension set {FIRST} --ring-seconds {}",
                    10 + commits % 50
                ));
                assert!(answer.is_ok_and(|a| a.starts_with("+OK")));
                commits += 1;
                if commits % 50 == 0 {
                    let _ = std::fs::remove_file(&backup);
                    writer.api(&format!("pbx backup {}", backup.display())).unwrap();
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            commits
        };
        let writing = std::thread::Builder::new().spawn_scoped(scope, writing).unwrap();
        let readings = alternate([pbx, canned], |c| one(c, CALLS));
        stop.store(true, Ordering::Relaxed);
        assert!(writing.join().unwrap() > 0);
        readings
    });
    let made_of = format!("{:.0} µs, {:.0} µs", ours.tail / 1e3, same.tail / 1e3);
    row(
        "p99.9 against canned C, both with commits and a backup running",
        ours.tail / same.tail,
        "≤ 2",
        &made_of,
    );
}

/// How long an unload takes while four threads look up without a pause.
fn unload(pbx: &mut Contender) {
    let mut other = pbx.second();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        other
            .send(&format!("bench_locate {DOMAIN} - {FIRST} 1000 40000 4"))
            .unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let start = std::time::Instant::now();
        pbx.ok("unload mod_pbx");
        times.push(start.elapsed().as_secs_f64() * 1e3);
        pbx.ok("load mod_pbx");
        other.receive().unwrap();
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    row(
        "unload under four threads of lookups, ms",
        median(times),
        "≤ 200",
        &format!("worst {worst:.0} ms"),
    );
}

/// Each is measured in turn, round after round; medians of each.
fn alternate<const N: usize>(
    mut contenders: [&mut Contender; N],
    measure: impl Fn(&mut Contender) -> Reading,
) -> [Reading; N] {
    let mut readings: [Vec<Reading>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..=ROUNDS {
        for (contender, readings) in contenders.iter_mut().zip(&mut readings) {
            let reading = measure(contender);
            // The first round warms caches.
            if round > 0 {
                readings.push(reading);
            }
        }
    }
    readings.map(|all| Reading {
        per_second: median(all.iter().map(|r| r.per_second).collect()),
        usual: median(all.iter().map(|r| r.usual).collect()),
        tail: median(all.iter().map(|r| r.tail).collect()),
    })
}

fn one(contender: &mut Contender, calls: u32) -> Reading {
    locate(contender, 1, calls, 1)
}

fn locate(contender: &mut Contender, users: u32, calls: u32, threads: u32) -> Reading {
    let said = contender.ok(&format!(
        "bench_locate {DOMAIN} - {FIRST} {users} {calls} {threads}"
    ));
    let numbers: Vec<f64> = said.split_whitespace().map(|n| n.parse().unwrap()).collect();
    let [per_second, _mean, usual, _p99, tail, _max, missed] = numbers[..] else {
        panic!("{said}")
    };
    assert!(missed == 0.0, "{missed} lookups found nobody");
    Reading {
        per_second,
        usual,
        tail,
    }
}

fn of(one: Reading, other: Reading) -> String {
    format!("{:.1} µs, {:.1} µs", one.usual / 1e3, other.usual / 1e3)
}
