//! The browser's side of a socket: what it sends passes through the limits and the filter.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::StreamExt;
use pbx_core::clients::view::{Client, REALM, canonical};
use pbx_core::secret;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::Message as Frame;

use super::End;
use super::switch::{Switch, connect, leave, send};
use crate::app::App;
use crate::verto::count::Reason;
use crate::verto::filter::{Down, Filter, Login, Up};
use crate::verto::sockets::{Held, Why};

/// How soon a browser must log in.
const LOGIN: Duration = Duration::from_secs(10);

/// How often a browser is asked whether it is there, and for how long it may then be silent.
const PING: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(25);

/// For how long a side may take no message.
pub(super) const SLOW: Duration = Duration::from_secs(10);

/// Messages a second, and how many at once.
const RATE: f64 = 20.0;
const BURST: f64 = 40.0;

/// Messages that do not pass, in a row, that end the socket.
const PATIENCE: u32 = 200;

/// One socket.
pub(super) struct Side {
    pub(super) app: App,
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
    pub(super) fn new(app: App, sign_in: String) -> Self {
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

    pub(super) async fn run(&mut self, browser: &mut WebSocket) -> End {
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
        let Some((mut switch, own)) = connect(&self.app).await else {
            return End::Switch;
        };
        let end = match self.filter.login(&login) {
            Up::Pass(text) => match send(&mut switch, text).await {
                Ok(()) => self.relay(browser, &mut switch, &mut held).await,
                Err(end) => end,
            },
            _ => End::Switch,
        };
        leave(&self.app, self.client.as_deref(), switch, own).await;
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
