//! `deploy/systemd/freeswitch.conf`.

use std::fs;
use std::process::Command;

use libtest_mimic::Failed;

use crate::{must, repository, run, said};

/// What counts of the unit in FreeSWITCH's Debian package: it starts as root, gives folders to the switch's user,
/// and asks for real-time priority.
const UNIT: &str = "[Unit]\nDescription=freeswitch\n\n[Service]\nType=forking\nPIDFile=/run/freeswitch/freeswitch.pid\n\
ExecStartPre=/bin/true\nExecStart=/bin/true\nCPUSchedulingPolicy=rr\nCPUSchedulingPriority=89\nLimitRTPRIO=infinity\n\
LimitRTTIME=infinity\nUMask=0007\n\n[Install]\nWantedBy=multi-user.target\n";

fn drop_in() -> String {
    fs::read_to_string(repository().join("deploy/systemd/freeswitch.conf")).unwrap()
}

/// The values of a setting, in their order.
fn values(text: &str, name: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.split_once('='));
    lines
        .filter(|(known, _)| *known == name)
        .flat_map(|(_, value)| value.split(' ').map(str::to_owned))
        .collect()
}

pub(crate) fn audio() -> Result<(), Failed> {
    let text = drop_in();
    assert_eq!(values(&text, "RestrictRealtime"), ["no"]);
    assert_eq!(values(&text, "LimitRTPRIO"), ["infinity"]);
    for not in [
        "CPUSchedulingPolicy",
        "CPUQuota",
        "User",
        "NoNewPrivileges",
        "MemoryDenyWriteExecute",
        "PrivateDevices",
        "ProtectClock",
    ] {
        assert!(values(&text, not).is_empty(), "{not}");
    }
    let kept = values(&text, "CapabilityBoundingSet");
    for capability in [
        "CAP_SYS_NICE",
        "CAP_SETUID",
        "CAP_SETGID",
        "CAP_CHOWN",
        "CAP_NET_BIND_SERVICE",
        "CAP_SYS_RESOURCE",
    ] {
        assert!(kept.iter().any(|known| known == capability), "{capability}");
    }
    for capability in [
        "CAP_SYS_ADMIN",
        "CAP_SYS_PTRACE",
        "CAP_SYS_MODULE",
        "CAP_SYS_TIME",
        "CAP_SYS_BOOT",
    ] {
        assert!(!kept.iter().any(|known| known == capability), "{capability}");
    }
    // The unit's ExecStartPre gives these to the switch's user: read-only, the switch would not start.
    let writable = values(&text, "ReadWritePaths");
    for folder in ["-/etc/freeswitch", "-/usr/share/freeswitch"] {
        assert!(writable.iter().any(|known| known == folder), "{folder}");
    }
    Ok(())
}

pub(crate) fn systemd_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("freeswitch.service");
    let read = |more: &str| {
        // A drop-in is what follows the unit.
        fs::write(&unit, format!("{UNIT}\n{}\n{more}", drop_in())).unwrap();
        let mut verify = Command::new("systemd-analyze");
        verify
            .args(["verify", "--man=no", "--recursive-errors=no"])
            .arg(&unit);
        said(&run(&mut verify))
    };
    let complaints = read("");
    assert!(!complaints.contains("freeswitch.service"), "{complaints}");
    assert!(
        read("ProtectEverything=yes\n").contains("ProtectEverything"),
        "it tells mistakes"
    );
    // What is taken away counts: the unit alone is unsafe by systemd's own measure.
    let mut judge = Command::new("systemd-analyze");
    judge
        .args(["security", "--offline=true", "--no-pager"])
        .arg(&unit);
    fs::write(&unit, format!("{UNIT}\n{}", drop_in())).unwrap();
    let with = exposure(&must(&mut judge));
    fs::write(&unit, UNIT).unwrap();
    let without = exposure(&must(&mut judge));
    assert!(with + 2.0 < without, "{with} against {without}");
}

/// The last line: `→ Overall exposure level for freeswitch.service: 5.8 MEDIUM`.
fn exposure(report: &str) -> f64 {
    let words: Vec<&str> = report.split_whitespace().collect();
    let place = words
        .iter()
        .rposition(|word| *word == "freeswitch.service:")
        .unwrap_or_else(|| panic!("{report}"));
    words[place + 1].parse().unwrap()
}
