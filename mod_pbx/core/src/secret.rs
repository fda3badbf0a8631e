//! Passwords of lines: how strong one must be, how one is made up, and the hash that is kept of it.

use md5::{Digest, Md5};

/// Digits of a generated password: log2(10^16) is 53 bits.
const GENERATED_DIGITS: usize = 16;
/// The shortest password with other characters than digits.
const SHORTEST: usize = 10;
/// The shortest password of digits alone.
const SHORTEST_DIGITS: usize = 12;
/// The longest password: what a phone's form takes.
const LONGEST: usize = 128;

/// HTTP digest's A1 (RFC 2617), MD5(username:domain:password): all that is kept of a line's password.
///
/// SIP compares names without regard to case but the hash does not: pass them as stored, in lower case.
pub fn a1(username: &str, domain: &str, password: &str) -> [u8; 16] {
    let mut hash = Md5::new();
    for part in [username, ":", domain, ":", password] {
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// What answers a digest's challenge (RFC 2617, 3.2.2.1); `counted` are nc, cnonce and qop, if it counts its uses.
pub fn response(
    a1: &[u8; 16],
    (method, uri): (&str, &str),
    nonce: &str,
    counted: Option<[&str; 3]>,
) -> [u8; 16] {
    let mut asked = Md5::new();
    for part in [method, ":", uri] {
        asked.update(part.as_bytes());
    }
    let mut hash = Md5::new();
    hash.update(hex(a1).as_bytes());
    hash.update(b":");
    hash.update(nonce.as_bytes());
    for part in counted.into_iter().flatten() {
        hash.update(b":");
        hash.update(part.as_bytes());
    }
    hash.update(b":");
    hash.update(hex(&asked.finalize().into()).as_bytes());
    hash.finalize().into()
}

/// [`a1`] in lower-case hex, as rows and directory answers have it.
pub fn a1_hex(username: &str, domain: &str, password: &str) -> String {
    hex(&a1(username, domain, password))
}

/// 16 bytes in lower-case hex.
pub fn hex(bytes: &[u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of 32 hex digits.
pub fn from_hex(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |b: u8| char::from(b).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

/// A password that can be typed on a phone's keypad: 16 digits, 53 bits from the kernel.
///
/// # Errors
/// The kernel gives no random bytes.
pub fn generate() -> Result<String, getrandom::Error> {
    let mut password = String::with_capacity(GENERATED_DIGITS);
    while password.len() < GENERATED_DIGITS {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        for byte in bytes {
            // 250 is the largest multiple of ten: beyond it some digits would be likelier.
            if byte < 250 && password.len() < GENERATED_DIGITS {
                password.push(char::from(b'0' + byte % 10));
            }
        }
    }
    Ok(password)
}

/// 256 random bits, as text that may stand in an address or a cookie.
///
/// # Errors
/// The kernel gives no random bytes.
pub fn token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(data_encoding::BASE64URL_NOPAD.encode(&bytes))
}

/// Checks a password somebody chose for the line `username`.
///
/// # Errors
/// What is wrong with it and what to do; the text does not repeat the password.
pub fn check(password: &str, username: &str) -> Result<(), String> {
    weakness(password, username, "; leave it off to have one made up")
}

/// The same with other words on what to do, which begin with a semicolon.
///
/// # Errors
/// As [`check`].
pub fn weakness(password: &str, username: &str, advice: &str) -> Result<(), String> {
    if password.is_empty() {
        return Err(format!("the password is empty{advice}"));
    }
    if password.len() > LONGEST || password.chars().any(char::is_control) {
        return Err(format!(
            "a password has at most {LONGEST} characters and no control characters{advice}"
        ));
    }
    let length = password.chars().count();
    let digits = password.bytes().all(|b| b.is_ascii_digit());
    if length < SHORTEST || (digits && length < SHORTEST_DIGITS) {
        return Err(format!(
            "the password is too short: use {SHORTEST} characters or more, {SHORTEST_DIGITS} if it is digits only{advice}"
        ));
    }
    let lower = password.to_lowercase();
    let username = username.to_lowercase();
    // The username, forwards or backwards, may be a part of a password but not most of it.
    let backwards: String = username.chars().rev().collect();
    for name in [&username, &backwards] {
        if !name.is_empty() && lower.replace(name.as_str(), "").chars().count() < SHORTEST / 2 {
            return Err(format!("the password is little more than the username{advice}"));
        }
    }
    let plain: Vec<char> = lower.chars().collect();
    if is_repetition(&plain) {
        return Err(format!("the password repeats a few characters{advice}"));
    }
    if is_sequence(&plain) {
        return Err(format!("the password is a sequence such as 1234567890{advice}"));
    }
    if COMMON
        .iter()
        .any(|word| lower.contains(word) && lower.replace(word, "").len() < SHORTEST / 2)
    {
        return Err(format!("the password is one that everybody tries first{advice}"));
    }
    Ok(())
}

/// What scanners start with; long enough ones only, since short passwords are refused anyway.
const COMMON: &[&str] = &[
    "password",
    "passw0rd",
    "passwort",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "letmein",
    "changeme",
    "administrator",
    "freeswitch",
    "asterisk",
    "welcome",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
];

/// Four different characters at most, or one part of up to half the length over and over.
fn is_repetition(password: &[char]) -> bool {
    let mut different = password.to_vec();
    different.sort_unstable();
    different.dedup();
    if different.len() < 4 {
        return true;
    }
    (1..=password.len() / 2).any(|period| password.iter().zip(&password[period..]).all(|(a, b)| a == b))
}

/// Mostly steps of the same small size, such as `123456789012` or `abcdefghij`.
fn is_sequence(password: &[char]) -> bool {
    let steps: Vec<i64> = password
        .windows(2)
        .map(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])))
        .collect();
    let same = steps
        .windows(2)
        .filter(|pair| pair[0] == pair[1] && pair[0].abs() <= 2)
        .count();
    same * 3 >= steps.len() * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_rfc_2617() {
        // The example of RFC 2617, 3.5: H(A1) of Mufasa.
        assert_eq!(
            a1_hex("Mufasa", "testrealm@host.com", "Circle Of Life"),
            "939e7578ed9e3c518a452acee763bce9"
        );
        let bytes = a1("alice", "pbx.test", "x");
        assert_eq!(from_hex(&hex(&bytes)), Some(bytes));
        assert_eq!(from_hex("zz"), None);
        assert_eq!(from_hex(&"g".repeat(32)), None);
    }

    #[test]
    fn the_answer_is_that_of_rfc_2617() {
        let a1 = a1("Mufasa", "testrealm@host.com", "Circle Of Life");
        let (asked, nonce) = (("GET", "/dir/index.html"), "dcd98b7102dd2f0e8b11d0f600bfb0c093");
        let counted = response(&a1, asked, nonce, Some(["00000001", "0a4f113b", "auth"]));
        assert_eq!(hex(&counted), "6629fae49393a05397450978507c4ef1");
        // The same without `qop`, as RFC 2069 has it (errata 749).
        assert_eq!(
            hex(&response(&a1, asked, nonce, None)),
            "670fd8c2df070c60b045671b8b24ff02"
        );
    }

    #[test]
    fn weak_passwords_are_refused_with_what_to_do() {
        for (weak, why) in [
            ("", "empty"),
            ("kT8!vq", "too short"),
            ("93847561023", "too short"),
            ("111111111111", "repeats"),
            ("121212121212", "repeats"),
            ("384738473847", "repeats"),
            ("abcabcabcabc", "repeats"),
            ("1234567890", "too short"),
            ("123456789012", "sequence"),
            ("0987654321098", "sequence"),
            ("abcdefghijkl", "sequence"),
            ("alice.phone", "username"),
            ("Alice.Phone", "username"),
            ("alice.phone1", "username"),
            ("enohp.ecila", "username"),
            ("password1234", "tries first"),
            ("kT8!vq\nkdo93jd", "control"),
        ] {
            let refusal = check(weak, "alice.phone").expect_err(weak);
            assert!(refusal.contains(why), "{weak:?}: {refusal}");
            assert!(refusal.contains("leave it off"), "{refusal}");
        }
        for strong in [
            "739104826655",
            "kT8!vqPz2w",
            "correct horse battery",
            "schlüsselböden",
        ] {
            assert_eq!(check(strong, "alice"), Ok(()), "{strong}");
        }
    }

    #[test]
    fn a_generated_password_is_strong_and_every_digit_is_as_likely() {
        let mut counts = [0_u32; 10];
        for _ in 0..2000 {
            let password = generate().unwrap();
            assert_eq!(password.len(), GENERATED_DIGITS);
            assert_eq!(check(&password, "1001"), Ok(()), "{password}");
            for byte in password.bytes() {
                counts[usize::from(byte - b'0')] += 1;
            }
        }
        // 3200 of each are expected; 54 is one standard deviation.
        for count in counts {
            assert!((2880..3520).contains(&count), "{counts:?}");
        }
    }
}
