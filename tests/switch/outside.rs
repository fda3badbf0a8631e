//! Calls out on a real switch: through the gateways of a route in order, as a number of the domain, and never for who
//! has no grant.

use std::sync::{Barrier, OnceLock};
use std::thread::Builder;
use std::time::Duration;

use libtest_mimic::Trial;

use crate::executed::Executed;
use crate::group::Group;
use crate::handset::Handset;
use crate::ports;
use crate::rig::{DOMAINS, Rig, account};
use crate::trunk::Trunk;
use crate::wait;
use crate::wire::{Message, Phone};

const ACME: &str = DOMAINS[0];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("outside", rig).add(
        trials,
        &[
            (
                "the_next_gateway_takes_what_the_first_cannot",
                the_next_gateway_takes_what_the_first_cannot,
            ),
            ("nobody_goes_out_without_a_grant", nobody_goes_out_without_a_grant),
            (
                "one_call_more_than_a_gateway_takes_goes_to_the_next",
                one_call_more_than_a_gateway_takes_goes_to_the_next,
            ),
            (
                "calls_at_once_find_no_more_room_than_there_is",
                calls_at_once_find_no_more_room_than_there_is,
            ),
            (
                "a_call_for_help_goes_out_whatever_is",
                a_call_for_help_goes_out_whatever_is,
            ),
        ],
    );
}

/// The carriers: alpha looks into P-Asserted-Identity, beta into From.
pub(crate) fn carriers() -> &'static [Trunk; 2] {
    static CARRIERS: OnceLock<[Trunk; 2]> = OnceLock::new();
    CARRIERS.get_or_init(|| [Trunk::at("127.0.0.21"), Trunk::at("127.0.0.22")])
}

/// A whole switch where 1001 may call out in Germany.
pub(crate) fn rig() -> Rig {
    let mut rig = Rig::whole();
    let [alpha, beta] = carriers();
    for command in [
        format!("setting set gateway-port {}", ports::phone()),
        format!("plan set --country-code 49 --area-code 30 --domain {ACME}"),
        format!("caller-id add +4930123456@{ACME} --name \"Example Ltd\""),
        format!("caller-id use --extension 1001 --number +4930123456 --domain {ACME}"),
        format!("gateway add alpha --proxy {} --ping-seconds 5", alpha.address()),
        format!(
            "gateway add beta --proxy {} --ping-seconds 5 --caller-id-style from",
            beta.address()
        ),
        format!("route add germany@{ACME} --pattern +49* --gateway alpha --gateway beta --extension 1001"),
        format!("route add help@{ACME} --emergency --pattern 112 --gateway beta"),
    ] {
        rig.switch.ok(&format!("pbx {command}"));
    }
    until_state(&mut rig, "alpha", "up");
    until_state(&mut rig, "beta", "up");
    rig
}

pub(crate) fn until_state(rig: &mut Rig, name: &str, state: &str) {
    let shown = format!("\"state\":\"{state}\"");
    wait::until(
        &format!("gateway {name} to be {state}"),
        Duration::from_secs(45),
        || {
            let said = rig.switch.api(&format!("pbx gateway show {name} json"));
            said.contains(&shown).then_some(())
        },
    );
}

/// The last INVITE of a carrier that had so many before.
#[track_caller]
pub(crate) fn next_invite(carrier: &Trunk, before: usize) -> Message {
    wait::until("a call to come to the carrier", wait::SOON, || {
        carrier.invites().get(before).cloned()
    })
}

pub(crate) fn counts() -> [usize; 2] {
    let [alpha, beta] = carriers();
    [alpha.invites().len(), beta.invites().len()]
}

/// Over which gateway the call goes, and as whom, is what the carriers see.
fn the_next_gateway_takes_what_the_first_cannot(rig: &mut Rig) {
    let [alpha, beta] = carriers();
    let alice = Handset::new("alice", ACME);
    let before = counts();
    let call = alice.call("030999111");
    let answer = call.until_answered(200);
    let invite = next_invite(alpha, before[0]);
    assert!(
        invite.text.starts_with("INVITE sip:+4930999111@127.0.0.21"),
        "{}",
        invite.text
    );
    let asserted = invite.header("P-Asserted-Identity").unwrap_or_default();
    assert!(
        asserted.contains("sip:+4930123456@") && asserted.contains("Example Ltd"),
        "{}",
        invite.text
    );
    assert!(
        !invite.text.contains("1001") && !invite.text.contains("alice"),
        "{}",
        invite.text
    );
    wait::until("the call to be counted", wait::SOON, || {
        let shown = rig.switch.api("pbx gateway show alpha json");
        shown.contains("\"calls\":1").then_some(())
    });
    call.hang_up(&answer);
    wait::until("the carrier to be told", wait::SOON, || {
        let byes = alpha.heard();
        let ours = |m: &&Message| m.method() == "BYE" && m.header("Call-ID") == invite.header("Call-ID");
        byes.iter().find(ours).map(|_| ())
    });
    rig.switch.until("pbx gateway show alpha json", "\"calls\":0");

    // The first has no line free: the next one.
    alpha.answer_with("503 Service Unavailable");
    let before = counts();
    let call = alice.call("+4930999112");
    let answer = call.until_answered(200);
    let invite = next_invite(beta, before[1]);
    let from = invite.header("From").unwrap_or_default();
    assert!(
        from.contains("sip:+4930123456@") && from.contains("Example Ltd"),
        "{}",
        invite.text
    );
    assert!(
        invite.header("P-Asserted-Identity").is_none() && !invite.text.contains("1001"),
        "{}",
        invite.text
    );
    assert_eq!(counts(), [before[0] + 1, before[1] + 1]);
    call.hang_up(&answer);

    // Who is called is busy: that is an answer.
    alpha.answer_with("486 Busy Here");
    let before = counts();
    alice.call("030999113").until_answered(486);
    assert_eq!(counts(), [before[0] + 1, before[1]]);

    // The first is known to be down: straight to the next.
    alpha.be_there(false);
    until_state(rig, "alpha", "down");
    let before = counts();
    let call = alice.call("00 49 30 999114".replace(' ', "").as_str());
    let answer = call.until_answered(200);
    assert_eq!(counts(), [before[0], before[1] + 1]);
    call.hang_up(&answer);
    alpha.answer_with("200 OK");
    alpha.be_there(true);
    until_state(rig, "alpha", "up");
}

/// Who has no grant, or dials what is no number, reaches no carrier, hears that it cannot be, and the log says why.
fn nobody_goes_out_without_a_grant(rig: &mut Rig) {
    let before = counts();
    let bob = Handset::new("bob", ACME);
    bob.call("030999111").until_answered(403);
    rig.switch.ok(&format!("pbx cap set 1001@{ACME} --concurrent 0"));
    let alice = Handset::new("alice", ACME);
    alice.call("030999111").until_answered(403);
    rig.switch.ok(&format!("pbx cap delete 1001@{ACME}"));
    for dialled in [
        "1000%2Csofia%2Fgateway%2Falpha%2F1900",
        "%7Babsolute_codec_string%3DPCMU%7D030999111",
        "%24%7Bsystem%28touch%20pwned%29%7D",
        "gw+alpha",
        "030999111%3Bgw=alpha",
        "030999111%7Csofia%2Fgateway%2Falpha%2F1900",
    ] {
        let executed = Executed::listen();
        let logged = |rig: &Rig| {
            let log = rig.site.log();
            let of = |line: &str| line.contains("the call of 1001@acme.test to ");
            let number = |line: &str| of(line) && line.contains(" is refused (no-number)");
            let gateway = |line: &str| line.contains("to gw+alpha is refused (no-gateway-call)");
            log.lines().filter(|line| number(line) || gateway(line)).count()
        };
        let before = logged(rig);
        // To mod_sofia that is a call of the gateway's.
        let status = if dialled.starts_with("gw+") { 403 } else { 404 };
        alice.call(dialled).until_answered(status);
        wait::until(&format!("the log to say why of {dialled}"), wait::SOON, || {
            (logged(rig) > before).then_some(())
        });
        rig.switch.until("show channels count", "0 total.");
        let ran = executed.all();
        let told = |(name, data): &(String, String)| name == "playback" && data.contains("(330,30,950)");
        assert!(ran.iter().any(told), "{dialled}: {ran:?}");
        let typed = percent_decoded(dialled);
        let explained = rig.switch.api(&format!("pbx explain 1001@{ACME} '{typed}'"));
        assert!(explained.contains("refused (no-number)"), "{typed}: {explained}");
    }
    assert_eq!(counts(), before, "no leg left");
    let log = rig.site.log();
    assert!(
        log.contains("the call of 1002@acme.test to 030999111 is refused ("),
        "the log says why"
    );
}

fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at(2);
        all.push(char::from(u8::from_str_radix(code, 16).expect("two digits")));
        all.push_str(rest);
    }
    all
}

/// Caps, routes that are off and bans keep no call for help back; more digits are none.
fn a_call_for_help_goes_out_whatever_is(rig: &mut Rig) {
    let [_, beta] = carriers();
    let classes = ["local", "national", "mobile", "international", "premium"]
        .map(|class| format!("--{class}-per-day 0"))
        .join(" ");
    rig.switch.ok(&format!(
        "pbx cap set 1001@{ACME} --concurrent 0 --per-hour 0 --per-day 0 {classes}"
    ));
    rig.switch
        .ok(&format!("pbx route set germany@{ACME} --enabled no"));
    // Somebody tries passwords from there.
    let mut guesser = Phone::at("127.0.0.77");
    for _ in 0..40 {
        let _ = guesser.register(account("alice", ACME, "wrong"), 60);
    }
    rig.switch.until("pbx ban list", "127.0.0.77");
    let alice = Handset::on("alice", ACME, "127.0.0.77");
    assert_eq!(alice.register(60), 403, "the address is banned");
    let before = counts();
    let call = alice.call("112");
    let answer = call.until_answered(200);
    let invite = next_invite(beta, before[1]);
    assert!(
        invite.text.starts_with("INVITE sip:112@127.0.0.22"),
        "{}",
        invite.text
    );
    call.hang_up(&answer);
    let free = Handset::new("alice", ACME);
    let before = counts();
    free.call("9112").until_answered(403);
    assert_eq!(counts(), before);
    rig.switch.ok("pbx ban lift 127.0.0.77");
    rig.switch.ok(&format!("pbx cap delete 1001@{ACME}"));
    rig.switch
        .ok(&format!("pbx route set germany@{ACME} --enabled yes"));
}

/// Each gateway takes one call: the second call goes by the second, the third is refused with a reason; for help there is
/// always room.
fn one_call_more_than_a_gateway_takes_goes_to_the_next(rig: &mut Rig) {
    let [alpha, beta] = carriers();
    for name in ["alpha", "beta"] {
        rig.switch.ok(&format!("pbx gateway set {name} --max-calls 1"));
        until_state(rig, name, "up");
    }
    let alice = Handset::new("alice", ACME);
    let before = counts();
    let mut calls = Vec::new();
    for (carrier, name) in [(alpha, "alpha"), (beta, "beta")] {
        let begun = if name == "alpha" { before[0] } else { before[1] };
        let call = alice.call("030999121");
        let answer = call.until_answered(200);
        next_invite(carrier, begun);
        rig.switch
            .until(&format!("pbx gateway show {name} json"), "\"calls\":1");
        calls.push((call, answer));
    }
    alice.call("030999122").until_answered(503);
    assert_eq!(counts(), [before[0] + 1, before[1] + 1]);
    wait::until("the log to say why", wait::SOON, || {
        let why = "the call of 1001@acme.test to 030999122 is refused (no-gateway)";
        rig.site.log().contains(why).then_some(())
    });
    let explained = rig.switch.api(&format!("pbx explain 1001@{ACME} 030999122"));
    assert!(
        explained.contains("gateway alpha: all its calls are taken")
            && explained.contains("refused (no-gateway)"),
        "{explained}"
    );
    let help = alice.call("112");
    let answer = help.until_answered(200);
    help.hang_up(&answer);
    for (call, answer) in &calls {
        call.hang_up(answer);
    }
    for name in ["alpha", "beta"] {
        rig.switch.ok(&format!("pbx gateway set {name} --max-calls 0"));
        rig.switch
            .until(&format!("pbx gateway show {name} json"), "\"calls\":0");
    }
}

/// Eight calls in the same moment, and three places: what is not out yet counts already.
fn calls_at_once_find_no_more_room_than_there_is(rig: &mut Rig) {
    const CALLS: usize = 8;
    let most = [("alpha", 2), ("beta", 1)];
    for (name, most) in most {
        rig.switch
            .ok(&format!("pbx gateway set {name} --max-calls {most}"));
        until_state(rig, name, "up");
    }
    let before = counts();
    let phones: Vec<Handset> = (0..CALLS).map(|_| Handset::new("alice", ACME)).collect();
    let together = Barrier::new(CALLS);
    let one = |number: usize, phone: &Handset| {
        together.wait();
        let call = phone.call(&format!("03099913{number}"));
        let status = wait::until("the call to be answered", wait::SOON, || {
            let is_final = |m: &&Message| {
                m.status >= 200
                    && ![401, 407].contains(&m.status)
                    && m.header("CSeq").is_some_and(|cseq| cseq.ends_with("INVITE"))
            };
            phone.heard().iter().find(is_final).map(|m| m.status)
        });
        call.until_answered(status);
        status
    };
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let start = |(number, phone)| {
            let (thread, one) = (Builder::new().name(format!("call-{number}")), &one);
            let thread = thread.spawn_scoped(scope, move || one(number, phone));
            thread.expect("a thread")
        };
        let calls: Vec<_> = phones.iter().enumerate().map(start).collect();
        calls
            .into_iter()
            .map(|call| call.join().expect("an answer"))
            .collect()
    });
    rig.switch.api("hupall");
    let of = |status| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((of(200), of(503)), (3, CALLS - 3), "{statuses:?}");
    assert_eq!(counts(), [before[0] + 2, before[1] + 1]);
    for (name, _) in most {
        rig.switch
            .until(&format!("pbx gateway show {name} json"), "\"calls\":0");
        rig.switch.ok(&format!("pbx gateway set {name} --max-calls 0"));
    }
}
