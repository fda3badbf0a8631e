//! What `pbx gateway add` and `set` take alike.

use clap::{Args, ValueEnum};

use super::address::{Realm, flag};
use super::desk::{self, Desk};
use super::out::Refusal;
use crate::admin::nouns::gateway::sealed;
use crate::names::{BadName, DomainName};
use crate::store::rows;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The domain it belongs to; . for all domains, as it is unless set
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<Realm>,
    /// How SIP travels to it; udp unless set
    #[arg(long, value_enum, value_name = "HOW")]
    transport: Option<Transport>,
    /// The realm it challenges with; "" for the proxy's name, as it is unless set
    #[arg(long, value_name = "REALM")]
    realm: Option<String>,
    /// The account there; "" for none
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// The account's password, stored sealed; "" for none
    #[arg(long)]
    pub(super) password: Option<String>,
    /// Whether the switch registers there: yes or no
    #[arg(long, value_parser = flag, value_name = "YES|NO")]
    pub(super) register: Option<bool>,
    /// The domain in From; "" for the proxy's name, as it is unless set
    #[arg(long, value_name = "DOMAIN")]
    from_domain: Option<String>,
    /// Networks its calls come from, such as "198.51.100.0/24"; "" for none
    #[arg(long, value_name = "NETWORKS")]
    pub(super) source_acl: Option<String>,
    /// How many calls it carries at once, 0 to 10000; 0 for no limit
    #[arg(long, value_name = "N")]
    max_calls: Option<u32>,
    /// Where it looks for who calls; pai unless set
    #[arg(long, value_enum, value_name = "HEADER")]
    caller_id_style: Option<CallerIdStyle>,
    /// Seconds between two OPTIONS that ask whether it is there, 5 to 3600; 0 for never
    #[arg(long, value_name = "N")]
    ping_seconds: Option<u32>,
    /// In which country's way it writes numbers, such as 49; "" for that of its domain's plan
    #[arg(long, value_name = "DIGITS")]
    country_code: Option<String>,
}

/// [`rows::Transport`], as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Transport {
    /// In datagrams
    Udp,
    /// Over TCP
    Tcp,
    /// Over TLS
    Tls,
}

/// [`rows::CallerIdStyle`], as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CallerIdStyle {
    /// In From
    From,
    /// In P-Asserted-Identity
    Pai,
    /// In Remote-Party-ID
    Rpid,
}

impl Options {
    /// Sets what is named.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn apply(self, desk: &Desk<'_>, gateway: &mut rows::Gateway) -> Result<(), Refusal> {
        match self.domain {
            None => {}
            Some(Realm::Whole) => gateway.domain_id = None,
            Some(Realm::Domain(name)) => {
                let domain = desk.read(|reader| desk::domain(reader, None, Some(&name)))?;
                gateway.domain_id = Some(domain.id);
            }
        }
        if let Some(transport) = self.transport {
            gateway.transport = match transport {
                Transport::Udp => rows::Transport::Udp,
                Transport::Tcp => rows::Transport::Tcp,
                Transport::Tls => rows::Transport::Tls,
            };
        }
        if let Some(style) = self.caller_id_style {
            gateway.caller_id_style = match style {
                CallerIdStyle::From => rows::CallerIdStyle::From,
                CallerIdStyle::Pai => rows::CallerIdStyle::Pai,
                CallerIdStyle::Rpid => rows::CallerIdStyle::Rpid,
            };
        }
        if let Some(realm) = self.realm {
            gateway.realm = host(&realm)?;
        }
        if let Some(domain) = self.from_domain {
            gateway.from_domain = host(&domain)?;
        }
        if let Some(username) = self.username {
            gateway.username = Some(username).filter(|name| !name.is_empty());
        }
        if let Some(password) = self.password {
            gateway.password = seal(desk, gateway, &password)?;
        }
        if let Some(networks) = self.source_acl {
            gateway.source_acl = Some(networks).filter(|networks| !networks.trim().is_empty());
        }
        gateway.register = self.register.unwrap_or(gateway.register);
        gateway.max_calls = self.max_calls.unwrap_or(gateway.max_calls);
        if let Some(code) = self.country_code {
            gateway.country_code = Some(code).filter(|code| !code.is_empty());
        }
        gateway.ping_seconds = self.ping_seconds.unwrap_or(gateway.ping_seconds);
        Ok(())
    }
}

/// None: the proxy's name.
fn host(text: &str) -> Result<Option<DomainName>, BadName> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some)
}

/// A password as it is stored; none: there is to be none.
fn seal(desk: &Desk<'_>, gateway: &rows::Gateway, password: &str) -> Result<Option<String>, Refusal> {
    Ok(sealed(desk.pbx, gateway.id, password)?)
}
