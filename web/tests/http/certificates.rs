//! TLS of our own.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::{Answer, connect, request};
use crate::site::Site;

const NAME: &str = "pbx.example.com";

/// Writes a new certificate and its key there.
fn issue(cert: &Path, key: &Path) -> CertificateDer<'static> {
    let CertifiedKey {
        cert: made,
        signing_key,
    } = generate_simple_self_signed([NAME.to_owned()]).unwrap();
    std::fs::write(cert, made.pem()).unwrap();
    std::fs::write(key, signing_key.serialize_pem()).unwrap();
    made.der().clone()
}

/// Asks for the page, trusting this certificate alone. None: it is another.
fn page(to: SocketAddr, trusted: &CertificateDer<'static>) -> Option<Answer> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(NAME).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, connect(to));
    let text = request(to, "GET", "/", &[("Host", NAME)], "");
    stream.write_all(text.as_bytes()).ok()?;
    Answer::read(stream)
}

fn files(folder: &Path) -> (PathBuf, PathBuf) {
    (folder.join("cert.pem"), folder.join("key.pem"))
}

#[test]
fn certificates_are_taken_at_reload_and_a_bad_one_leaves_the_one_before() {
    let folder = tempfile::TempDir::new().unwrap();
    let (cert, key) = files(folder.path());
    let first = issue(&cert, &key);
    let (cert_path, key_path) = (cert.display().to_string(), key.display().to_string());
    let url = format!("https://{NAME}");
    let site = Site::new(&[
        ("public-url", &url),
        ("tls-cert", &cert_path),
        ("tls-key", &key_path),
    ]);
    let answer = page(site.public(), &first).expect("the certificate is the one in the file");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    assert!(site.cli("status").contains(&format!("https://{}", site.public())));
    let plain = crate::client::connect(site.public());
    let mut plain_writer = plain.try_clone().unwrap();
    plain_writer
        .write_all(b"GET / HTTP/1.1\r\nHost: pbx.example.com\r\n\r\n")
        .unwrap();
    assert_ne!(
        Answer::read(plain).map(|answer| answer.status),
        Some(200),
        "no plain HTTP beside it"
    );

    let second = issue(&cert, &key);
    assert_eq!(site.cli("reload"), "+OK reloaded\n");
    assert!(page(site.public(), &first).is_none());
    assert_eq!(page(site.public(), &second).unwrap().status, 200);

    for (file, text) in [(&cert, "no certificate"), (&key, "no key")] {
        let kept = std::fs::read(file).unwrap();
        std::fs::write(file, text).unwrap();
        let said = site.cli("reload");
        assert!(
            said.contains(&file.display().to_string()) && said.contains("pbx reload"),
            "{said}"
        );
        assert_eq!(page(site.public(), &second).unwrap().status, 200);
        assert!(site.cli("status").contains(&file.display().to_string()));
        std::fs::write(file, kept).unwrap();
    }
    assert_eq!(site.cli("reload"), "+OK reloaded\n");
    assert!(!site.cli("status").contains("cert.pem is no"));
}

#[test]
fn a_certificate_that_is_not_there_keeps_only_the_web_pages_away() {
    let site = Site::new(&[("tls-cert", "/nowhere/cert.pem"), ("tls-key", "/nowhere/key.pem")]);
    assert!(site.cli("status").contains("/nowhere/cert.pem"));
    assert_eq!(
        crate::client::ask(site.local(), "GET", "/metrics", &[], "").status,
        200
    );
    assert!(site.cli("lookup directory key_value=x").contains("not found"));
}
