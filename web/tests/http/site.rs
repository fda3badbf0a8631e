//! A PBX with a web server on loopback, in a folder of its own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use pbx_core::event::{Event, Kind, SUBSCRIPTIONS};
use pbx_core::host::{FakeHost, Host};
use pbx_core::pbx::Pbx;
use pbx_web::Web;
use tempfile::TempDir;

use crate::client::Browser;

#[path = "../../../tests/mailboxes/mod.rs"]
pub(crate) mod mailboxes;
use mailboxes::Mailboxes;

/// A password that is strong enough.
pub(crate) const PASSWORD: &str = "kT8!vqPz2w-long";

pub(crate) struct Site {
    pub(crate) pbx: Arc<Pbx>,
    pub(crate) web: Option<Web>,
    pub(crate) folder: TempDir,
    host: Arc<TestHost>,
}

/// A switch whose `pbx.conf` changes.
struct TestHost {
    fake: FakeHost,
    parameters: Mutex<Vec<(String, String)>>,
    commands: Mutex<Vec<String>>,
    mailboxes: Mailboxes,
}

impl Host for TestHost {
    fn version(&self) -> String {
        self.fake.version()
    }
    fn variable(&self, name: &str) -> Option<String> {
        self.fake.variable(name)
    }
    fn static_configuration(&self, name: &str) -> Option<String> {
        self.fake.static_configuration(name)
    }
    fn languages(&self, name: &str) -> Vec<(String, String)> {
        self.fake.languages(name)
    }
    fn parameters(&self) -> Result<Vec<(String, String)>, String> {
        Ok(self.parameters.lock().unwrap().clone())
    }
    fn set_log_level(&self, _level: tracing::Level) {}
    fn fire_presence(&self, headers: &[(&'static str, &str)]) {
        self.fake.fire_presence(headers);
    }
    fn hang_up(&self, channel: &str) -> bool {
        self.fake.hang_up(channel)
    }
    fn api(&self, command: &str, arguments: &str) -> Result<String, String> {
        self.commands
            .lock()
            .unwrap()
            .push(format!("{command} {arguments}"));
        let voicemail = command
            .starts_with("vm_")
            .then(|| self.mailboxes.command(command, arguments));
        match voicemail.flatten() {
            Some(said) => Ok(said),
            None => self.fake.api(command, arguments),
        }
    }
}

impl Site {
    /// One with these parameters in `pbx.conf` besides its database and free ports.
    pub(crate) fn new(parameters: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let storage = folder.path().join("storage");
        let host = Arc::new(TestHost {
            fake: FakeHost {
                variables: [("db_dir", folder.path()), ("storage_dir", &storage)]
                    .map(|(name, path)| (name.to_owned(), path.display().to_string()))
                    .into(),
                ..FakeHost::default()
            },
            parameters: Mutex::default(),
            commands: Mutex::default(),
            mailboxes: Mailboxes {
                databases: folder.path().to_owned(),
                storage,
            },
        });
        let all = complete(&folder, parameters);
        host.parameters.lock().unwrap().clone_from(&all);
        let pbx = Pbx::start(Arc::clone(&host) as Arc<dyn Host>, &all).unwrap();
        let web = Web::start(Arc::clone(&pbx)).unwrap();
        Self {
            pbx,
            web: Some(web),
            folder,
            host,
        }
    }

    /// Stops it and starts it again on the same database.
    pub(crate) fn restart(&mut self) {
        drop(self.web.take());
        self.pbx.stop();
        let all = self.host.parameters.lock().unwrap().clone();
        self.pbx = Pbx::start(Arc::clone(&self.host) as Arc<dyn Host>, &all).unwrap();
        self.web = Some(Web::start(Arc::clone(&self.pbx)).unwrap());
    }

    /// Puts these parameters into `pbx.conf`; `pbx reload` takes them.
    pub(crate) fn configure(&self, parameters: &[(&str, &str)]) {
        *self.host.parameters.lock().unwrap() = complete(&self.folder, parameters);
    }

    /// Where the public listener is.
    pub(crate) fn public(&self) -> SocketAddr {
        self.pbx.front().unwrap().listeners()[0].address
    }

    /// Where the local listener is.
    pub(crate) fn local(&self) -> SocketAddr {
        self.pbx.front().unwrap().listeners()[1].address
    }

    /// Runs a command.
    #[track_caller]
    pub(crate) fn cli(&self, line: &str) -> String {
        let mut said = String::new();
        self.pbx.command(line, &mut |text| said.push_str(text));
        said
    }

    /// Runs a command that succeeds.
    #[track_caller]
    pub(crate) fn must(&self, line: &str) -> String {
        let said = self.cli(line);
        assert!(!said.starts_with("-ERR"), "{line}: {said}");
        said
    }

    /// Alice of pbx.test, who has a password and the extension 1001.
    pub(crate) fn with_alice(self) -> Self {
        self.must("domain add pbx.test");
        self.must("extension add 1001 --user alice --name \"Alice Adams\" --line");
        self.must(&format!("user set alice --password {PASSWORD}"));
        self
    }

    /// A browser that Alice has signed in with.
    #[track_caller]
    pub(crate) fn alices_browser(&self) -> Browser {
        let mut browser = Browser::new(self.public());
        let answer = browser.sign_in("alice@pbx.test", PASSWORD);
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }
}

impl Site {
    /// A phone of a line of pbx.test registers.
    pub(crate) fn register(&self, username: &str) {
        let contact = format!("<sip:{username}@127.0.0.1:5070>");
        let headers = [
            ("profile-name", "internal"),
            ("from-user", username),
            ("from-host", "pbx.test"),
            ("call-id", "a-call-id"),
            ("contact", contact.as_str()),
            ("expires", "300"),
            ("network-ip", "127.0.0.1"),
            ("network-port", "5070"),
            ("user-agent", "a test"),
        ];
        self.tell(Kind::Registered, &headers);
    }

    /// A leg goes out whose payer is the extension with this channel.
    pub(crate) fn leg_out(&self, leg: &str, channel: &str, class: &str) {
        let charge = format!("{channel}.{class}.{}", uuid::Uuid::now_v7());
        let headers = [
            ("Unique-ID", leg),
            ("Call-Direction", "outbound"),
            ("variable_pbx_charge", charge.as_str()),
        ];
        self.tell(Kind::CallBegan, &headers);
    }

    fn tell(&self, kind: Kind, headers: &[(&str, &str)]) {
        let subscription = SUBSCRIPTIONS.iter().find(|one| one.kind == kind).unwrap();
        let event = Event::copy(subscription, |name| {
            let found = headers.iter().find(|(known, _)| name.to_str() == Ok(*known));
            found.map(|(_, value)| value.as_bytes())
        });
        assert!(event.is_some());
        self.pbx.tell(event);
    }

    /// Its mailboxes.
    pub(crate) fn mailboxes(&self) -> &Mailboxes {
        &self.host.mailboxes
    }

    /// The commands that begin so, of those that the switch was given since this was last asked.
    pub(crate) fn commanded(&self, begin: &str) -> Vec<String> {
        let mut all = std::mem::take(&mut *self.host.commands.lock().unwrap());
        all.retain(|command| command.starts_with(begin));
        all
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.web.take());
        self.pbx.stop();
    }
}

fn complete(folder: &TempDir, parameters: &[(&str, &str)]) -> Vec<(String, String)> {
    let database = folder.path().join("pbx.db").display().to_string();
    let defaults = [
        ("database", database.as_str()),
        ("web-listen", "127.0.0.1:0"),
        ("local-listen", "127.0.0.1:0"),
    ];
    let all = defaults.iter().chain(parameters);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
