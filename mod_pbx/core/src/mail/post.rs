//! One connection to the mail server, as the settings have it, and what its refusals mean.

use std::error::Error as _;
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{SmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};

use crate::seal::Vault;
use crate::store::settings::{self, Settings};

/// How long the server may take for each answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// No mail can be sent: no connection, a wrong password, a setting.
    Away(String),
    /// The server broke off at this mail, or would not go on: others are tried before it next time.
    Broken(String),
    /// Who we say we are is refused: this mail waits, others may be from somebody else.
    Us(String),
    /// Not this mail, not now.
    Later(String),
    /// Not this mail, never: RFC 5321's permanent failures, of its recipient or of the message.
    Never(String),
}

impl Failure {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Away(text)
            | Self::Broken(text)
            | Self::Us(text)
            | Self::Later(text)
            | Self::Never(text) => text,
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

/// The mail server, as the settings have it.
pub(super) struct Server {
    host: String,
    port: u16,
    tls: Tls,
    own_name: ClientId,
    credentials: Option<Credentials>,
}

impl Server {
    /// Ready to connect.
    ///
    /// # Errors
    /// The settings do not fit together, or the password cannot be opened.
    pub(super) fn of(settings: &Settings, vault: &Vault, own_name: &str) -> Result<Self, Failure> {
        let fail = |text: String| Failure::Away(text);
        let host = settings.get(&settings::SMTP_HOST);
        let parameters =
            || TlsParameters::new(host.to_owned()).map_err(|error| fail(format!("smtp-tls: {error}")));
        let tls = match settings.get(&settings::SMTP_TLS) {
            "tls" => Tls::Wrapper(parameters()?),
            "none" => Tls::None,
            _ => Tls::Required(parameters()?),
        };
        let user = settings.get(&settings::SMTP_USER);
        let credentials = if user.is_empty() {
            None
        } else {
            if matches!(tls, Tls::None) && !may_carry_a_password(host) {
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
            Some(Credentials::new(user.to_owned(), password))
        };
        Ok(Self {
            host: host.to_owned(),
            port: u16::try_from(settings.number(&settings::SMTP_PORT)).unwrap_or(587),
            tls,
            own_name: match own_name {
                "" => ClientId::default(),
                name => ClientId::Domain(name.to_owned()),
            },
            credentials,
        })
    }

    /// Sends one mail over a connection of its own. Blocks for as long as the server takes.
    ///
    /// lettre's own transport does the same, but does not say which command was refused.
    ///
    /// # Errors
    /// It was not taken.
    pub(super) fn send(&self, message: &Message) -> Result<(), Failure> {
        let mut connection = self.connect().map_err(|error| Failure::Away(error.to_string()))?;
        let sent = converse(&mut connection, message);
        // What it says to QUIT does not matter: it has taken the mail, or has not.
        connection.abort();
        sent
    }

    fn connect(&self) -> Result<SmtpConnection, Error> {
        let (name, server) = (&self.own_name, (self.host.as_str(), self.port));
        let wrapped = match &self.tls {
            Tls::Wrapper(parameters) => Some(parameters),
            _ => None,
        };
        let mut connection = SmtpConnection::connect(server, Some(TIMEOUT), name, wrapped, None)?;
        if let Tls::Required(parameters) = &self.tls {
            connection.starttls(parameters, name)?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials)?;
        }
        Ok(connection)
    }
}

/// From MAIL to the end of the message (RFC 5321, 3.3).
fn converse(connection: &mut SmtpConnection, message: &Message) -> Result<(), Failure> {
    let (envelope, text) = (message.envelope(), message.formatted());
    let addresses = || envelope.from().into_iter().chain(envelope.to());
    let offers = |extension| connection.server_info().supports_feature(extension);
    let mut parameters = Vec::new();
    if !addresses().all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
        if !offers(Extension::SmtpUtfEight) {
            let text = "the mail server takes no addresses outside ASCII (SMTPUTF8)";
            return Err(Failure::Never(text.to_owned()));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !text.is_ascii() {
        if !offers(Extension::EightBitMime) {
            let text = "the mail server takes no text outside ASCII (8BITMIME)";
            return Err(Failure::Never(text.to_owned()));
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let from = Mail::new(envelope.from().cloned(), parameters);
    let refused = |step| move |error: Error| judge(step, &error);
    connection.command(from).map_err(refused(Step::Sender))?;
    for recipient in envelope.to() {
        let to = Rcpt::new(recipient.clone(), Vec::new());
        connection.command(to).map_err(refused(Step::Recipient))?;
    }
    connection.command(Data).map_err(refused(Step::Message))?;
    connection.message(&text).map_err(refused(Step::Message))?;
    Ok(())
}

/// What the server refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Sender,
    Recipient,
    Message,
}

/// What is to become of a mail by the server's answer.
fn judge(step: Step, error: &Error) -> Failure {
    let text = match step {
        Step::Sender => format!("MAIL FROM: {error}"),
        Step::Recipient => format!("RCPT TO: {error}"),
        Step::Message => format!("DATA: {error}"),
    };
    let Some(code) = error.status().map(u16::from) else {
        // The connection broke, or this is no SMTP.
        return Failure::Broken(text);
    };
    match (code, step) {
        // It closes (RFC 5321), takes no mail (RFC 7504), or wants us to sign in or to encrypt (RFC 4954).
        (421 | 454 | 521 | 530 | 534 | 535 | 538, _) => Failure::Broken(text),
        (400..=499, _) => Failure::Later(text),
        (_, Step::Sender) => Failure::Us(text),
        (_, Step::Recipient) if is_about_us(&error.source().map(ToString::to_string).unwrap_or_default()) => {
            Failure::Us(text)
        }
        _ => Failure::Never(text),
    }
}

/// Whether an enhanced status (RFC 3463) tells that it is the sender or this host that is refused, and not the
/// recipient: servers like Postfix say so only at RCPT.
fn is_about_us(answer: &str) -> bool {
    let status = answer.split_ascii_whitespace().next().unwrap_or_default();
    ["5.1.7", "5.1.8"].contains(&status) || status.starts_with("5.7.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_is_told_by_the_enhanced_status() {
        for answer in [
            "5.7.1 <pbx[192.0.2.1]>: Client host rejected: Access denied",
            "5.7.1 Relay access denied",
            "5.1.8 <a@b>: Sender address rejected: Domain not found",
        ] {
            assert!(is_about_us(answer), "{answer}");
        }
        for answer in [
            "5.1.1 unknown",
            "5.1.10 null MX",
            "User unknown",
            "",
            "5.2.2 full",
        ] {
            assert!(!is_about_us(answer), "{answer}");
        }
    }
}
