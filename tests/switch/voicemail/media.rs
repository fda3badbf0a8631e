//! The sound of one call: RTP with G.711 µ-law (RFC 3551), keys as telephone events (RFC 4733), from a socket
//! of the test's own, so that what is said to have been heard was received.

use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::{Duration, Instant};

/// One packet's worth, 160 samples at 8 kHz.
const PACKET: Duration = Duration::from_millis(20);
const SAMPLES: usize = 160;

/// Payload types: µ-law, and what the offer calls telephone events.
const ULAW: u8 = 0;
pub(crate) const EVENTS: u8 = 101;

/// A call's media at the phone. Dropping it ends its thread.
#[derive(Debug)]
pub(crate) struct Media {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    speaking: AtomicBool,
    there: Mutex<Option<SocketAddr>>,
    keys: Mutex<VecDeque<char>>,
    heard: Mutex<Vec<i16>>,
}

impl Media {
    /// Listens; sends as soon as it is told where to.
    pub(crate) fn new() -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a free UDP port");
        socket.set_nonblocking(true).expect("a socket");
        let port = socket.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let work = move || theirs.run(&socket);
        let thread = Builder::new()
            .name("media".to_owned())
            .spawn(work)
            .expect("a thread");
        Self {
            port,
            shared,
            thread: Some(thread),
        }
    }

    /// What an offer or answer says of it.
    pub(crate) fn description(&self) -> String {
        let port = self.port;
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP {ULAW} {EVENTS}\r\na=rtpmap:{ULAW} PCMU/8000\r\n\
             a=rtpmap:{EVENTS} telephone-event/8000\r\na=fmtp:{EVENTS} 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
        )
    }

    /// From now on sends to where `description` of the other side says.
    pub(crate) fn towards(&self, description: &str) {
        let line = description.lines().find_map(|line| line.strip_prefix("m=audio "));
        let port = line
            .and_then(|line| line.split(' ').next())
            .and_then(|port| port.parse().ok());
        let port: u16 = port.expect("a description of sound");
        *lock(&self.shared.there) = Some(SocketAddr::from(([127, 0, 0, 1], port)));
    }

    /// Whether somebody is speaking: a tone of 440 Hz.
    pub(crate) fn speak(&self, speaking: bool) {
        self.shared.speaking.store(speaking, Ordering::Relaxed);
    }

    /// Presses keys, one after the other.
    pub(crate) fn press(&self, keys: &str) {
        lock(&self.shared.keys).extend(keys.chars());
    }

    /// All that was heard so far, 8000 samples a second.
    pub(crate) fn heard(&self) -> Vec<i16> {
        lock(&self.shared.heard).clone()
    }

    /// Forgets what was heard.
    pub(crate) fn forget(&self) {
        lock(&self.shared.heard).clear();
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Had it panicked, what was not heard has failed the scenario.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self, socket: &UdpSocket) {
        let mut sender = Sender::default();
        let mut next = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            let mut buffer = [0; 2048];
            while let Ok(length) = socket.recv(&mut buffer) {
                if let Some(payload) = payload(&buffer[..length], ULAW) {
                    lock(&self.heard).extend(payload.iter().map(|byte| from_ulaw(*byte)));
                }
            }
            let there = *lock(&self.there);
            if let Some(there) = there {
                for packet in self.next_packets(&mut sender) {
                    // One that is lost is one that is lost.
                    let _ = socket.send_to(&packet, there);
                }
            }
            next += PACKET;
            sleep(next.saturating_duration_since(Instant::now()));
        }
    }

    fn next_packets(&self, sender: &mut Sender) -> Vec<Vec<u8>> {
        if sender.pause > 0 {
            sender.pause -= 1;
        } else if let Some(key) = lock(&self.keys).pop_front() {
            // Long enough to be one, and then a while until the next.
            sender.pause = 20;
            return sender.event(key);
        }
        vec![sender.sound(self.speaking.load(Ordering::Relaxed))]
    }
}

#[derive(Default)]
struct Sender {
    sequence: u16,
    time: u32,
    /// Packets until another key may be pressed.
    pause: u32,
}

impl Sender {
    fn packet(&mut self, kind: u8, marker: bool, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x80, kind | if marker { 0x80 } else { 0 }];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(self.time.to_be_bytes());
        packet.extend(0x5eed_u32.to_be_bytes());
        packet.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }

    fn sound(&mut self, speaking: bool) -> Vec<u8> {
        let sample = |at: usize| {
            let phase = (self.time as usize + at) as f64 * 440.0 / 8000.0 * std::f64::consts::TAU;
            to_ulaw(if speaking {
                (phase.sin() * 8000.0) as i16
            } else {
                0
            })
        };
        let payload: Vec<u8> = (0..SAMPLES).map(sample).collect();
        let packet = self.packet(ULAW, false, &payload);
        self.time = self.time.wrapping_add(SAMPLES as u32);
        packet
    }

    /// A key of 100 ms: its packets have one time, growing durations, and its end three times.
    fn event(&mut self, key: char) -> Vec<Vec<u8>> {
        let code = "0123456789*#".find(key).expect("a key of a telephone") as u8;
        let one = |sender: &mut Self, count: u16, end: bool| {
            let [high, low] = (count * SAMPLES as u16).to_be_bytes();
            sender.packet(
                EVENTS,
                count == 1,
                &[code, 10 | if end { 0x80 } else { 0 }, high, low],
            )
        };
        let mut packets: Vec<_> = (1..=5).map(|count| one(self, count, false)).collect();
        packets.extend((0..3).map(|_| one(self, 6, true)));
        self.time = self.time.wrapping_add(6 * SAMPLES as u32);
        packets
    }
}

/// What is in a packet of this payload type.
fn payload(packet: &[u8], kind: u8) -> Option<&[u8]> {
    let contributors = usize::from(packet.first()? & 15);
    (packet.get(1)? & 0x7f == kind).then_some(())?;
    packet.get(12 + 4 * contributors..)
}

/// G.711 µ-law.
fn from_ulaw(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = ((i16::from(byte & 15) << 3) + 0x84) << ((byte >> 4) & 7);
    if byte & 0x80 == 0 {
        magnitude - 0x84
    } else {
        0x84 - magnitude
    }
}

fn to_ulaw(sample: i16) -> u8 {
    let magnitude = sample.unsigned_abs().min(32_635) + 0x84;
    let exponent = 7 - (magnitude | 0xff).leading_zeros().min(7) as u16;
    let mantissa = (magnitude >> (exponent + 3)) & 15;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | (exponent << 4) as u8 | mantissa as u8)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How loud it was, every 20 ms: the root of the mean square.
pub(crate) fn loudness(samples: &[i16], rate: usize) -> Vec<f64> {
    let window = rate / 50;
    let mean = |part: &[i16]| {
        let sum: f64 = part.iter().map(|s| f64::from(*s).powi(2)).sum();
        (sum / part.len() as f64).sqrt()
    };
    samples.chunks_exact(window).map(mean).collect()
}

/// For how many times 20 ms the tone was heard that is spoken here: loud, and as often through zero.
pub(crate) fn tone(samples: &[i16]) -> usize {
    let crossings = |part: &[i16]| {
        part.windows(2)
            .filter(|pair| (pair[0] < 0) != (pair[1] < 0))
            .count()
    };
    let is_tone = |part: &&[i16]| loudness(part, 8000)[0] > 2000.0 && (16..=19).contains(&crossings(part));
    samples.chunks_exact(SAMPLES).filter(is_tone).count()
}

/// How much of a frequency, in Hz, is in what was heard (Goertzel).
pub(crate) fn pitch(samples: &[i16], frequency: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * frequency / 8000.0).cos();
    // Block by block: the phases of tones that come again would cancel out.
    let blocks = samples.chunks_exact(SAMPLES).map(|block| {
        let (mut one, mut two) = (0.0, 0.0);
        for sample in block {
            (one, two) = (f64::from(*sample) + coefficient * one - two, one);
        }
        one * one + two * two - coefficient * one * two
    });
    blocks.sum()
}

/// How much of `sound`'s loudness is in what was heard, at the moment when it fits best: 1 is all of it.
pub(crate) fn likeness(heard: &[i16], sound: &Sound) -> f64 {
    let (heard, sound) = (loudness(heard, 8000), loudness(&sound.samples, sound.rate));
    let best = heard.windows(sound.len()).map(|part| correlation(part, &sound));
    best.fold(0.0, f64::max)
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let pairs = || a.iter().zip(b).map(|(a, b)| (a - ma, b - mb));
    let product: f64 = pairs().map(|(a, b)| a * b).sum();
    let (va, vb): (f64, f64) = (
        pairs().map(|(a, _)| a * a).sum(),
        pairs().map(|(_, b)| b * b).sum(),
    );
    if va * vb == 0.0 {
        0.0
    } else {
        product / (va * vb).sqrt()
    }
}

/// A WAV file's samples.
pub(crate) struct Sound {
    pub(crate) rate: usize,
    pub(crate) samples: Vec<i16>,
}

impl Sound {
    /// Reads a file with one channel of 16 bits.
    pub(crate) fn read(file: &std::path::Path) -> Self {
        let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self::parse(&bytes)
    }

    /// The same of a file's bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        assert_eq!((&bytes[..4], &bytes[8..12]), (&b"RIFF"[..], &b"WAVE"[..]));
        let (mut at, mut rate) = (12, 0);
        while at + 8 <= bytes.len() {
            let number =
                |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
            let (kind, length) = (&bytes[at..at + 4], number(at + 4));
            let body = at + 8..(at + 8 + length).min(bytes.len());
            if kind == b"fmt " {
                rate = number(at + 12);
            } else if kind == b"data" {
                let samples = bytes[body]
                    .chunks_exact(2)
                    .map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
                return Self {
                    rate,
                    samples: samples.collect(),
                };
            }
            at += 8 + length + length % 2;
        }
        panic!("no sound in it");
    }
}
