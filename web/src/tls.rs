//! The certificate of the public listener, from PEM files, read again at `pbx reload`.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What TLS is spoken with, if it is.
///
/// # Errors
/// The text names the file and says what to do.
pub(crate) fn load(cert: Option<&Path>, key: Option<&Path>) -> Result<Option<Arc<ServerConfig>>, String> {
    let (Some(cert), Some(key)) = (cert, key) else {
        return Ok(None);
    };
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        format!(
            "{} is no PEM file that can be read ({error}): correct tls-cert and tls-key in pbx.conf, or the \
             file, then pbx reload",
            path.display()
        )
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(cert, &error))?;
    if chain.is_empty() {
        return Err(unreadable(cert, &"there is no certificate in it"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| {
            format!(
                "the key {} does not go with the certificate {} ({error}): correct the files, then pbx reload",
                key.display(),
                cert.display()
            )
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(Arc::new(config)))
}
