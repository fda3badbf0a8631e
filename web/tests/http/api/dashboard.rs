//! How it all is.

use serde_json::{Value, json};

use super::{World, send};

#[test]
fn the_dashboard_tells_the_whole_to_administrators_and_a_domain_to_its_own() {
    let mut world = World::new();
    let all = send(&mut world.root, "GET", "dashboard", None, &Value::Null).json();
    assert_eq!(
        (
            &all["domains"],
            &all["extensions"]["total"],
            &all["extensions"]["offline"]
        ),
        (&json!(2), &json!(2), &json!(2))
    );
    assert_eq!(
        (&all["sessions"], &all["calls"], &all["bans"]),
        (&json!(3), &json!(0), &json!(0))
    );
    assert!(
        all["disk"]["free_bytes"].as_u64() > Some(0)
            && all["disk"]["total_bytes"].as_u64() > all["disk"]["free_bytes"].as_u64()
    );
    // The same warnings as the command's.
    let said: Value = serde_json::from_str(&world.site.must("status json")).unwrap();
    let texts: Vec<&Value> = all["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| &warning["text"])
        .collect();
    assert_eq!(
        texts,
        said["warnings"].as_array().unwrap().iter().collect::<Vec<_>>()
    );
    let own = send(&mut world.chief, "GET", "dashboard", None, &Value::Null).json();
    assert_eq!(
        (&own["domains"], &own["extensions"]["total"]),
        (&json!(1), &json!(1))
    );
    for whole in [
        "warnings", "disk", "backup", "sessions", "calls", "lookups", "mail", "revision",
    ] {
        assert_eq!(own[whole], Value::Null, "{whole}");
    }
    assert_eq!(
        send(&mut world.user, "GET", "dashboard", None, &Value::Null).status,
        403
    );
}
