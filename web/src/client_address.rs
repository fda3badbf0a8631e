//! Where a request comes from, as far as that can be believed.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::app::{App, Via};
use crate::problem::Problem;

/// The address of the client: who is connected, or, if that is one of `trusted-proxies`, the last address in
/// `X-Forwarded-For` that is not such a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let via = parts.extensions.get::<Via>().ok_or_else(Problem::internal)?;
        let trusted = &app.pbx.config().trusted_proxies;
        Ok(Self(behind(via.peer.ip(), &parts.headers, trusted)))
    }
}

/// What is left of the last trusted proxy was written by who knows whom.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let trusts = |address: &IpAddr| trusted.iter().any(|proxy| proxy.to_canonical() == *address);
    let mut nearest = peer.to_canonical();
    let all: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let hops = all
        .iter()
        .rev()
        .flat_map(|value| value.to_str().unwrap_or("?").rsplit(','));
    for hop in hops {
        if !trusts(&nearest) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => nearest = address.to_canonical(),
            Err(_) => break,
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxys_word_counts_and_of_it_only_its_own() {
        let seen = |peer: &str, header: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in header {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let trusted = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
            behind(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(seen("192.0.2.7", &["127.0.0.1"]), "192.0.2.7");
        assert_eq!(seen("10.0.0.1", &["127.0.0.1, 192.0.2.7"]), "192.0.2.7");
        assert_eq!(
            seen("10.0.0.1", &["127.0.0.1", "192.0.2.7, 10.0.0.2"]),
            "192.0.2.7"
        );
        assert_eq!(seen("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &["192.0.2.7, nonsense"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }
}
