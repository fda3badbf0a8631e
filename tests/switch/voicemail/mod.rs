//! Voicemail from end to end, on a switch without any sounds or phrase macros of its own: what callers hear,
//! what is in the box, whose lamp lights.
//!
//! What is heard is what came in at the phone's own socket, compared with the prompts' files.

mod handset;
mod media;
mod own;
mod refusals;
#[path = "../../sink/mod.rs"]
pub(crate) mod sink;

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::found::Installed;
use crate::group::Group;
use crate::rig::{DOMAINS, Rig, account, password};
use crate::running::Running;
use crate::site::{repository, run_folder};
use crate::wait;
use handset::Handset;
use media::{Media, Sound, likeness, loudness, tone};
use sink::{Received, Sink};

/// As alike as a prompt and what the phone hears of it must be, by their loudness.
const ALIKE: f64 = 0.85;

/// A mailbox's prompts last some seconds, and each key is waited for.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("voicemail", speaking).needs(needs).add(
        trials,
        &[
            (
                "who_calls_an_absent_person_hears_a_prompt_and_leaves_a_message",
                who_calls_an_absent_person,
            ),
            (
                "a_mailbox_is_opened_heard_and_emptied_by_phone",
                a_mailbox_is_opened_heard_and_emptied,
            ),
            ("the_pin_is_changed_by_phone", the_pin_is_changed_by_phone),
            (
                "the_mail_reaches_its_server_and_waits_while_that_is_away",
                the_mail_reaches_its_server,
            ),
            ("mail_and_lamp_outlive_a_crash", mail_and_lamp_outlive_a_crash),
        ],
    );
    own::add(trials);
    refusals::add(trials);
}

/// The prompts are spoken by espeak-ng.
fn needs(_: &Installed) -> Option<String> {
    let found = Command::new("espeak-ng").arg("--version").output();
    found
        .is_err()
        .then(|| "there is no espeak-ng here: apt-get install espeak-ng".to_owned())
}

/// The prompts, made once as deploy makes them.
fn sounds() -> &'static PathBuf {
    static SOUNDS: OnceLock<PathBuf> = OnceLock::new();
    SOUNDS.get_or_init(|| {
        let folder = run_folder().join("sounds");
        let script = repository().join("deploy/prompts.sh");
        let status = Command::new(script).arg(&folder).status().unwrap();
        assert!(status.success(), "{status}");
        folder
    })
}

fn prompt(name: &str) -> Sound {
    Sound::read(&sounds().join(format!("{name}.wav")))
}

/// A whole switch with our prompts.
fn speaking() -> Rig {
    let site = Rig::whole_site();
    let folder = sounds().to_str().unwrap();
    site.write(
        "conf/autoload_configs/pbx.conf.xml",
        &site.pbx_conf(&[("sounds", folder)]),
    );
    let mut switch = Running::start(&site);
    switch.until("sofia status", "RUNNING");
    Rig { site, switch }
}

fn handset(username: &str, domain: &str) -> Handset {
    Handset::new(account(username, domain, &password(username, domain)))
}

/// Waits until the prompt was heard, since the last time that all was forgotten.
#[track_caller]
fn hear(media: &Media, name: &str) {
    let sound = prompt(name);
    let mut best = 0.0;
    wait::until(&format!("{name} to be heard"), PATIENCE, || {
        best = likeness(&media.heard(), &sound);
        std::thread::sleep(Duration::from_millis(200));
        (best > ALIKE).then_some(())
    });
}

/// The messages in a mailbox: new, read.
fn boxed(rig: &mut Rig, mailbox: &str) -> (u32, u32) {
    let answer = rig.switch.api(&format!("vm_boxcount {mailbox}|all"));
    let mut counts = answer.trim().split(':').map(|count| count.parse().unwrap_or(0));
    let mut next = || counts.next().unwrap_or(0);
    (next(), next())
}

/// Leaves a message of a tone, as alice: listens to the greeting, waits for the beep, speaks, hangs up.
#[track_caller]
fn leave_message(caller: &Handset, number: &str) {
    let call = caller.call(number);
    hear(&call.media, "record-message");
    // The beep comes next, and then silence: the switch records.
    call.media.forget();
    wait::until("the beep", PATIENCE, || {
        let heard = loudness(&call.media.heard(), 8000);
        heard.iter().any(|level| *level > 500.0).then_some(())
    });
    call.media.speak(true);
    // As long as a message must be at least, which is 3 s, and more.
    std::thread::sleep(Duration::from_millis(4500));
    call.hang_up();
}

/// carol is away: alice hears who is, then what to do; her message is in the box, and in it what she said. The
/// lamp lights when carol's phone comes back, and of a phone that is there but busy, at once.
fn who_calls_an_absent_person(rig: &mut Rig) {
    let domain = DOMAINS[0];
    let alice = handset("alice", domain);
    let mailbox = format!("1003@{domain}");
    assert_eq!(boxed(rig, &mailbox), (0, 0));

    let call = alice.call("1003");
    hear(&call.media, "person-at-extension");
    hear(&call.media, "not-available");
    hear(&call.media, "record-message");
    let heard = call.media.heard();
    // It is this prompt, not any other of its length.
    let of = |name: &str| likeness(&heard, &prompt(name));
    assert!(of("record-message") > of("record-greeting") && of("record-message") > of("pin-refused"));
    let loud = loudness(&heard, 8000)
        .iter()
        .filter(|level| **level > 200.0)
        .count();
    assert!(loud > 100, "{loud} of 20 ms each were more than silence");
    call.hang_up();
    // Nothing was said, so nothing is there.
    rig.switch.until("show channels count", "0 total.");
    assert_eq!(boxed(rig, &mailbox), (0, 0));

    leave_message(&alice, "1003");
    wait::until("the message", wait::SOON, || {
        (boxed(rig, &mailbox) == (1, 0)).then_some(())
    });

    let carol = handset("carol", domain);
    carol.register(120);
    let lit = carol.hears(0, &["NOTIFY", "Messages-Waiting: yes", "Voice-Message: 1/0"]);
    leave_message(&alice, "1003");
    carol.hears(
        lit + 1,
        &["NOTIFY", "Messages-Waiting: yes", "Voice-Message: 2/0"],
    );
    assert_eq!(boxed(rig, &mailbox), (2, 0));
}

/// The switch calls a phone of the mailbox's owner and asks for the PIN.
#[track_caller]
fn open_mailbox(rig: &mut Rig, phone: &Handset, mailbox: &str, pin: &str) -> Arc<Media> {
    phone.take_calls();
    let (number, domain) = mailbox.split_once('@').unwrap();
    rig.switch.ok(&format!(
        "originate user/{mailbox} '&voicemail(check default {domain} {number})'"
    ));
    let media = phone.taken();
    hear(&media, "enter-pin");
    media.press(pin);
    media.press("#");
    media
}

/// A wrong PIN opens nothing; the right one does. The message is announced, played, deleted, and the lamp of the
/// phone that has subscribed to it goes out.
fn a_mailbox_is_opened_heard_and_emptied(rig: &mut Rig) {
    let domain = DOMAINS[0];
    let mailbox = format!("1002@{domain}");
    rig.switch
        .ok(&format!("pbx extension set {mailbox} --voicemail-pin 471108"));
    leave_message(&handset("alice", domain), "1002");
    wait::until("the message", wait::SOON, || {
        (boxed(rig, &mailbox) == (1, 0)).then_some(())
    });

    let bob = handset("bob", domain);
    bob.register(120);
    bob.subscribe_to_mailbox("1002");
    let lit = bob.hears(0, &["NOTIFY", "Event: message-summary", "Messages-Waiting: yes"]);
    let media = open_mailbox(rig, &bob, &mailbox, "471107");
    hear(&media, "wrong-pin");
    // It asks again at once.
    media.press("471108#");
    hear(&media, "you-have");
    hear(&media, "message-number");
    // What alice said.
    wait::until("the message to be heard", PATIENCE, || {
        (tone(&media.heard()) > 100).then_some(())
    });
    hear(&media, "delete-press");
    media.press("7");
    hear(&media, "message-deleted");
    media.forget();
    hear(&media, "more-options-press");
    media.press("#");
    hear(&media, "goodbye");
    rig.switch.until("show channels count", "0 total.");
    assert_eq!(boxed(rig, &mailbox), (0, 0));
    assert!(bob.messages() > lit);
    bob.hears(lit + 1, &["NOTIFY", "Messages-Waiting: no"]);
}

/// carol gets mail at a server of this test's; whatever waits about other mailboxes goes there too.
fn mail_goes_to(rig: &mut Rig, port: u16) {
    let domain = DOMAINS[0];
    rig.switch
        .api(&format!("pbx user set carol@{domain} --email carol@example.com"));
    for setting in [
        "smtp-host 127.0.0.1",
        "smtp-tls none",
        "mail-from pbx@example.com",
    ] {
        rig.switch.api(&format!("pbx setting set {setting}"));
    }
    rig.switch.ok(&format!("pbx setting set smtp-port {port}"));
}

#[track_caller]
fn received(sink: &Sink, count: usize, patience: Duration) -> Received {
    wait::until("the mail", patience, || sink.received().get(count - 1).cloned())
}

/// What alice said is in the mail; while the mail server is away for a minute the mail waits, then it comes.
fn the_mail_reaches_its_server(rig: &mut Rig) {
    let alice = handset("alice", DOMAINS[0]);
    let sink = Sink::start(0);
    let port = sink.port();
    mail_goes_to(rig, port);
    leave_message(&alice, "1003");
    let mail = received(&sink, 1, wait::SOON);
    assert_eq!(mail.recipients, ["RCPT TO:<carol@example.com>"]);
    let subject = mail.header("Subject").unwrap();
    assert!(
        subject.starts_with("Voice message from alice Canary-acme (1001), "),
        "{subject}"
    );
    let sound = Sound::parse(&mail.attachment().unwrap());
    assert!(
        sound.rate == 8000 && tone(&sound.samples) > 100,
        "{} Hz",
        sound.rate
    );

    drop(sink);
    let away = Instant::now();
    leave_message(&alice, "1003");
    let status = rig.switch.until("pbx status", "mail waits since");
    assert!(status.contains("Connection error"), "{status}");
    std::thread::sleep(Duration::from_secs(60).saturating_sub(away.elapsed()));
    let sink = Sink::start(port);
    let mail = received(&sink, 1, Duration::from_secs(120));
    let sound = Sound::parse(&mail.attachment().unwrap());
    assert!(tone(&sound.samples) > 100);
    rig.switch.until("pbx mail list", "no mail waits");
    assert_eq!(sink.received().len(), 1);
}

/// The switch is killed while mail waits: it comes after the next start, and the lamp of the phone that comes back
/// is lit.
fn mail_and_lamp_outlive_a_crash(rig: &mut Rig) {
    let domain = DOMAINS[0];
    let port = Sink::start(0).port();
    mail_goes_to(rig, port);
    leave_message(&handset("alice", domain), "1003");
    rig.switch.until("pbx mail list", "carol@example.com");
    rig.switch.crash();
    rig.start_again();
    let waiting = boxed(rig, &format!("1003@{domain}")).0;
    assert!(waiting > 0);
    let carol = handset("carol", domain);
    carol.register(120);
    carol.hears(
        0,
        &[
            "NOTIFY",
            "Messages-Waiting: yes",
            &format!("Voice-Message: {waiting}/0"),
        ],
    );
    let sink = Sink::start(port);
    received(&sink, 1, Duration::from_secs(120));
    rig.switch.until("pbx mail list", "no mail waits");
}

/// A new PIN is chosen by phone: an easy one is refused, the other is a revision of ours, opens the mailbox, and
/// does not any more once it is changed again.
fn the_pin_is_changed_by_phone(rig: &mut Rig) {
    let domain = DOMAINS[1];
    let mailbox = format!("1002@{domain}");
    rig.switch
        .ok(&format!("pbx extension set {mailbox} --voicemail-pin 471108"));
    let bob = handset("bob", domain);
    bob.register(300);
    let media = open_mailbox(rig, &bob, &mailbox, "471108");
    hear(&media, "more-options-press");
    media.press("5");
    hear(&media, "change-pin-press");
    media.press("6");
    media.forget();
    hear(&media, "enter-pin");
    media.press("1234#");
    hear(&media, "pin-refused");
    // It asks again at once.
    media.press("864213#");
    hear(&media, "pin-changed");
    let lookup = format!("pbx lookup directory key_value={domain} user=1002 action=voicemail-lookup");
    rig.switch.until(&lookup, "864213");
    assert!(
        rig.switch
            .ok("pbx revisions")
            .contains(&format!("PIN of {mailbox} changed by phone"))
    );
    rig.switch.api("hupall");
    rig.switch.until("show channels count", "0 total.");

    media.forget();
    let media = open_mailbox(rig, &bob, &mailbox, "864213");
    hear(&media, "you-have");
    rig.switch.api("hupall");
    rig.switch.until("show channels count", "0 total.");
    rig.switch
        .ok(&format!("pbx extension set {mailbox} --voicemail-pin 975310"));
    media.forget();
    let media = open_mailbox(rig, &bob, &mailbox, "864213");
    hear(&media, "wrong-pin");
    rig.switch.api("hupall");
    rig.switch.until("show channels count", "0 total.");
}
