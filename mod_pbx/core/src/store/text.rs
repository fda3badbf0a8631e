//! What a single row must be like, and the one spelling of its values.

mod outside;

use super::change::Row;
use super::rows;
use super::settings;
use crate::names::DomainName;
use crate::network::is_network;

/// Longest name shown to people, in characters.
const LONGEST: usize = 64;

/// Checks a row by itself and brings its values into their one spelling.
///
/// # Errors
/// What is wrong and what to do.
pub fn check(row: &mut Row) -> Result<(), String> {
    match row {
        Row::Domain(domain) => check_domain(domain),
        Row::User(user) => check_user(user),
        Row::Channel(channel) => check_channel(channel),
        Row::Extension(extension) => check_extension(extension),
        Row::Line(line) => check_line(line),
        Row::Setting(setting) => check_setting(setting),
        Row::ApiKey(key) => check_key(key),
        Row::Schedule(schedule) => super::schedules::check_row(schedule),
        Row::NumberPlan(plan) => outside::plan(plan),
        Row::CallerId(own) => shown("caller ID name", &own.name),
        Row::CallerIdUse(own) => outside::caller_id_use(own),
        Row::Route(route) => outside::route(route),
        Row::RouteGrant(grant) => outside::grant(grant),
        Row::Block(block) => shown("note", &block.note),
        Row::Cap(cap) => outside::cap(cap),
        Row::RouteTest(test) => outside::test(test),
        Row::RouteGateway(way) => outside::way(way),
        Row::ExtensionGroup(_) | Row::GroupMember(_) => Ok(()),
        Row::Gateway(gateway) => super::gateways::check(gateway),
        Row::Did(did) => super::dids::check_row(did),
        Row::DidMember(_) => Ok(()),
    }
}

fn check_domain(domain: &rows::Domain) -> Result<(), String> {
    if domain.name.as_str() == "extensions" {
        return Err("the domain name \"extensions\" is reserved for browser clients: use another".into());
    }
    Ok(())
}

fn check_user(user: &rows::User) -> Result<(), String> {
    shown("display name", &user.display_name)?;
    if let Some(email) = &user.email {
        check_email(email)?;
    }
    if user.domain_id.is_none() && user.role != rows::Role::Administrator {
        return Err(format!(
            "user {} belongs to no domain, which only an administrator may: name a domain",
            user.name
        ));
    }
    match &user.password_hash {
        Some(hash)
            if !crate::people::password::Stored::parse(hash)
                .phc
                .starts_with("$argon2id$")
                || hash.len() > 256
                || !hash.is_ascii() =>
        {
            Err(format!("the password hash of user {} is not argon2id", user.name))
        }
        _ => Ok(()),
    }
}

fn check_channel(channel: &rows::Channel) -> Result<(), String> {
    let name = &channel.name;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if !(1..=LONGEST).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(format!(
            "{} is not a channel name: use 1 to 64 letters, digits, '.', '_' and '-'",
            quote(name)
        ));
    }
    Ok(())
}

fn check_extension(extension: &rows::Extension) -> Result<(), String> {
    shown("caller ID name", &extension.caller_id_name)?;
    if !rows::Extension::RING_SECONDS.contains(&extension.ring_seconds) {
        return Err(format!(
            "ring-seconds takes 5 to 600, not {}",
            extension.ring_seconds
        ));
    }
    match &extension.voicemail_pin {
        Some(pin) if !(4..=10).contains(&pin.len()) || !pin.bytes().all(|b| b.is_ascii_digit()) => {
            Err("a voicemail PIN has 4 to 10 digits".into())
        }
        _ => Ok(()),
    }
}

fn check_line(line: &mut rows::Line) -> Result<(), String> {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if line.a1.len() != 32 || !line.a1.bytes().all(hex) {
        return Err(format!(
            "the A1 of line {} is not an MD5 hash in lower-case hex (32 digits)",
            line.username
        ));
    }
    if !(1..=32).contains(&line.max_registrations) {
        return Err(format!(
            "max-registrations takes 1 to 32, not {}",
            line.max_registrations
        ));
    }
    let Some(acl) = &mut line.source_acl else {
        return Ok(());
    };
    let networks: Vec<&str> = acl.split([' ', ',']).filter(|n| !n.is_empty()).collect();
    if let Some(bad) = networks.iter().find(|network| !is_network(network)) {
        return Err(format!(
            "source-acl takes networks such as 192.168.0.0/16, not {}",
            quote(bad)
        ));
    }
    if networks.is_empty() || networks.len() > 32 {
        return Err(format!(
            "source-acl takes 1 to 32 networks, not {}: leave it off to let the line come from anywhere",
            networks.len()
        ));
    }
    *acl = networks.join(" ");
    Ok(())
}

fn check_key(key: &mut rows::ApiKey) -> Result<(), String> {
    shown("key's name", &key.name)?;
    if key.name.trim().is_empty() {
        return Err("a key needs a name, such as the program's that uses it".into());
    }
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if key.token_hash.len() != 64 || !key.token_hash.bytes().all(hex) {
        return Err(format!("what is stored of key {} is no SHA-256 in hex", key.name));
    }
    let is_area = crate::admin::nouns::is_area;
    crate::admin::Scopes::parse(&key.scopes, is_area)?;
    if key.scopes.trim().is_empty() {
        return Err(format!(
            "key {} may do nothing: give it a scope such as *:read",
            key.name
        ));
    }
    if let Some(end) = &mut key.expires_at {
        let at: jiff::Timestamp = end
            .parse()
            .map_err(|_| format!("{} is no time: write it as 2030-01-01T00:00:00Z", quote(end)))?;
        *end = at.to_string();
    }
    Ok(())
}

fn check_setting(setting: &mut rows::Setting) -> Result<(), String> {
    let Some(definition) = settings::definition(&setting.name) else {
        return Err(format!(
            "there is no setting {}: \"pbx setting list\" prints them all",
            quote(&setting.name)
        ));
    };
    setting.value = definition.parse(&setting.value)?;
    Ok(())
}

/// Text that other people's phones show.
fn shown(what: &str, text: &str) -> Result<(), String> {
    if text.chars().count() > LONGEST {
        return Err(format!("a {what} has at most {LONGEST} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("a {what} has no line breaks or other control characters"));
    }
    // FreeSWITCH expands it (switch_channel_expand_variables), and recursively.
    if text.contains("${") {
        return Err(format!("a {what} cannot contain \"${{\""));
    }
    Ok(())
}

/// mod_voicemail hands the address to a shell (`mailer-app`), so only what is harmless there gets in.
fn check_email(email: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+=-".contains(&b);
    let good = email.len() <= 254
        && email.split_once('@').is_some_and(|(local, host)| {
            (1..=64).contains(&local.len())
                && local.bytes().all(plain)
                && !local.starts_with('-')
                && host.parse::<DomainName>().is_ok()
        });
    if good {
        Ok(())
    } else {
        Err(format!(
            "{} is not a mail address: use letters, digits and . _ + = - before the @, a host name after it",
            quote(email)
        ))
    }
}

/// What somebody typed, in quotes and not too long.
pub(super) fn quote(text: &str) -> String {
    format!("{:?}", text.chars().take(LONGEST).collect::<String>())
}

/// Text for the log: one line, bounded.
pub(super) fn log_line(text: &str, longest: usize) -> String {
    text.chars()
        .take(longest)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
