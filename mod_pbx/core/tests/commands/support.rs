//! A PBX to type commands at.

use std::collections::HashMap;
use std::sync::Arc;

use pbx_core::host::FakeHost;
use pbx_core::pbx::Pbx;
use serde_json::Value;

/// A PBX with a database of its own, and the place it is kept in.
pub(crate) struct Desk {
    pub(crate) pbx: Arc<Pbx>,
    pub(crate) dir: tempfile::TempDir,
}

impl Desk {
    /// An empty PBX on a switch whose address is known.
    pub(crate) fn new() -> Self {
        Self::with(&[("local_ip_v4", "192.0.2.10")], &[])
    }

    /// One with these global variables of the switch, and these parameters of pbx.conf beside `database`.
    pub(crate) fn with(variables: &[(&str, &str)], parameters: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect()
        };
        let mut all = owned(parameters);
        all.push((
            "database".to_owned(),
            dir.path().join("pbx.db").display().to_string(),
        ));
        let host = FakeHost {
            variables: owned(variables).into_iter().collect::<HashMap<_, _>>(),
            parameters: all.clone(),
            ..FakeHost::default()
        };
        let pbx = Pbx::start(Arc::new(host), &all).unwrap();
        Self { pbx, dir }
    }

    /// What a command answers.
    pub(crate) fn say(&self, line: &str) -> String {
        let mut answer = String::new();
        self.pbx.command(line, &mut |text| answer.push_str(text));
        answer
    }

    /// What a change answers, which must have been made.
    pub(crate) fn ok(&self, line: &str) -> String {
        let answer = self.say(line);
        assert!(answer.starts_with("+OK "), "{line}: {answer}");
        answer
    }

    /// What a command answers to a program.
    pub(crate) fn json(&self, line: &str) -> Value {
        let answer = self.say(&format!("{line} json"));
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{line}: {error}: {answer}"))
    }

    /// Why a command was refused. It must not have changed anything.
    pub(crate) fn refused(&self, line: &str) -> String {
        let before = self.rev();
        let answer = self.say(line);
        assert!(answer.starts_with("-ERR "), "{line}: {answer}");
        assert_eq!(self.rev(), before, "{line}");
        answer
    }

    /// The newest revision.
    pub(crate) fn rev(&self) -> u64 {
        self.pbx.store().read(|reader| reader.rev()).unwrap()
    }
}

impl Desk {
    /// One domain, pbx.test, with alice, her extension 1001 and its line 1001.
    pub(crate) fn small() -> Self {
        let desk = Self::new();
        desk.ok("domain add pbx.test");
        desk.ok("extension add 1001 --user alice --name 'Alice Adams' --line");
        desk
    }
}

/// The names of an object's fields, in order.
pub(crate) fn fields(object: &Value) -> Vec<&str> {
    let object = object
        .as_object()
        .unwrap_or_else(|| panic!("{object} is no object"));
    object.keys().map(String::as_str).collect()
}
