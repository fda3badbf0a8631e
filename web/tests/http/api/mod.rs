//! `/api/v1`: what administrators' programs ask, and what must not come of it.

mod changes;
mod dashboard;
mod history;
mod lists;
mod refusals;
mod rights;
mod secrets;
mod settings;

use serde_json::Value;

use crate::client::{Answer, Browser};
use crate::openapi::conforms;
use crate::site::{PASSWORD, Site};

/// Two domains, each with an administrator and a person with an extension; an administrator of the whole PBX.
pub(crate) struct World {
    pub(crate) site: Site,
    pub(crate) root: Browser,
    pub(crate) chief: Browser,
    pub(crate) user: Browser,
}

impl World {
    pub(crate) fn new() -> Self {
        let site = Site::new(&[]);
        for domain in ["one.test", "two.test"] {
            site.must(&format!("domain add {domain}"));
            site.must(&format!("user add chief@{domain} --role domain-administrator"));
            site.must(&format!(
                "extension add 1001@{domain} --user alice --name Alice --line"
            ));
        }
        site.must("user add root --role administrator");
        for name in ["root@.", "chief@one.test", "alice@one.test"] {
            site.must(&format!("user set {name} --password {PASSWORD}"));
        }
        let browser = |name: &str| {
            let mut browser = Browser::new(site.public());
            let answer = browser.sign_in(name, PASSWORD);
            assert_eq!(answer.status, 200, "{name}: {answer:?}");
            browser
        };
        let (root, chief, user) = (
            browser("root"),
            browser("chief@one.test"),
            browser("alice@one.test"),
        );
        Self {
            site,
            root,
            chief,
            user,
        }
    }

    /// The id of the one thing that a list finds.
    #[track_caller]
    pub(crate) fn id(&mut self, list: &str) -> String {
        let found = self.row(list);
        found["id"].as_str().unwrap().to_owned()
    }

    /// The one thing that a list finds.
    #[track_caller]
    pub(crate) fn row(&mut self, list: &str) -> Value {
        let listed = self.root.ask("GET", &format!("/api/v1/{list}"), "").json();
        assert_eq!(listed["total"], 1, "{list}: {listed}");
        listed["rows"][0].clone()
    }
}

/// A request with a body of JSON and what it is based on.
#[track_caller]
pub(crate) fn send(
    browser: &mut Browser,
    method: &str,
    path: &str,
    rev: Option<u64>,
    body: &Value,
) -> Answer {
    let mut sender = browser.clone();
    if let Some(rev) = rev {
        sender = sender.with("If-Match", &format!("\"{rev}\""));
    }
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let path = format!("/api/v1/{path}");
    let answer = sender.ask(method, &path, &text);
    conforms(method, &path, &answer);
    answer
}
