//! The stand-in host as `make run` starts it: the program itself, in a process of its own, with deploy's
//! configuration and no database.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fs_standin::app;
use fs_standin::scene::module_file;
use tempfile::TempDir;

const FOLDER: &str = "STANDIN_TEST_FOLDER";

/// Is the stand-in's program if this process was started as one; else does nothing.
pub(crate) fn program() -> Option<std::process::ExitCode> {
    let folder = PathBuf::from(std::env::var_os(FOLDER)?);
    let arguments = ["standin", "--log", "info", "--conf"].map(Into::into);
    let rest = [
        folder.join("conf").into(),
        "--run".into(),
        folder.join("run").into(),
        "--module".into(),
    ];
    Some(app::run(
        arguments.into_iter().chain(rest).chain([module_file().into()]),
    ))
}

/// The stand-in's process. Killed when dropped.
pub(crate) struct Standin {
    pub(crate) folder: TempDir,
    pub(crate) process: Child,
    /// Where it serves web pages, and local paths.
    pub(crate) web: [String; 2],
}

impl Standin {
    /// Starts it: this test's program once more, with `arguments`, so that it comes to [`program`].
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/switch"),
            &folder.path().join("conf"),
        );
        // What deploy leaves to each machine. Nothing listens there: these are the event socket's.
        std::fs::write(folder.path().join("conf/local.xml"), "<include/>").expect("writable");
        let file = folder.path().join("conf/autoload_configs/pbx.conf.xml");
        let mut text = std::fs::read_to_string(&file).expect("deploy's pbx.conf");
        let web = [free_address(), free_address()];
        for (name, address) in ["web-listen", "local-listen"].into_iter().zip(&web) {
            let value = format!("name=\"{name}\" value=\"{address}\"");
            text = text.replace(&format!("name=\"{name}\" value=\"\""), &value);
        }
        std::fs::write(file, text).expect("writable");
        let test = std::env::current_exe().expect("this test has a file");
        let process = Command::new(test)
            .args(arguments)
            .env(FOLDER, folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("this test can be started");
        let host = Self { folder, process, web };
        host.wait();
        host
    }

    /// Where it takes commands.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("run/standin.sock")
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while let Err(error) = app::send(&self.socket(), "version short") {
            assert!(Instant::now() < deadline, "the stand-in does not answer: {error}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An address that nobody listens on now.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has an address").to_string()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("deploy's configuration").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}
