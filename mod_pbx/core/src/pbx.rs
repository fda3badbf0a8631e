//! The PBX as its host drives it: started with `pbx.conf`, asked on the switch's threads, stopped once.

mod deep;
mod events;
mod parts;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;

use crate::alarm::Alarm;
use crate::apps::configuration::LINES_PROFILE;
use crate::bans::Bans;
use crate::calls::Calls;
use crate::caps::Caps;
use crate::clients::{Clients, Notes};
use crate::commands;
use crate::config::{Config, ConfigError};
use crate::counters::Counters;
use crate::features::Wish;
use crate::front::Front;
use crate::gateways::{self, Gateways};
use crate::host::Host;
use crate::legs::Legs;
use crate::mail::Mailroom;
use crate::names::BadName;
use crate::people::People;
use crate::presence::Presence;
use crate::prompts::Sounds;
use crate::registry::{Registries, RegistryError, View};
use crate::reply::Reply;
use crate::request::Request;
use crate::routing::Watch;
use crate::seal::Vault;
use crate::store::{ConfigStore, StoreError, StoreOptions};
use crate::voicemail::Voicemail;
use deep::{NoAnswer, on_deep_stack};

/// Why the PBX could not start or reload. The text names the parameter or file and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The switch cannot read its configuration.
    #[error("pbx.conf cannot be read: {0}")]
    Host(String),
    /// `pbx.conf` is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Two apps claim the same key.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The system has no thread left.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// A running PBX. All methods but [`Pbx::lookup`] may block.
pub struct Pbx {
    host: Arc<dyn Host>,
    config: Arc<ArcSwap<Config>>,
    registries: Registries,
    store: Arc<ConfigStore>,
    presence: Arc<Presence>,
    bans: Bans,
    calls: Arc<Calls>,
    alarm: Alarm,
    clients: Clients,
    gateways: Gateways,
    caps: Caps,
    legs: Legs,
    people: People,
    sounds: Arc<ArcSwap<Sounds>>,
    mail: Arc<Mailroom>,
    voicemail: Voicemail,
    counters: Counters,
    started: Instant,
    progress: commands::Progress,
    front: Mutex<Option<Arc<dyn Front>>>,
}

impl Pbx {
    /// Reads the configuration, opens the database and is ready to answer. Binds nothing in the host.
    ///
    /// # Errors
    /// A bad parameter, or a database that is unreadable, damaged or newer than this program.
    pub fn start(host: Arc<dyn Host>, parameters: &[(String, String)]) -> Result<Arc<Self>, StartError> {
        on_deep_stack(|| Self::start_here(host, parameters)).unwrap_or_else(|failure| match failure {
            NoAnswer::Panicked(payload) => std::panic::resume_unwind(payload),
            NoAnswer::NoThread(error) => Err(StartError::Thread(error)),
        })
    }

    fn start_here(host: Arc<dyn Host>, parameters: &[(String, String)]) -> Result<Arc<Self>, StartError> {
        let config = Config::new(parameters, &*host)?;
        let registries = Registries::new()?;
        let store = ConfigStore::open(StoreOptions::new(&config.database))?;
        host.set_log_level(config.log_level);
        let configured = Arc::clone(&store);
        let snapshots = Box::new(move || configured.snapshot());
        let presence = Presence::start(Arc::clone(&host), snapshots).map_err(StartError::Thread)?;
        let presence = Arc::new(presence);
        let bans = Bans::start(Arc::clone(&store), Arc::clone(&presence)).map_err(StartError::Thread)?;
        let clients = Clients::start(Arc::clone(&host), Arc::clone(&store), Arc::clone(&presence))
            .map_err(StartError::Thread)?;
        let calls = Calls::start(Arc::clone(&store), Arc::clone(&host)).map_err(StartError::Thread)?;
        let calls = Arc::new(calls);
        let people = People::start(Arc::clone(&store)).map_err(StartError::Thread)?;
        let sounds = Arc::new(ArcSwap::from_pointee(Sounds::look(&config.sounds, &*host)));
        let vault = Vault::of(&config.database);
        let own_name = host.variable("hostname").unwrap_or_default();
        let config = Arc::new(ArcSwap::from_pointee(config));
        let (theirs, read) = (Arc::clone(&store), Arc::clone(&config));
        let gateways = Gateways::start(Arc::clone(&host), theirs, read, vault.clone());
        let gateways = gateways.map_err(StartError::Thread)?;
        let caps = Caps::start(Arc::clone(&store), Arc::clone(&host)).map_err(StartError::Thread)?;
        let mail = Mailroom::start(Arc::clone(&store), vault, &config.load().database, &own_name);
        let mail = Arc::new(mail.map_err(StartError::Thread)?);
        let alarm = Alarm::start(Arc::clone(&store), Arc::clone(&mail), Arc::clone(&calls))
            .map_err(StartError::Thread)?;
        let (theirs, mails) = (Arc::clone(&store), Arc::clone(&mail));
        let (switch, heard) = (Arc::clone(&host), Arc::clone(&presence));
        let voicemail = Voicemail::start(theirs, mails, switch, Arc::clone(&sounds), heard)
            .map_err(StartError::Thread)?;
        Ok(Arc::new(Self {
            host,
            presence,
            bans,
            calls,
            alarm,
            clients,
            gateways,
            caps,
            legs: Legs::default(),
            people,
            config,
            registries,
            store,
            sounds,
            mail,
            voicemail,
            counters: Counters::default(),
            started: Instant::now(),
            progress: commands::Progress::default(),
            front: Mutex::default(),
        }))
    }

    /// Answers one lookup. Any thread of the switch; takes no lock, touches no file.
    pub fn lookup(&self, request: &Request<'_>) -> Reply {
        let begun = Instant::now();
        let reply = self.answer(request, &self.clients, &self.gateways.view(), None);
        self.counters.count(request.section, &reply, begun.elapsed());
        reply
    }

    /// What [`Pbx::lookup`] would answer, but for the passwords of gateways; not counted, and nothing is noted: `pbx
    /// lookup`.
    pub fn peek(&self, request: &Request<'_>) -> Reply {
        self.answer(request, &(), &self.gateways.view().masked(), None)
    }

    /// The same with somebody who listens to what is looked at: `pbx explain`.
    pub fn explain(&self, request: &Request<'_>, watch: &Watch) -> Reply {
        self.answer(request, &(), &self.gateways.view().masked(), Some(watch))
    }

    fn answer(
        &self,
        request: &Request<'_>,
        notes: &dyn Notes,
        gateways: &gateways::view::View,
        watch: Option<&Watch>,
    ) -> Reply {
        let config = self.config.load();
        let snapshot = self.store.borrow();
        let presence = self.presence.view();
        let bans = self.bans.view();
        let clients = self.clients.view();
        let sounds = self.sounds.load();
        self.registries.answer(
            request,
            &View {
                snapshot: &snapshot,
                config: &config,
                presence: &presence,
                bans: &bans,
                clients: &clients,
                gateways,
                caps: self.caps.view(),
                legs: &self.legs,
                watch,
                notes,
                sounds: &sounds,
                host: &*self.host,
            },
        )
    }

    /// Whether this sofia profile is made of our answers: what comes in by it is ours to refuse. Blocks on nothing.
    pub fn owns_profile(&self, name: &str) -> bool {
        let has_gateways = || self.store.borrow().gateways.enabled().next().is_some();
        let ours = name == LINES_PROFILE || name == gateways::PROFILE && has_gateways();
        ours && self.config.load().serves("sofia.conf")
    }

    /// Runs the command `line` (without its leading `pbx`) and gives `out` the answer. A thread of the
    /// switch that is not in a lookup or event hook; it waits for a thread of ours.
    pub fn command(&self, line: &str, out: &mut dyn FnMut(&str)) {
        let answer = on_deep_stack(|| {
            let mut answer = String::new();
            commands::run(self, line, &mut |text| answer.push_str(text));
            answer
        });
        out(&answer.unwrap_or_else(|failure| match failure {
            NoAnswer::Panicked(_) => {
                "-ERR the command failed inside the module; the switch's log says where. Nothing was saved\n"
                    .to_owned()
            }
            NoAnswer::NoThread(error) => format!("-ERR no thread for this command: {error}. Try again\n"),
        }));
    }

    /// Takes over a static directory that was sent, as one revision of `actor`; gives what was done with each user.
    /// Blocks, and waits for a thread of ours.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn import(&self, actor: &str, sent: commands::Upload) -> Result<serde_json::Value, String> {
        on_deep_stack(|| commands::upload(self, actor, sent)).unwrap_or_else(|failure| match failure {
            NoAnswer::Panicked(_) => {
                Err("it failed inside the module; the switch's log says where".to_owned())
            }
            NoAnswer::NoThread(error) => Err(format!("no thread for it: {error}")),
        })
    }

    /// Carries out what a phone's feature code asks for: `WISH NUMBER@DOMAIN`, as the dialplan writes it. The
    /// log says why not; the call's next lookup sees what came of it. A call's thread, and it waits for a thread
    /// of ours.
    pub fn feature(&self, data: &str) {
        let grant = || {
            let (wish, who) = data.split_once(' ').ok_or("no extension is named")?;
            let (number, domain) = who.split_once('@').ok_or("no domain is named")?;
            let wish: Wish = wish.parse().map_err(|_| "it is no wish")?;
            let number = number.parse().map_err(|bad: BadName| bad.0)?;
            let domain = domain.parse().map_err(|bad: BadName| bad.0)?;
            let granted = wish.grant(&self.store, &domain, &number);
            granted.map_err(|error| error.to_string())
        };
        let done: Result<Result<(), String>, NoAnswer> = on_deep_stack(grant);
        match done {
            Ok(Ok(())) => {}
            Ok(Err(why)) => tracing::warn!("the feature code {data:?} was not carried out: {why}"),
            Err(NoAnswer::NoThread(error)) => {
                tracing::error!("no thread for the feature code {data:?}: {error}");
            }
            // The panic itself was logged.
            Err(NoAnswer::Panicked(_)) => {
                tracing::error!("the feature code {data:?} failed inside the module")
            }
        }
    }

    /// What may come next on the command `line`: whole words that start as its last word does. Runs as
    /// [`Pbx::command`] does; none if it cannot.
    pub fn complete(&self, line: &str) -> Vec<String> {
        on_deep_stack(|| commands::complete(self, line)).unwrap_or_default()
    }

    /// Reads `pbx.conf` again and takes it in place: lookups never stop. Says what needs the module to be loaded again.
    ///
    /// # Errors
    /// As [`Pbx::start`]; everything stays as it was.
    pub fn reload(&self) -> Result<String, StartError> {
        let parameters = self.host.parameters().map_err(StartError::Host)?;
        let fresh = Config::new(&parameters, &*self.host)?;
        let old = self.config.load_full();
        let fixed = old.fixed_differences(&fresh);
        let kept = Config {
            database: old.database.clone(),
            ..fresh
        };
        self.host.set_log_level(kept.log_level);
        let kept = Arc::new(kept);
        self.config.store(Arc::clone(&kept));
        self.gateways.reload();
        let troubles = self.front().map(|front| front.reload(&kept)).unwrap_or_default();
        self.sounds
            .store(Arc::new(Sounds::look(&kept.sounds, &*self.host)));
        let mut said = match fixed.as_slice() {
            [] => "+OK reloaded\n".to_owned(),
            names => format!(
                "+OK reloaded, but not {}: type reload mod_pbx for that\n",
                names.join(", ")
            ),
        };
        for trouble in troubles {
            said.push_str(&trouble);
            said.push('\n');
        }
        Ok(said)
    }

    /// Names the web server that reloads tell and `pbx status` asks; none: it has stopped.
    pub fn set_front(&self, front: Option<Arc<dyn Front>>) {
        *self.front.lock().unwrap_or_else(PoisonError::into_inner) = front;
    }

    /// The web server, while it runs.
    pub fn front(&self) -> Option<Arc<dyn Front>> {
        self.front.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends every thread of ours and closes the database. Lookups after this still answer from memory.
    pub fn stop(&self) {
        self.clients.stop();
        self.gateways.stop();
        self.caps.stop();
        self.people.stop();
        self.voicemail.stop();
        self.alarm.stop();
        self.mail.stop();
        self.calls.stop();
        self.bans.stop();
        self.presence.stop();
        self.store.close();
    }
}
