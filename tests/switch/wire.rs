//! A phone that speaks SIP word by word (RFC 3261, digest of RFC 2617), so that a test sees every byte
//! of an answer.

use std::fmt::Write as _;
use std::io;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use md5::{Digest as _, Md5};

use crate::ports::ports;

/// When a request is sent again (RFC 3261, 17.1.2.2: T1). An answer is lost when the switch's OPTIONS to a
/// phone that is gone comes back as an error just before: its socket gives the error to who sends next.
const AGAIN: Duration = Duration::from_millis(500);

/// Who a phone says it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account<'a> {
    pub(crate) username: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) password: &'a str,
}

/// What the switch said: an answer, or a request of its own (status 0).
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// One phone on a UDP port of its own.
#[derive(Debug)]
pub(crate) struct Phone {
    socket: UdpSocket,
    call: u64,
    sequence: u32,
}

impl Phone {
    /// A phone that waits up to 5 s for each answer.
    pub(crate) fn new() -> Self {
        Self::at("127.0.0.1")
    }

    /// The same at another address of the loopback network.
    pub(crate) fn at(address: &str) -> Self {
        static CALLS: AtomicU64 = AtomicU64::new(1);
        let socket = UdpSocket::bind((address, 0)).expect("a free UDP port");
        socket.connect(("127.0.0.1", ports().sip)).expect("loopback");
        socket
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("a timeout");
        Self {
            socket,
            call: CALLS.fetch_add(1, Ordering::Relaxed),
            sequence: 0,
        }
    }

    /// Registers for `expires` seconds: the challenge and the answer to the digest.
    ///
    /// # Errors
    /// The switch does not answer.
    pub(crate) fn register(&mut self, account: Account<'_>, expires: u32) -> io::Result<[Message; 2]> {
        let challenge = self.ask("REGISTER", account, None, expires, "")?;
        let realm = challenge.parameter("realm").unwrap_or_default();
        let digest = self.digest("REGISTER", account, &realm, &challenge);
        let answer = self.ask("REGISTER", account, None, expires, &digest)?;
        Ok([challenge, answer])
    }

    /// The realm that the switch asks a phone for which sends no digest.
    ///
    /// # Errors
    /// The switch does not answer.
    pub(crate) fn realm(&mut self, account: Account<'_>) -> io::Result<Option<String>> {
        Ok(self.ask("REGISTER", account, None, 60, "")?.parameter("realm"))
    }

    /// Registers with a digest made for another domain than the one it registers in.
    pub(crate) fn register_with_realm(&mut self, account: Account<'_>, realm: &str) -> io::Result<Message> {
        let challenge = self.ask("REGISTER", account, None, 60, "")?;
        let digest = self.digest("REGISTER", account, realm, &challenge);
        self.ask("REGISTER", account, None, 60, &digest)
    }

    /// Sends a REGISTER with this header line, or none.
    pub(crate) fn send_register(&mut self, account: Account<'_>, header: &str) -> io::Result<Message> {
        self.ask("REGISTER", account, None, 60, header)
    }

    /// Sends an INVITE to `number` without any credential.
    pub(crate) fn invite(&mut self, account: Account<'_>, number: &str) -> io::Result<Message> {
        self.ask("INVITE", account, Some(number), 0, "")
    }

    /// Calls `number`, with a digest for the challenge; what the switch says to that.
    ///
    /// # Errors
    /// The switch does not answer.
    pub(crate) fn call(&mut self, account: Account<'_>, number: &str) -> io::Result<Message> {
        let challenge = self.invite(account, number)?;
        let realm = challenge.parameter("realm").unwrap_or_default();
        let digest = self.digest("INVITE", account, &realm, &challenge);
        self.ask("INVITE", account, Some(number), 0, &format!("Proxy-{digest}"))
    }

    /// Sends a request with these further header lines; the first final answer.
    fn ask(
        &mut self,
        method: &str,
        account: Account<'_>,
        number: Option<&str>,
        expires: u32,
        further: &str,
    ) -> io::Result<Message> {
        self.sequence += 1;
        let Account { username, domain, .. } = account;
        let (call, sequence) = (self.call, self.sequence);
        let here = self.socket.local_addr()?;
        let port = here.port();
        let target = number.map_or_else(|| domain.to_owned(), |number| format!("{number}@{domain}"));
        let to = number.map_or_else(
            || format!("{username}@{domain}"),
            |number| format!("{number}@{domain}"),
        );
        let mut request = format!("{method} sip:{target} SIP/2.0\r\n");
        let lines = [
            format!("Via: SIP/2.0/UDP {here};rport;branch=z9hG4bK-{call}-{sequence}"),
            "Max-Forwards: 70".to_owned(),
            format!("From: <sip:{username}@{domain}>;tag=f{call}"),
            format!("To: <sip:{to}>"),
            format!("Call-ID: {call}-{port}@{}", here.ip()),
            format!("CSeq: {sequence} {method}"),
            format!("Contact: <sip:{username}@{here}>"),
            "User-Agent: wire".to_owned(),
            format!("Expires: {expires}"),
        ];
        for line in lines {
            let _ = write!(request, "{line}\r\n");
        }
        let _ = write!(request, "{further}Content-Length: 0\r\n\r\n");
        let patience = self.socket.read_timeout()?;
        self.socket.set_read_timeout(Some(AGAIN))?;
        let begun = Instant::now();
        let answer = loop {
            self.socket.send(request.as_bytes())?;
            match self.final_answer(sequence) {
                Err(error)
                    if error.kind() == io::ErrorKind::WouldBlock
                        && patience.is_none_or(|time| begun.elapsed() < time) => {}
                answer => break answer,
            }
        };
        self.socket.set_read_timeout(patience)?;
        answer
    }

    fn final_answer(&self, sequence: u32) -> io::Result<Message> {
        loop {
            let message = self.receive()?;
            // Requests of the switch (OPTIONS, NOTIFY) and answers to older requests are not looked at.
            let ours = message
                .header("CSeq")
                .is_some_and(|cseq| cseq.starts_with(&format!("{sequence} ")));
            if message.status >= 200 && ours {
                return Ok(message);
            }
        }
    }

    /// How long [`Phone::receive`] waits from now on.
    pub(crate) fn wait_at_most(&self, time: Duration) {
        self.socket.set_read_timeout(Some(time)).expect("a timeout");
    }

    /// The next thing the switch says.
    ///
    /// # Errors
    /// Nothing in time.
    pub(crate) fn receive(&self) -> io::Result<Message> {
        let mut buffer = [0; 65_536];
        let length = self.socket.recv(&mut buffer)?;
        Ok(Message::parse(
            String::from_utf8_lossy(&buffer[..length]).into_owned(),
        ))
    }

    /// Answers a request of the switch.
    pub(crate) fn answer(&self, request: &Message, status: &str, sdp: &str) {
        let port = self.socket.local_addr().expect("it is bound").port();
        let mut text = format!("SIP/2.0 {status}\r\n");
        for line in request.text.lines().take_while(|line| !line.is_empty()) {
            let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:", "Record-Route:"];
            if copied.iter().any(|name| line.starts_with(name)) {
                let tag = if line.starts_with("To:") && !line.contains(";tag=") {
                    ";tag=callee"
                } else {
                    ""
                };
                let _ = write!(text, "{line}{tag}\r\n");
            }
        }
        let _ = write!(text, "Contact: <sip:127.0.0.1:{port}>\r\n");
        if !sdp.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n{sdp}", sdp.len());
        // A datagram that is lost is sent again when the switch asks again.
        let _ = self.socket.send(text.as_bytes());
    }

    /// A description of sound at a port where nobody listens.
    pub(crate) fn offer(&self) -> String {
        let port = crate::ports::phone();
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        )
    }

    /// The header line that answers a challenge.
    pub(crate) fn digest(
        &self,
        method: &str,
        account: Account<'_>,
        realm: &str,
        challenge: &Message,
    ) -> String {
        let Account {
            username,
            domain,
            password,
        } = account;
        let nonce = challenge.parameter("nonce").unwrap_or_default();
        let (uri, cnonce) = (format!("sip:{domain}"), format!("{:08x}", self.call));
        let a1 = a1(username, realm, password);
        let a2 = md5(&format!("{method}:{uri}"));
        let response = md5(&format!("{a1}:{nonce}:00000001:{cnonce}:auth:{a2}"));
        format!(
            "Authorization: Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             qop=auth, nc=00000001, cnonce=\"{cnonce}\", response=\"{response}\", algorithm=MD5\r\n"
        )
    }
}

/// The same as RFC 2069 has it, which says nothing of its uses: a REGISTER's.
pub(crate) fn digest_for_many_uses(account: Account<'_>, realm: &str, challenge: &Message) -> String {
    let Account {
        username,
        domain,
        password,
    } = account;
    let nonce = challenge.parameter("nonce").unwrap_or_default();
    let uri = format!("sip:{domain}");
    let a2 = md5(&format!("REGISTER:{uri}"));
    let response = md5(&format!("{}:{nonce}:{a2}", a1(username, realm, password)));
    format!(
        "Authorization: Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm=MD5\r\n"
    )
}

impl Message {
    /// What was received, as text.
    pub(crate) fn parse(text: String) -> Self {
        let status = text
            .strip_prefix("SIP/2.0 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|word| word.parse().ok());
        Self {
            status: status.unwrap_or(0),
            text,
        }
    }

    /// The request's method.
    pub(crate) fn method(&self) -> &str {
        self.text.split(' ').next().unwrap_or_default()
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &'_ str| {
            line.split_once(':')
                .is_some_and(|(n, _)| n.trim().eq_ignore_ascii_case(name))
        };
        let line = self.text.lines().find(|line| named(line))?;
        line.split_once(':').map(|(_, value)| value.trim())
    }

    /// A parameter of the challenge.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let challenge = self
            .header("WWW-Authenticate")
            .or_else(|| self.header("Proxy-Authenticate"))?;
        let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    }

    /// The answer without what differs from one request to the next: what an observer can learn from it.
    pub(crate) fn shape(&self, account: Account<'_>) -> String {
        let varying = ["Via", "From", "To", "Call-ID", "CSeq", "Date"];
        let keep = |line: &&str| !varying.iter().any(|name| line.starts_with(&format!("{name}:")));
        let mut shape: String = self.text.lines().filter(keep).collect::<Vec<_>>().join("\n");
        if let Some(nonce) = self.parameter("nonce") {
            shape = shape.replace(&nonce, "NONCE");
        }
        let to = self.header("To").unwrap_or_default();
        let to = to.split(";tag=").next().unwrap_or_default();
        format!("{shape}\nTo: {to}").replace(account.username, "USER")
    }
}

/// The digest for a challenge, as the value of an Authorization or Proxy-Authorization header.
pub(crate) fn digest_header(
    method: &str,
    uri: &str,
    username: &str,
    password: &str,
    challenge: &Message,
) -> String {
    let realm = challenge.parameter("realm").unwrap_or_default();
    let nonce = challenge.parameter("nonce").unwrap_or_default();
    let a1 = a1(username, &realm, password);
    let a2 = md5(&format!("{method}:{uri}"));
    let response = md5(&format!("{a1}:{nonce}:00000001:5f3759df:auth:{a2}"));
    format!(
        "Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", qop=auth, \
         nc=00000001, cnonce=\"5f3759df\", response=\"{response}\", algorithm=MD5"
    )
}

/// MD5(username:domain:password), which the directory answers a digest with.
pub(crate) fn a1(username: &str, domain: &str, password: &str) -> String {
    md5(&format!("{username}:{domain}:{password}"))
}

fn md5(text: &str) -> String {
    Md5::digest(text).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
