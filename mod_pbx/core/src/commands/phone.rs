//! What somebody types into a phone.

use serde_json::Value;

use super::desk::Desk;
use super::out::Sheet;
use crate::admin::Admin;
use crate::admin::nouns::line::phone;
use crate::store::settings::{EXTERNAL_ADDRESS, SIP_ADDRESS, SIP_PORT, SIP_TLS, SIP_TLS_PORT, Settings};

/// A line's credential and where to register it.
pub(super) struct Phone<'a> {
    pub(super) username: &'a str,
    pub(super) domain: &'a str,
    /// Only if it was generated just now: it is stored nowhere.
    pub(super) password: Option<&'a str>,
}

/// Where phones reach the switch.
struct Server {
    inside: Option<String>,
    outside: Option<String>,
    port: u64,
    tls_port: Option<u64>,
}

impl Server {
    fn new(desk: &Desk<'_>, settings: &Settings) -> Self {
        let address = |setting| {
            settings
                .address(setting)
                .map(|address: std::net::IpAddr| address.to_string())
        };
        Self {
            inside: address(&SIP_ADDRESS).or_else(|| desk.pbx.host().variable("local_ip_v4")),
            outside: address(&EXTERNAL_ADDRESS),
            port: settings.number(&SIP_PORT),
            tls_port: settings.flag(&SIP_TLS).then(|| settings.number(&SIP_TLS_PORT)),
        }
    }

    fn at(&self, address: &str) -> String {
        let host = if address.contains(':') {
            format!("[{address}]")
        } else {
            address.to_owned()
        };
        let tls = self
            .tls_port
            .map_or_else(String::new, |port| format!(", TLS on port {port}"));
        format!("{host}:{} (UDP or TCP{tls})", self.port)
    }
}

impl Phone<'_> {
    /// As a person reads it.
    pub(super) fn text(&self, desk: &Desk<'_>) -> String {
        let server = Server::new(desk, &desk.pbx.store().snapshot().settings);
        let mut sheet = Sheet::default().row("username", self.username);
        sheet = match self.password {
            Some(password) => sheet.row("password", password),
            None => sheet.row("password", "(the one you gave)"),
        };
        sheet = sheet.row("domain", self.domain);
        match &server.inside {
            Some(address) => sheet = sheet.row("server", server.at(address)),
            None => sheet = sheet.row("server", format!("this machine's address, port {}", server.port)),
        }
        if let Some(address) = &server.outside {
            sheet = sheet.row("from outside", server.at(address));
        }
        let once = if self.password.is_some() {
            "; the password is shown only this once"
        } else {
            ""
        };
        format!("To type into the phone{once}:\n{}", sheet.text())
    }

    /// As a program reads it.
    pub(super) fn json(&self, desk: &Desk<'_>) -> Value {
        phone(&Admin::new(desk.pbx), self.username, self.domain, self.password)
    }
}
