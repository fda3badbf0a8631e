//! `deploy/deb/pbx-modules`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Failed;

use crate::{must, repository, run, said};

const LINE: &str = "    <load module=\"mod_pbx\"/><!-- pbx-modules -->\n";

/// As FreeSWITCH's own configuration has it: what is in comments loads nothing.
const USUAL: &str = "<configuration name=\"modules.conf\">\n  <modules>\n    <!-- <load module=\"mod_sofia\"/> not this -->\n    \
<!--\n    <load module=\"mod_verto\"/>\n    <load module=\"mod_pbx\"/>\n    -->\n    <load module=\"mod_console\"/>\n    \
<load module='mod_voicemail'/>\n    <load module=\"mod_sofia\"/>\n  </modules>\n</configuration>\n";

fn script(what: &str, list: &Path) -> Command {
    let mut command = Command::new(repository().join("deploy/deb/pbx-modules"));
    command.arg(what).arg(list);
    command
}

fn list(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let list = folder.path().join("modules.conf.xml");
    fs::write(&list, text).unwrap();
    list
}

pub(crate) fn written() -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let file = list(&folder, USUAL);
    assert!(!run(&mut script("show", &file)).status.success());
    must(&mut script("add", &file));
    let first = "    <load module='mod_voicemail'/>\n";
    let wanted = USUAL.replace(first, &format!("{LINE}{first}"));
    assert_eq!(fs::read_to_string(&file).unwrap(), wanted);
    assert_eq!(
        fs::read_to_string(folder.path().join("modules.conf.xml.before-pbx")).unwrap(),
        USUAL
    );
    assert!(must(&mut script("show", &file)).contains("line 9 "));
    // Twice is once, and back is back.
    must(&mut script("add", &file));
    assert_eq!(fs::read_to_string(&file).unwrap(), wanted);
    must(&mut script("remove", &file));
    assert_eq!(fs::read_to_string(&file).unwrap(), USUAL);
    must(&mut script("remove", &file));
    // Without any module that is answered it is the last.
    let file = list(&folder, "<modules>\n</modules>\n");
    must(&mut script("add", &file));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        format!("<modules>\n{LINE}</modules>\n")
    );
    // Ours has it.
    let own = repository().join("deploy/switch/autoload_configs/modules.conf.xml");
    let own = list(&folder, &fs::read_to_string(own).unwrap());
    assert!(must(&mut script("add", &own)).contains("already"));
    Ok(())
}

pub(crate) fn refused() -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    for (what, text) in [
        // Too late; no list; the line before would be in a comment; somebody else's line.
        (
            "add",
            "<modules>\n<load module=\"mod_sofia\"/>\n<load module=\"mod_pbx\"/>\n</modules>\n",
        ),
        ("add", "<configuration/>\n"),
        (
            "add",
            "<modules>\n<!-- a\n --> <load module=\"mod_sofia\"/>\n</modules>\n",
        ),
        ("remove", "<modules>\n<load module=\"mod_pbx\"/>\n</modules>\n"),
    ] {
        let file = list(&folder, text);
        let output = run(&mut script(what, &file));
        assert!(!output.status.success(), "{text}: {}", said(&output));
        assert!(!output.stderr.is_empty());
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }
    assert!(
        !run(&mut script("add", Path::new("/nonexistent")))
            .status
            .success()
    );
    assert!(!run(&mut script("more", &list(&folder, USUAL))).status.success());
    Ok(())
}
