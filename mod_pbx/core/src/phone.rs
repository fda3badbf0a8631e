//! Where phones reach the switch, and what is typed into them.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::pbx::Pbx;
use crate::store::settings::{EXTERNAL_ADDRESS, SIP_ADDRESS, SIP_PORT, SIP_TLS, SIP_TLS_PORT};

/// Where phones reach the switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The address on the network that the switch is in, if it is known.
    pub inside: Option<String>,
    /// The address for phones elsewhere, if there is one.
    pub outside: Option<String>,
    /// The port for UDP and TCP.
    pub port: u64,
    /// The port for TLS, if that is on.
    pub tls_port: Option<u64>,
}

impl Server {
    /// As the settings have it now.
    pub fn of(pbx: &Pbx) -> Self {
        let settings = &pbx.store().snapshot().settings;
        let address = |setting| {
            let address: Option<IpAddr> = settings.address(setting);
            address.map(|address| address.to_string())
        };
        Self {
            inside: address(&SIP_ADDRESS).or_else(|| pbx.host().variable("local_ip_v4")),
            outside: address(&EXTERNAL_ADDRESS),
            port: settings.number(&SIP_PORT),
            tls_port: settings.flag(&SIP_TLS).then(|| settings.number(&SIP_TLS_PORT)),
        }
    }

    /// As a person reads it.
    pub fn at(&self, address: &str) -> String {
        let tls = self
            .tls_port
            .map_or_else(String::new, |port| format!(", TLS on port {port}"));
        format!("{} (UDP or TCP{tls})", self.host_and_port(address))
    }

    /// An address with the port for UDP and TCP, as URIs have it.
    pub fn host_and_port(&self, address: &str) -> String {
        if address.contains(':') {
            format!("[{address}]:{}", self.port)
        } else {
            format!("{address}:{}", self.port)
        }
    }

    /// What a program is told of a line: its names and the server.
    pub fn json(&self, username: &str, domain: &str) -> Value {
        json!({
            "username": username,
            "domain": domain,
            "server": self.inside,
            "external_server": self.outside,
            "port": self.port,
            "tls_port": self.tls_port,
        })
    }
}
