//! What a field may hold.

use serde_json::{Map, Value, json};

use super::Login;
use crate::verto::count::Reason;

/// Bytes of a session description.
const SDP: usize = 48 * 1024;

/// Why a message cannot pass: counted, and what the browser is told.
pub(super) type Wrong = (Reason, &'static str);

pub(super) const FIELD: Wrong = (Reason::Field, "A field is missing or not allowed");
pub(super) const CALL: Wrong = (Reason::Call, "CALL DOES NOT EXIST");

/// The login's three fields; `loginParams` and `userVariables` stay here.
pub(super) fn read_login(id: Value, params: &Map<String, Value>) -> Result<Login, Wrong> {
    let text = |name: &str| {
        let value = params.get(name).and_then(Value::as_str)?;
        (1..=128).contains(&value.len()).then(|| value.to_owned())
    };
    match (text("login"), text("passwd"), text("sessid")) {
        (Some(login), Some(password), Some(session)) => Ok(Login {
            id,
            login,
            password,
            session,
        }),
        _ => Err((Reason::Field, "login, passwd and sessid are needed")),
    }
}

pub(super) fn dialog(params: &Map<String, Value>) -> Result<&Map<String, Value>, Wrong> {
    params.get("dialogParams").and_then(Value::as_object).ok_or(FIELD)
}

/// A call's id: a UUID in the one spelling that we compare.
pub(super) fn call_id(dialog: &Map<String, Value>) -> Result<&str, Wrong> {
    let call = dialog.get("callID").and_then(Value::as_str).ok_or(FIELD)?;
    match pbx_core::clients::view::canonical(call) {
        Some(_) => Ok(call),
        None => Err(FIELD),
    }
}

/// A session description of sound alone.
pub(super) fn sdp(params: &Map<String, Value>) -> Result<&str, Wrong> {
    let sdp = params.get("sdp").and_then(Value::as_str).ok_or(FIELD)?;
    let plain = |c: char| !c.is_control() || matches!(c, '\r' | '\n' | '\t');
    let media = sdp.lines().filter_map(|line| line.strip_prefix("m="));
    if sdp.len() > SDP || !sdp.chars().all(plain) {
        return Err(FIELD);
    }
    match media.into_iter().all(|media| media.starts_with("audio ")) {
        true => Ok(sdp),
        false => Err((Reason::Field, "Only audio is possible")),
    }
}

/// What can be dialled.
pub(super) fn is_number(text: &str) -> bool {
    let digit = |b: u8| b.is_ascii_digit() || b"*#+".contains(&b);
    (1..=32).contains(&text.len()) && text.bytes().all(digit)
}

/// A hangup cause's name.
pub(super) fn word(value: &Value) -> Option<&str> {
    let text = value.as_str()?;
    let plain = |b: u8| b.is_ascii_uppercase() || b == b'_';
    ((1..=40).contains(&text.len()) && text.bytes().all(plain)).then_some(text)
}

/// A request's id that can be given back.
pub(super) fn is_id(id: &Value) -> bool {
    match id {
        Value::String(text) => text.len() <= 64,
        Value::Number(_) => true,
        _ => false,
    }
}

/// These fields, where they hold nothing that has fields itself.
pub(super) fn pick(from: &Map<String, Value>, fields: &[&str]) -> Value {
    let flat = |value: &Value| match value {
        Value::Object(_) => false,
        Value::Array(all) => all.iter().all(Value::is_string),
        _ => true,
    };
    let kept = fields.iter().filter_map(|name| {
        let value = from.get(*name).filter(|value| flat(value))?;
        Some(((*name).to_owned(), value.clone()))
    });
    Value::Object(kept.collect())
}

pub(super) fn error(id: &Value, code: i64, message: &str) -> String {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}).to_string()
}
