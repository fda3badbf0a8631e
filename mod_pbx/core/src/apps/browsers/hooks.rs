//! What becomes of a verto login and of a verto disconnect: the answer is `punt` or nothing.
//!
//! An event of the switch and a POST of the same fields to `/fsapi` come here alike. Session ids and logins are
//! the client's choice; nothing is done for one that is not of ours.

use crate::clients::view::{PROFILE, REALM, now};
use crate::clients::{Note, connection};
use crate::registry::{Expect, FsapiHandler, Required, View};
use crate::reply::Reply;
use crate::request::Request;

const fn some(field: &'static str) -> Required {
    Required {
        field,
        expect: Expect::NonEmpty,
    }
}

/// `verto::login` that succeeded.
pub(super) struct Login;

impl FsapiHandler for Login {
    fn name(&self) -> &'static str {
        "verto-login"
    }

    fn required(&self) -> &[Required] {
        const {
            &[
                Required::literal("Event-Subclass", "verto::login"),
                Required::literal("verto_success", "1"),
                some("verto_login"),
                some("verto_profile_name"),
                some("verto_client_address"),
            ]
        }
    }

    fn process(&self, rq: &Request<'_>, view: &View<'_>) -> Reply {
        let text = |name: &str| rq.param(name).map(std::borrow::Cow::into_owned);
        let login = text("verto_login").unwrap_or_default();
        let Some(client) = view.clients.of_login(&login) else {
            // Our profile logs in our clients only: this one has expired. Others' profiles are not ours to judge.
            let ours = text("verto_profile_name").is_some_and(|name| name.eq_ignore_ascii_case(PROFILE));
            let here = login.split_once('@').is_none_or(|(_, realm)| realm == REALM);
            return Reply::Text(if ours && here { "punt" } else { "" });
        };
        let expected = rq
            .param("verto_sessid")
            .is_some_and(|session| session == client.session.to_string());
        if !expected || !client.is_live(now()) {
            return Reply::Text("punt");
        }
        if let Some(connection) = connection(text) {
            view.notes.note(Note::LoggedIn {
                client: client.id,
                connection,
            });
        }
        Reply::Text("")
    }
}

/// `verto::client_disconnect`, of whoever had logged in or not: the login may be nothing.
pub(super) struct Disconnect;

impl FsapiHandler for Disconnect {
    fn name(&self) -> &'static str {
        "verto-disconnect"
    }

    fn required(&self) -> &[Required] {
        const {
            &[
                Required::literal("Event-Subclass", "verto::client_disconnect"),
                some("verto_profile_name"),
                some("verto_client_address"),
            ]
        }
    }

    fn process(&self, rq: &Request<'_>, view: &View<'_>) -> Reply {
        let text = |name: &str| rq.param(name).map(std::borrow::Cow::into_owned);
        if let Some(connection) = connection(text) {
            view.notes.note(Note::Left(connection));
        }
        Reply::Text("")
    }
}
