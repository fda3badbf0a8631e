//! Secrets that must be known again in clear, such as a mail server's password: sealed where they are stored.
//!
//! XChaCha20-Poly1305 with a random nonce each time; what a secret is for is part of the seal, so that one
//! sealed for one purpose opens for no other. The key lies in a file beside the database that only its owner
//! may read, made when the first secret is sealed: a copy of the database alone, or a backup, tells nothing.

use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

/// What every sealed text begins with: the kind of seal.
const MARK: &str = "sealed:1:";

const KEY: usize = 32;
const NONCE: usize = 24;

/// Why a secret could not be sealed or opened. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The key's file.
    #[error("the key of the sealed secrets, {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Others may read the key.
    #[error("the key of the sealed secrets, {}, can be read by others: chmod 600 it", .0.display())]
    Open(PathBuf),
    /// The file holds something else.
    #[error("{} holds no key: put back the one that belongs to this database, or remove it and set the secrets again", .0.display())]
    NotAKey(PathBuf),
    /// Sealed with another key, for another purpose, or changed.
    #[error("a secret does not open with the key {}: set it again", .0.display())]
    Wrong(PathBuf),
    /// The kernel gives no random bytes.
    #[error("no random bytes from the kernel: {0}")]
    Random(getrandom::Error),
}

/// The key of one database, read when it is needed.
#[derive(Debug, Clone)]
pub struct Vault {
    path: PathBuf,
}

impl Vault {
    /// That of the database `database`: the file beside it whose name ends in `.key`.
    pub fn of(database: &Path) -> Self {
        Self {
            path: database.with_extension("key"),
        }
    }

    /// Seals `secret` for `purpose`; makes the key if there is none. Blocks.
    ///
    /// # Errors
    /// The key cannot be made or read.
    pub fn seal(&self, purpose: &str, secret: &str) -> Result<String, SealError> {
        let key = match self.key() {
            Err(SealError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                self.make()?
            }
            key => key?,
        };
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(SealError::Random)?;
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: purpose.as_bytes(),
        };
        let sealed = cipher(&key)
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError::Wrong(self.path.clone()))?;
        Ok(format!("{MARK}{}{}", hex(&nonce), hex(&sealed)))
    }

    /// What was sealed for `purpose`. Blocks.
    ///
    /// # Errors
    /// The key is missing, is not the one, or the text was changed.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<String, SealError> {
        let wrong = || SealError::Wrong(self.path.clone());
        let bytes = sealed.strip_prefix(MARK).and_then(bytes).ok_or_else(wrong)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE).ok_or_else(wrong)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| wrong())?;
        let payload = Payload {
            msg: sealed,
            aad: purpose.as_bytes(),
        };
        let secret = cipher(&self.key()?)
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| wrong())?;
        String::from_utf8(secret).map_err(|_| wrong())
    }

    fn key(&self) -> Result<[u8; KEY], SealError> {
        let error = |source| SealError::File {
            path: self.path.clone(),
            source,
        };
        let mut file = std::fs::File::open(&self.path).map_err(error)?;
        if file.metadata().map_err(error)?.mode() & 0o077 != 0 {
            return Err(SealError::Open(self.path.clone()));
        }
        let mut text = String::new();
        Read::by_ref(&mut file)
            .take(1024)
            .read_to_string(&mut text)
            .map_err(error)?;
        let key = bytes(text.trim()).and_then(|bytes| bytes.try_into().ok());
        key.ok_or_else(|| SealError::NotAKey(self.path.clone()))
    }

    /// Makes a key, unless another process has just done so.
    fn make(&self) -> Result<[u8; KEY], SealError> {
        let error = |source| SealError::File {
            path: self.path.clone(),
            source,
        };
        let mut key = [0; KEY];
        getrandom::fill(&mut key).map_err(SealError::Random)?;
        let written = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.path)
            .and_then(|mut file| {
                file.write_all(format!("{}\n", hex(&key)).as_bytes())?;
                // A secret that is committed must not outlive its key.
                file.sync_all()?;
                self.path
                    .parent()
                    .map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
            });
        match written {
            Ok(()) => Ok(key),
            Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => self.key(),
            Err(source) => Err(error(source)),
        }
    }
}

/// Whether `text` is one that [`Vault::seal`] made, by its looks.
pub fn is_sealed(text: &str) -> bool {
    text.strip_prefix(MARK)
        .and_then(bytes)
        .is_some_and(|bytes| bytes.len() >= NONCE + 16)
}

fn cipher(key: &[u8; KEY]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&(*key).into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    let pair = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok();
    if rest.is_empty() {
        pairs.iter().map(pair).collect()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn vault() -> (tempfile::TempDir, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::of(&folder.path().join("pbx.db"));
        (folder, vault)
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_no_other() {
        let (_folder, vault) = vault();
        let sealed = vault.seal("smtp-password", "höchst geheim").unwrap();
        assert!(is_sealed(&sealed) && !sealed.contains("geheim"), "{sealed}");
        assert_ne!(sealed, vault.seal("smtp-password", "höchst geheim").unwrap());
        assert_eq!(vault.open("smtp-password", &sealed).unwrap(), "höchst geheim");
        assert!(vault.open("gateway", &sealed).is_err());
        let mut changed = sealed.clone();
        changed.pop();
        changed.push(if sealed.ends_with('0') { '1' } else { '0' });
        for wrong in [
            &changed,
            "",
            "sealed:1:",
            "sealed:1:zz",
            &sealed[..60],
            "höchst geheim",
        ] {
            assert!(vault.open("smtp-password", wrong).is_err(), "{wrong}");
        }
        assert!(!is_sealed("") && !is_sealed("sealed:1:00") && !is_sealed("sealed:1:ü0"));
    }

    #[test]
    fn the_key_is_its_owners_alone() {
        let (folder, vault) = vault();
        let file = folder.path().join("pbx.key");
        let sealed = vault.seal("a", "b").unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(
            vault
                .open("a", &sealed)
                .unwrap_err()
                .to_string()
                .contains("chmod 600")
        );
        std::fs::remove_file(&file).unwrap();
        assert!(vault.open("a", &sealed).is_err());
        // With a new key the old secret does not open, and says so.
        vault.seal("a", "c").unwrap();
        assert!(
            vault
                .open("a", &sealed)
                .unwrap_err()
                .to_string()
                .contains("set it again")
        );
        std::fs::write(&file, "no key").unwrap();
        assert!(matches!(vault.seal("a", "b"), Err(SealError::NotAKey(_))));
    }
}
