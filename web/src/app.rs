//! What every handler can reach.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use pbx_core::pbx::Pbx;
use tokio::sync::watch;

use crate::api::Imports;
use crate::herald::Herald;
use crate::limits::Limits;
use crate::table::Tables;
use crate::verto::Sockets;

/// The state of the router. Every layer of it clones this for every request.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What it consists of.
pub struct Parts {
    /// The PBX.
    pub pbx: Arc<Pbx>,
    /// How often somebody may do what.
    pub limits: Arc<Limits>,
    /// Who follows what changes.
    pub herald: Arc<Herald>,
    /// The tables of extensions, and who may see which.
    pub tables: Arc<Tables>,
    /// The browsers' sockets to mod_verto.
    pub verto: Arc<Sockets>,
    /// Directories that are taken over.
    pub imports: Arc<Imports>,
    /// Turns true when the server stops: what goes on for long, such as a websocket, then has a moment to end.
    pub stopping: watch::Receiver<bool>,
}

impl From<Parts> for App {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Which listener a connection came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// `web-listen`.
    Public,
    /// `local-listen`.
    Local,
}

/// How a request came here: an extension of every request.
#[derive(Debug, Clone, Copy)]
pub struct Via {
    /// The listener.
    pub door: Door,
    /// Who is connected: a proxy, if there is one.
    pub peer: SocketAddr,
    /// The address of ours that they connected to.
    pub own: SocketAddr,
    /// Whether we speak TLS on this connection.
    pub tls: bool,
}
