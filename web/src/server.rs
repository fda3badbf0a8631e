//! The server as a whole: its threads, its listeners, its start and end.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::Router;
use pbx_core::config::Config;
use pbx_core::front::{Front, Listener};
use pbx_core::pbx::Pbx;
use pbx_core::priority::{self, Behind};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Semaphore, watch};

use crate::app::{App, Door, Parts};
use crate::limits::Limits;
use crate::verto::Sockets;
use crate::{herald, listen, routes, tls, verto};

/// Threads that serve, and threads for what blocks: one of these is at times an import's, which are made one at a time.
const WORKERS: usize = 2;
const BLOCKING: usize = 3;

/// Their stacks, in bytes: SQLite and TLS handshakes run there.
const STACK: usize = 1024 * 1024;

/// How long connections may take to end when the server stops; and what then still runs.
const GRACE: Duration = Duration::from_millis(60);
const END: Duration = Duration::from_millis(80);

/// Why there is no web server at all. What only keeps a listener from listening is no such thing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The system has no threads for it.
    #[error("the web server has no threads: {0}")]
    Threads(#[from] std::io::Error),
    /// A mistake in the program.
    #[error("the protected path {path} or its name {name} is registered twice")]
    Twice {
        /// The name.
        name: &'static str,
        /// The path.
        path: &'static str,
    },
}

/// A running web server.
pub struct Web {
    runtime: Mutex<Option<Runtime>>,
    stop: watch::Sender<bool>,
    doors: Arc<Doors>,
    pbx: Arc<Pbx>,
}

impl Web {
    /// Starts the threads and listens where `pbx.conf` says. A listener that cannot listen says why in the log
    /// and in `pbx status`; it is tried again at `pbx reload`.
    ///
    /// # Errors
    /// There are no threads for it.
    pub fn start(pbx: Arc<Pbx>) -> Result<Self, StartError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .max_blocking_threads(BLOCKING)
            .thread_name("pbx-web")
            .thread_stack_size(STACK)
            .on_thread_start(|| priority::stand(Behind::People))
            .enable_all()
            .build()?;
        let (stop, stopping) = watch::channel(false);
        let sockets = Arc::new(Sockets::default());
        let punted: Weak<Sockets> = Arc::downgrade(&sockets);
        pbx.clients().on_punt(punted);
        let app = App::from(Parts {
            pbx: Arc::clone(&pbx),
            limits: Arc::new(Limits::default()),
            imports: Arc::default(),
            herald: Arc::default(),
            tables: Arc::default(),
            verto: Arc::clone(&sockets),
            stopping: stopping.clone(),
        });
        let router = routes::all(app.clone())?;
        runtime.spawn(herald::run(app.clone()));
        runtime.spawn(verto::follow_sign_ins(app));
        let doors = Arc::new(Doors {
            handle: runtime.handle().clone(),
            public: Place::new(Door::Public, &router, &pbx, &stopping),
            local: Place::new(Door::Local, &router, &pbx, &stopping),
        });
        for trouble in doors.follow(&pbx.config()) {
            tracing::error!("{trouble}");
        }
        pbx.set_front(Some(Arc::clone(&doors) as Arc<dyn Front>));
        Ok(Self {
            runtime: Mutex::new(Some(runtime)),
            stop,
            doors,
            pbx,
        })
    }

    /// Ends everything: requests that run have a moment, then their connections are cut. At most 150 ms.
    pub fn stop(&self) {
        let Some(runtime) = lock(&self.runtime).take() else {
            return;
        };
        self.pbx.set_front(None);
        // Nobody receives any more: every connection has ended already.
        let _ = self.stop.send(true);
        let until = Instant::now() + GRACE;
        while self.doors.connections() > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        let left = self.doors.connections();
        if left > 0 {
            tracing::info!("{left} connections to the web server are cut");
        }
        runtime.shutdown_timeout(END);
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The listeners, for as long as the server runs.
struct Doors {
    handle: Handle,
    public: Place,
    local: Place,
}

/// A listener, whether it listens or not.
struct Place {
    name: &'static str,
    most: usize,
    shared: Arc<listen::Shared>,
    state: Mutex<State>,
}

struct State {
    address: SocketAddr,
    /// To close the socket with; none: there is none.
    open: Option<watch::Sender<bool>>,
    problem: Option<String>,
}

impl Doors {
    fn follow(&self, config: &Config) -> Vec<String> {
        let certificate = (config.tls_cert.as_deref(), config.tls_key.as_deref());
        let public = self.public.follow(&self.handle, config.web_listen, certificate);
        let local = self.local.follow(&self.handle, config.local_listen, (None, None));
        public.into_iter().chain(local).collect()
    }

    fn connections(&self) -> usize {
        self.public.connections() + self.local.connections()
    }
}

impl Front for Doors {
    fn reload(&self, config: &Config) -> Vec<String> {
        self.follow(config)
    }

    fn listeners(&self) -> Vec<Listener> {
        [&self.public, &self.local].map(Place::listener).to_vec()
    }
}

impl Place {
    fn new(door: Door, router: &Router, pbx: &Arc<Pbx>, stopping: &watch::Receiver<bool>) -> Self {
        let (name, most) = match door {
            Door::Public => ("web-listen", listen::MOST_PUBLIC),
            Door::Local => ("local-listen", listen::MOST_LOCAL),
        };
        let asked = Arc::clone(pbx);
        let shared = listen::Shared {
            door,
            router: router.clone(),
            tls: Default::default(),
            room: Arc::new(Semaphore::new(most)),
            of: Mutex::default(),
            trusts: Box::new(move |address| {
                let address = address.to_canonical();
                let trusted = &asked.config().trusted_proxies;
                address.is_loopback() || trusted.iter().any(|proxy| proxy.to_canonical() == address)
            }),
            stopping: stopping.clone(),
        };
        Self {
            name,
            most,
            shared: Arc::new(shared),
            state: Mutex::new(State {
                address: SocketAddr::from(([0, 0, 0, 0], 0)),
                open: None,
                problem: None,
            }),
        }
    }

    /// Takes a certificate and an address. What cannot be taken leaves what was before.
    fn follow(
        &self,
        handle: &Handle,
        address: SocketAddr,
        (cert, key): (Option<&Path>, Option<&Path>),
    ) -> Option<String> {
        let problem = self.take(handle, address, (cert, key)).err();
        lock(&self.state).problem.clone_from(&problem);
        problem
    }

    fn take(
        &self,
        handle: &Handle,
        address: SocketAddr,
        (cert, key): (Option<&Path>, Option<&Path>),
    ) -> Result<(), String> {
        let name = self.name;
        let mut state = lock(&self.state);
        let listens = state.open.is_some();
        if !listens {
            state.address = address;
        }
        let config = tls::load(cert, key).map_err(|why| format!("{name}: {why}"))?;
        if config.is_none() && self.shared.tls.load().is_some() && state.address == address {
            tracing::warn!("{name} {address} speaks plain HTTP from now on");
        }
        if !listens || state.address != address {
            let bound = std::net::TcpListener::bind(address).and_then(|socket| {
                socket.set_nonblocking(true)?;
                let _inside = handle.enter();
                TcpListener::from_std(socket)
            });
            let listener = bound.map_err(|error| {
                let still = if listens {
                    format!("; it still listens on {}", state.address)
                } else {
                    String::new()
                };
                format!(
                    "{name}: nobody can connect to {address}: {error}{still}. Calls and phones are not affected. \
                     Stop what uses the address or choose another in pbx.conf, then pbx reload"
                )
            })?;
            let (open, close) = watch::channel(false);
            // The one before, if there is one, closes as its sender goes.
            if let Some(before) = state.open.replace(open) {
                let _ = before.send(true);
            }
            state.address = listener.local_addr().unwrap_or(address);
            handle.spawn(listen::run(listener, Arc::clone(&self.shared), close));
        }
        self.shared.tls.store(config);
        let scheme = if self.shared.tls.load().is_some() {
            "HTTPS"
        } else {
            "HTTP"
        };
        tracing::info!("{name}: {scheme} on {}", state.address);
        Ok(())
    }

    fn connections(&self) -> usize {
        self.most - self.shared.room.available_permits()
    }

    fn listener(&self) -> Listener {
        let state = lock(&self.state);
        Listener {
            name: self.name,
            address: state.address,
            tls: self.shared.tls.load().is_some(),
            connections: self.connections(),
            problem: state.problem.clone(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole at any time.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
