//! A phone with a thread of its own: it registers, calls, takes calls, answers whatever the switch asks, and
//! remembers every message.

use std::fmt::Write as _;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::media::Media;
use crate::ports::ports;
use crate::wait;
use crate::wire::{Account, Message, Phone};

/// A phone. Dropping it takes it off the network, without a word to the switch.
#[derive(Debug)]
pub(crate) struct Handset {
    username: String,
    domain: String,
    password: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    sequence: AtomicU32,
}

#[derive(Debug)]
struct Shared {
    socket: UdpSocket,
    stop: AtomicBool,
    /// Takes calls; else it is busy.
    takes_calls: AtomicBool,
    messages: Mutex<Vec<Message>>,
    /// The media of the call that came in.
    media: Mutex<Option<Arc<Media>>>,
}

/// A call that stands.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    handset: &'a Handset,
    pub(crate) media: Arc<Media>,
    id: String,
    to: String,
    target: String,
}

impl Handset {
    /// A phone of this account, not registered.
    pub(crate) fn new(account: Account<'_>) -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a free UDP port");
        socket.connect(("127.0.0.1", ports().sip)).expect("loopback");
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a timeout");
        let shared = Arc::new(Shared {
            socket,
            stop: AtomicBool::new(false),
            takes_calls: AtomicBool::new(false),
            messages: Mutex::default(),
            media: Mutex::default(),
        });
        let theirs = Arc::clone(&shared);
        let thread = Builder::new()
            .name("handset".to_owned())
            .spawn(move || theirs.run());
        Self {
            username: account.username.to_owned(),
            domain: account.domain.to_owned(),
            password: account.password.to_owned(),
            shared,
            thread: Some(thread.expect("a thread")),
            sequence: AtomicU32::new(1),
        }
    }

    /// Where the switch reaches it.
    pub(crate) fn port(&self) -> u16 {
        self.shared.socket.local_addr().expect("it is bound").port()
    }

    /// Registers for `expires` seconds.
    ///
    /// # Panics
    /// The switch does not take it.
    #[track_caller]
    pub(crate) fn register(&self, expires: u32) {
        let to = format!("<sip:{}@{}>", self.username, self.domain);
        let id = format!("reg-{}@127.0.0.1", self.port());
        let further = format!("Expires: {expires}\r\n");
        let answer = self.ask("REGISTER", &self.domain, &to, &id, &further, "");
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Subscribes to its mailbox's lamp (RFC 3842).
    #[track_caller]
    pub(crate) fn subscribe_to_mailbox(&self, number: &str) {
        let target = format!("{number}@{}", self.domain);
        let id = format!("sub-{}@127.0.0.1", self.port());
        let further =
            "Event: message-summary\r\nAccept: application/simple-message-summary\r\nExpires: 300\r\n";
        let answer = self.ask("SUBSCRIBE", &target, &format!("<sip:{target}>"), &id, further, "");
        assert!(answer.status == 200 || answer.status == 202, "{}", answer.text);
    }

    /// Calls, and talks once the call is taken.
    ///
    /// # Panics
    /// It is not taken.
    #[track_caller]
    pub(crate) fn call(&self, number: &str) -> Call<'_> {
        let media = Arc::new(Media::new());
        let target = format!("{number}@{}", self.domain);
        let id = format!(
            "call-{}-{}@127.0.0.1",
            self.port(),
            self.sequence.load(Ordering::Relaxed)
        );
        let answer = self.ask(
            "INVITE",
            &target,
            &format!("<sip:{target}>"),
            &id,
            "",
            &media.description(),
        );
        assert_eq!(answer.status, 200, "{}", answer.text);
        media.towards(&answer.text);
        let header = |name| answer.header(name).unwrap_or_default().to_owned();
        let contact = header("Contact");
        let call = Call {
            handset: self,
            media,
            to: header("To"),
            target: contact
                .split(['<', '>'])
                .nth(1)
                .unwrap_or_default()
                .trim_start_matches("sip:")
                .to_owned(),
            id,
        };
        let sequence = header("CSeq");
        let number = sequence.split(' ').next().unwrap_or_default();
        self.send("ACK", &call.target, &call.to, &call.id, number, "", "");
        call
    }

    /// Calls a number that cannot be called, and listens until it is told so; what was heard, and the last answer.
    ///
    /// # Panics
    /// The call is taken.
    #[track_caller]
    pub(crate) fn refused(&self, number: &str) -> (Media, Message) {
        let media = Media::new();
        let target = format!("{number}@{}", self.domain);
        let sequence = self.sequence.load(Ordering::Relaxed);
        let id = format!("call-{}-{sequence}@127.0.0.1", self.port());
        let to = format!("<sip:{target}>");
        let answer = self.ask("INVITE", &target, &to, &id, "", &media.description());
        assert!(answer.status >= 400, "{}", answer.text);
        let header = |name| answer.header(name).unwrap_or_default();
        let number = header("CSeq").split(' ').next().unwrap_or_default();
        self.send("ACK", &target, header("To"), &id, number, "", "");
        (media, answer)
    }

    /// From now on takes every call.
    pub(crate) fn take_calls(&self) {
        self.shared.takes_calls.store(true, Ordering::Relaxed);
    }

    /// The sound of the call that came in.
    #[track_caller]
    pub(crate) fn taken(&self) -> Arc<Media> {
        wait::until("a call to come in", wait::SOON, || {
            lock(&self.shared.media).clone()
        })
    }

    /// Waits for a message of the switch's after the first `skip`, with all these words; its place.
    #[track_caller]
    pub(crate) fn hears(&self, skip: usize, words: &[&str]) -> usize {
        let all = |text: &str| words.iter().all(|word| text.contains(word));
        wait::until(
            &format!("a message with {words:?}"),
            Duration::from_secs(20),
            || {
                let messages = lock(&self.shared.messages);
                let found = messages
                    .iter()
                    .enumerate()
                    .skip(skip)
                    .find(|(_, message)| all(&message.text));
                found.map(|(at, _)| at)
            },
        )
    }

    /// How many messages there were.
    pub(crate) fn messages(&self) -> usize {
        lock(&self.shared.messages).len()
    }

    /// Sends a request until there is a final answer; a challenge is met.
    #[track_caller]
    fn ask(&self, method: &str, target: &str, to: &str, id: &str, further: &str, body: &str) -> Message {
        let first = self.exchange(method, target, to, id, further, body);
        if first.status != 401 && first.status != 407 {
            return first;
        }
        if method == "INVITE" {
            let cseq = first.header("CSeq").unwrap_or_default().to_owned();
            let number = cseq.split(' ').next().unwrap_or_default();
            self.send(
                "ACK",
                target,
                first.header("To").unwrap_or(to),
                id,
                number,
                "",
                "",
            );
        }
        let realm = first.parameter("realm").unwrap_or_default();
        let account = Account {
            username: &self.username,
            domain: &self.domain,
            password: &self.password,
        };
        let digest = Phone::new().digest(method, account, &realm, &first);
        let proxy = if first.status == 407 { "Proxy-" } else { "" };
        self.exchange(method, target, to, id, &format!("{further}{proxy}{digest}"), body)
    }

    #[track_caller]
    fn exchange(&self, method: &str, target: &str, to: &str, id: &str, further: &str, body: &str) -> Message {
        let number = self.sequence.fetch_add(1, Ordering::Relaxed).to_string();
        let cseq = format!("{number} {method}");
        let mut sent = 0;
        wait::until(&format!("an answer to {method}"), Duration::from_secs(30), || {
            // Again every half second while nothing at all is heard (RFC 3261, 17.1.1.2).
            let heard = |least: u16| {
                let messages = lock(&self.shared.messages);
                let ours = |m: &&Message| {
                    m.status >= least && m.header("CSeq") == Some(&cseq) && m.header("Call-ID") == Some(id)
                };
                messages.iter().find(ours).cloned()
            };
            if heard(100).is_none() && sent % 25 == 0 {
                self.send(method, target, to, id, &number, further, body);
            }
            sent += 1;
            heard(200)
        })
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a request")]
    fn send(&self, method: &str, target: &str, to: &str, id: &str, number: &str, further: &str, body: &str) {
        let port = self.port();
        let mut text = format!("{method} sip:{target} SIP/2.0\r\n");
        for line in [
            format!("Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK-{port}-{number}-{method}"),
            "Max-Forwards: 70".to_owned(),
            format!("From: <sip:{}@{}>;tag=h{port}", self.username, self.domain),
            format!("To: {to}"),
            format!("Call-ID: {id}"),
            format!("CSeq: {number} {method}"),
            format!("Contact: <sip:{}@127.0.0.1:{port}>", self.username),
        ] {
            let _ = write!(text, "{line}\r\n");
        }
        if !body.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        let _ = write!(text, "{further}Content-Length: {}\r\n\r\n{body}", body.len());
        // What is lost is sent again.
        let _ = self.shared.socket.send(text.as_bytes());
    }
}

impl Drop for Handset {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Had it panicked, what it did not hear has failed the scenario.
            let _ = thread.join();
        }
    }
}

impl Call<'_> {
    /// Ends it.
    ///
    /// # Panics
    /// The switch does not know it.
    #[track_caller]
    pub(crate) fn hang_up(self) {
        let id = self.id.clone();
        let answer = self.handset.exchange("BYE", &self.target, &self.to, &id, "", "");
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

impl Shared {
    fn run(&self) {
        let mut buffer = [0; 65_536];
        while !self.stop.load(Ordering::Relaxed) {
            // A time-out is the moment to look whether to stop.
            let Ok(length) = self.socket.recv(&mut buffer) else {
                continue;
            };
            let message = Message::parse(String::from_utf8_lossy(&buffer[..length]).into_owned());
            match (message.status, message.method()) {
                (0, "INVITE") => self.take(&message),
                (0, "ACK") => {}
                (0, _) => self.answer(&message, "200 OK", ""),
                _ => {}
            }
            lock(&self.messages).push(message);
        }
    }

    fn take(&self, invite: &Message) {
        if !self.takes_calls.load(Ordering::Relaxed) {
            return self.answer(invite, "486 Busy Here", "");
        }
        let media = {
            let mut slot = lock(&self.media);
            Arc::clone(slot.get_or_insert_with(|| Arc::new(Media::new())))
        };
        media.towards(&invite.text);
        self.answer(invite, "200 OK", &media.description());
    }

    fn answer(&self, request: &Message, status: &str, body: &str) {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for line in request.text.lines().take_while(|line| !line.is_empty()) {
            let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:", "Record-Route:"];
            if copied.iter().any(|name| line.starts_with(name)) {
                let bare = line.starts_with("To:") && !line.contains(";tag=");
                let _ = write!(text, "{line}{}\r\n", if bare { ";tag=handset" } else { "" });
            }
        }
        let port = self.socket.local_addr().expect("it is bound").port();
        let _ = write!(text, "Contact: <sip:127.0.0.1:{port}>\r\n");
        if !body.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n{body}", body.len());
        // What is lost is asked again.
        let _ = self.socket.send(text.as_bytes());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
