//! What passes between a browser and mod_verto: every message is read, and what passes is written anew out of the
//! fields that are known.
//!
//! mod_verto believes whoever is logged in: it makes channel variables of `userVariables`, touches any call by its
//! UUID, and crashes on one that is not verto's. So nothing passes that is not named here. Knows neither sockets nor
//! clock nor switch. Both sides use duplicate keys at times: messages are read as values, of which the last counts,
//! and written with each key once.

mod fields;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::count::Reason;
use fields::{CALL, FIELD, Wrong, call_id, dialog, error, is_id, is_number, pick, read_login, sdp, word};

/// Bytes of a message, both ways: mod_verto itself would take a megabyte.
pub const LONGEST: usize = 64 * 1024;

/// Requests that may wait for mod_verto's answer.
const OUTSTANDING: usize = 64;

/// Calls that one session may have.
const CALLS: usize = 32;

/// What to do with a message of the browser.
#[derive(Debug, Clone, PartialEq)]
pub enum Up {
    /// Send this to the switch.
    Pass(String),
    /// The browser logs in: who it says it is, and the id of its request. Nothing is sent yet.
    Login(Box<Login>),
    /// Answer the browser with this; the switch hears nothing.
    Refuse(Reason, String),
    /// Nothing: it means nothing.
    Ignore,
    /// Nothing, and it is counted.
    Drop(Reason),
}

/// What to do with a message of the switch.
#[derive(Debug, Clone, PartialEq)]
pub enum Down {
    /// Send this to the browser.
    Pass(String),
    /// The same, and that was the end: mod_verto gives the session to another connection.
    Last(String),
    /// The same; the login was taken.
    LoggedIn(String),
    /// The same; the login was refused.
    NotLoggedIn(String),
    /// Nothing.
    Drop(Reason),
}

/// A login as the browser writes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Login {
    id: Value,
    /// The client's id.
    pub login: String,
    /// Its password.
    pub password: String,
    /// The session id.
    pub session: String,
}

/// One socket's state: what was asked, and whose calls are whose.
#[derive(Debug, Default)]
pub struct Filter {
    logged_in: bool,
    /// Requests on their way, by the number that the switch sees.
    asked: HashMap<u64, Asked>,
    number: u64,
    /// Calls that the switch has made for this session or offered it.
    calls: HashSet<String>,
}

#[derive(Debug)]
struct Asked {
    /// The browser's own id of it.
    id: Value,
    what: What,
}

#[derive(Debug)]
enum What {
    Login,
    /// A call of this id, which is ours as soon as the switch says that it made one.
    Invite(String),
    Other,
}

impl Filter {
    /// Reads a text message of the browser.
    pub fn up(&mut self, text: &str) -> Up {
        if text.len() > LONGEST {
            return Up::Drop(Reason::Size);
        }
        let Ok(Value::Object(message)) = serde_json::from_str::<Value>(text) else {
            // A speed test (`#SP…`), a batch, or nothing at all.
            return Up::Drop(Reason::NoObject);
        };
        if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Up::Drop(Reason::NoObject);
        }
        let method = match message.get("method") {
            Some(Value::String(method)) => method.as_str(),
            // An answer to a request of the switch, which does not look at it.
            None if message.contains_key("result") || message.contains_key("error") => return Up::Ignore,
            _ => return Up::Drop(Reason::NoObject),
        };
        let Some(id) = message.get("id").filter(|id| is_id(id)).cloned() else {
            return Up::Drop(Reason::NoObject);
        };
        let empty = Map::new();
        let params = match message.get("params") {
            Some(Value::Object(params)) => params,
            None => &empty,
            Some(_) => return Up::Drop(Reason::NoObject),
        };
        if method == "login" {
            return match read_login(id.clone(), params) {
                Ok(login) => Up::Login(Box::new(login)),
                Err((reason, why)) => Up::Refuse(reason, error(&id, -32001, why)),
            };
        }
        if !self.logged_in {
            return Up::Refuse(Reason::NotLoggedIn, error(&id, -32000, "Authentication Required"));
        }
        match self.request(method, params) {
            Ok((params, what)) => self.ask(method, id, params, what),
            Err((Reason::Method, why)) => Up::Refuse(Reason::Method, error(&id, -32601, why)),
            Err((reason, why)) => Up::Refuse(reason, error(&id, -32602, why)),
        }
    }

    /// The login that [`Filter::up`] gave, for the switch: with what was checked, and nothing else.
    pub fn login(&mut self, login: &Login) -> Up {
        let params = json!({
            "login": login.login,
            "passwd": login.password,
            "sessid": login.session,
        });
        self.ask("login", login.id.clone(), params, What::Login)
    }

    /// The answer to a login that the switch does not get to see.
    pub fn refuse_login(login: &Login, why: &str) -> String {
        error(&login.id, -32001, why)
    }

    /// Reads a text message of the switch.
    pub fn down(&mut self, text: &str) -> Down {
        let Ok(Value::Object(message)) = serde_json::from_str::<Value>(text) else {
            return Down::Drop(Reason::Downstream);
        };
        match message.get("method").and_then(Value::as_str) {
            Some(method) => self.asked_by_switch(method, &message),
            None => self.answered(&message),
        }
    }

    /// Whether a call is this session's.
    pub fn owns(&self, call: &str) -> bool {
        self.calls.contains(call)
    }

    fn ask(&mut self, method: &str, id: Value, params: Value, what: What) -> Up {
        if self.asked.len() >= OUTSTANDING {
            return Up::Refuse(Reason::Rate, error(&id, -32002, "Too many requests wait"));
        }
        self.number += 1;
        let text = json!({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params});
        self.asked.insert(self.number, Asked { id, what });
        Up::Pass(text.to_string())
    }

    /// The parameters that pass, of a request that may.
    fn request(&self, method: &str, params: &Map<String, Value>) -> Result<(Value, What), Wrong> {
        match method {
            "verto.ping" => Ok((json!({}), What::Other)),
            "verto.invite" => self.invite(params),
            "verto.answer" | "verto.attach" => {
                let call = self.own_call(params)?;
                let sdp = sdp(params)?;
                Ok((json!({"sdp": sdp, "dialogParams": {"callID": call}}), What::Other))
            }
            "verto.bye" => {
                let call = self.own_call(params)?;
                let mut out = json!({"dialogParams": {"callID": call}});
                if let Some(cause) = params.get("cause") {
                    out["cause"] = json!(word(cause).ok_or(FIELD)?);
                } else if let Some(code) = params.get("causeCode") {
                    let code = code.as_u64().filter(|code| (1..=127).contains(code));
                    out["causeCode"] = json!(code.ok_or(FIELD)?);
                }
                Ok((out, What::Other))
            }
            "verto.modify" => Ok((self.modify(params)?, What::Other)),
            "verto.info" => {
                let call = self.own_call(params)?;
                let digits = params.get("dtmf").and_then(Value::as_str).ok_or(FIELD)?;
                let digit = |b: u8| b.is_ascii_digit() || (b'A'..=b'D').contains(&b) || b"*#".contains(&b);
                if !(1..=32).contains(&digits.len()) || !digits.bytes().all(digit) {
                    return Err(FIELD);
                }
                Ok((
                    json!({"dtmf": digits, "dialogParams": {"callID": call}}),
                    What::Other,
                ))
            }
            _ => Err((
                Reason::Method,
                "Invalid Method, Missing Method or Permission Denied",
            )),
        }
    }

    /// Without a name or number of the caller's own: who calls is the login's. Without variables, without video.
    fn invite(&self, params: &Map<String, Value>) -> Result<(Value, What), Wrong> {
        let dialog = dialog(params)?;
        let call = call_id(dialog)?;
        let on_the_way = |asked: &Asked| matches!(&asked.what, What::Invite(_));
        if self.calls.len() + self.asked.values().filter(|asked| on_the_way(asked)).count() >= CALLS {
            return Err((Reason::Rate, "Too many calls"));
        }
        let number = dialog.get("destination_number").and_then(Value::as_str);
        let number = number.filter(|number| is_number(number)).ok_or(FIELD)?;
        let mut out = json!({"callID": call, "destination_number": number});
        if let Some(Value::Object(wanted)) = dialog.get("audio") {
            let names = ["echoCancellation", "noiseSuppression", "autoGainControl"];
            let flags = names.into_iter().filter_map(|name| {
                let flag = wanted.get(name)?.as_bool()?;
                Some((name.to_owned(), json!(flag)))
            });
            out["audio"] = Value::Object(flags.collect());
        }
        if let Some(recover) = dialog.get("recoverCall").and_then(Value::as_bool) {
            out["recoverCall"] = json!(recover);
        }
        Ok((
            json!({"sdp": sdp(params)?, "dialogParams": out}),
            What::Invite(call.to_owned()),
        ))
    }

    fn modify(&self, params: &Map<String, Value>) -> Result<Value, Wrong> {
        let call = self.own_call(params)?;
        let text = |name: &str| params.get(name).and_then(Value::as_str);
        let action = text("action").ok_or(FIELD)?;
        let mut out = json!({"action": action, "dialogParams": {"callID": call}});
        match action {
            "hold" | "unhold" | "toggleHold" => {}
            "transfer" => {
                let number = text("destination")
                    .filter(|number| is_number(number))
                    .ok_or(FIELD)?;
                out["destination"] = json!(number);
            }
            "replace" => {
                let other = text("replaceCallID").ok_or(FIELD)?;
                if !self.calls.contains(other) || other == call {
                    return Err(CALL);
                }
                out["replaceCallID"] = json!(other);
            }
            "updateMedia" => out["sdp"] = json!(sdp(params)?),
            _ => return Err(FIELD),
        }
        Ok(out)
    }

    /// The call that a request is about, which must be this session's.
    fn own_call<'p>(&self, params: &'p Map<String, Value>) -> Result<&'p str, Wrong> {
        let call = call_id(dialog(params)?)?;
        if self.calls.contains(call) {
            Ok(call)
        } else {
            Err(CALL)
        }
    }

    fn asked_by_switch(&mut self, method: &str, message: &Map<String, Value>) -> Down {
        let fields: &[&str] = match method {
            "verto.invite" | "verto.attach" => &[
                "callID",
                "sdp",
                "caller_id_name",
                "caller_id_number",
                "callee_id_name",
                "callee_id_number",
                "display_direction",
            ],
            "verto.media" | "verto.answer" => &["callID", "sdp"],
            "verto.bye" => &["callID", "causeCode", "cause"],
            "verto.display" => &[
                "callID",
                "display_name",
                "display_number",
                "caller_id_name",
                "caller_id_number",
                "callee_id_name",
                "callee_id_number",
                "display_direction",
            ],
            "verto.clientReady" => &["reattached_sessions"],
            "verto.ping" => &["serno", "auth-expires"],
            "verto.punt" => &[],
            // Events of other people's calls, texts, video layouts.
            _ => return Down::Drop(Reason::Downstream),
        };
        let empty = Map::new();
        let params = message.get("params").and_then(Value::as_object).unwrap_or(&empty);
        if let Some(call) = params.get("callID").and_then(Value::as_str) {
            match method {
                "verto.invite" | "verto.attach" => {
                    self.calls.insert(call.to_owned());
                }
                "verto.bye" => {
                    self.calls.remove(call);
                }
                _ => {}
            }
        }
        let id = message.get("id").cloned().unwrap_or(Value::Null);
        let text = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": pick(params, fields)});
        match method {
            "verto.punt" => Down::Last(text.to_string()),
            _ => Down::Pass(text.to_string()),
        }
    }

    fn answered(&mut self, message: &Map<String, Value>) -> Down {
        let number = message.get("id").and_then(Value::as_u64);
        let Some(Asked { id, what }) = number.and_then(|number| self.asked.remove(&number)) else {
            return Down::Drop(Reason::Downstream);
        };
        let fields = &[
            "message",
            "sessid",
            "auth-expires",
            "method",
            "callID",
            "action",
            "holdState",
            "sdp",
            "causeCode",
            "cause",
            "serno",
            "code",
        ];
        let (kind, result) = match (message.get("result"), message.get("error")) {
            (Some(Value::Object(result)), _) => ("result", result),
            (_, Some(Value::Object(result))) => ("error", result),
            _ => return Down::Drop(Reason::Downstream),
        };
        let text = json!({"jsonrpc": "2.0", "id": id, kind: pick(result, fields)}).to_string();
        match what {
            What::Login if kind == "result" => {
                self.logged_in = true;
                Down::LoggedIn(text)
            }
            What::Login => Down::NotLoggedIn(text),
            What::Invite(call) => {
                // A call that exists already is somebody else's: the switch refuses it, and it stays theirs.
                if kind == "result" && result.get("callID").and_then(Value::as_str) == Some(&call) {
                    self.calls.insert(call);
                }
                Down::Pass(text)
            }
            What::Other => {
                let ended = result.get("message").and_then(Value::as_str) == Some("CALL ENDED");
                if let Some(call) = result.get("callID").and_then(Value::as_str).filter(|_| ended) {
                    self.calls.remove(call);
                }
                Down::Pass(text)
            }
        }
    }
}
