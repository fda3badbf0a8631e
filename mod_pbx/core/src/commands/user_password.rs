//! Passwords that an administrator gives to people.

use serde_json::json;

use super::address::{At, Realm};
use super::desk::{self, Desk, InRealm};
use super::out::{Answer, Refusal, Said};
use super::user::full;
use crate::admin::nouns::user::stored_password;
use crate::names::Username;
use crate::secret;
use crate::store::Change;
use crate::store::rows::User;

/// What the row of `name` holds for this password.
pub(super) fn stored(desk: &Desk<'_>, name: &Username, text: &str, once: bool) -> Result<String, Refusal> {
    Ok(stored_password(desk.pbx, name, text, once)?)
}

/// Gives somebody a password that is good for signing in once.
pub(super) fn reset(desk: &Desk<'_>, name: &At<Username, Realm>, place: &InRealm) -> Said {
    let (domain, user) = desk.read(|reader| desk::user(reader, name, place))?;
    let full = full(domain.as_ref(), &user.name);
    let text = secret::generate()?;
    let user = User {
        password_hash: Some(stored(desk, &user.name, &text, true)?),
        ..user
    };
    let summary = format!("password of user {full} reset");
    let done = desk.commit(&summary, vec![Change::edit(user)])?;
    Ok(Answer::done(
        format!(
            "password of user {full} reset (revision {}); they are signed out everywhere\n  password  {text}  \
             (shown only this once)\nThey choose another when they sign in with it.\n",
            done.rev
        ),
        json!({"revision": done.rev, "user": full, "password": text}),
    ))
}
