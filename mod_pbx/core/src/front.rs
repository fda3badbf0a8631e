//! The web server, as the PBX sees it: it is told of a reload, and asked how it is.

use std::net::SocketAddr;

use serde::Serialize;

use crate::config::Config;

/// A web server that runs beside the PBX.
pub trait Front: Send + Sync {
    /// Takes what `pbx.conf` says now: certificates, and the addresses to listen on if they changed or were
    /// taken. Blocks. Returns what could not be taken, and what to do, a line each.
    fn reload(&self, config: &Config) -> Vec<String>;

    /// Where it listens. Does not block.
    fn listeners(&self) -> Vec<Listener>;
}

/// A place where it listens, or should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listener {
    /// The parameter in `pbx.conf`.
    pub name: &'static str,
    /// Where.
    pub address: SocketAddr,
    /// Whether it speaks TLS itself.
    pub tls: bool,
    /// Connections now.
    pub connections: usize,
    /// Why nobody can connect, and what to do; none: they can.
    pub problem: Option<String>,
}
