//! `pbx schedule`, holidays out of files, and the code that switches a schedule.

use serde_json::json;

use crate::support::Desk;

/// 1001 may switch the schedule `office` by *281; 1002 may not.
fn office() -> Desk {
    let desk = Desk::small();
    desk.ok("extension add 1002 --user bob --name Bob --line");
    desk.ok(
        "schedule add office --hours 'mon-fri 8:00-17:00' --time-zone Europe/Berlin --code 1 --keys 1001",
    );
    desk
}

fn dialled(desk: &Desk, number: &str, more: &str) -> String {
    desk.say(&format!(
        "lookup dialplan Hunt-Context=pbx.test Hunt-Destination-Number={number} {more}"
    ))
}

fn told(desk: &Desk, wish: &str) -> String {
    desk.say(&format!(
        "lookup dialplan Hunt-Context=pbx_granted Hunt-Destination-Number={wish} \
         variable_pbx_identity=1001@pbx.test variable_pbx_hops=1"
    ))
}

#[test]
fn a_schedule_is_made_changed_and_taken_back() {
    let desk = office();
    let shown = desk.json("schedule show office");
    assert_eq!(shown["hours"], "mon-fri 08:00-17:00");
    assert_eq!(
        (&shown["override"], &shown["keys"]),
        (&json!("off"), &json!(["1001"]))
    );
    desk.ok("schedule set office --hours always --add-holiday '2099-12-24 Eve' --add-holiday '*-12-25 Christmas Day'");
    let shown = desk.json("schedule show office");
    assert_eq!(
        shown["holidays"][0],
        json!({"day": "*-12-25", "name": "Christmas Day"})
    );
    desk.ok("schedule set office --remove-holiday *-12-25");
    assert_eq!(
        desk.json("schedule show office")["holidays"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(
        desk.ok("schedule override office closed")
            .contains("closed (override)")
    );
    assert_eq!(desk.json("schedule list")["schedules"][0]["open"], false);
    desk.ok(&format!("revert {}", desk.rev()));
    assert_eq!(desk.json("schedule show office")["override"], "off");
    desk.ok("schedule set office --rename front");
    desk.ok("domain set pbx.test --rename new.test --new-passwords");
    desk.ok("schedule override front open");
    assert_eq!(desk.json("schedule show front")["open"], true);
    desk.ok("schedule delete front");
    assert!(desk.refused("schedule show front").contains("pbx schedule list"));
    desk.ok(&format!("revert {}", desk.rev()));
    desk.ok("domain delete new.test --with-everything");
    desk.ok(&format!("revert {}", desk.rev()));
    assert_eq!(desk.json("schedule show front")["override"], "open");
}

#[test]
fn what_cannot_be_is_refused() {
    let desk = office();
    for (line, why) in [
        ("schedule add office --hours always", "exists already"),
        ("schedule add b --hours 'mon 8-17'", "is not hours"),
        (
            "schedule add b --hours always --time-zone Europe/Nowhere",
            "tzdata",
        ),
        (
            "schedule add b --hours always --holiday '2026-02-30 x'",
            "is not a day",
        ),
        ("schedule add b --hours always --code 1", "has the code 1"),
        ("schedule add b --hours always --code 1000", "1 to 999"),
        ("schedule add b --hours always --keys 1009", "no extension 1009"),
        (
            "schedule add b --hours always --keys 1001,x",
            "is not an extension number",
        ),
        ("schedule add 'a b' --hours always", "is not a name"),
        ("schedule set office", "nothing"),
        ("schedule set office --remove-holiday 2026-01-01", "no holiday"),
        ("schedule override office shut", "open, closed"),
        ("schedule override office off", "nothing"),
        (
            "extension delete 1001 --with-everything",
            "may switch schedule office",
        ),
        ("extension set 1001 --rename 1005", "may switch schedule office"),
    ] {
        let answer = desk.refused(line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
    desk.ok("schedule set office --keys ''");
    desk.ok("extension set 1001 --rename 1005");
}

#[test]
fn holidays_come_out_of_files_that_are_refused_as_a_whole() {
    let desk = office();
    let file = |name: &str, text: &str| {
        let path = desk.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let event = |lines: &str| format!("BEGIN:VEVENT\r\nUID:x\r\n{lines}\r\nEND:VEVENT\r\n");
    let calendar = |events: &str| format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n");
    let good = file(
        "good.ics",
        &calendar(&format!(
            "{}{}{}",
            event("SUMMARY:Eve\r\nDTSTART;VALUE=DATE:20991224"),
            event("SUMMARY:New Year\r\nDTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY"),
            event("SUMMARY:Long ago\r\nDTSTART;VALUE=DATE:19991224"),
        )),
    );
    desk.ok("schedule set office --add-holiday '2099-05-01 Ours'");
    let said = desk.ok(&format!("schedule import office {good}"));
    assert!(
        said.contains("2 holidays imported") && said.contains("1 over"),
        "{said}"
    );
    assert_eq!(
        desk.json("schedule show office")["holidays"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    desk.ok(&format!("schedule import office {good} --replace"));
    assert_eq!(
        desk.json("schedule show office")["holidays"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let timed = file(
        "timed.ics",
        &calendar(&format!(
            "{}{}",
            event("SUMMARY:Good\r\nDTSTART;VALUE=DATE:20990101"),
            event("SUMMARY:Party\r\nDTSTART:20991224T180000Z")
        )),
    );
    std::fs::write(desk.dir.path().join("binary.ics"), [0xff; 100]).unwrap();
    let binary = desk.dir.path().join("binary.ics").display().to_string();
    let database = desk.dir.path().join("pbx.db").display().to_string();
    for (path, why) in [
        (timed.as_str(), "\"Party\""),
        (&binary, "UTF-8"),
        (&database, "not an iCalendar file"),
        ("good.ics", "absolute"),
        ("/", "not an iCalendar file"),
        ("/dev/zero", "not an iCalendar file"),
        ("/nowhere.ics", "No such file"),
        (&good, "does not have"),
    ] {
        let answer = desk.refused(&format!("schedule import office {path}"));
        assert!(answer.contains(why), "{path}: {answer}");
    }
}

#[test]
fn a_phone_that_may_switches_a_schedule_and_hears_how() {
    let desk = office();
    desk.ok("schedule set office --hours always");
    let alice = "variable_pbx_identity=1001@pbx.test";
    for (data, state, tone) in [
        ("closed", false, "523);%(300,200,784"),
        ("off", true, "784);%(300,200,523"),
    ] {
        let document = dialled(&desk, "*281", alice);
        let wish = format!("schedule-1-{data}");
        assert!(
            document.contains(&format!("\"pbx_feature\" data=\"{wish} 1001@pbx.test\"")),
            "{document}"
        );
        assert!(told(&desk, &wish).contains("not-granted") || data == "off");
        desk.pbx.feature(&format!("{wish} 1001@pbx.test"));
        assert_eq!(desk.json("schedule show office")["open"], state);
        assert_eq!(
            desk.json("revisions")["revisions"][0]["actor"],
            "phone 1001@pbx.test"
        );
        let told = told(&desk, &wish);
        assert!(told.contains("name=\"granted\"") && told.contains(tone), "{told}");
    }
    let rev = desk.rev();
    for (number, more) in [("*281", "variable_pbx_identity=1002@pbx.test"), ("*282", alice)] {
        let document = dialled(&desk, number, more);
        assert!(
            document.contains("not-granted") && !document.contains("pbx_feature"),
            "{document}"
        );
    }
    let transferred = dialled(
        &desk,
        "*281",
        "variable_pbx_identity=1001@pbx.test variable_pbx_hops=1",
    );
    assert!(transferred.contains("403"), "{transferred}");
    assert!(dialled(&desk, "*28", alice).contains("404"));
    for data in [
        "schedule-1-closed 1002@pbx.test",
        "schedule-2-closed 1001@pbx.test",
        "schedule-1-shut 1001@pbx.test",
    ] {
        desk.pbx.feature(data);
    }
    assert_eq!(desk.rev(), rev);
}
