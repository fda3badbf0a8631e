use super::*;
use crate::host::FakeHost;

struct Fixed(&'static str, Vec<Required>);

impl FsapiHandler for Fixed {
    fn name(&self) -> &'static str {
        self.0
    }
    fn required(&self) -> &[Required] {
        &self.1
    }
    fn process(&self, _rq: &Request<'_>, _view: &View<'_>) -> Reply {
        Reply::Document(self.0.to_owned())
    }
}

impl Handler for Fixed {
    fn name(&self) -> &'static str {
        self.0
    }
    fn process(&self, key: &str, _rq: &Request<'_>, _view: &View<'_>) -> Option<Reply> {
        (key != "nobody").then(|| Reply::Document(format!("{} {key}", self.0)))
    }
}

fn ask(registries: &Registries, section: &str, pairs: &[(&str, &str)]) -> String {
    let host = FakeHost::default();
    let config = Config::new(&[], &host).unwrap();
    let snapshot = Snapshot::default();
    let view = View {
        presence: &crate::presence::view::View::default(),
        bans: &crate::bans::view::View::default(),
        gateways: &Default::default(),
        clients: &crate::clients::view::View::default(),
        notes: &(),
        caps: &crate::caps::view::View::default(),
        legs: &Default::default(),
        watch: None,
        snapshot: &snapshot,
        config: &config,
        sounds: &crate::prompts::Sounds::default(),
        host: &host,
    };
    let params: Vec<(String, String)> = pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    let key_value = params
        .iter()
        .find(|(n, _)| n == "key_value")
        .map_or("", |(_, v)| v.as_str());
    let rq = Request {
        section,
        tag_name: "",
        key_name: "",
        key_value,
        params: &params,
    };
    registries.answer(&rq, &view).as_text().to_owned()
}

fn fsapi(builder: &mut Builder) -> Result<(), RegistryError> {
    let event = Required::literal("hook", "login");
    let kinds = Required {
        field: "kind",
        expect: Expect::OneOf(&["a", "b"]),
    };
    let some = Required {
        field: "user",
        expect: Expect::NonEmpty,
    };
    builder.fsapi(Fixed("login-of-a-kind", vec![event, kinds, some]));
    builder.fsapi(Fixed("login", vec![event]));
    builder.section(Section::Dialplan);
    Ok(())
}

fn keys(builder: &mut Builder) -> Result<(), RegistryError> {
    let dict = builder.dict(Section::Dialplan);
    dict.literal("extensions", Arc::new(Fixed("literal", vec![])))?;
    dict.data("each domain", Fixed("data", vec![]));
    Ok(())
}

#[test]
fn the_first_handler_whose_fields_all_match_answers() {
    let registries = Registries::with(&[fsapi, keys]).unwrap();
    let a = [("hook", "LOGIN"), ("kind", "b"), ("user", "x")];
    assert_eq!(ask(&registries, "", &a), "login-of-a-kind");
    assert_eq!(ask(&registries, "", &a[..2]), "login");
    assert_eq!(ask(&registries, "", &[("hook", "login"), ("user", "x")]), "login");
    assert_eq!(ask(&registries, "", &a[1..]), crate::reply::NOT_FOUND_FRAGMENT);
}

#[test]
fn literal_keys_go_before_those_that_come_from_the_data() {
    let registries = Registries::with(&[fsapi, keys]).unwrap();
    let context = |name: &str| ask(&registries, "dialplan", &[("Caller-Context", name)]);
    assert_eq!(context("Extensions"), "literal Extensions");
    assert_eq!(context("pbx.test"), "data pbx.test");
    assert_eq!(context("nobody"), crate::reply::NOT_FOUND_FRAGMENT);
    assert_eq!(
        ask(&registries, "dialplan", &[]),
        crate::reply::NOT_FOUND_FRAGMENT
    );
}

#[test]
fn hunt_goes_before_caller() {
    let registries = Registries::with(&[fsapi, keys]).unwrap();
    let pairs = [("Caller-Context", "a.test"), ("Hunt-Context", "b.test")];
    assert_eq!(ask(&registries, "dialplan", &pairs), "data b.test");
}

#[test]
fn a_duplicate_literal_key_is_an_error_that_names_both() {
    let error = Registries::with(&[keys, keys]).err().unwrap().to_string();
    assert!(
        error.contains("dialplan") && error.contains("\"extensions\"") && error.contains("literal"),
        "{error}"
    );
}

#[test]
fn the_tables_are_listed_in_the_order_of_asking() {
    let rows = Registries::with(&[fsapi, keys]).unwrap().describe();
    let rows: Vec<_> = rows
        .iter()
        .map(|r| (r.registry, r.key.as_str(), r.handler))
        .collect();
    assert_eq!(
        rows,
        [
            ("fsapi", "hook=login kind=a|b user=…", "login-of-a-kind"),
            ("fsapi", "hook=login", "login"),
            ("fsapi", "section=dialplan", "dialplan"),
            ("dialplan", "extensions", "literal"),
            ("dialplan", "each domain", "data"),
        ]
    );
}
