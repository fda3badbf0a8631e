//! Free ports on loopback, chosen once for the whole run: the switches of a run follow one another.

use std::net::{TcpListener, UdpSocket};
use std::sync::OnceLock;

/// What a switch of this run listens on.
#[derive(Debug)]
pub(crate) struct Ports {
    /// SIP over UDP and TCP.
    pub(crate) sip: u16,
    /// SIP over TLS.
    pub(crate) tls: u16,
    /// The event socket.
    pub(crate) event_socket: u16,
    /// Verto's websocket.
    pub(crate) verto: u16,
    /// The web server and the loopback listener.
    pub(crate) web: [u16; 2],
    /// First and last UDP port for sound.
    pub(crate) rtp: (u16, u16),
}

/// The ports of this run.
pub(crate) fn ports() -> &'static Ports {
    static PORTS: OnceLock<Ports> = OnceLock::new();
    PORTS.get_or_init(|| {
        let mut taken = Vec::new();
        let mut next = || {
            let port = free(&taken);
            taken.push(port);
            port
        };
        Ports {
            sip: next(),
            tls: next(),
            event_socket: next(),
            verto: next(),
            web: [next(), next()],
            rtp: rtp(),
        }
    })
}

/// A UDP port for one phone.
pub(crate) fn phone() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free UDP port");
    socket.local_addr().expect("it is bound").port()
}

/// Ports for another switch that plays a phone: SIP, SIP over TLS, the event socket.
pub(crate) fn another_switch() -> [u16; 3] {
    let own = ports();
    let mut taken = vec![
        own.sip,
        own.tls,
        own.event_socket,
        own.verto,
        own.web[0],
        own.web[1],
    ];
    [(); 3].map(|()| {
        let port = free(&taken);
        taken.push(port);
        port
    })
}

/// A hundred UDP ports for its sound, between this run's and those that the kernel hands out.
pub(crate) fn another_rtp() -> (u16, u16) {
    let slot = u16::try_from(std::process::id() % 13).expect("below 13");
    let first = 31_400 + slot * 100;
    (first, first + 99)
}

/// A port free for UDP and TCP that is not among `taken`.
fn free(taken: &[u16]) -> u16 {
    for _ in 0..100 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free TCP port");
        let port = listener.local_addr().expect("it is bound").port();
        if !taken.contains(&port) && UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free for both UDP and TCP");
}

/// Two hundred ports below those the kernel hands out, in a place that another run is unlikely to choose.
fn rtp() -> (u16, u16) {
    let slot = u16::try_from(std::process::id() % 75).expect("below 75");
    let first = 16_400 + slot * 200;
    (first, first + 199)
}
