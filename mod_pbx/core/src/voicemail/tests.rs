//! From mod_voicemail's event, or its database, to the mail server; and PINs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::event::{Kind, made_of};
use crate::host::FakeHost;
use crate::pbx::Pbx;
use crate::store::mail::State;

#[path = "../../../../tests/sink/mod.rs"]
mod sink;
use sink::Sink;

/// Bytes that no text has, as sound has them.
const RECORDING: &[u8] = b"RIFF\x00\xff\x80 of a message";

struct Desk {
    pbx: Arc<Pbx>,
    folder: tempfile::TempDir,
}

fn start(folder: &Path) -> Arc<Pbx> {
    let database = folder.join("pbx.db").display().to_string();
    let parameters = vec![("database".to_owned(), database)];
    let host = FakeHost {
        parameters: parameters.clone(),
        variables: [("db_dir".to_owned(), folder.display().to_string())].into(),
        ..FakeHost::default()
    };
    host.say("vm_fsdb_pref_password_set default pbx.test 1001 ''", "-OK\n");
    Pbx::start(Arc::new(host), &parameters).unwrap()
}

impl Desk {
    /// Mailbox 1001 of somebody with an address; mail goes to this port.
    fn new(port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self {
            pbx: start(folder.path()),
            folder,
        };
        for line in [
            "domain add pbx.test",
            "user add alice --name Alice --email alice@example.com",
            "extension add 1001 --user alice",
            "setting set smtp-host 127.0.0.1",
            "setting set smtp-tls none",
            &format!("setting set smtp-port {port}"),
        ] {
            desk.ok(line);
        }
        desk
    }

    fn say(&self, line: &str) -> String {
        let mut answer = String::new();
        self.pbx.command(line, &mut |text| answer.push_str(text));
        answer
    }

    fn ok(&self, line: &str) -> String {
        let answer = self.say(line);
        assert!(!answer.starts_with("-ERR"), "{line}: {answer}");
        answer
    }

    fn recording(&self, name: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, RECORDING).unwrap();
        file
    }

    fn left(&self, file: &Path, caller: &str) {
        self.left_at("1001", file, caller);
    }

    fn left_at(&self, mailbox: &str, file: &Path, caller: &str) {
        self.pbx.tell(Some(made_of(
            Kind::Voicemail,
            &[
                ("VM-Action", "leave-message"),
                ("VM-User", mailbox),
                ("VM-Domain", "pbx.test"),
                ("VM-Caller-ID-Name", caller),
                ("VM-Caller-ID-Number", "1002"),
                ("VM-File-Path", file.to_str().unwrap()),
                ("VM-Message-Len", "7"),
                ("VM-Timestamp", "1772438700"),
            ],
        )));
    }

    fn restart(&mut self) {
        self.pbx.stop();
        self.pbx = start(self.folder.path());
    }

    /// A message in mod_voicemail's own table.
    fn book(&self, file: &Path) {
        let conn = Connection::open(self.folder.path().join("voicemail_default.db")).unwrap();
        let table = "CREATE TABLE IF NOT EXISTS voicemail_msgs (created_epoch INTEGER, read_epoch INTEGER, \
                     username VARCHAR(255), domain VARCHAR(255), uuid VARCHAR(255), cid_name VARCHAR(255), \
                     cid_number VARCHAR(255), in_folder VARCHAR(255), file_path VARCHAR(255), message_len INTEGER, \
                     flags VARCHAR(255), read_flags VARCHAR(255), forwarded_by VARCHAR(255))";
        conn.execute_batch(table).unwrap();
        let row = "INSERT INTO voicemail_msgs (created_epoch, username, domain, cid_name, cid_number, file_path, \
                   message_len) VALUES (?1, '1001', 'pbx.test', 'Bob', '1002', ?2, 5)";
        let now = jiff::Timestamp::now().as_second();
        conn.execute(row, (now, file.to_str().unwrap())).unwrap();
    }
}

fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn until_received(sink: &Sink, count: usize) -> Vec<sink::Received> {
    until("mail", || Some(sink.received()).filter(|all| all.len() >= count))
}

#[test]
fn a_message_is_mailed_with_its_recording_once() {
    let sink = Sink::start(0);
    let desk = Desk::new(sink.port());
    let file = desk.recording("msg_1.wav");
    desk.left(&file, "Bob\r\nBcc: eve@example.com");
    let mail = until_received(&sink, 1).remove(0);
    assert_eq!(mail.recipients, ["RCPT TO:<alice@example.com>"]);
    assert_eq!(
        mail.header("Subject").as_deref(),
        Some("Voice message from Bob Bcc: eve@example.com (1002), 7 s")
    );
    assert_eq!(mail.attachment().unwrap(), RECORDING);
    assert_eq!((mail.header("Bcc"), mail.signed_in.clone()), (None, None));
    // The same message again, and the queue is empty.
    desk.left(&file, "Bob");
    desk.left(&desk.recording("msg_2.wav"), "Bob");
    assert_eq!(until_received(&sink, 2).len(), 2);
    until("the queue to empty", || {
        desk.say("mail list").contains("no mail waits").then_some(())
    });
    let kept = std::fs::read_dir(desk.folder.path().join("mail"))
        .unwrap()
        .count();
    assert_eq!(kept, 0);
}

#[test]
fn mail_waits_for_its_server_over_a_restart_and_a_deleted_message() {
    let port = Sink::start(0).port();
    let mut desk = Desk::new(port);
    let file = desk.recording("msg_1.wav");
    desk.left(&file, "Bob");
    let status = until("the trouble to be told", || {
        Some(desk.say("status")).filter(|text| text.contains("1 mail waits since"))
    });
    assert!(status.contains("Connection error"), "{status}");
    std::fs::remove_file(&file).unwrap();
    desk.restart();
    assert!(desk.say("mail list").contains("alice@example.com"));
    let sink = Sink::start(port);
    desk.ok("mail retry");
    let mail = until_received(&sink, 1).remove(0);
    assert_eq!(mail.attachment().unwrap(), RECORDING);
    until("the trouble to end", || {
        (!desk.say("status").contains("mail waits since")).then_some(())
    });
}

#[test]
fn a_message_that_no_event_told_of_is_found_at_the_next_start() {
    let sink = Sink::start(0);
    let mut desk = Desk::new(sink.port());
    // Before the first look all messages are old ones.
    until("the first look", || {
        desk.pbx
            .store()
            .read(|reader| reader.voicemail_seen())
            .ok()
            .flatten()
    });
    desk.book(&desk.recording("msg_1.wav"));
    desk.restart();
    until_received(&sink, 1);
    desk.restart();
    desk.book(&desk.recording("msg_2.wav"));
    desk.restart();
    let all = until_received(&sink, 2);
    assert_eq!(all.len(), 2, "the first was told of twice");
}

#[test]
fn a_mailbox_that_is_refused_is_given_up_and_can_be_tried_again_or_dropped() {
    let sink = Sink::start(0);
    let desk = Desk::new(sink.port());
    sink.refuse(Some("550 no such mailbox"));
    desk.left(&desk.recording("msg_1.wav"), "Bob");
    until("it to be given up", || {
        desk.say("status").contains("1 mail was given up").then_some(())
    });
    assert!(desk.say("mail list").contains("no such mailbox"));
    sink.refuse(None);
    desk.ok("mail retry");
    until_received(&sink, 1);
    sink.refuse(Some("550 no such mailbox"));
    desk.left(&desk.recording("msg_2.wav"), "Bob");
    until("it to be given up", || {
        desk.say("status").contains("1 mail was given up").then_some(())
    });
    desk.ok("mail drop all");
    assert!(desk.say("mail drop all").starts_with("-ERR"));
    assert!(!desk.say("status").contains("given up:"));
}

/// How a mail to this address stands: waiting or failed, and what its last attempt said.
fn standing(desk: &Desk, recipient: &str) -> Option<(State, String)> {
    let all = desk.pbx.mail().list(100).unwrap();
    let mail = all.into_iter().find(|mail| mail.recipient == recipient)?;
    Some((mail.state, mail.last_error?))
}

#[test]
fn a_mail_that_is_refused_keeps_no_other_from_being_sent() {
    let sink = Sink::start(0);
    let desk = Desk::new(sink.port());
    let refused = [
        ("null", "556 5.1.10 the domain takes no mail", State::Failed),
        ("odd", "501 5.1.3 bad address syntax", State::Failed),
        ("far", "554 5.7.1 Relay access denied", State::Waiting),
        ("slow", "450 4.2.0 greylisted", State::Waiting),
        ("fatal", "", State::Waiting),
    ];
    for (at, (name, answer, state)) in refused.into_iter().enumerate() {
        let number = 1002 + at;
        desk.ok(&format!(
            "user add {name} --name {name} --email {name}@example.com"
        ));
        desk.ok(&format!("extension add {number} --user {name}"));
        sink.answer(&format!("RCPT TO:<{name}@"), answer);
        let file = desk.recording(&format!("msg_{number}.wav"));
        desk.left_at(&number.to_string(), &file, "Bob");
        let recipient = format!("{name}@example.com");
        let stands = until("the refusal", || standing(&desk, &recipient));
        assert!(stands.0 == state && stands.1.contains("RCPT TO: "), "{stands:?}");
    }
    assert!(desk.say("status").contains("mails wait since"));
    desk.left(&desk.recording("msg_1.wav"), "Bob");
    let mail = until_received(&sink, 1).remove(0);
    assert_eq!(mail.recipients, ["RCPT TO:<alice@example.com>"]);
}

#[test]
fn a_sender_who_is_refused_is_a_setting_and_costs_no_mail() {
    let sink = Sink::start(0);
    let desk = Desk::new(sink.port());
    sink.answer("MAIL FROM:<voicemail@pbx.test>", "550 5.7.1 not your domain");
    desk.left(&desk.recording("msg_1.wav"), "Bob");
    let status = until("the trouble to be told", || {
        Some(desk.say("status")).filter(|text| text.contains("1 mail waits since"))
    });
    assert!(status.contains("MAIL FROM: permanent error (550)"), "{status}");
    desk.ok("setting set mail-from pbx@example.com");
    desk.ok("mail retry");
    let mail = until_received(&sink, 1).remove(0);
    assert_eq!(mail.recipients, ["RCPT TO:<alice@example.com>"]);
}

#[test]
fn the_password_is_sealed_and_goes_to_this_machine_only_without_tls() {
    let sink = Sink::start(0);
    let desk = Desk::new(sink.port());
    desk.ok("setting set smtp-user alice");
    let answers = [
        desk.ok("setting set smtp-password open-sesame"),
        desk.ok("setting list"),
        desk.ok("setting show smtp-password json"),
        desk.ok("revisions json"),
    ];
    assert!(
        answers.iter().all(|answer| !answer.contains("open-sesame")),
        "{answers:?}"
    );
    let stored = std::fs::read(desk.folder.path().join("pbx.db-wal")).unwrap_or_default();
    assert!(!stored.windows(11).any(|part| part == b"open-sesame"));
    desk.left(&desk.recording("msg_1.wav"), "Bob");
    let mail = until_received(&sink, 1).remove(0);
    let signed_in = sink::from_base64(&mail.signed_in.unwrap());
    assert_eq!(signed_in, b"\0alice\0open-sesame");
    desk.ok("setting set smtp-host 192.0.2.1");
    desk.left(&desk.recording("msg_2.wav"), "Bob");
    until("the refusal", || {
        desk.say("status")
            .contains("would be sent in clear")
            .then_some(())
    });
}

#[test]
fn a_pin_that_was_changed_by_phone_is_a_revision() {
    let desk = Desk::new(1);
    let change = |pin| {
        desk.pbx.tell(Some(made_of(
            Kind::Voicemail,
            &[
                ("VM-Action", "change-password"),
                ("VM-User", "1001"),
                ("VM-Domain", "pbx.test"),
                ("VM-User-Password", pin),
            ],
        )));
    };
    let pin = || {
        let snapshot = desk.pbx.store().snapshot();
        snapshot.domain("pbx.test")?.find("1001")?.voicemail_pin.clone()
    };
    change("1111");
    change("471108");
    until("the change", || pin().filter(|pin| &**pin == "471108"));
    let revisions = desk.say("revisions");
    assert!(
        revisions.contains("PIN of 1001@pbx.test changed by phone"),
        "{revisions}"
    );
    assert!(!revisions.contains("471108"));
}
