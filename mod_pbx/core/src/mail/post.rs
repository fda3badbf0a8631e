//! One connection to the mail server, as the settings have it.

use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message, SmtpTransport, Transport};

use crate::seal::Vault;
use crate::store::settings::{self, Settings};

/// How long the server may take for each answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// No mail can be sent: no connection, a wrong password, a setting.
    Server(String),
    /// Not this mail, not now.
    Later(String),
    /// Not this mail, never: RFC 5321's permanent failures of a mailbox or a message.
    Never(String),
}

impl Failure {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Server(text) | Self::Later(text) | Self::Never(text) => text,
        }
    }
}

/// Whether a password may be sent to this host without TLS: only to this machine itself.
pub fn may_carry_a_password(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        // By what the name means here, all of it.
        Err(_) => (host, 25).to_socket_addrs().is_ok_and(|mut all| {
            let first = all.next();
            first.is_some_and(|address| address.ip().is_loopback()) && all.all(|a| a.ip().is_loopback())
        }),
    }
}

/// Ready to connect.
///
/// # Errors
/// The settings do not fit together, or the password cannot be opened.
pub(super) fn transport(
    settings: &Settings,
    vault: &Vault,
    own_name: &str,
) -> Result<SmtpTransport, Failure> {
    let fail = |text: String| Failure::Server(text);
    let host = settings.get(&settings::SMTP_HOST);
    let port = u16::try_from(settings.number(&settings::SMTP_PORT)).unwrap_or(587);
    let parameters =
        || TlsParameters::new(host.to_owned()).map_err(|error| fail(format!("smtp-tls: {error}")));
    let tls = match settings.get(&settings::SMTP_TLS) {
        "tls" => Tls::Wrapper(parameters()?),
        "none" => Tls::None,
        _ => Tls::Required(parameters()?),
    };
    let is_open = matches!(tls, Tls::None);
    let mut builder = SmtpTransport::builder_dangerous(host)
        .port(port)
        .tls(tls)
        .timeout(Some(TIMEOUT));
    if !own_name.is_empty() {
        builder = builder.hello_name(ClientId::Domain(own_name.to_owned()));
    }
    let user = settings.get(&settings::SMTP_USER);
    if !user.is_empty() {
        if is_open && !may_carry_a_password(host) {
            return Err(fail(format!(
                "smtp-user is set and smtp-tls is none: the password would be sent in clear to {host}; \
                 set smtp-tls to starttls or tls"
            )));
        }
        let sealed = settings.get(&settings::SMTP_PASSWORD);
        let password = if sealed.is_empty() {
            String::new()
        } else {
            let opened = vault.open(settings::SMTP_PASSWORD.name, sealed);
            opened.map_err(|error| fail(format!("smtp-password: {error}")))?
        };
        builder = builder.credentials(Credentials::new(user.to_owned(), password));
    }
    Ok(builder.build())
}

/// Sends one mail. Blocks for as long as the server takes.
///
/// # Errors
/// It was not taken.
pub(super) fn send(transport: &SmtpTransport, message: &Message) -> Result<(), Failure> {
    let Err(error) = transport.send(message) else {
        return Ok(());
    };
    let text = error.to_string();
    let Some(code) = error.status() else {
        return Err(Failure::Server(text));
    };
    Err(match u16::from(code) {
        // Mailbox or message refused (RFC 5321, 4.2.3: x50 to x54).
        550..=554 => Failure::Never(text),
        450..=452 => Failure::Later(text),
        // 421, 454, 530, 535 …: the server itself, or who we are to it.
        _ => Failure::Server(text),
    })
}
