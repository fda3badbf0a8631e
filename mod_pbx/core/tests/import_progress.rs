//! An import says how far it is, in the log and in `pbx status`. A test binary of its own: the log's sink is
//! one for the whole process.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "commands/support.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of the commands, which use all of it"
)]
mod support;

use std::sync::{Arc, Mutex, OnceLock};

use pbx_core::pbx::Pbx;
use support::Desk;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

/// Asks for the status whenever something is logged, on the thread that logs it.
struct Sink;

static PBX: OnceLock<Arc<Pbx>> = OnceLock::new();
static SEEN: Mutex<Vec<(String, serde_json::Value)>> = Mutex::new(Vec::new());

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl Subscriber for Sink {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        if !text.0.starts_with("import of") {
            return;
        }
        let mut status = String::new();
        if let Some(pbx) = PBX.get() {
            pbx.command("status json", &mut |answer| status.push_str(answer));
        }
        SEEN.lock()
            .unwrap()
            .push((text.0, serde_json::from_str(&status).unwrap()));
    }
}

#[test]
fn progress_is_logged_and_shown() {
    let desk = Desk::new();
    assert!(PBX.set(Arc::clone(&desk.pbx)).is_ok());
    tracing::subscriber::set_global_default(Sink).unwrap();
    let users: String = (0..50).map(|n| format!("<user id=\"{}\"/>", 1000 + n)).collect();
    let file = desk.dir.path().join("d.xml");
    std::fs::write(&file, format!("<domain name=\"pbx.test\">{users}</domain>")).unwrap();
    desk.ok(&format!("import directory {}", file.display()));

    let seen = SEEN.lock().unwrap();
    let percents: Vec<u64> = seen
        .iter()
        .filter_map(|(_, status)| status["running"]["percent"].as_u64())
        .collect();
    assert!(
        percents.is_sorted() && percents.first() == Some(&0) && percents.last() == Some(&100),
        "{percents:?}"
    );
    assert!(
        percents.len() >= 8,
        "every tenth at least while users are decided: {percents:?}"
    );
    for (text, status) in &seen[..seen.len() - 1] {
        assert!(text.contains(&file.display().to_string()), "{text}");
        let percent = status["running"]["percent"].as_u64().unwrap();
        assert!(
            percent == 0 || text.ends_with(&format!("{percent} %")),
            "{text} {status}"
        );
        assert_eq!(status["running"]["task"], format!("import of {}", file.display()));
    }
    assert!(seen[seen.len() - 1].0.ends_with("over"));
    assert_eq!(desk.json("status")["running"], serde_json::Value::Null);
}
