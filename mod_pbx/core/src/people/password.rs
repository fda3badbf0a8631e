//! Passwords of people: argon2id (RFC 9106), and what a stored one says.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::secret;

/// Memory of one hash in KiB and passes over it. It runs beside calls: more than OWASP's least (19 MiB, 2), less
/// than what a server for nothing else would take.
const MEMORY: u32 = 32 * 1024;
const PASSES: u32 = 2;

/// The longest password that is looked at, in bytes.
pub const LONGEST: usize = 512;

/// What stands before the hash of a password that must be changed at the first sign-in.
const ONCE: &str = "once";

/// A password hash as a user's row has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored<'a> {
    /// It must be changed at the first sign-in.
    pub once: bool,
    /// The hash as a PHC string.
    pub phc: &'a str,
}

impl<'a> Stored<'a> {
    /// Takes the text of a row apart.
    pub fn parse(text: &'a str) -> Self {
        match text.strip_prefix(ONCE) {
            Some(phc) => Self { once: true, phc },
            None => Self {
                once: false,
                phc: text,
            },
        }
    }

    /// The text for a row.
    pub fn text(self) -> String {
        format!("{}{}", if self.once { ONCE } else { "" }, self.phc)
    }
}

/// Why there is no hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no password hash could be made ({0}): try again")]
pub struct NoHash(String);

fn argon2() -> Result<Argon2<'static>, NoHash> {
    let params = Params::new(MEMORY, PASSES, 1, None).map_err(|error| NoHash(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password with a new salt. Takes 32 MiB and tens of milliseconds: see [`super::hasher`].
///
/// # Errors
/// No random bytes from the kernel.
pub(super) fn hash(password: &str) -> Result<String, NoHash> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| NoHash(error.to_string()))?;
    let hashed = argon2()?.hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hashed.map_err(|error| NoHash(error.to_string()))?.to_string())
}

/// Whether it is the password. Without a hash it takes as long, and is not.
pub(super) fn verify(phc: Option<&str>, password: &str) -> bool {
    let Ok(argon2) = argon2() else {
        return false;
    };
    match phc {
        Some(phc) => argon2.verify_password(password.as_bytes(), phc).is_ok(),
        None => {
            // Who measures the time learns nothing about who there is.
            let _ = std::hint::black_box(argon2.hash_password_with_salt(password.as_bytes(), &[0; 16]));
            false
        }
    }
}

/// Checks a password that somebody chose.
///
/// # Errors
/// What is wrong with it; the text does not repeat the password.
pub fn check(password: &str, name: &str) -> Result<(), String> {
    secret::weakness(password, name, "; choose another")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_verifies_and_another_does_not() {
        let phc = hash("correct horse").unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=32768,t=2,p=1$"), "{phc}");
        assert_ne!(phc, hash("correct horse").unwrap(), "a salt of its own");
        assert!(verify(Some(&phc), "correct horse"));
        assert!(!verify(Some(&phc), "correct horsE"));
        assert!(!verify(None, "correct horse"));
        assert!(!verify(Some("$argon2id$nonsense"), "correct horse"));
        let once = Stored {
            once: true,
            phc: &phc,
        };
        assert_eq!(Stored::parse(&once.text()), once);
        assert!(!Stored::parse(&phc).once);
    }
}
