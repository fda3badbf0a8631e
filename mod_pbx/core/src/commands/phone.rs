//! What somebody types into a phone.

use serde_json::{Value, json};

use super::desk::Desk;
use super::out::Sheet;
use crate::phone::Server;

/// A line's credential and where to register it.
pub(super) struct Phone<'a> {
    pub(super) username: &'a str,
    pub(super) domain: &'a str,
    /// Only if it was generated just now: it is stored nowhere.
    pub(super) password: Option<&'a str>,
}

impl Phone<'_> {
    /// As a person reads it.
    pub(super) fn text(&self, desk: &Desk<'_>) -> String {
        let server = Server::of(desk.pbx);
        let mut sheet = Sheet::default().row("username", self.username);
        sheet = match self.password {
            Some(password) => sheet.row("password", password),
            None => sheet.row("password", "(the one you gave)"),
        };
        sheet = sheet.row("domain", self.domain);
        match &server.inside {
            Some(address) => sheet = sheet.row("server", server.at(address)),
            None => sheet = sheet.row("server", format!("this machine's address, port {}", server.port)),
        }
        if let Some(address) = &server.outside {
            sheet = sheet.row("from outside", server.at(address));
        }
        let once = if self.password.is_some() {
            "; the password is shown only this once"
        } else {
            ""
        };
        format!("To type into the phone{once}:\n{}", sheet.text())
    }

    /// As a program reads it.
    pub(super) fn json(&self, desk: &Desk<'_>) -> Value {
        let mut fields = Server::of(desk.pbx).json(self.username, self.domain);
        if let Some(password) = self.password {
            fields["password"] = json!(password);
        }
        fields
    }
}
