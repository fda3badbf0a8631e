//! What a user keeps of its secrets and addresses, and what has to be new.

use super::directory::{Directory, User};
use super::expand::unknown_variable;
use super::plan::{Target, Verdict};
use crate::names::{Number, Username};
use crate::network::is_network;
use crate::pin;
use crate::secret;

/// The line's A1, and the new password if the phone cannot keep what it has.
pub(super) fn credential(
    directory: &Directory,
    user: &User,
    (line, number): (&Username, &Number),
    target: &Target,
    remarks: &mut Vec<String>,
) -> Result<(String, Option<String>), Verdict> {
    let domain = target.name.as_str();
    let hash = directory
        .param(user, "a1-hash")
        .map(|hash| hash.trim().to_ascii_lowercase());
    let password = directory
        .param(user, "password")
        .filter(|password| !password.is_empty());
    let why = match (hash.as_deref(), password) {
        (Some(hash), _) if secret::from_hex(hash).is_some() && target.source.as_deref() == Some(domain) => {
            let names = [user.id.as_str(), line.as_str()];
            let is_of = |password: &str| {
                names
                    .iter()
                    .any(|name| secret::a1_hex(name, domain, password) == hash)
            };
            if !FIRST_TRIED
                .into_iter()
                .chain(names)
                .chain([number.as_str()])
                .any(is_of)
            {
                return Ok((hash.to_owned(), None));
            }
            "its a1-hash is of a password that everybody tries first: new password".to_owned()
        }
        (_, Some(password)) => {
            if let Some(variable) = unknown_variable(password) {
                return Err(Verdict::Refuse(format!(
                    "its password is $${{{variable}}}, which has no value here: say --variable {variable}=VALUE"
                )));
            }
            match secret::check(password, line.as_str()) {
                // The phone mixes in the username as it was typed there.
                Ok(()) => return Ok((secret::a1_hex(&user.id, domain, password), None)),
                Err(weak) => format!("{}: new password", weak.split([';', ':']).next().unwrap_or(&weak)),
            }
        }
        (None, None) => "had no password: new one".to_owned(),
        (Some(hash), None) if secret::from_hex(hash).is_none() => {
            "its a1-hash is none (32 hex digits): new password".to_owned()
        }
        (Some(_), None) => "its a1-hash is for another domain: new password".to_owned(),
    };
    remarks.push(why);
    let password = secret::generate().map_err(no_random)?;
    Ok((secret::a1_hex(line.as_str(), domain, &password), Some(password)))
}

/// Passwords whose hash is recognised. Better ones cannot be told from a hash.
const FIRST_TRIED: [&str; 5] = ["", "1234", "12345", "123456", "password"];

fn no_random(error: getrandom::Error) -> Verdict {
    Verdict::Refuse(format!(
        "needs a new secret, and the kernel gives no random numbers ({error})"
    ))
}

/// The mailbox's PIN, and the same again if it is a new one.
pub(super) fn mailbox_pin(
    directory: &Directory,
    user: &User,
    number: &Number,
    remarks: &mut Vec<String>,
) -> Result<(Option<String>, Option<String>), Verdict> {
    let why = match directory.param(user, "vm-password").map(str::trim) {
        Some(pin) => match pin::check(number, pin) {
            Ok(()) => return Ok((Some(pin.to_owned()), None)),
            Err(weak) => format!("{weak}: new PIN"),
        },
        None => "had no voicemail PIN: new one".to_owned(),
    };
    remarks.push(why);
    let pin = pin::generate(number).map_err(no_random)?;
    Ok((Some(pin.clone()), Some(pin)))
}

/// Where it may come from, out of `cidr`.
pub(super) fn networks(user: &User, remarks: &mut Vec<String>) -> Option<String> {
    let cidr = user.cidr.as_deref().filter(|cidr| !cidr.is_empty())?;
    let networks: Vec<&str> = cidr
        .split([',', ' '])
        .filter(|network| !network.is_empty())
        .collect();
    if !networks.iter().all(|network| is_network(network)) {
        remarks.push(format!("cidr {cidr:?} is no list of networks and left out"));
        return None;
    }
    let networks = networks.join(" ");
    remarks.push(format!(
        "may come from {networks} only (its cidr), and needs its password there too"
    ));
    Some(networks)
}
