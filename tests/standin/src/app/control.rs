//! The control socket: one command in, its answer out, closed.

use std::fs::Permissions;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::api;
use crate::log::{Level, log};

/// Nobody types a longer command.
const MAX_COMMAND: u64 = 1 << 20;
/// How long a client may take to send it, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the host waits, when it stops, for answers under way.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Busy {
    count: Mutex<usize>,
    none: Condvar,
}

/// The listening socket; its file goes with it.
pub(super) struct Control {
    socket: PathBuf,
    listener: Option<UnixListener>,
    busy: Arc<Busy>,
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.socket);
        let count = self.busy.count.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self
            .busy
            .none
            .wait_timeout_while(count, LAST_ANSWERS, |count| *count > 0);
    }
}

/// Takes `socket`, which only the same user may write to, and keeps clients waiting.
pub(super) fn listen(socket: &Path) -> Result<Control, String> {
    let place = |error: std::io::Error| format!("{}: {error}", socket.display());
    if UnixStream::connect(socket).is_ok() {
        return Err(format!("{}: a host is already running there", socket.display()));
    }
    if socket.exists() {
        std::fs::remove_file(socket).map_err(place)?;
    }
    let listener = UnixListener::bind(socket).map_err(place)?;
    std::fs::set_permissions(socket, Permissions::from_mode(0o600)).map_err(place)?;
    Ok(Control {
        socket: socket.to_owned(),
        listener: Some(listener),
        busy: Arc::default(),
    })
}

impl Control {
    /// Starts to answer; whoever connected before has waited.
    pub(super) fn serve(&mut self) -> Result<(), String> {
        let busy = Arc::clone(&self.busy);
        let Some(listener) = self.listener.take() else {
            return Ok(());
        };
        let serve = move || {
            for client in listener.incoming().flatten() {
                accept(client, &busy);
            }
        };
        let thread = std::thread::Builder::new().name("control".to_owned());
        thread.spawn(serve).map(drop).map_err(|error| error.to_string())
    }
}

fn accept(mut client: UnixStream, busy: &Arc<Busy>) {
    let held = Arc::clone(busy);
    *busy.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    let serve = move || {
        if let Err(error) = answer(&mut client) {
            log!(Level::Warning, "control socket: {error}");
        }
        drop(client);
        *held.count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        held.none.notify_all();
    };
    if let Err(error) = std::thread::Builder::new()
        .name("command".to_owned())
        .spawn(serve)
    {
        *busy.count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        log!(Level::Error, "control socket: {error}");
    }
}

fn answer(client: &mut UnixStream) -> std::io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let mut command = String::new();
    std::io::Read::by_ref(client)
        .take(MAX_COMMAND)
        .read_to_string(&mut command)?;
    client.write_all(api::execute(&command).as_bytes())
}

/// Sends one command to the host that listens on `socket` and returns its answer.
///
/// # Errors
/// No host listens there, or it went away.
pub fn send(socket: &Path, command: &str) -> Result<String, String> {
    let mut stream = UnixStream::connect(socket).map_err(|error| {
        format!(
            "no host answers on {} ({error}): start it first",
            socket.display()
        )
    })?;
    let mut exchange = || {
        stream.write_all(command.as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    exchange().map_err(|error: std::io::Error| format!("{}: {error}", socket.display()))
}
