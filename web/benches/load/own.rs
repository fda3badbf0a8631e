//! A site with ten thousand extensions, and what the server's threads cost.

use std::fmt::Write as _;
use std::fs;

use crate::client::Browser;
use crate::site::{PASSWORD, Site};

/// Extensions of the one domain.
pub(crate) const EXTENSIONS: u32 = 10_000;
/// The first one's number; the others follow.
pub(crate) const FIRST: u32 = 100_000;
/// People who sign in.
pub(crate) const PEOPLE: u32 = 250;

/// Made by one import.
pub(crate) fn site() -> Site {
    let site = Site::new(&[]);
    site.must("domain add pbx.test");
    let mut users = String::from("<include><domain name=\"pbx.test\">");
    for number in FIRST..FIRST + EXTENSIONS {
        write!(
            users,
            "<user id=\"{number}\"><params><param name=\"password\" value=\"qT7-xx{number}Pz2w\"/></params>\
             <variables><variable name=\"effective_caller_id_name\" value=\"{}\"/></variables></user>",
            name(number)
        )
        .unwrap();
    }
    users.push_str("</domain></include>");
    let file = site.folder.path().join("directory.xml");
    fs::write(&file, users).unwrap();
    site.must(&format!("import directory {}", file.display()));
    assert_eq!(
        site.pbx
            .store()
            .snapshot()
            .domain("pbx.test")
            .unwrap()
            .extensions()
            .count(),
        EXTENSIONS as usize
    );
    site
}

/// Names as people have them: many share a part.
fn name(number: u32) -> String {
    const GIVEN: [&str; 16] = [
        "Ada", "Boris", "Carla", "Dmitri", "Elena", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Karin",
        "Lukas", "Mira", "Nadia", "Oskar", "Paula",
    ];
    const FAMILY: [&str; 13] = [
        "Abel", "Brandt", "Conti", "Dahl", "Engel", "Fischer", "Garcia", "Hansen", "Ivanov", "Jensen",
        "Keller", "Lorenz", "Moser",
    ];
    let n = number as usize;
    format!("{} {} {}", GIVEN[n % 16], FAMILY[n / 16 % 13], n / 208)
}

/// A browser of the extension with this number, signed in.
pub(crate) fn browser(site: &Site, number: u32) -> Browser {
    site.must(&format!("user set {number} --password {PASSWORD}"));
    let mut browser = Browser::new(site.public());
    let answer = browser.sign_in(&format!("{number}@pbx.test"), PASSWORD);
    assert_eq!(answer.status, 200, "{answer:?}");
    browser
}

/// Processor time in milliseconds of the threads of this process with such names.
pub(crate) fn cpu_ms(names: &[&str]) -> f64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let ticks = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.ok()?.path().join("stat")).ok()?;
        let (before, after) = text.rsplit_once(')')?;
        let name = before.split_once('(')?.1;
        names
            .iter()
            .any(|wanted| name.starts_with(wanted))
            .then_some(())?;
        let fields: Vec<f64> = after
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|t| t.parse().ok())
            .collect();
        Some(fields.iter().sum::<f64>())
    });
    // Linux counts in USER_HZ, which is 100 on every architecture in use.
    ticks.sum::<f64>() * 10.0
}

/// Resident memory of this process in bytes.
pub(crate) fn memory() -> f64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
}
