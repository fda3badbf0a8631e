//! Calls out: number plans, groups with their members, routes with their gateways, who calls as whom, what was used.

use serde_json::{Value, json};

use super::{at, changed, domain, extension, made, world, wrong};
use crate::api::send;

#[test]
fn a_country_brings_its_prefixes_and_what_is_sent_counts() {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    let body =
        json!({"domain_id": one, "country_code": "49", "area_code": "30", "premium_prefixes": "900, 137"});
    let plan = made(&mut world.root, "number-plans", &body);
    assert_eq!(
        (
            &plan["national_prefix"],
            &plan["premium_prefixes"],
            &plan["is_known"]
        ),
        (&json!("0"), &json!("900 137"), &json!(true))
    );
    let again = send(&mut world.root, "POST", "number-plans", None, &body);
    assert_eq!(wrong(&again), ["domain_id"]);
    let moved = changed(
        &mut world.root,
        "number-plans",
        &plan,
        &json!({"country_code": "1"}),
    );
    assert_eq!(
        (
            &moved["national_prefix"],
            &moved["international_prefix"],
            &moved["area_code"]
        ),
        (&json!("1"), &json!("011"), &json!(""))
    );
    let same = changed(
        &mut world.root,
        "number-plans",
        &moved,
        &json!({"country_code": "1", "area_code": "212"}),
    );
    assert_eq!(same["international_prefix"], "011");
    let (path, rev) = at("number-plans", &same);
    for (change, fields) in [
        (
            json!({"country_code": "+49", "area_code": "030000000"}),
            vec!["area_code", "country_code"],
        ),
        (json!({"country_code": "049"}), vec![""]),
        (json!({"mobile_prefixes": "15 x"}), vec!["mobile_prefixes"]),
        (json!({"notify_email": "nobody"}), vec!["notify_email"]),
        (json!({"notify_url": "file:///etc/passwd"}), vec![""]),
        (json!({"domain_id": one}), vec!["domain_id"]),
    ] {
        let answer = send(&mut world.root, "PATCH", &path, rev, &change);
        assert_eq!(wrong(&answer), fields, "{change}: {answer:?}");
    }
    // A domain looks at it.
    assert_eq!(
        send(&mut world.chief, "GET", &path, None, &Value::Null).status,
        200
    );
    let refused = send(&mut world.chief, "PATCH", &path, rev, &json!({"area_code": ""}));
    assert_eq!(refused.status, 403);
}

#[test]
fn who_is_in_a_group_is_said_at_once_or_one_by_one() {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    let (first, second) = (
        extension(&mut world, "1001@one.test"),
        extension(&mut world, "1002@one.test"),
    );
    let foreign = extension(&mut world, "1001@two.test");
    let staff = json!({"name": "staff", "members": [first]});
    let staff = made(&mut world.chief, "groups", &staff);
    assert_eq!((&staff["size"], &staff["members"]), (&json!(1), &json!([first])));
    // One more by itself: the group's own row is as it was.
    let member = json!({"domain_id": one, "group_id": staff["id"], "extension_id": second});
    made(&mut world.root, "group-members", &member);
    assert_eq!(world.row("groups?q=staff")["members"], json!([first, second]));
    let less = changed(&mut world.chief, "groups", &staff, &json!({"members": [second]}));
    assert_eq!(less["members"], json!([second]));
    assert!(
        less["row_rev"].as_u64() > staff["row_rev"].as_u64(),
        "others see that it changed"
    );
    let renamed = changed(&mut world.chief, "groups", &less, &json!({"name": "sales"}));
    assert_eq!(renamed["members"], json!([second]), "what is not sent stays");
    let (path, rev) = at("groups", &renamed);
    for bad in [json!([second, second]), json!([foreign]), json!(["1001"])] {
        let answer = send(&mut world.chief, "PATCH", &path, rev, &json!({"members": bad}));
        assert_eq!(wrong(&answer), ["members"]);
    }
}

#[test]
fn a_route_has_its_gateways_in_order_each_with_its_caller_id() {
    let mut world = world();
    world
        .site
        .must("gateway add spare --proxy sip.example.net --domain one.test");
    world
        .site
        .must("gateway add foreign --proxy sip.example.org --domain two.test");
    let one = domain(&mut world, "one.test");
    let mut id = |name: &str| world.id(&format!("gateways?q={name}"));
    let (carrier, spare, foreign) = (id("carrier"), id("spare"), id("foreign"));
    let own = json!({"domain_id": one, "number": "+4930100", "name": "Example Ltd"});
    let own = made(&mut world.root, "caller-ids", &own);
    let body = json!({"domain_id": one, "name": "germany", "pattern": "+49*",
        "gateways": [{"gateway_id": carrier}, {"gateway_id": spare, "caller_id": own["id"]}]});
    let route = made(&mut world.root, "routes", &body);
    assert_eq!(route["by"], json!(["carrier", "spare"]));
    assert_eq!(
        route["gateways"][0],
        json!({"gateway_id": carrier, "caller_id": null})
    );
    assert_eq!(route["gateways"][1]["caller_id"], own["id"]);
    assert!(
        world
            .site
            .must("route show germany@one.test")
            .contains("carrier, then spare")
    );
    let used = world.row("caller-ids?q=4930100")["used_by"].clone();
    assert_eq!(
        used,
        json!([{"what": "gateway", "id": route["id"], "name": "germany by spare", "emergency": false}])
    );
    // The other way round, and one gone; what else there is stays.
    let turned = json!({"gateways": [{"gateway_id": spare}, {"gateway_id": carrier}]});
    let turned = changed(&mut world.root, "routes", &route, &turned);
    assert_eq!(
        (&turned["by"], &turned["pattern"]),
        (&json!(["spare", "carrier"]), &json!("+49*"))
    );
    assert_eq!(turned["gateways"][0]["caller_id"], Value::Null);
    let fewer = changed(
        &mut world.root,
        "routes",
        &turned,
        &json!({"gateways": [{"gateway_id": carrier}]}),
    );
    assert_eq!(fewer["by"], json!(["carrier"]));
    let same = changed(
        &mut world.root,
        "routes",
        &fewer,
        &json!({"gateways": [{"gateway_id": carrier}]}),
    );
    assert_eq!(same["row_rev"], fewer["row_rev"]);
    let (path, rev) = at("routes", &fewer);
    let nine: Vec<Value> = (0..9).map(|_| json!({"gateway_id": carrier})).collect();
    for (bad, fields) in [
        (
            json!([{"gateway_id": carrier}, {"gateway_id": carrier}]),
            vec!["gateways"],
        ),
        (json!(nine), vec!["gateways"]),
        (json!([{"gateway_id": one}]), vec!["gateways"]),
        (json!([{"gateway_id": carrier, "position": 1}]), vec!["gateways"]),
        (json!([{"gateway_id": foreign}]), vec![""]),
    ] {
        let answer = send(&mut world.root, "PATCH", &path, rev, &json!({"gateways": bad}));
        assert_eq!(wrong(&answer), fields, "{bad}: {answer:?}");
    }
}

#[test]
fn as_whom_somebody_calls_is_said_once_and_seen_at_the_number() {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    let first = extension(&mut world, "1001@one.test");
    let line = world.id(&format!("lines?domain_id={one}"));
    let mut number = |number: &str| {
        let body = json!({"domain_id": one, "number": number});
        made(&mut world.root, "caller-ids", &body)["id"].clone()
    };
    let (main, help) = (number("+4930100"), number("+4930112"));
    let body =
        json!({"domain_id": one, "extension_id": first, "caller_id": main, "emergency_caller_id": help});
    let own = made(&mut world.root, "caller-id-uses", &body);
    assert_eq!(
        (&own["who"], &own["number"], &own["emergency_number"]),
        (&json!("1001"), &json!("+4930100"), &json!("+4930112"))
    );
    made(
        &mut world.root,
        "caller-id-uses",
        &json!({"domain_id": one, "line_id": line, "caller_id": main}),
    );
    let used = |world: &mut crate::api::World, q: &str| {
        let all = world.row(&format!("caller-ids?q={q}"))["used_by"].clone();
        let name =
            |one: &Value| format!("{} {} {}", one["what"], one["name"], one["emergency"]).replace('"', "");
        let mut all: Vec<String> = all.as_array().unwrap().iter().map(name).collect();
        all.sort();
        all
    };
    assert_eq!(used(&mut world, "4930112"), ["extension 1001 true"]);
    assert_eq!(used(&mut world, "4930100").len(), 2);
    let (path, rev) = at("caller-id-uses", &own);
    let none = json!({"caller_id": null, "emergency_caller_id": null});
    assert_eq!(wrong(&send(&mut world.root, "PATCH", &path, rev, &none)), [""]);
    for body in [
        json!({"domain_id": one, "caller_id": main}),
        json!({"domain_id": one, "extension_id": first, "line_id": line, "caller_id": main}),
    ] {
        assert_eq!(
            wrong(&send(&mut world.root, "POST", "caller-id-uses", None, &body)),
            [""]
        );
    }
    // Whose number is shown costs others their name: a domain only looks.
    assert_eq!(
        send(&mut world.chief, "PATCH", &path, rev, &json!({"caller_id": help})).status,
        403
    );
    assert_eq!(
        send(&mut world.chief, "GET", &path, None, &Value::Null).json(),
        own
    );
    let gone = send(&mut world.root, "DELETE", &path, rev, &Value::Null);
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(used(&mut world, "4930112"), [""; 0]);
}

#[test]
fn a_cap_is_told_with_what_was_used_of_it_and_a_gateway_with_how_it_is() {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    let first = extension(&mut world, "1001@one.test");
    let body = json!({"domain_id": one, "extension_id": first, "per_day": 3});
    let cap = made(&mut world.root, "caps", &body);
    assert_eq!(cap["extension"], "1001");
    assert_eq!(
        cap["used"],
        json!({"concurrent": 0, "per_hour": 0, "per_day": 0, "local_per_day": 0, "national_per_day": 0,
            "mobile_per_day": 0, "international_per_day": 0, "premium_per_day": 0})
    );
    let channel = world.row(&format!("extensions?domain_id={one}&q=1001"))["channel_id"].clone();
    world.site.leg_out("leg-1", channel.as_str().unwrap(), "national");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let used = world.row("caps?q=1001")["used"].clone();
        if used["concurrent"] == 1 {
            assert_eq!(
                (&used["per_day"], &used["national_per_day"]),
                (&json!(1), &json!(1))
            );
            break;
        }
        assert!(std::time::Instant::now() < until, "{used}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let whole = made(
        &mut world.root,
        "caps",
        &json!({"domain_id": one, "per_day": 100}),
    );
    assert_eq!(
        (&whole["used"], &whole["extension"]),
        (&Value::Null, &Value::Null)
    );
    let gateway = world.row("gateways?q=carrier");
    assert!(
        ["up", "unknown"].contains(&gateway["state"].as_str().unwrap()),
        "{gateway}"
    );
    assert_eq!(gateway["calls"], 0);
    assert!(gateway["why"].is_string() && gateway.get("password").is_none());
}
