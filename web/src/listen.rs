//! One listener: its socket, the connections that came in by it, and the limits on both.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use pbx_core::bans::Net;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::app::{Door, Via};

/// Connections at once, by door.
pub(crate) const MOST_PUBLIC: usize = 1024;
pub(crate) const MOST_LOCAL: usize = 64;

/// Connections at once of one address, or IPv6 network of 64 bits, that is neither ours nor a trusted proxy's.
const MOST_OF_ONE: usize = 128;

/// For how long a TLS handshake, or the head of a request, may take; and how long a connection may idle.
const PATIENCE: Duration = Duration::from_secs(10);

/// For how long a peer may take nothing of what it is sent: its place is somebody else's then.
const UNREAD: Duration = Duration::from_secs(30);

/// The longest head of a request, in bytes.
const HEAD: usize = 16 * 1024;

/// Its most header lines.
const LINES: usize = 64;

/// What all connections of a listener share.
pub(crate) struct Shared {
    pub(crate) door: Door,
    pub(crate) router: Router,
    /// None: plain HTTP.
    pub(crate) tls: ArcSwapOption<ServerConfig>,
    pub(crate) room: Arc<Semaphore>,
    /// How many connections each has.
    pub(crate) of: Mutex<HashMap<Net, usize>>,
    /// Whether an address may have as many as it likes.
    pub(crate) trusts: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
    /// Turns true when the server stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Takes connections until told to close, or the server stops. `close` is a listener's own: those that came in
/// by it go on.
pub(crate) async fn run(listener: TcpListener, shared: Arc<Shared>, close: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = turned(&close) => return,
            () = turned(&shared.stopping) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                // One too many is closed at once: who waits in the backlog holds a descriptor as well.
                if let Some(seat) = Seat::take(&shared, peer.ip()) {
                    tokio::spawn(connection(stream, peer, Arc::clone(&shared), seat));
                }
            }
            // Out of descriptors: some will be free in a moment.
            Err(error) => {
                tracing::debug!("a connection could not be taken: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// When it turns true, or can no more.
async fn turned(flag: &watch::Receiver<bool>) {
    let _ = flag.clone().wait_for(|turned| *turned).await;
}

/// A connection's place among those there may be.
struct Seat {
    shared: Arc<Shared>,
    net: Net,
    _permit: OwnedSemaphorePermit,
}

impl Seat {
    fn take(shared: &Arc<Shared>, address: IpAddr) -> Option<Self> {
        let permit = Arc::clone(&shared.room).try_acquire_owned().ok()?;
        let mut of = shared.of.lock().unwrap_or_else(PoisonError::into_inner);
        let net = Net::from(address);
        let count = of.entry(net).or_default();
        if *count >= MOST_OF_ONE && !(shared.trusts)(address) {
            return None;
        }
        *count += 1;
        drop(of);
        Some(Self {
            shared: Arc::clone(shared),
            net,
            _permit: permit,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut of = self.shared.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = of.get_mut(&self.net) {
            *count -= 1;
            if *count == 0 {
                of.remove(&self.net);
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>, seat: Seat) {
    let Ok(own) = stream.local_addr() else {
        return;
    };
    // Answers are written whole: waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let via = Via {
        door: shared.door,
        peer,
        own,
        tls: false,
    };
    match shared.tls.load_full() {
        None => serve(stream, via, &shared).await,
        Some(config) => {
            let handshake = TlsAcceptor::from(config).accept(stream);
            let shaken = tokio::select! {
                shaken = tokio::time::timeout(PATIENCE, handshake) => shaken,
                () = turned(&shared.stopping) => return,
            };
            if let Ok(Ok(stream)) = shaken {
                serve(stream, Via { tls: true, ..via }, &shared).await;
            }
        }
    }
    drop(seat);
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, via: Via, shared: &Shared) {
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(via);
        shared.router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEAD)
        .max_headers(LINES);
    // An answer that nobody reads would be held for ever: hyper has no limit for writing.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(UNREAD));
    let connection = builder
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // What ends a connection badly is the peer's doing, and nothing that anybody has to look into.
    let _ = tokio::select! {
        ended = connection.as_mut() => ended,
        () = turned(&shared.stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
}
