//! The switch, as the PBX sees it.

/// What the PBX asks of the switch it runs in. Implemented over FreeSWITCH's C API by the module and
/// by a fake in tests.
///
/// Nothing here may be called while one of our locks is held: the switch may call back into us.
pub trait Host: Send + Sync {
    /// `switch_version_full`, such as `1.11.1-release+git~…`.
    fn version(&self) -> String;

    /// A global variable (`switch_core_get_variable`), such as `db_dir`, `conf_dir`, `local_ip_v4`.
    fn variable(&self, name: &str) -> Option<String>;

    /// The operator's own static configuration file `name` (such as `acl.conf`) as XML text: the
    /// `<configuration name="…">` element in the switch's XML root, never an answer of ours.
    fn static_configuration(&self, name: &str) -> Option<String>;

    /// The languages in the operator's own static files that have a phrase macro of this name: each
    /// language's name, and its `sound-prefix` (empty if it has none).
    fn languages(&self, macro_name: &str) -> Vec<(String, String)>;

    /// The parameters of `pbx.conf` in file order, as they are now: the switch reads its files again
    /// first (`reloadxml`). May block.
    ///
    /// # Errors
    /// The switch cannot read its configuration; the text is its own.
    fn parameters(&self) -> Result<Vec<(String, String)>, String>;

    /// From now on messages less urgent than `level` stay out of the switch's log. Called at start and
    /// at reload, with what `pbx.conf` says.
    fn set_log_level(&self, level: tracing::Level);

    /// Fires `SWITCH_EVENT_PRESENCE_IN` with these headers. Not from a lookup or an event hook.
    fn fire_presence(&self, headers: &[(&'static str, &str)]);

    /// Ends the call of this channel (`switch_ivr_kill_uuid`), which counts as gone when this returns. False: there
    /// was none. Waits for nobody; may be called from a lookup.
    fn hang_up(&self, channel: &str) -> bool;

    /// Runs an API command (`switch_api_execute`) and returns what it wrote. May block; never called
    /// from a lookup or an event hook.
    ///
    /// # Errors
    /// The command does not exist (its module is not loaded) or it could not be run.
    fn api(&self, command: &str, arguments: &str) -> Result<String, String>;
}

/// A switch that is not there: for tests of everything that needs a [`Host`] and no FreeSWITCH.
#[derive(Debug, Default)]
pub struct FakeHost {
    /// Global variables.
    pub variables: std::collections::HashMap<String, String>,
    /// The operator's static configuration files.
    pub configurations: std::collections::HashMap<String, String>,
    /// The operator's languages.
    pub languages: Vec<(String, String)>,
    /// What `pbx.conf` holds when it is read again.
    pub parameters: Vec<(String, String)>,
    /// What API commands answer, by the command with its arguments; any other does not exist.
    pub answers: std::sync::Mutex<std::collections::HashMap<String, String>>,
    /// The headers of the presence events that were fired.
    pub fired: std::sync::Mutex<Vec<Vec<(&'static str, String)>>>,
    /// The channels that were hung up.
    pub hung_up: std::sync::Mutex<Vec<String>>,
}

impl FakeHost {
    /// From now on `command` (with its arguments) answers this.
    pub fn say(&self, command: &str, answer: &str) {
        let mut answers = self
            .answers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        answers.insert(command.to_owned(), answer.to_owned());
    }
}

impl Host for FakeHost {
    fn version(&self) -> String {
        "0.0.0 (no switch)".to_owned()
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn static_configuration(&self, name: &str) -> Option<String> {
        self.configurations.get(name).cloned()
    }

    fn languages(&self, _macro_name: &str) -> Vec<(String, String)> {
        self.languages.clone()
    }

    fn parameters(&self) -> Result<Vec<(String, String)>, String> {
        Ok(self.parameters.clone())
    }

    fn set_log_level(&self, _level: tracing::Level) {}

    fn fire_presence(&self, headers: &[(&'static str, &str)]) {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        self.fired
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(headers);
    }

    fn hang_up(&self, channel: &str) -> bool {
        self.hung_up
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(channel.to_owned());
        true
    }

    fn api(&self, command: &str, arguments: &str) -> Result<String, String> {
        let answers = self
            .answers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let answer = answers.get(&format!("{command} {arguments}")).cloned();
        answer.ok_or_else(|| format!("no switch here to run {command:?}"))
    }
}
