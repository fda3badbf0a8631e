//! A verto client without sound: JSON-RPC 2.0 over a websocket, with an answer to whatever the switch asks.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Error, HandshakeError, Message, WebSocket};

use crate::ports::ports;
use crate::wait;

/// One connection.
#[derive(Debug)]
pub(crate) struct Verto {
    socket: WebSocket<TcpStream>,
    heard: Vec<Value>,
    requests: u64,
    closed: Option<Option<u16>>,
}

impl Verto {
    /// Connects, without a login.
    pub(crate) fn connect() -> Self {
        let stream = TcpStream::connect(("127.0.0.1", ports().verto)).unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut socket, _) =
            tungstenite::client(format!("ws://127.0.0.1:{}/", ports().verto), stream).unwrap();
        socket
            .get_mut()
            .set_read_timeout(Some(Duration::from_millis(20)))
            .unwrap();
        Self {
            socket,
            heard: Vec::new(),
            requests: 0,
            closed: None,
        }
    }

    /// Connects through the proxy, as a page of `origin` that holds `cookie`.
    ///
    /// # Errors
    /// The proxy refuses: with this status.
    pub(crate) fn through(cookie: &str, origin: &str) -> Result<Self, u16> {
        let port = ports().web[0];
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut request = format!("ws://127.0.0.1:{port}/verto")
            .into_client_request()
            .unwrap();
        for (name, value) in [("cookie", cookie), ("origin", origin)] {
            if !value.is_empty() {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
        }
        let mut socket = match tungstenite::client(request, stream) {
            Ok((socket, _)) => socket,
            Err(HandshakeError::Failure(Error::Http(response))) => return Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        };
        socket
            .get_mut()
            .set_read_timeout(Some(Duration::from_millis(20)))
            .unwrap();
        Ok(Self {
            socket,
            heard: Vec::new(),
            requests: 0,
            closed: None,
        })
    }

    /// Sends text as it is.
    pub(crate) fn send_text(&mut self, text: &str) {
        // The other side may have closed: that is for the test to find.
        let _ = self.socket.send(Message::text(text.to_owned()));
    }

    /// Whether the other side has closed by now.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.read();
        self.closed.is_some()
    }

    /// Closes the connection without a word.
    pub(crate) fn cut(self) {
        let _ = self.socket.get_ref().shutdown(std::net::Shutdown::Both);
    }

    /// Its own address, as the switch names it in events.
    pub(crate) fn address(&self) -> String {
        self.socket.get_ref().local_addr().unwrap().to_string()
    }

    /// Sends a request; its whole answer.
    #[track_caller]
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.requests += 1;
        // Not a number: the switch counts its own requests so.
        let id = format!("ours-{}", self.requests);
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        wait::until(&format!("an answer to {method}"), wait::SOON, || {
            self.read();
            let place = self
                .heard
                .iter()
                .position(|message| message["id"] == id.as_str())?;
            Some(self.heard.remove(place))
        })
    }

    /// The first request of this name that the switch has sent.
    #[track_caller]
    pub(crate) fn asked(&mut self, method: &str) -> Value {
        wait::until(&format!("{method} from the switch"), wait::SOON, || {
            self.read();
            let place = self
                .heard
                .iter()
                .position(|message| message["method"] == method)?;
            Some(self.heard.remove(place))
        })
    }

    /// The first request of one of these names.
    #[track_caller]
    pub(crate) fn asked_any(&mut self, methods: &[&str]) -> Value {
        wait::until(&format!("{methods:?} from the switch"), wait::SOON, || {
            self.read();
            let place = self
                .heard
                .iter()
                .position(|message| methods.iter().any(|method| message["method"] == *method))?;
            Some(self.heard.remove(place))
        })
    }

    /// Waits until the switch has closed the connection; the code it gave.
    #[track_caller]
    pub(crate) fn closed(&mut self) -> Option<u16> {
        wait::until("the switch to close the connection", wait::SOON, || {
            self.read();
            self.closed
        })
    }

    /// Sends bytes as they are, past the websocket's framing.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        std::io::Write::write_all(self.socket.get_mut(), bytes).unwrap();
    }

    fn send(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).unwrap();
    }

    /// Takes what has come within 20 ms.
    fn read(&mut self) {
        while self.closed.is_none() {
            match self.socket.read() {
                Ok(Message::Text(text)) => self.take(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(frame)) => self.closed = Some(frame.map(|frame| frame.code.into())),
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return;
                }
                Err(_) => self.closed = Some(None),
            }
        }
    }

    fn take(&mut self, message: Value) {
        if let (Some(method), Some(id)) = (message["method"].as_str(), message.get("id")) {
            // It may have closed already: a punt is the last thing it says.
            let reply = json!({"jsonrpc": "2.0", "id": id, "result": {"method": method}});
            let _ = self.socket.send(Message::text(reply.to_string()));
        }
        self.heard.push(message);
    }
}
