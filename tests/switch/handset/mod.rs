//! A phone that lies on the table: it rings by itself, and is answered, hung up or pulled out when a test
//! says so. Over UDP or TCP, from any loopback address, with any Contact. What it heard can be looked at.

mod calls;
mod lamps;
mod replacing;
mod requests;
mod table;

use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use self::table::{Shared, Wire, lock};
use crate::ports::ports;
use crate::wire::Message;

/// The phone.
#[derive(Debug)]
pub(crate) struct Handset {
    line: String,
    domain: String,
    address: SocketAddr,
    contact: String,
    call_id: String,
    sequence: AtomicU32,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A call that this phone makes.
#[derive(Debug)]
pub(crate) struct Calling<'a> {
    phone: &'a Handset,
    call_id: String,
    sequence: u32,
}

impl Handset {
    /// A phone of `line` on UDP at 127.0.0.1.
    pub(crate) fn new(line: &str, domain: &str) -> Self {
        Self::on(line, domain, "127.0.0.1")
    }

    /// A phone of `line` on UDP at a loopback address.
    pub(crate) fn on(line: &str, domain: &str, ip: &str) -> Self {
        let socket = UdpSocket::bind((ip, 0)).expect("a free UDP port");
        socket.connect(("127.0.0.1", ports().sip)).expect("loopback");
        let address = socket.local_addr().expect("it is bound");
        Self::with(line, domain, address, Wire::Udp(socket), "")
    }

    /// A phone of `line` on TCP.
    pub(crate) fn on_tcp(line: &str, domain: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", ports().sip)).expect("the switch listens on TCP");
        let address = stream.local_addr().expect("it is connected");
        Self::with(line, domain, address, Wire::Tcp(stream), ";transport=tcp")
    }

    /// The same phone, Call-ID and all, on another TCP connection.
    pub(crate) fn on_a_new_connection(&self) -> Self {
        let mut other = Self::on_tcp(&self.line, &self.domain);
        other.call_id.clone_from(&self.call_id);
        other.sequence = AtomicU32::new(self.sequence.load(Ordering::Relaxed));
        other
    }

    fn with(line: &str, domain: &str, address: SocketAddr, wire: Wire, parameters: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let contact = format!("<sip:{line}@{address}{parameters}>");
        let limit = Some(Duration::from_millis(50));
        match &wire {
            Wire::Udp(socket) => socket.set_read_timeout(limit),
            Wire::Tcp(stream) => stream.set_read_timeout(limit),
        }
        .expect("a timeout");
        let shared = Arc::new(Shared {
            wire,
            contact: Mutex::new(contact.clone()),
            heard: Mutex::default(),
        });
        let theirs = Arc::downgrade(&shared);
        let thread = Builder::new().name("handset".to_owned()).spawn(move || {
            let mut pending = Vec::new();
            while let Some(shared) = theirs.upgrade() {
                shared.listen(&mut pending);
            }
        });
        Self {
            line: line.to_owned(),
            domain: domain.to_owned(),
            address,
            contact,
            call_id: format!(
                "{}-{}@{}",
                NEXT.fetch_add(1, Ordering::Relaxed),
                std::process::id(),
                address.ip()
            ),
            sequence: AtomicU32::new(0),
            shared,
            thread: Some(thread.expect("a thread")),
        }
    }

    /// The same, claiming another Contact.
    pub(crate) fn claiming(mut self, contact: &str) -> Self {
        contact.clone_into(&mut self.contact);
        contact.clone_into(&mut lock(&self.shared.contact));
        self
    }

    /// Its Contact.
    pub(crate) fn contact(&self) -> &str {
        &self.contact
    }

    /// Registers for this many seconds; the final status.
    pub(crate) fn register(&self, seconds: u32) -> u16 {
        let (uri, to) = (
            format!("sip:{}", self.domain),
            format!("sip:{}@{}", self.line, self.domain),
        );
        let (_, answer) = self.ask(
            "REGISTER",
            &uri,
            &to,
            &self.call_id,
            &format!("Expires: {seconds}\r\n"),
            "",
        );
        answer.status
    }

    /// A phone that has registered.
    ///
    /// # Panics
    /// The switch refuses it.
    #[track_caller]
    pub(crate) fn registered(self) -> Self {
        assert_eq!(self.register(120), 200, "{}", self.contact);
        self
    }

    /// Sends a request without a body to the switch itself; the final status.
    pub(crate) fn asks(&self, method: &str) -> u16 {
        let to = format!("sip:{}", self.domain);
        let call_id = format!("{method}-{}", self.call_id);
        self.ask(method, &to, &to, &call_id, "", "").1.status
    }

    /// Pulls the plug: the connection closes without a word.
    pub(crate) fn unplug(&self) {
        if let Wire::Tcp(stream) = &self.shared.wire {
            stream.shutdown(Shutdown::Both).expect("it was connected");
        }
    }

    /// Everything that the switch said.
    pub(crate) fn heard(&self) -> Vec<Message> {
        lock(&self.shared.heard).clone()
    }
}

impl Drop for Handset {
    fn drop(&mut self) {
        self.shared = Arc::new(Shared {
            wire: Wire::Udp(UdpSocket::bind("127.0.0.1:0").expect("a free UDP port")),
            contact: Mutex::default(),
            heard: Mutex::default(),
        });
        if let Some(thread) = self.thread.take() {
            // Had it panicked, what it did not hear has failed the scenario.
            let _ = thread.join();
        }
    }
}

fn offer() -> String {
    let port = crate::ports::phone();
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )
}
