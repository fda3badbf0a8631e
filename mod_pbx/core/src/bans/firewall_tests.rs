//! With a program in the place of `nft` that writes down what it is called with.

use std::os::unix::fs::PermissionsExt;

use super::*;

struct Kernel {
    folder: tempfile::TempDir,
    firewall: Firewall,
}

impl Kernel {
    /// A `nft` that ends as the file `end` in its folder says: a shell's lines.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("nft");
        let script =
            "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho \"$#: $*\" >> said\n[ -f end ] && . ./end\nexit 0\n";
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let firewall = Firewall::new(program);
        Self { folder, firewall }
    }

    fn end(&self, script: &str) {
        std::fs::write(self.folder.path().join("end"), script).unwrap();
    }

    /// What `nft` is called with now.
    fn follow(&mut self, setting: &str, nets: &[&str]) -> Vec<String> {
        self.firewall.look_at = Instant::now();
        let nets = nets.iter().map(|net| net.parse().unwrap()).collect();
        self.firewall.follow(setting, || nets);
        self.said()
    }

    fn said(&self) -> Vec<String> {
        let file = self.folder.path().join("said");
        let said = std::fs::read_to_string(&file).unwrap_or_default();
        let _ = std::fs::remove_file(file);
        said.lines().map(str::to_owned).collect()
    }
}

const SET: &str = "inet filter banned";

#[test]
fn nothing_is_run_while_it_is_off() {
    let mut kernel = Kernel::new();
    assert!(kernel.follow("", &["192.0.2.1"]).is_empty());
    kernel.firewall.stop();
    assert!(kernel.said().is_empty());
}

#[test]
fn the_set_follows_the_bans() {
    let mut kernel = Kernel::new();
    let emptied = [
        "5: flush set inet filter banned6",
        "5: flush set inet filter banned",
    ];
    assert_eq!(
        kernel.follow(SET, &["192.0.2.1"]),
        [
            emptied[0],
            emptied[1],
            "6: add element inet filter banned { 192.0.2.1 }"
        ]
    );
    assert!(kernel.follow(SET, &["192.0.2.1"]).is_empty());
    assert_eq!(
        kernel.follow(SET, &["2001:db8::/64"]),
        [
            "6: delete element inet filter banned { 192.0.2.1 }",
            "6: add element inet filter banned6 { 2001:db8::/64 }"
        ]
    );
    // Somebody may have loaded the rules afresh.
    kernel.firewall.anew_at = Instant::now();
    assert_eq!(
        kernel.follow(SET, &["2001:db8::/64"]),
        ["6: add element inet filter banned6 { 2001:db8::/64 }"]
    );
    kernel.firewall.stop();
    assert_eq!(kernel.said(), emptied);
}

#[test]
fn many_addresses_are_added_in_parts() {
    let mut kernel = Kernel::new();
    let nets: Vec<String> = (0..600)
        .map(|n| format!("10.0.{}.{}", n / 250, n % 250))
        .collect();
    let nets: Vec<&str> = nets.iter().map(String::as_str).collect();
    let said = kernel.follow(SET, &nets);
    let added: usize = said.iter().map(|line| line.matches("10.0.").count()).sum();
    assert_eq!((said.len(), added), (5, 600));
}

#[test]
fn a_set_that_is_left_is_emptied() {
    let mut kernel = Kernel::new();
    kernel.follow(SET, &["192.0.2.1"]);
    let said = kernel.follow("ip pbx other", &["192.0.2.1"]);
    assert_eq!(said[1], "5: flush set inet filter banned");
    assert_eq!(said[4], "6: add element ip pbx other { 192.0.2.1 }");
    let said = kernel.follow("", &[]);
    assert_eq!(said, ["5: flush set ip pbx other6", "5: flush set ip pbx other"]);
    assert!(kernel.follow("", &[]).is_empty());
}

#[test]
fn a_failure_is_told_and_mended() {
    let mut kernel = Kernel::new();
    kernel.end("echo 'Error: No such file or directory' >&2; exit 1\n");
    assert!(!kernel.follow(SET, &["192.0.2.1"]).is_empty());
    let trouble = kernel.firewall.trouble().unwrap();
    assert!(
        trouble.contains("nft flush set inet filter banned: Error: No such file or directory"),
        "{trouble}"
    );
    // A set with a typing error in its name holds nothing back.
    kernel.end("exit 0\n");
    assert_eq!(kernel.follow("inet filter right", &["192.0.2.1"]).len(), 3);
    assert_eq!(kernel.firewall.trouble(), None);
    // Somebody else emptied it: what is to go is not there.
    kernel.end("[ \"$1\" = delete ] && exit 1\n");
    let said = kernel.follow("inet filter right", &["192.0.2.2"]);
    assert_eq!(said.len(), 4, "{said:?}");
    assert_eq!(said[3], "6: add element inet filter right { 192.0.2.2 }");
    assert_eq!(kernel.firewall.trouble(), None);
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let mut firewall = Firewall::new("/nowhere/nft");
    firewall.follow(SET, HashSet::new);
    assert!(firewall.trouble().unwrap().contains("/nowhere/nft cannot be run"));
}

#[test]
fn a_program_that_hangs_is_ended() {
    let mut kernel = Kernel::new();
    kernel.end("exec sleep 60\n");
    let begun = Instant::now();
    let mut child = Command::new(&kernel.firewall.program).spawn().unwrap();
    assert_eq!(finish(&mut child), Err("no end after 5 s".to_owned()));
    assert!(begun.elapsed() < Duration::from_secs(8));
    assert!(kernel.follow("", &[]).len() == 1);
}
