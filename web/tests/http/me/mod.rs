//! What people do with what is theirs, and what others try with it.

mod calls;
mod forwards;
mod lines;
mod mailbox;

use crate::client::{Answer, Browser};
use crate::site::{PASSWORD, Site};

/// Alice's site with bob, who has a password and an extension too.
fn site() -> Site {
    let site = Site::new(&[]).with_alice();
    site.must("extension add 1002 --user bob --name \"Bob Brown\" --line");
    site.must(&format!("user set bob --password {PASSWORD}"));
    site
}

#[track_caller]
fn browser_of(site: &Site, name: &str) -> Browser {
    let mut browser = Browser::new(site.public());
    let answer = browser.sign_in(&format!("{name}@pbx.test"), PASSWORD);
    assert_eq!(answer.status, 200, "{answer:?}");
    browser
}

/// The channel of the only extension of whoever is signed in.
#[track_caller]
fn channel(browser: &mut Browser) -> String {
    let channels = browser.ask("GET", "/api/channels", "").json();
    channels["channels"][0]["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn is(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(
        (answer.status, answer.kind().as_str()),
        (status, kind),
        "{answer:?}"
    );
}

/// What a refusal says that it is about.
#[track_caller]
fn refused(answer: &Answer, about: &str) {
    is(answer, 422, "invalid");
    assert_eq!(answer.json()["about"], about, "{answer:?}");
}

/// The newest revision: who, and what for.
fn newest(site: &Site) -> (String, String) {
    let said = site.must("revisions json");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let text = |name: &str| said["revisions"][0][name].as_str().unwrap().to_owned();
    (text("actor"), text("summary"))
}
