//! `/verto`: a browser's socket, and behind it one to mod_verto.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use pbx_core::clients::view::{Client, REALM, canonical, now};
use pbx_core::secret;
use pbx_core::store::settings::{VERTO_ADDRESS, VERTO_PORT};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::count::Reason;
use super::filter::{Down, Filter, LONGEST, Login, Up};
use super::sockets::{Held, Open, Why};
use crate::app::App;
use crate::csrf;
use crate::host_check::Origin;
use crate::problem::Problem;
use crate::session::SignedIn;

/// How soon a browser must log in.
const LOGIN: Duration = Duration::from_secs(10);

/// How often a browser is asked whether it is there, and for how long it may then be silent.
const PING: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(25);

/// For how long a side may take no message.
const SLOW: Duration = Duration::from_secs(10);

/// For how long the switch may take to connect, and to let a connection go.
const CONNECT: Duration = Duration::from_secs(5);
const GOODBYE: Duration = Duration::from_secs(2);

/// Messages a second, and how many at once.
const RATE: f64 = 20.0;
const BURST: f64 = 40.0;

/// Messages that do not pass, in a row, that end the socket.
const PATIENCE: u32 = 200;

type Switch = WebSocketStream<TcpStream>;

/// The handshake: an Origin of ours exactly (browsers send no `Sec-Fetch-Site` here), who is signed in, and has
/// a client.
pub(super) async fn upgrade(
    State(app): State<App>,
    headers: HeaderMap,
    origin: Option<Extension<Origin>>,
    signed_in: Result<SignedIn, Problem>,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let origin = origin.map(|Extension(origin)| origin);
    if !csrf::is_own(&headers, origin.as_ref()) {
        app.verto.counts.refuse(Reason::Origin);
        tracing::warn!("a websocket from a page of another site was refused");
        let detail = "This request does not come from a page of this PBX.";
        return Problem::new(StatusCode::FORBIDDEN, "cross-origin", detail).into_response();
    }
    let person = match signed_in {
        Ok(person) => person,
        Err(problem) => {
            app.verto.counts.refuse(Reason::Stranger);
            return problem.into_response();
        }
    };
    let sign_in = person.sign_in.to_string();
    let has_client = {
        let view = app.pbx.clients().view();
        view.all()
            .any(|client| *client.sign_in == *sign_in && client.is_live(now()))
    };
    if !has_client {
        app.verto.counts.refuse(Reason::Stranger);
        let detail = "Open a session at POST /extensions/<channel-id>/sessions first.";
        return Problem::new(StatusCode::FORBIDDEN, "no-client", detail).into_response();
    }
    let socket = match socket {
        Ok(socket) => socket,
        Err(rejection) => return rejection.into_response(),
    };
    let Some(open) = app.verto.open(person.sign_in) else {
        app.verto.counts.refuse(Reason::Rate);
        let detail = "Too many sockets are open: close one of them.";
        return Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-sockets", detail).into_response();
    };
    socket
        .max_message_size(LONGEST)
        .max_frame_size(LONGEST)
        .on_upgrade(move |browser| serve(app, sign_in, browser, open))
}

/// Why a socket ends.
enum End {
    /// The browser closed, or is gone.
    Browser,
    /// It was silent for too long.
    Silent,
    /// It sent too much that does not pass.
    Flood,
    /// Its login was refused by us: with this answer.
    Refused(String),
    /// mod_verto closed, or cannot be reached.
    Switch,
    /// mod_verto gave the session to another connection, or the session must end.
    Punted,
    /// The web server stops.
    Stopping,
}

async fn serve(app: App, sign_in: String, mut browser: WebSocket, _open: Open) {
    let mut side = Side::new(app, sign_in);
    let end = side.run(&mut browser).await;
    let (code, reason) = match &end {
        End::Browser => return,
        End::Silent => (1001, "silent"),
        End::Flood => (1008, "too much that does not pass"),
        End::Refused(_) => (1008, "not logged in"),
        End::Switch => (1013, "the switch closed"),
        End::Punted => (1000, "punted"),
        End::Stopping => (1001, "the PBX stops"),
    };
    let words = match end {
        End::Refused(answer) => Some(answer),
        End::Punted => {
            side.app
                .verto
                .counts
                .punts
                .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Some(PUNT.to_owned())
        }
        _ => None,
    };
    let farewell = async {
        if let Some(words) = words {
            browser.send(Message::text(words)).await?;
        }
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        browser.send(Message::Close(Some(frame))).await?;
        // Its own close, or whatever it still says.
        while let Some(Ok(_)) = browser.recv().await {}
        Ok::<_, axum::Error>(())
    };
    // A browser that is gone takes no farewell.
    let _ = timeout(GOODBYE, farewell).await;
}

/// What mod_verto says to a connection whose session goes on elsewhere: the browser stops, and does not try again.
const PUNT: &str = r#"{"jsonrpc":"2.0","id":"punt","method":"verto.punt","params":{}}"#;

/// One socket.
struct Side {
    app: App,
    sign_in: String,
    filter: Filter,
    /// Who it is, once that is known.
    client: Option<Arc<Client>>,
    tokens: f64,
    filled: Instant,
    heard: Instant,
    /// In a row.
    refused: u32,
    /// Reasons that were logged.
    said: Vec<Reason>,
}

impl Side {
    fn new(app: App, sign_in: String) -> Self {
        let now = Instant::now();
        Self {
            app,
            sign_in,
            filter: Filter::default(),
            client: None,
            tokens: BURST,
            filled: now,
            heard: now,
            refused: 0,
            said: Vec::new(),
        }
    }

    async fn run(&mut self, browser: &mut WebSocket) -> End {
        let login = match timeout(LOGIN, self.first_login(browser)).await {
            Ok(Ok(login)) => login,
            Ok(Err(end)) => return end,
            Err(_) => return End::Silent,
        };
        let client = match self.check(&login) {
            Ok(client) => client,
            Err(end) => return end,
        };
        let mut held = self.app.verto.take(client.id, client.session).await;
        self.client = Some(client);
        let Some((mut switch, own)) = self.connect().await else {
            return End::Switch;
        };
        let end = match self.filter.login(&login) {
            Up::Pass(text) => match send(&mut switch, text).await {
                Ok(()) => self.relay(browser, &mut switch, &mut held).await,
                Err(end) => end,
            },
            _ => End::Switch,
        };
        self.leave(switch, own).await;
        end
    }

    /// The first message that counts is the login. Nothing reaches the switch before.
    async fn first_login(&mut self, browser: &mut WebSocket) -> Result<Box<Login>, End> {
        let mut stopping = self.app.stopping.clone();
        loop {
            let message = tokio::select! {
                message = browser.recv() => message,
                () = stops(&mut stopping) => return Err(End::Stopping),
            };
            match self.read(message)? {
                Up::Login(login) => return Ok(login),
                Up::Refuse(reason, answer) => self.refuse(browser, reason, Some(answer)).await?,
                Up::Drop(reason) => self.refuse(browser, reason, None).await?,
                Up::Pass(_) | Up::Ignore => {}
            }
        }
    }

    async fn relay(&mut self, browser: &mut WebSocket, switch: &mut Switch, held: &mut Held) -> End {
        let mut stopping = self.app.stopping.clone();
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                message = browser.recv() => self.up(browser, switch, message).await,
                message = switch.next() => self.down(browser, message).await,
                () = ends(&mut held.end) => Err(End::Punted),
                () = stops(&mut stopping) => Err(End::Stopping),
                _ = pings.tick() => self.ping(browser).await,
            };
            if let Err(end) = done {
                if matches!(*held.end.borrow(), Some(Why::Punted)) {
                    tracing::info!("{} was punted", self.name());
                }
                return end;
            }
        }
    }

    async fn up(
        &mut self,
        browser: &mut WebSocket,
        switch: &mut Switch,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<(), End> {
        let sent = match self.read(message)? {
            // The same client again, to renew.
            Up::Login(login) => match self.check(&login)? {
                client if self.client.as_ref().is_some_and(|known| known.id == client.id) => {
                    self.client = Some(client);
                    self.filter.login(&login)
                }
                _ => return Err(self.no_login(Reason::Client, &login)),
            },
            other => other,
        };
        match sent {
            Up::Pass(text) => {
                self.refused = 0;
                self.count(&self.app.verto.counts.up);
                send(switch, text).await
            }
            Up::Refuse(reason, answer) => self.refuse(browser, reason, Some(answer)).await,
            Up::Drop(reason) => self.refuse(browser, reason, None).await,
            Up::Ignore | Up::Login(_) => Ok(()),
        }
    }

    async fn down(
        &mut self,
        browser: &mut WebSocket,
        message: Option<Result<Frame, tokio_tungstenite::tungstenite::Error>>,
    ) -> Result<(), End> {
        let text = match message {
            Some(Ok(Frame::Text(text))) => text,
            Some(Ok(Frame::Close(_)) | Err(_)) | None => return Err(End::Switch),
            Some(Ok(_)) => return Ok(()),
        };
        let counts = &self.app.verto.counts;
        let (text, then) = match self.filter.down(&text) {
            Down::Pass(text) => (text, Ok(())),
            Down::LoggedIn(text) => {
                self.count(&counts.logins);
                (text, Ok(()))
            }
            // The client ended in this very moment, or mod_verto has another reason.
            Down::NotLoggedIn(text) => (text, Err(End::Switch)),
            Down::Last(_) => return Err(End::Punted),
            Down::Drop(reason) => {
                counts.refuse(reason);
                return Ok(());
            }
        };
        self.count(&counts.down);
        tell(browser, text).await?;
        then
    }

    async fn ping(&mut self, browser: &mut WebSocket) -> Result<(), End> {
        if self.heard.elapsed() > SILENCE {
            return Err(End::Silent);
        }
        match timeout(SLOW, browser.send(Message::Ping(Default::default()))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(End::Browser),
        }
    }

    /// A message of the browser, through the limits and the filter.
    fn read(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<Up, End> {
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                // Larger than it may be: the socket cannot go on.
                if error.to_string().contains("too long") {
                    self.note(Reason::Size);
                }
                return Err(End::Browser);
            }
            None => return Err(End::Browser),
        };
        self.heard = Instant::now();
        match message {
            Message::Close(_) => Err(End::Browser),
            Message::Ping(_) | Message::Pong(_) => Ok(Up::Ignore),
            _ if !self.has_token() => Ok(Up::Drop(Reason::Rate)),
            Message::Text(text) => Ok(self.filter.up(&text)),
            Message::Binary(_) => Ok(Up::Drop(Reason::NoObject)),
        }
    }

    fn has_token(&mut self) -> bool {
        let now = Instant::now();
        let since = now.duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + since * RATE).min(BURST);
        self.filled = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }

    /// Who logs in: a live client of this browser's sign-in, by its password and with its session id. All is checked
    /// here, since a stock mod_verto asks for the password alone.
    fn check(&mut self, login: &Login) -> Result<Arc<Client>, End> {
        let client = self.app.pbx.clients().find(&login.login);
        let known = client.filter(|client| {
            let a1 = secret::a1(&login.login, REALM, &login.password);
            *client.sign_in == *self.sign_in && secret::hex(&a1) == secret::hex(&client.a1)
        });
        let Some(client) = known else {
            return Err(self.no_login(Reason::Client, login));
        };
        if canonical(&login.session) != Some(client.session) {
            return Err(self.no_login(Reason::Session, login));
        }
        Ok(client)
    }

    fn no_login(&mut self, reason: Reason, login: &Login) -> End {
        self.note(reason);
        End::Refused(Filter::refuse_login(login, "Authentication Failure"))
    }

    async fn refuse(
        &mut self,
        browser: &mut WebSocket,
        reason: Reason,
        answer: Option<String>,
    ) -> Result<(), End> {
        self.note(reason);
        self.refused += 1;
        if self.refused >= PATIENCE {
            return Err(End::Flood);
        }
        match answer {
            Some(answer) => tell(browser, answer).await,
            None => Ok(()),
        }
    }

    /// Counts what did not pass, and logs the first of a kind: without a word of what was sent.
    fn note(&mut self, reason: Reason) {
        self.app.verto.counts.refuse(reason);
        if !self.said.contains(&reason) {
            self.said.push(reason);
            tracing::warn!("{} sent what does not pass: {}", self.name(), reason.name());
        }
    }

    fn count(&self, counter: &std::sync::atomic::AtomicU64) {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    fn name(&self) -> String {
        match &self.client {
            Some(client) => format!("the browser of {}@{}", client.number, client.domain),
            None => "a browser that has not logged in".to_owned(),
        }
    }

    /// A connection to mod_verto, and our own address on it, which is what the switch calls it by.
    async fn connect(&self) -> Option<(Switch, SocketAddr)> {
        let address = address(&self.app);
        let connecting = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let own = stream.local_addr()?;
            let config = WebSocketConfig::default()
                .max_message_size(Some(1 << 20))
                .max_frame_size(Some(1 << 20));
            let url = format!("ws://{address}/");
            let (socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await?;
            Ok::<_, tokio_tungstenite::tungstenite::Error>((socket, own))
        };
        match timeout(CONNECT, connecting).await {
            Ok(Ok(connected)) => Some(connected),
            Ok(Err(error)) => {
                tracing::error!("the switch's verto socket at {address} cannot be reached: {error}");
                None
            }
            Err(_) => {
                tracing::error!("the switch's verto socket at {address} does not answer");
                None
            }
        }
    }

    /// Closes the connection to the switch, and waits until the switch has let it go: only then may another of
    /// the same session log in, for the end of the old one detaches the session's calls (`client_thread`). Its last
    /// word is the event, after which the client is not connected there any more.
    async fn leave(&self, mut switch: Switch, own: SocketAddr) {
        let closing = async {
            switch.close(None).await?;
            while let Some(Ok(_)) = switch.next().await {}
            Ok::<_, tokio_tungstenite::tungstenite::Error>(())
        };
        let _ = timeout(GOODBYE, closing).await;
        drop(switch);
        let Some(client) = &self.client else { return };
        let (id, own) = (client.id.to_string(), own.to_string());
        let until = Instant::now() + GOODBYE;
        while Instant::now() < until && !*self.app.stopping.borrow() {
            let there = {
                let view = self.app.pbx.clients().view();
                let connected = view.find(&id).and_then(|client| client.connected.clone());
                connected.is_some_and(|(connection, _)| *connection.address == *own)
            };
            if !there {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Where mod_verto listens (see `apps/configuration/verto.rs` of the core).
fn address(app: &App) -> SocketAddr {
    let settings = Arc::clone(&app.pbx.store().snapshot().settings);
    let own = || app.pbx.host().variable("local_ip_v4")?.parse().ok();
    let ip = settings
        .address(&VERTO_ADDRESS)
        .or_else(own)
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let port = u16::try_from(settings.number(&VERTO_PORT)).unwrap_or_default();
    SocketAddr::new(ip, port)
}

/// When the socket must end.
async fn ends(end: &mut watch::Receiver<Option<Why>>) {
    // Its sender is held with it.
    drop(end.wait_for(Option::is_some).await);
}

/// When the web server stops.
async fn stops(stopping: &mut watch::Receiver<bool>) {
    drop(stopping.wait_for(|stopping| *stopping).await);
}

async fn tell(browser: &mut WebSocket, text: String) -> Result<(), End> {
    match timeout(SLOW, browser.send(Message::text(text))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(End::Browser),
    }
}

async fn send(switch: &mut Switch, text: String) -> Result<(), End> {
    match timeout(SLOW, switch.send(Frame::text(text))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(End::Switch),
    }
}
