//! What holds of every answer, whatever is asked and whatever is stored.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use common::{World, domain, elements, extension, users, value};
use pbx_core::reply::Reply;
use pbx_core::store::snapshot::Domain;
use pbx_core::xml::tree::Element;
use proptest::prelude::*;

const FIELDS: [&str; 22] = [
    "action",
    "user",
    "key",
    "domain",
    "ip",
    "purpose",
    "group",
    "group_name",
    "user_type",
    "Event-Calling-Function",
    "VM-Action",
    "number_alias",
    "sip_auth_realm",
    "sip_auth_method",
    "sip_from_host",
    "sip_to_host",
    "sip_to_user",
    "Hunt-Context",
    "Hunt-Destination-Number",
    "Caller-Context",
    "variable_pbx_identity",
    "profile",
];

const WORDS: [&str; 40] = [
    "alice",
    "ALICE",
    "bob",
    "1001",
    "1002",
    "1999",
    "_all_",
    "nobody",
    "pbx.test",
    "other.test",
    "PBX.TEST",
    "pbx_lines",
    "evil.example",
    "id",
    "number-alias",
    "any",
    "sip_auth",
    "user_call",
    "voicemail-lookup",
    "message-count",
    "jsonrpc-authenticate",
    "change-password",
    "publish-vm",
    "network-list",
    "gateways",
    "voicemail_inject",
    "populate_database",
    "xml_locate_function",
    "config_sofia",
    "REGISTER",
    "INVITE",
    "alice@pbx.test",
    "alice@other.test",
    "bob@pbx.test",
    "127.0.0.1",
    "::1",
    "sofia.conf",
    "acl.conf",
    "",
    "${x}",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn asked() -> impl Strategy<Value = (String, String, Vec<(String, String)>)> {
    let section = prop::sample::select(vec![
        "directory",
        "directory",
        "dialplan",
        "configuration",
        "phrases",
    ]);
    let field = prop::sample::select(&FIELDS[..]).prop_map(str::to_owned);
    let params = prop::collection::vec((field, word()), 0..12);
    (section.prop_map(str::to_owned), word(), params)
}

/// Two domains with the same usernames and numbers; every text of one is in no other's answer.
fn two(names: [String; 2], pin: &str) -> World {
    let mut all = ["pbx.test", "other.test"]
        .into_iter()
        .zip(names)
        .map(|(name, text)| {
            let mut one = extension(name, "1001", &format!("{text} canary-of-{name}"), &["alice"]);
            one.voicemail_pin = Some(pin.into());
            let two = extension(name, "1002", "", &["bob", "1002"]);
            domain(name, [one, two])
        });
    World::new([all.next().unwrap(), all.next().unwrap()])
}

fn find<'a>(elements: &'a [Element], name: &str) -> Vec<&'a Element> {
    elements.iter().filter(|element| element.name() == name).collect()
}

/// Everything that 4.4 of the facts demands of one answer.
fn check(
    world: &World,
    section: &str,
    key_value: &str,
    params: &[(String, String)],
) -> Result<(), TestCaseError> {
    let param = |name: &str| {
        let first = params.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        first.map(|(_, value)| value.as_str())
    };
    let pairs = params.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    let reply = world.ask(section, pairs.chain([("key_value", key_value)]));
    let Reply::Document(document) = reply else {
        return Ok(());
    };
    let all = elements(&document);
    let sections = find(&all, "section");
    prop_assert_eq!(sections.len(), 1);
    prop_assert_eq!(sections[0].attribute("name"), Some(section));
    prop_assert!(!document.contains("${"), "{}", document);
    prop_assert!(!document.chars().any(char::is_control), "{:?}", document);
    let whose = match section {
        "directory" => key_value,
        "dialplan" => param("variable_pbx_identity")
            .and_then(|identity| identity.split_once('@'))
            .map_or("", |(_, domain)| domain),
        _ => return Ok(()),
    };
    if !whose.is_empty() {
        for foreign in ["pbx.test", "other.test"] {
            if !foreign.eq_ignore_ascii_case(whose) {
                let canary = document.contains(&format!("canary-of-{foreign}"));
                prop_assert!(!canary, "{} in {}: {}", foreign, whose, document);
            }
        }
    }
    if section == "directory" && !key_value.is_empty() {
        let domains = find(&all, "domain");
        prop_assert_eq!(domains.len(), 1);
        prop_assert!(
            domains[0]
                .attribute("name")
                .unwrap()
                .eq_ignore_ascii_case(key_value)
        );
        let found = users(&document);
        for user in &found {
            let hash = value(user, "params", "a1-hash").unwrap();
            prop_assert_eq!(hash.len(), 32);
            let empty = value(user, "params", "allow-empty-password");
            prop_assert_eq!(empty.as_deref(), Some("false"));
        }
        if param("key").is_some() || param("action").is_some() && param("user").is_some_and(|u| u != "_all_")
        {
            prop_assert!(found.len() <= 1, "{}", document);
        }
        if let (true, Some(name), Some(user)) = (param("key").is_some(), param("user"), found.first()) {
            let is = |attribute| {
                user.attribute(attribute)
                    .is_some_and(|v| v.eq_ignore_ascii_case(name))
            };
            prop_assert!(is("id") || is("number-alias"), "{}: {}", name, document);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1_000 } else { 100_000 }))]

    #[test]
    fn every_answer_is_one_that_may_be_given(
        (section, key_value, params) in asked(),
        names in [any::<String>(), any::<String>()],
        pin in any::<String>(),
    ) {
        check(&two(names, &pin), &section, &key_value, &params)?;
    }
}

/// A small generator of its own: a million cases are too many to shrink.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

/// 10⁶ look-ups in an optimised build, 20,000 in an unoptimised one.
#[test]
fn no_domain_ever_sees_another() {
    let world = two(["<A>".to_owned(), "'B'".to_owned()], "4711");
    let lookups = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
    let mut dice = Dice(2);
    let mut documents = 0;
    for _ in 0..lookups {
        let section = ["directory", "directory", "directory", "dialplan"][dice.below(4)];
        let key_value = ["pbx.test", "other.test", "Other.Test"][dice.below(3)];
        let mut pairs = vec![("key_value", key_value)];
        for _ in 0..dice.below(8) {
            pairs.push((FIELDS[dice.below(FIELDS.len())], WORDS[dice.below(WORDS.len())]));
        }
        // As in an event with unique headers, the last one counts (`EF_UNIQ_HEADERS`).
        pairs.reverse();
        let find = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        let whose = match section {
            "directory" => key_value,
            _ => find("variable_pbx_identity")
                .and_then(|i| i.split_once('@'))
                .map_or("", |(_, d)| d),
        };
        if let Reply::Document(document) = world.ask(section, pairs.iter().copied()) {
            documents += 1;
            for foreign in ["pbx.test", "other.test"] {
                if !foreign.eq_ignore_ascii_case(whose) {
                    assert!(
                        !document.contains(&format!("canary-of-{foreign}")),
                        "{pairs:?}: {document}"
                    );
                    assert!(
                        section == "dialplan" || !document.contains(foreign),
                        "{pairs:?}: {document}"
                    );
                }
            }
        }
    }
    assert!(documents > lookups / 4, "{documents} of {lookups}");
}

/// FreeSWITCH's parser compares each element with its siblings: the work for a document is about the sum
/// of the squares of the sibling counts.
#[test]
fn a_large_domain_costs_at_most_twice_as_much_a_user() {
    fn work(element: &Element) -> usize {
        let children: Vec<_> = element.children().collect();
        // A constant for what an element costs without siblings, in units of a comparison.
        200 + children.len() * children.len() / 2 + children.iter().map(|child| work(child)).sum::<usize>()
    }
    let per_user = |count: usize| {
        let everybody: Vec<_> = (0..count)
            .map(|n| extension("pbx.test", &format!("{}", 100_000 + n), "Somebody", &[]))
            .collect();
        let world = World::new([domain("pbx.test", everybody)]);
        let mut most = 0;
        for function in ["xml_locate_function", "populate_database"] {
            let pairs = [("key_value", "pbx.test"), ("Event-Calling-Function", function)];
            let document = world.document("directory", pairs);
            let tree = Element::parse(&document).unwrap();
            assert_eq!(users(&document).len(), count);
            most = most.max(work(&tree) / count);
        }
        most
    };
    assert!(per_user(20_000) <= 2 * per_user(1_000));
}

#[test]
fn an_empty_domain_has_a_document_for_everything() {
    let world = World::new([Domain::new("pbx.test".parse().unwrap())]);
    for function in ["xml_locate_function", "populate_database", "voicemail_inject"] {
        let pairs = [
            ("key_value", "pbx.test"),
            ("Event-Calling-Function", function),
            ("user", "_all_"),
        ];
        assert!(users(&world.document("directory", pairs)).is_empty());
        assert!(users(&world.document("directory", pairs[..2].iter().copied())).is_empty());
    }
}
