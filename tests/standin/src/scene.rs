//! A directory for one stand-in host, and the module that a test was built with.
//!
//! For tests only: what cannot be set up panics.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::core::{Core, Options, Source};
use crate::{log, lookup};

/// The name that the switch knows the module by.
pub const MODULE: &str = "mod_pbx";

/// The module that this very build made: cargo puts it beside the test that it belongs to.
pub fn module_file() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a file");
    let file = test.with_file_name(format!("lib{MODULE}.so"));
    assert!(
        file.is_file(),
        "{} is missing: run this test with `cargo test`",
        file.display()
    );
    file
}

/// A directory for one stand-in host: its configuration in `conf`, what it writes in `run`.
pub struct Scene(TempDir);

impl Scene {
    /// A scene whose `pbx.conf` names a database of its own and these parameters besides.
    pub fn new(parameters: &[(&str, &str)]) -> Self {
        let scene = Self(TempDir::new().expect("a temporary directory"));
        for folder in ["conf/autoload_configs", "conf/directory", "run"] {
            std::fs::create_dir_all(scene.path().join(folder)).expect("a directory");
        }
        scene.write_static("directory/static.xml", STATIC_DIRECTORY);
        scene.configure(parameters);
        scene
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The database that `pbx.conf` names, unless `configure` was given another.
    pub fn database(&self) -> PathBuf {
        self.path().join("run/pbx.sqlite")
    }

    /// Writes `pbx.conf` anew. A parameter given here replaces the default of its name.
    pub fn configure(&self, parameters: &[(&str, &str)]) {
        let database = self.database().display().to_string();
        // Any free port: other tests run at the same time.
        let mut all = vec![
            ("database", database.as_str()),
            ("web-listen", "127.0.0.1:0"),
            ("local-listen", "127.0.0.1:0"),
        ];
        all.retain(|(name, _)| parameters.iter().all(|(given, _)| given != name));
        all.extend(parameters);
        let lines: String = all
            .iter()
            .map(|(name, value)| format!("    <param name=\"{name}\" value=\"{value}\"/>\n"))
            .collect();
        let text = format!(
            "<configuration name=\"pbx.conf\">\n  <settings>\n{lines}  </settings>\n</configuration>\n"
        );
        self.write_static("autoload_configs/pbx.conf.xml", &text);
    }

    /// Writes a file of the switch's static configuration.
    pub fn write_static(&self, file: &str, text: &str) {
        std::fs::write(self.path().join("conf").join(file), text).expect("a configuration file");
    }

    /// How to start a stand-in here, with the module out of `source`.
    pub fn options(&self, source: Source) -> Options {
        Options {
            conf: self.path().join("conf"),
            run: self.path().join("run"),
            mod_dir: self.path().join("run"),
            modules: vec![(MODULE.to_owned(), source)],
        }
    }

    /// Starts the stand-in, with the built module ready to load.
    pub fn start(&self) -> Core {
        self.start_with(Source::File(module_file()))
    }

    /// Starts the stand-in, with the module out of `source` ready to load.
    pub fn start_with(&self, source: Source) -> Core {
        // Tests read the log from a capture; what they provoke need not frighten who reads their output.
        log::silence();
        Core::start(self.options(source)).expect("the stand-in starts")
    }
}

/// A user that only the switch's own files know: what look-ups fall back to.
const STATIC_DIRECTORY: &str = r#"<domain name="static.test">
  <user id="static"><params><param name="password" value="not-ours"/></params></user>
</domain>
"#;

/// Asks the directory for a user that only the static files know.
pub fn static_user_is_found() -> bool {
    lookup::sip_auth("static", "static.test").is_some_and(|text| text.contains("not-ours"))
}
