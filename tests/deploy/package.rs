//! `deploy/deb`, installed, upgraded, removed and purged.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::root::{MODULES, Root, package};
use crate::{must, repository, run, said};

const NAME: &str = "freeswitch-mod-pbx";
const CONF: &str = "etc/freeswitch/autoload_configs/pbx.conf.xml";
const LIST: &str = "etc/freeswitch/autoload_configs/modules.conf.xml";
const DATABASE: &str = "var/lib/freeswitch/storage/pbx/pbx.db";

pub(crate) fn files() {
    let root = Root::with_switch();
    let before = root.read(LIST);
    root.must(&["--install", package("0.1.0")]);
    let status = root.must(&["--status", NAME]);
    assert!(status.contains("Status: install ok installed"), "{status}");
    assert!(status.contains(&format!("Conffiles:\n /{CONF} ")), "{status}");
    // Every file is as it was packed.
    assert_eq!(root.must(&["--verify", NAME]), "");
    let module = fs::read(root.path("usr/lib/freeswitch/mod/mod_pbx.so")).unwrap();
    assert!(module.starts_with(b"\x7fELF"));
    assert_eq!(
        root.read(LIST),
        before,
        "the switch's own list of modules is not ours"
    );
    let folder = "/usr/share/freeswitch-mod-pbx/sounds";
    for conf in [
        CONF,
        "usr/share/freeswitch/conf/pbx/autoload_configs/pbx.conf.xml",
    ] {
        assert!(
            root.read(conf)
                .contains(&format!("name=\"sounds\" value=\"{folder}\"")),
            "{conf}"
        );
    }
    let texts = fs::read_to_string(repository().join("deploy/prompts/en.txt")).unwrap();
    let names = texts
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name);
    let mut sounds = 0;
    for name in names.filter(|name| !name.starts_with('#')) {
        let file = fs::read(root.path(&format!("{}/{name}.wav", &folder[1..])));
        assert!(file.is_ok_and(|bytes| bytes.starts_with(b"RIFF")), "{name}");
        sounds += 1;
    }
    assert!(sounds > 50, "{sounds}");
    let unit = root.read("usr/lib/systemd/system/freeswitch.service.d/50-pbx.conf");
    assert_eq!(
        unit,
        fs::read_to_string(repository().join("deploy/systemd/freeswitch.conf")).unwrap()
    );
    for example in [
        "nginx/pbx.conf",
        "prometheus/rules.yml",
        "prometheus/scrape.yml",
        "grafana/pbx.json",
    ] {
        assert!(
            root.path(&format!("usr/share/doc/{NAME}/examples/{example}"))
                .is_file(),
            "{example}"
        );
    }
}

/// Were ours unpacked first, the switch's package would find a configuration and bring none of its own.
pub(crate) fn waits() {
    let root = Root::empty();
    let output = root.dpkg(&["--install", package("0.1.0")]);
    assert!(!output.status.success());
    assert!(said(&output).contains("pre-dependency"), "{}", said(&output));
    assert!(!root.path("etc").exists());
    let root = Root::with_switch();
    root.must(&["--install", package("0.1.0")]);
    assert_eq!(root.read(LIST), MODULES);
}

pub(crate) fn upgrade() {
    let root = Root::with_switch();
    root.must(&["--install", package("0.1.0")]);
    let own = root.read(CONF).replace(
        "name=\"public-url\" value=\"\"",
        "name=\"public-url\" value=\"https://pbx.acme.test\"",
    );
    assert_ne!(own, root.read(CONF));
    fs::write(root.path(CONF), &own).unwrap();
    // Nobody is there to be asked, and nobody has to be: the file itself is the same in both.
    let told = root.must(&["--install", package("0.2.0")]);
    assert!(told.contains("next start"), "{told}");
    assert_eq!(root.read(CONF), own);
    assert!(root.must(&["--status", NAME]).contains("Version: 0.2.0"));
    // One whose file differs: dpkg's own rules, here as unattended upgrades have them.
    let work = tempfile::tempdir().unwrap();
    let (tree, file) = (work.path().join("tree"), work.path().join("other.deb"));
    must(
        Command::new("dpkg-deb")
            .arg("-R")
            .arg(package("0.2.0"))
            .arg(&tree),
    );
    let shipped = fs::read_to_string(tree.join(CONF)).unwrap() + "<!-- more -->\n";
    fs::write(tree.join(CONF), &shipped).unwrap();
    let control = fs::read_to_string(tree.join("DEBIAN/control")).unwrap();
    fs::write(
        tree.join("DEBIAN/control"),
        control.replace("Version: 0.2.0", "Version: 0.3.0"),
    )
    .unwrap();
    must(
        Command::new("dpkg-deb")
            .args(["--root-owner-group", "-Znone", "-b"])
            .arg(&tree)
            .arg(&file),
    );
    root.must(&[
        "--force-confdef",
        "--force-confold",
        "--install",
        file.to_str().unwrap(),
    ]);
    assert_eq!(root.read(CONF), own);
    assert_eq!(root.read(&format!("{CONF}.dpkg-dist")), shipped);
}

pub(crate) fn purge() {
    let root = Root::with_switch();
    let before = root.everything();
    let switch = root.read(LIST);
    root.must(&["--install", package("0.1.0")]);
    // What runs and who runs it make the rest.
    fs::create_dir_all(root.path("var/lib/freeswitch/storage/pbx/backups")).unwrap();
    for file in [
        DATABASE,
        "var/lib/freeswitch/storage/pbx/pbx.key",
        "var/lib/freeswitch/storage/pbx/backups/1.db",
    ] {
        fs::write(root.path(file), "ours").unwrap();
    }
    let recording = "var/lib/freeswitch/storage/voicemail/message.wav";
    fs::write(root.path(recording), "theirs").unwrap();
    let list = root.path(LIST);
    must(
        Command::new(root.path("usr/sbin/pbx-modules"))
            .arg("add")
            .arg(&list),
    );
    assert_ne!(root.read(LIST), switch);

    root.must(&["--remove", NAME]);
    assert!(root.path(CONF).is_file() && root.path(DATABASE).is_file());
    assert!(!root.path("usr/lib/freeswitch/mod/mod_pbx.so").exists());
    // Back, and all is there.
    root.must(&["--install", package("0.1.0")]);
    assert!(root.path(DATABASE).is_file());

    root.must(&["--purge", NAME]);
    assert_eq!(root.read(LIST), switch);
    let mut after = root.everything();
    assert!(after.remove(Path::new(recording)), "voicemail is the switch's");
    assert_eq!(after, before);
    assert!(
        !run(Command::new("grep")
            .args(["-rl", NAME])
            .arg(root.path("var/lib/dpkg/status")))
        .status
        .success()
    );
}

pub(crate) fn lintian() {
    let output = run(Command::new("lintian")
        .args(["--tag-display-limit", "0", "--fail-on", "error"])
        .arg(package("0.1.0")));
    assert!(output.status.success(), "{}", said(&output));
}
