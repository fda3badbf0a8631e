//! One request of HTTP, by hyper's client: posted, answered, forgotten. Redirects are not followed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsConnector;
use uuid::Uuid;

/// All that one attempt may take, names and TLS included.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest head of an answer, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// The longest address of a webhook.
const LONGEST_URL: usize = 512;

/// Says whether something is posted to this address.
///
/// # Errors
/// It is not; the text says why.
pub fn check_url(url: &str) -> Result<(), String> {
    parse(url).map(drop)
}

fn parse(url: &str) -> Result<Uri, String> {
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"'<>\\^`{|}$".contains(&b);
    if url.len() > LONGEST_URL || !url.bytes().all(plain) {
        return Err(format!(
            "it has up to {LONGEST_URL} letters, digits and signs, without blanks, quotes and brackets"
        ));
    }
    let uri: Uri = url
        .parse()
        .map_err(|_| "write it as https://alarm.example.com/pbx".to_owned())?;
    if !matches!(uri.scheme_str(), Some("https" | "http")) {
        return Err("it begins with https:// or http://".to_owned());
    }
    let host = uri.host().unwrap_or_default();
    if host.is_empty() || host == "[]" {
        return Err("it names no host".to_owned());
    }
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err("a name and a password are not sent: put a secret into the path".to_owned());
    }
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let behind = authority.strip_prefix(host).unwrap_or_default();
    // The parser leaves a number out that is no port.
    let port = behind.strip_prefix(':').map(str::parse::<u16>);
    if !behind.is_empty() && !matches!(port, Some(Ok(1..))) {
        return Err("its port is none".to_owned());
    }
    Ok(uri)
}

/// Posts, one after the other.
pub(super) struct Client {
    runtime: Runtime,
    roots: Arc<RootCertStore>,
}

impl Client {
    /// One that trusts whom this machine trusts.
    ///
    /// # Errors
    /// The system gives no event queue.
    pub(super) fn new() -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self::trusting(roots)
    }

    /// One that trusts these.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub(super) fn trusting(roots: RootCertStore) -> Result<Self, String> {
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Self {
            runtime: runtime.map_err(|error| format!("this machine can make no connection: {error}"))?,
            roots: Arc::new(roots),
        })
    }

    /// Posts this JSON. Blocks, for ten seconds at most.
    ///
    /// # Errors
    /// It was not taken: there is no answer, or one that is not 2xx.
    pub(super) fn post(&self, url: &str, id: Uuid, body: &str) -> Result<(), String> {
        let asked = async {
            let answered = tokio::time::timeout(TIMEOUT, self.ask(url, id, body)).await;
            answered.unwrap_or_else(|_| Err(format!("no answer within {} s", TIMEOUT.as_secs())))
        };
        // The address may hold a secret: only the host is told.
        let place = parse(url).ok().and_then(|uri| uri.host().map(str::to_owned));
        let place = place.unwrap_or_default();
        match self.runtime.block_on(asked) {
            Ok(status) if status.is_success() => Ok(()),
            Ok(status) => Err(format!("{place} answered {status}")),
            Err(why) => Err(format!("{place}: {why}")),
        }
    }

    async fn ask(&self, url: &str, id: Uuid, body: &str) -> Result<StatusCode, String> {
        let uri = parse(url)?;
        let secure = uri.scheme_str() == Some("https");
        let host = uri.host().unwrap_or_default();
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::post(if path.is_empty() { "/" } else { path })
            .header(HOST, authority)
            .header(USER_AGENT, concat!("mod_pbx/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json")
            .header(CONNECTION, "close")
            .header("Idempotency-Key", id.to_string())
            .body(body.to_owned())
            .map_err(|error| error.to_string())?;
        let stream = match name.parse::<IpAddr>() {
            Ok(address) => TcpStream::connect((address, port)).await,
            Err(_) => TcpStream::connect((name, port)).await,
        };
        let stream = stream.map_err(|error| format!("no connection to port {port}: {error}"))?;
        if !secure {
            return exchange(stream, request).await;
        }
        if self.roots.is_empty() {
            return Err("this machine knows no authorities: install ca-certificates".to_owned());
        }
        let name = ServerName::try_from(name.to_owned()).map_err(|_| "TLS has no such names".to_owned())?;
        let stream = self
            .tls()?
            .connect(name, stream)
            .await
            .map_err(|error| format!("TLS: {error}"))?;
        exchange(stream, request).await
    }

    fn tls(&self) -> Result<TlsConnector, String> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(Arc::clone(&self.roots))
            .with_no_client_auth();
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

/// Sends a request, and reads the head of the answer.
async fn exchange<S>(stream: S, request: Request<String>) -> Result<StatusCode, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(LONGEST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    // It carries the bytes; what goes wrong in it the sender hears.
    let carried = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    carried.abort();
    answer
        .map(|answer| answer.status())
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        for url in [
            "https://alarm.example.com/pbx",
            "http://127.0.0.1:8080/?x=1",
            "https://[::1]:8443/a",
            "https://alarm.example.com",
        ] {
            assert_eq!(check_url(url), Ok(()), "{url}");
        }
        for (url, why) in [
            ("", "write it as"),
            ("alarm.example.com", "begins with https"),
            ("/pbx", "begins with https"),
            ("ftp://alarm.example.com/", "begins with https"),
            ("https://", "write it as"),
            ("https:///pbx", "write it as"),
            ("https://user:secret@alarm.example.com/", "a name and a password"),
            ("https://alarm.example.com:0/", "its port"),
            ("https://alarm.example.com:99999/", "its port"),
            ("https://alarm.example.com/a b", "without blanks"),
            ("https://alarm.example.com/${x}", "without blanks"),
            ("https://alarm.example.com/\r\nX: y", "without blanks"),
        ] {
            let said = check_url(url).unwrap_err();
            assert!(said.contains(why), "{url}: {said}");
        }
        let long = format!("https://alarm.example.com/{}", "x".repeat(LONGEST_URL));
        assert!(check_url(&long).is_err());
    }
}
