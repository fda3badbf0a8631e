//! What the module asks of the switch, asked of the stand-in host.

use fs_standin::event::settle;
use fs_standin::ledger::{Balance, balance};
use fs_standin::lookup::Lookup;
use fs_standin::scene::Scene;
use fs_standin::{Core, Source};
use mod_pbx::entry::mod_pbx_module_interface;
use mod_pbx::host::{FreeSwitch, parameters};
use mod_pbx::xml::XmlBinding;
use pbx_core::host::Host as _;
use pbx_core::reply::Reply;
use pbx_core::request::Request;

const ACL: &str = r#"<configuration name="acl.conf" description="the operator's">
  <network-lists><list name="a&amp;b" default="deny"/></network-lists>
</configuration>
"#;

/// The stand-in, with nothing loaded.
struct Bench {
    _core: Core,
    books: Balance,
    scene: Scene,
}

impl Bench {
    fn new(configuration: &[(&str, &str)]) -> Self {
        let scene = Scene::new(configuration);
        scene.write_static("autoload_configs/acl.conf.xml", ACL);
        Self {
            _core: scene.start_with(Source::Linked(&mod_pbx_module_interface)),
            books: balance(),
            scene,
        }
    }

    /// Text, trees, streams and events that the switch lent are all given back.
    fn is_even(&self) {
        settle();
        assert_eq!(balance().difference(&self.books), [], "{}", balance());
    }
}

#[test]
fn static_files_are_read_past_our_own_answers_and_within_a_lookup() {
    let bench = Bench::new(&[]);
    let binding = XmlBinding::bind(|_: &Request<'_>| {
        let merged = FreeSwitch.static_configuration("ACL.conf").unwrap_or_default();
        Reply::Document(format!(
            "<document type=\"freeswitch/xml\"><section name=\"configuration\">{}</section></document>",
            merged.replace("the operator's", "merged"),
        ))
    })
    .expect("bound");
    let asked = Lookup {
        section: c"configuration",
        tag: Some(c"configuration"),
        key: Some(c"name"),
        value: Some(c"acl.conf"),
        params: None,
    };
    let answer = asked.run().expect("found");
    assert!(
        answer.contains("merged") && answer.contains("a&amp;b"),
        "{answer}"
    );
    let theirs = FreeSwitch.static_configuration("acl.conf").expect("found");
    assert!(
        theirs.contains("the operator") && !theirs.contains("merged"),
        "{theirs}"
    );
    assert_eq!(FreeSwitch.static_configuration("none.conf"), None);
    drop(binding);
    bench.is_even();
}

#[test]
fn a_command_answers_at_any_length_or_is_not_there() {
    let bench = Bench::new(&[]);
    let lines = FreeSwitch.api("help", "").expect("the stand-in has it");
    assert!(!lines.is_empty());
    let long = "x".repeat(5000);
    // It echoes what it does not know.
    let echoed = FreeSwitch
        .api("module_exists", &long)
        .expect("the stand-in has it");
    assert_eq!(echoed.trim(), "false");
    let unknown = FreeSwitch.api("no_such_command", "a").expect_err("there is none");
    assert!(
        unknown.contains("no_such_command") && unknown.contains("INVALID COMMAND"),
        "{unknown}"
    );
    bench.is_even();
}

#[test]
fn pbx_conf_is_read_in_order_and_anew() {
    let bench = Bench::new(&[("log-level", "info"), ("serve", "a & b")]);
    let read = parameters(c"pbx.conf");
    let names: Vec<_> = read.iter().map(|(name, _)| name.as_str()).collect();
    // The scene's own come first.
    assert_eq!(
        names,
        ["database", "web-listen", "local-listen", "log-level", "serve"]
    );
    assert_eq!(read[4].1, "a & b");
    assert_eq!(parameters(c"none.conf"), []);

    // As many as before, for the books.
    bench.scene.configure(&[("log-level", "debug"), ("serve", "all")]);
    let anew = FreeSwitch.parameters().expect("it can be read");
    assert_eq!(anew[3], ("log-level".to_owned(), "debug".to_owned()));

    bench
        .scene
        .write_static("autoload_configs/pbx.conf.xml", "<configuration name=");
    let refused = FreeSwitch.parameters().expect_err("it is broken");
    assert!(refused.starts_with("reloadxml: "), "{refused}");
    bench.is_even();
}

#[test]
fn a_variable_is_there_or_not() {
    let bench = Bench::new(&[]);
    fs_standin::set_variable("pbx_test", "grün");
    assert_eq!(FreeSwitch.variable("pbx_test").as_deref(), Some("grün"));
    assert_eq!(FreeSwitch.variable("pbx_test_2"), None);
    assert_eq!(FreeSwitch.variable("pbx\0test"), None);
    assert!(!FreeSwitch.version().is_empty());
    bench.is_even();
}
