//! The pages as people see them: headless Chromium on the stand-in host. What is done there is in
//! `tests/browser/pages`, a file a page; `tests/browser/pages.mjs` says how to add one.
//!
//! The stand-in carries no calls: what browsers do with those is proved in `tests/switch`.
//!
//! `PBX_SCREENSHOTS=<folder>` (`make screenshots`) takes pictures instead. Without Chromium, node or the packages
//! of `tests/browser` everything is ignored and says why; `PBX_REQUIRE_CHROMIUM=1` turns that into a failure.

mod double;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use double::Standin;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::{Value, json};

fn main() -> ExitCode {
    if let Some(ended) = double::program() {
        return ended;
    }
    let mut arguments = Arguments::from_args();
    // A page is looked at by a whole browser, which has work for two cores.
    arguments.test_threads = Some(1);
    // Pictures of an earlier run explain nothing.
    let _ = std::fs::remove_dir_all(failed_folder());
    let trials = pages().into_iter().map(|name| {
        let page = name.clone();
        Trial::ignorable_test(name, move || play(&page))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Where pictures of what failed go: a failure's text names them.
fn failed_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages-that-failed")
}

fn browser_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

/// The pages' names, in order: those of the files.
fn pages() -> Vec<String> {
    let folder = std::fs::read_dir(browser_folder().join("pages")).expect("the folder of the pages");
    let mut names: Vec<String> = folder
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".mjs")?.to_owned()))
        .collect();
    names.sort();
    names
}

fn play(page: &str) -> Result<Completion, Failed> {
    let chromium = match chromium() {
        Ok(chromium) => chromium,
        Err(reason) if std::env::var("PBX_REQUIRE_CHROMIUM").is_ok_and(|value| value == "1") => {
            return Err(reason.into());
        }
        Err(reason) => return Ok(Completion::ignored_with(reason)),
    };
    Stage::start(&chromium).play(page)?;
    Ok(Completion::Completed)
}

/// The browser.
///
/// # Errors
/// What is missing, and how to come by it.
fn chromium() -> Result<PathBuf, String> {
    let found = |name: &str| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    };
    let (Some(chromium), Some(_)) = (found("chromium"), found("node")) else {
        return Err("no chromium or node found; Debian: apt install chromium nodejs npm".to_owned());
    };
    for package in ["playwright-core", "axe-core"] {
        if !browser_folder().join("node_modules").join(package).is_dir() {
            return Err("tests/browser is not set up: npm ci --prefix tests/browser".to_owned());
        }
    }
    Ok(chromium)
}

/// A PBX in the stand-in host, and a browser that looks at it: for one page, so that no other's data is in its way.
struct Stage {
    node: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    _host: Standin,
}

impl Stage {
    fn start(chromium: &Path) -> Self {
        let host = Standin::start(&[]);
        let mut node = Command::new("node")
            .arg("pages.mjs")
            .current_dir(browser_folder())
            .env("CHROMIUM", chromium)
            .env("PBX_ORIGIN", format!("http://{}", host.web[0]))
            .env("PBX_SOCKET", host.socket())
            .env("PBX_FAILED", failed_folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        Self {
            to: node.stdin.take().expect("piped"),
            from: BufReader::new(node.stdout.take().expect("piped")),
            node,
            _host: host,
        }
    }

    fn play(&mut self, page: &str) -> Result<(), Failed> {
        writeln!(self.to, "{}", json!({"page": page})).map_err(|error| format!("node: {error}"))?;
        let mut line = String::new();
        self.from
            .read_line(&mut line)
            .map_err(|error| format!("node: {error}"))?;
        let answer: Value = serde_json::from_str(&line).map_err(|_| format!("node said {line:?}"))?;
        match answer["error"].as_str() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // It ends when nobody writes to it any more, and the browser with it.
        let _ = writeln!(self.to, "{}", json!({"page": null}));
        let _ = self.node.wait();
    }
}
