//! Lists.

use serde_json::json;

use super::{World, send};

#[test]
fn lists_are_searched_sorted_cut_and_never_injected() {
    let mut world = World::new();
    let domain = world.id("domains?q=one.test");
    for number in ["20", "100", "3000"] {
        let body = json!({"domain_id": domain, "number": number, "new_user": {"name": format!("u{number}"), "display_name": format!("U_{number} O'Neil")}});
        assert_eq!(
            send(&mut world.root, "POST", "extensions", None, &body).status,
            201
        );
    }
    let mut numbers = |query: &str| -> Vec<String> {
        let listed = world.root.ask(
            "GET",
            &format!("/api/v1/extensions?domain_id={domain}{query}"),
            "",
        );
        assert_eq!(listed.status, 200, "{query}: {listed:?}");
        let rows = listed.json()["rows"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["number"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(numbers(""), ["20", "100", "1001", "3000"], "as numbers");
    assert_eq!(numbers("&sort=-number"), ["3000", "1001", "100", "20"]);
    assert_eq!(numbers("&sort=number&size=2&page=2"), ["1001", "3000"]);
    assert_eq!(numbers("&page=9"), [""; 0]);
    assert_eq!(numbers("&q=o%27NEIL&sort=caller_id_name"), ["100", "20", "3000"]);
    assert_eq!(numbers("&q=u3000"), ["3000"], "by the person's name too");
    for nothing in ["%25", "_20", "' OR 1=1 --", "%27)%20OR%201=1%20--", "\\", "%00"] {
        let q = nothing.replace(' ', "%20").replace('\\', "%5C");
        assert_eq!(
            numbers(&format!("&q={q}")).len(),
            usize::from(nothing == "_20"),
            "{nothing}"
        );
    }
    for bad in [
        "sort=password_hash",
        "sort=number;DROP TABLE user",
        "sort=--number",
        "sort=",
        "size=0",
        "size=1001",
        "size=-1",
        "page=0",
        "page=x",
        "page=99999999999",
        "q=a&q=b",
        "nonsense=1",
        "a1=x",
        "password_hash=x",
        "enabled=1",
        "domain_id=x",
    ] {
        let path = format!("/api/v1/extensions?{}", bad.replace(' ', "%20"));
        let answer = world.root.ask("GET", &path, "");
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (400, "bad-request"),
            "{bad}: {answer:?}"
        );
    }
    let long = format!("/api/v1/users?q={}", "x".repeat(101));
    assert_eq!(world.root.ask("GET", &long, "").status, 400);
}
