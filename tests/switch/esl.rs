//! A client of FreeSWITCH's event socket: commands as fs_cli sends them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// One connection.
#[derive(Debug)]
pub(crate) struct Esl {
    stream: BufReader<TcpStream>,
}

impl Esl {
    /// Connects and logs in.
    ///
    /// # Errors
    /// Nobody listens, or the password is refused.
    pub(crate) fn connect(port: u16, password: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(900)))?;
        stream.set_nodelay(true)?;
        let mut esl = Self {
            stream: BufReader::new(stream),
        };
        esl.packet()?;
        esl.write(&format!("auth {password}"))?;
        let reply = esl.packet()?;
        match reply.header("Reply-Text") {
            Some(text) if text.starts_with("+OK") => Ok(esl),
            other => Err(io::Error::other(format!("login refused: {other:?}"))),
        }
    }

    /// Runs a command; what it printed.
    ///
    /// # Errors
    /// The connection is gone.
    pub(crate) fn api(&mut self, command: &str) -> io::Result<String> {
        self.send(command)?;
        self.receive()
    }

    /// Sends a command without waiting: its answer comes in turn from [`Esl::receive`].
    pub(crate) fn send(&mut self, command: &str) -> io::Result<()> {
        assert!(!command.contains('\n'), "one line: {command:?}");
        // As fs_cli: the switch's console takes the command apart (`switch_console_execute`).
        self.write(&format!("api {command}\nconsole_execute: true"))
    }

    /// The answer to the oldest command sent that has not been received.
    pub(crate) fn receive(&mut self) -> io::Result<String> {
        loop {
            let packet = self.packet()?;
            match packet.header("Content-Type") {
                Some("api/response") => return Ok(packet.body),
                Some("text/disconnect-notice") => return Err(io::ErrorKind::ConnectionAborted.into()),
                _ => {}
            }
        }
    }

    /// Asks for events of this kind, from now on.
    ///
    /// # Errors
    /// The connection is gone.
    pub(crate) fn subscribe(&mut self, kind: &str) -> io::Result<()> {
        self.write(&format!("event json {kind}"))?;
        self.packet().map(drop)
    }

    /// The next event.
    ///
    /// # Errors
    /// The connection is gone, or nothing happens for a long time.
    pub(crate) fn event(&mut self) -> io::Result<Value> {
        loop {
            let packet = self.packet()?;
            match packet.header("Content-Type") {
                Some("text/event-json") => {
                    return serde_json::from_str(&packet.body).map_err(io::Error::other);
                }
                Some("text/disconnect-notice") => return Err(io::ErrorKind::ConnectionAborted.into()),
                _ => {}
            }
        }
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{line}\n\n").as_bytes())
    }

    fn packet(&mut self) -> io::Result<Packet> {
        let mut packet = Packet::default();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) => packet.headers.push((name.to_owned(), value.to_owned())),
                None if packet.headers.is_empty() => {}
                None => break,
            }
        }
        let length = packet.header("Content-Length").map_or(Ok(0), str::parse);
        let mut body = vec![0; length.map_err(io::Error::other)?];
        self.stream.read_exact(&mut body)?;
        packet.body = String::from_utf8_lossy(&body).into_owned();
        Ok(packet)
    }
}

#[derive(Debug, Default)]
struct Packet {
    headers: Vec<(String, String)>,
    body: String,
}

impl Packet {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}
