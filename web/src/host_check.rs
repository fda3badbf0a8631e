//! Which names we answer to. A page of somebody else whose name is made to resolve to our address (DNS
//! rebinding) is not served, and no link that we make can be turned by a forged `Host`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use pbx_core::config::Config;

use crate::app::{App, Door, Via};
use crate::problem::Problem;

/// Scheme, host and port, in the spelling that browsers use in `Origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    https: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an address such as `https://pbx.example.com/path`.
    pub fn parse(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        Self::of(https, uri.authority()?)
    }

    fn of(https: bool, authority: &Authority) -> Option<Self> {
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" if https => 443,
            "" => 80,
            _ => authority.port_u16()?,
        };
        Some(Self {
            https,
            host: authority.host().to_ascii_lowercase(),
            port,
        })
    }

    fn address(&self) -> Option<IpAddr> {
        let host = self
            .host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        host.unwrap_or(&self.host).parse().ok()
    }
}

/// As it begins every address of ours.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.https { ("https", 443) } else { ("http", 80) };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == usual {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

/// Lets a request through if it is for us, else 421. The origin it is for becomes an extension of it.
pub(crate) async fn check(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let asked = request.extensions().get::<Via>().copied();
    let origin = asked.and_then(|via| named(&app.pbx.config(), &via, request.headers(), request.uri()));
    match origin {
        Some(origin) => {
            request.extensions_mut().insert(origin);
            next.run(request).await
        }
        None => Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "misdirected",
            "This PBX does not answer to that name: use the address in public-url of pbx.conf.",
        )
        .into_response(),
    }
}

/// The origin that a request is for, if it is one of ours.
fn named(config: &Config, via: &Via, headers: &HeaderMap, uri: &Uri) -> Option<Origin> {
    let mut hosts = headers.get_all(HOST).iter();
    let host: Authority = hosts.next()?.to_str().ok()?.parse().ok()?;
    if hosts.next().is_some() || uri.authority().is_some_and(|other| *other != host) {
        return None;
    }
    let public = config.public_url.as_deref().and_then(Origin::parse);
    match (via.door, public) {
        (Door::Public, Some(public)) => {
            let origin = Origin::of(public.https, &host)?;
            (origin == public).then_some(origin)
        }
        (Door::Public, None) => unnamed(Origin::of(via.tls, &host)?, via.own),
        (Door::Local, _) => {
            let origin = Origin::of(false, &host)?;
            (is_loopback(&origin) && origin.port == via.own.port()).then_some(origin)
        }
    }
}

/// Without a `public-url` we answer to the address that was connected to, which nobody can make a name of theirs.
fn unnamed(origin: Origin, own: SocketAddr) -> Option<Origin> {
    let itself = origin.address() == Some(own.ip().to_canonical());
    let loopback = own.ip().to_canonical().is_loopback() && is_loopback(&origin);
    ((itself || loopback) && origin.port == own.port()).then_some(origin)
}

fn is_loopback(origin: &Origin) -> bool {
    origin.host == "localhost" || origin.address().is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_compare_as_browsers_do() {
        let origin = |url| Origin::parse(url);
        assert_eq!(
            origin("https://PBX.example.com"),
            origin("https://pbx.example.com:443/x")
        );
        assert_ne!(
            origin("https://pbx.example.com"),
            origin("http://pbx.example.com")
        );
        assert_ne!(
            origin("https://pbx.example.com"),
            origin("https://pbx.example.com:8443")
        );
        assert_ne!(origin("http://[::1]:80"), None);
        for none in [
            "null",
            "",
            "pbx.example.com",
            "https://a@b",
            "ftp://x",
            "https://a:99999",
        ] {
            assert_eq!(origin(none), None, "{none}");
        }
    }
}
