//! Clients in a whole PBX, with a switch that is not there: what lookups answer, what events do, what is kept.

mod calls;
mod events;
mod kept;
mod login;

use std::path::Path;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{Issued, Punts};
use crate::event::{Event, Kind, made_of};
use crate::host::FakeHost;
use crate::pbx::Pbx;
use crate::presence::view::State;
use crate::reply::Reply;
use crate::request::Request;

struct World {
    pbx: Arc<Pbx>,
    host: Arc<FakeHost>,
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let host = Arc::new(FakeHost::default());
        let world = Self {
            pbx: start(&host, dir.path()),
            host,
            dir,
        };
        for command in [
            "domain add pbx.test",
            "extension add 1001 --user alice --name 'Alice, A' --line",
            "extension add 1002 --user bob --name Bob --line",
        ] {
            world.ok(command);
        }
        world
    }

    fn say(&self, command: &str) -> String {
        let mut said = String::new();
        self.pbx.command(command, &mut |text| said.push_str(text));
        said
    }

    #[track_caller]
    fn ok(&self, command: &str) {
        let said = self.say(command);
        assert!(said.starts_with("+OK"), "{command}: {said}");
    }

    /// A person and the channel of their extension.
    fn who(&self, number: &str) -> (Uuid, Uuid) {
        let row = self.pbx.store().read(|reader| {
            let domain = reader.domain_by_name("pbx.test")?.unwrap();
            Ok(reader.extension_by_number(domain.id, number)?.unwrap())
        });
        let row = row.unwrap();
        (row.user_id, row.channel_id)
    }

    fn open(&self, number: &str, sign_in: &str) -> Issued {
        let (user, channel) = self.who(number);
        let session = Uuid::new_v4().to_string();
        self.pbx.clients().open(user, channel, &session, sign_in).unwrap()
    }

    fn directory(&self, pairs: &[(&str, &str)]) -> String {
        let params: Vec<(String, String)> = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        let request = Request {
            section: "directory",
            tag_name: "domain",
            key_name: "name",
            key_value: "extensions",
            params: &params,
        };
        match self.pbx.lookup(&request) {
            Reply::Document(text) => text,
            other => panic!("{other:?}"),
        }
    }

    fn login_lookup(&self, client: &str, more: &[(&str, &str)]) -> String {
        let pairs = [
            ("action", "jsonrpc-authenticate"),
            ("key", "id"),
            ("user", client),
            ("domain", "extensions"),
        ];
        self.directory(&[more, &pairs].concat())
    }

    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(10), "waited for {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn state(&self, number: &str) -> State {
        let snapshot = self.pbx.store().snapshot();
        let domain = snapshot.domain("pbx.test").unwrap();
        let extension = domain.find(number).unwrap();
        self.pbx.presence().view().extension_state("pbx.test", extension)
    }

    fn listen(&self) -> Arc<Heard> {
        let heard = Arc::new(Heard::default());
        let weak: Weak<Heard> = Arc::downgrade(&heard);
        self.pbx.clients().on_punt(weak);
        heard
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<Uuid>>);

impl Punts for Heard {
    fn punt(&self, session: Uuid) {
        self.0.lock().unwrap().push(session);
    }
}

impl Heard {
    fn has(&self, session: Uuid) -> bool {
        self.0.lock().unwrap().contains(&session)
    }
}

fn start(host: &Arc<FakeHost>, dir: &Path) -> Arc<Pbx> {
    let database = ("database".to_owned(), dir.join("pbx.db").display().to_string());
    Pbx::start(Arc::<FakeHost>::clone(host), &[database]).unwrap()
}

fn logged_in(client: &str, session: &str, port: u16) -> Event {
    made_of(
        Kind::VertoLogin,
        &[
            ("Event-Subclass", "verto::login"),
            ("verto_profile_name", "pbx"),
            ("verto_client_address", &format!("127.0.0.1:{port}")),
            ("verto_login", client),
            ("verto_sessid", session),
            ("verto_success", "1"),
        ],
    )
}

/// The end of a connection; the login as mod_verto writes it, or nothing.
fn left(login: &str, port: u16) -> Event {
    made_of(
        Kind::VertoLeft,
        &[
            ("Event-Subclass", "verto::client_disconnect"),
            ("verto_profile_name", "pbx"),
            ("verto_client_address", &format!("127.0.0.1:{port}")),
            ("verto_login", login),
        ],
    )
}
