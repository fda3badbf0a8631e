//! Rows as programs read them. The field names are those of the tables and stay as they are; secrets
//! (`a1`, `password`, `password_hash`, `voicemail_pin`) are left out.

use serde_json::{Value, json};

use super::desk::Desk;
use crate::store::rows;

pub(super) fn domain(domain: &rows::Domain) -> Value {
    json!({
        "id": domain.id,
        "name": domain.name,
        "row_rev": domain.row_rev,
        "updated_at": domain.updated_at,
    })
}

pub(super) fn user(domain: Option<&rows::Domain>, user: &rows::User) -> Value {
    json!({
        "id": user.id,
        "domain": domain.map(|domain| &domain.name),
        "name": user.name,
        "display_name": user.display_name,
        "email": user.email,
        "role": user.role,
        "has_password": user.password_hash.is_some(),
        "enabled": user.enabled,
        "row_rev": user.row_rev,
        "updated_at": user.updated_at,
    })
}

pub(super) fn extension(
    domain: &rows::Domain,
    extension: &rows::Extension,
    user: &str,
    lines: &[rows::Line],
) -> Value {
    let lines: Vec<&str> = lines.iter().map(|line| line.username.as_str()).collect();
    json!({
        "id": extension.id,
        "domain": domain.name,
        "number": extension.number,
        "user": user,
        "channel_id": extension.channel_id,
        "caller_id_name": extension.caller_id_name,
        "ring_seconds": extension.ring_seconds,
        "voicemail": extension.voicemail,
        "has_voicemail_pin": extension.voicemail_pin.is_some(),
        "forwards": extension.forwards.fields(),
        "enabled": extension.enabled,
        "lines": lines,
        "row_rev": extension.row_rev,
        "updated_at": extension.updated_at,
    })
}

pub(super) fn line(domain: &rows::Domain, line: &rows::Line, extension: &str, user: &str) -> Value {
    json!({
        "id": line.id,
        "domain": domain.name,
        "username": line.username,
        "extension": extension,
        "user": user,
        "max_registrations": line.max_registrations,
        "source_acl": line.source_acl,
        "srtp": line.srtp,
        "enabled": line.enabled,
        "row_rev": line.row_rev,
        "updated_at": line.updated_at,
    })
}

pub(super) fn channel(
    desk: &Desk<'_>,
    domain: &rows::Domain,
    channel: &rows::Channel,
    extension: &str,
) -> Value {
    json!({
        "id": channel.id,
        "domain": domain.name,
        "name": channel.name,
        "extension": extension,
        "url": desk.channel_url(channel.id),
        "row_rev": channel.row_rev,
        "updated_at": channel.updated_at,
    })
}

pub(super) fn gateway(desk: &Desk<'_>, domain: Option<&str>, gateway: &rows::Gateway) -> Value {
    let now = desk.pbx.gateways().view();
    let seen = now.seen(gateway.id);
    json!({
        "id": gateway.id,
        "domain": domain,
        "name": gateway.name,
        "proxy": gateway.proxy,
        "transport": gateway.transport,
        "realm": gateway.realm,
        "username": gateway.username,
        "has_password": gateway.password.is_some(),
        "register": gateway.register,
        "from_domain": gateway.from_domain,
        "source_acl": gateway.source_acl,
        "max_calls": gateway.max_calls,
        "caller_id_style": gateway.caller_id_style,
        "ping_seconds": gateway.ping_seconds,
        "country_code": gateway.country_code,
        "enabled": gateway.enabled,
        "state": now.state(gateway.id),
        "state_since": seen.and_then(|seen| seen.since).map(|since| format!("{since:.0}")),
        "state_reason": seen.map(|seen| &seen.why).filter(|why| !why.is_empty()),
        "calls": now.calls(gateway.id),
        "row_rev": gateway.row_rev,
        "updated_at": gateway.updated_at,
    })
}
