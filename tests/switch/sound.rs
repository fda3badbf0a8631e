//! One side of a call's sound: PCMU over plain RTP (RFC 3550, G.711), a tone out, and what comes back measured.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::wait;

/// Samples of a packet: 20 ms.
const SAMPLES: usize = 160;

/// A packet with more energy than this, as the mean of its samples' squares, has sound in it: silence has none,
/// and the tone that is sent some sixteen million.
const LOUD: f64 = 1_000_000.0;

/// The sound of one call; dropping it is silence.
#[derive(Debug)]
pub(crate) struct Sound {
    shared: Arc<Shared>,
    port: u16,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    to: Mutex<Option<SocketAddr>>,
    packets: AtomicU64,
    loud: AtomicU64,
}

impl Sound {
    /// A socket that listens; it says nothing until it knows to whom.
    pub(crate) fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free UDP port");
        socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        let port = socket.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let work = move || run(&socket, &theirs);
        let thread = Builder::new()
            .name("sound".to_owned())
            .spawn(work)
            .expect("a thread");
        Self {
            shared,
            port,
            thread: Some(thread),
        }
    }

    /// The session description that offers it.
    pub(crate) fn sdp(&self) -> String {
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
            self.port
        )
    }

    /// From now on a tone goes where this session description says.
    #[track_caller]
    pub(crate) fn send_to(&self, sdp: &str) {
        let port = sdp.lines().find_map(|line| {
            let rest = line.strip_prefix("m=audio ")?;
            rest.split(' ').next()?.parse().ok()
        });
        let port: u16 = port.unwrap_or_else(|| panic!("no sound in {sdp}"));
        let to = SocketAddr::from(([127, 0, 0, 1], port));
        *self.shared.to.lock().unwrap_or_else(PoisonError::into_inner) = Some(to);
    }

    /// Packets that came, and those with sound in them.
    pub(crate) fn heard(&self) -> (u64, u64) {
        (self.shared.packets.load(Relaxed), self.shared.loud.load(Relaxed))
    }

    /// Waits until so many more packets with sound in them came; how long that took.
    #[track_caller]
    pub(crate) fn hears(&self, more: u64) -> Duration {
        let (begun, before) = (Instant::now(), self.heard().1);
        wait::until(
            &format!("{more} packets with sound ({:?} before)", self.heard()),
            wait::SOON,
            || (self.heard().1 >= before + more).then_some(()),
        );
        begun.elapsed()
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        self.shared.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(socket: &UdpSocket, shared: &Shared) {
    let (mut sequence, mut due) = (0_u16, Instant::now());
    let mut buffer = [0; 2048];
    while !shared.stop.load(Relaxed) {
        if let Ok(length) = socket.recv(&mut buffer)
            && length > 12
            && buffer[1] & 0x7f == 0
        {
            shared.packets.fetch_add(1, Relaxed);
            if energy(&buffer[12..length]) > LOUD {
                shared.loud.fetch_add(1, Relaxed);
            }
        }
        if due > Instant::now() {
            continue;
        }
        due += Duration::from_millis(20);
        let to = *shared.to.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(to) = to else { continue };
        let _ = socket.send_to(&packet(sequence), to);
        sequence = sequence.wrapping_add(1);
    }
}

/// 20 ms of a tone of 500 Hz.
fn packet(sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * SAMPLES as u32).to_be_bytes());
    packet.extend(0x5042_5820_u32.to_be_bytes());
    packet.extend((0..SAMPLES).map(|n| {
        let angle = n as f64 * 2.0 * std::f64::consts::PI * 500.0 / 8000.0;
        ulaw((angle.sin() * 8000.0) as i32)
    }));
    packet
}

fn ulaw(sample: i32) -> u8 {
    let (sign, magnitude) = (if sample < 0 { 0x80 } else { 0 }, sample.abs().min(32_635) + 132);
    let exponent = (24 - magnitude.leading_zeros() as i32).max(0);
    let mantissa = (magnitude >> (exponent + 3)) & 15;
    !(sign | exponent << 4 | mantissa) as u8
}

fn linear(byte: u8) -> f64 {
    let byte = !byte;
    let magnitude = ((i32::from(byte & 15) << 3) + 132) << (byte >> 4 & 7);
    f64::from(magnitude - 132)
}

fn energy(sound: &[u8]) -> f64 {
    sound.iter().map(|byte| linear(*byte).powi(2)).sum::<f64>() / sound.len() as f64
}
