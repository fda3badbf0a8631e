//! Lines: made, seen, revoked; and what phones fetch.

use serde_json::{Value, json};

use super::{browser_of, channel, is, newest, refused, site};
use crate::client::{Answer, Browser, ask};
use crate::site::Site;

fn own(browser: &mut Browser) -> Value {
    let answer = browser.ask("GET", "/api/me/lines", "");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn names(all: &Value) -> Vec<&str> {
    let lines = all["lines"].as_array().unwrap().iter();
    lines.map(|line| line["username"].as_str().unwrap()).collect()
}

fn add(browser: &mut Browser, body: &Value) -> Answer {
    browser.ask("POST", "/api/me/lines", &body.to_string())
}

/// The id of a line that whoever is signed in sees.
fn id(browser: &mut Browser, username: &str) -> String {
    let all = own(browser);
    let mut lines = all["lines"].as_array().unwrap().iter();
    let line = lines
        .find(|line| line["username"] == username)
        .expect("it is seen");
    line["id"].as_str().unwrap().to_owned()
}

/// What the switch is asked when a phone of this line registers.
fn hash(site: &Site, username: &str) -> String {
    site.must(&format!(
        "lookup directory key_value=pbx.test user={username} domain=pbx.test action=sip_auth sip_auth_method=REGISTER"
    ))
}

#[test]
fn a_line_is_made_with_a_name_and_password_of_ones_own() {
    let site = site();
    site.must("setting set sip-address 192.0.2.7");
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    let made = add(
        &mut alice,
        &json!({"channel": channel, "username": "Alice-Desk", "password": "kT8!vqPz2w"}),
    );
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.json();
    assert_eq!(
        made["phone"],
        json!({"username": "alice-desk", "domain": "pbx.test", "password": "kT8!vqPz2w", "server": "192.0.2.7",
               "external_server": null, "port": 5060, "tls_port": null})
    );
    assert_eq!(made["generated"], false);
    let a1 = pbx_core::secret::a1_hex("alice-desk", "pbx.test", "kT8!vqPz2w");
    assert!(hash(&site, "alice-desk").contains(&a1), "the switch takes it");
    assert_eq!(
        newest(&site),
        (
            "alice@pbx.test".to_owned(),
            "line alice-desk@pbx.test added to extension 1001".to_owned()
        )
    );
    assert!(names(&own(&mut alice)).contains(&"alice-desk"));
    assert!(
        !own(&mut alice).to_string().contains("kT8!vqPz2w"),
        "it is shown once"
    );
    assert!(!site.must("revisions json").contains("kT8!vqPz2w"));
}

#[test]
fn what_is_left_out_is_made_up() {
    let site = site();
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    // The extension came with a line that has its person's name, or not: names made up are free ones.
    let mut seen: Vec<String> = names(&own(&mut alice)).into_iter().map(str::to_owned).collect();
    for _ in 0..3 {
        let made = add(&mut alice, &json!({"channel": channel}));
        assert_eq!(made.status, 201, "{made:?}");
        let made = made.json();
        assert_eq!(made["generated"], true);
        let text = |name: &str| made["phone"][name].as_str().unwrap().to_owned();
        let (username, password) = (text("username"), text("password"));
        assert!(
            username.starts_with("alice") && !seen.contains(&username),
            "{username}: {seen:?}"
        );
        assert!(password.len() == 16 && password.bytes().all(|b| b.is_ascii_digit()));
        let a1 = pbx_core::secret::a1_hex(&username, "pbx.test", &password);
        assert!(hash(&site, &username).contains(&a1));
        seen.push(username);
    }
}

#[test]
fn what_is_no_good_is_refused_with_what_to_do() {
    let site = site();
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    for (username, password, why) in [
        ("alice-x", "kT8!vq", "too short"),
        ("alice-x", "93847561023", "12 if it is digits only"),
        ("alice-x", "alice-x123", "username"),
        ("alice-x", "123456789012", "sequence"),
        ("alice-x", "password1234", "tries first"),
        ("a", "kT8!vqPz2w", "is not a username"),
        ("al ice", "kT8!vqPz2w", "is not a username"),
        ("${x}", "kT8!vqPz2w", "is not a username"),
        ("1002", "kT8!vqPz2w", "1002"),
    ] {
        let body = json!({"channel": channel, "username": username, "password": password});
        let answer = add(&mut alice, &body);
        refused(
            &answer,
            if password == "kT8!vqPz2w" {
                "name"
            } else {
                "password"
            },
        );
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(why), "{username} {password}: {detail}");
        assert!(!detail.contains(password), "{detail}");
    }
    assert_eq!(names(&own(&mut alice)).len(), 1, "nothing was half written");
}

/// The tenth is counted; those of a name that is taken, too.
#[test]
fn an_extension_has_so_many_lines_and_a_person_makes_so_many_a_minute() {
    let site = site();
    site.must("setting set lines-per-extension 3");
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    let body = json!({"channel": channel});
    // At once, so that the last place is taken by one of them alone.
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let work: Vec<_> = (0..5)
            .map(|_| {
                let (mut alice, body) = (alice.clone(), body.clone());
                scope.spawn(move || add(&mut alice, &body).status)
            })
            .collect();
        work.into_iter().map(|work| work.join().unwrap()).collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        2,
        "{statuses:?}"
    );
    let answer = add(&mut alice, &body);
    is(&answer, 409, "full");
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("no more than 3"),
        "{answer:?}"
    );
    site.must("setting delete lines-per-extension");
    let taken = names(&own(&mut alice))[0].to_owned();
    let body = json!({"channel": channel, "username": taken, "password": "kT8!vqPz2w"});
    let answers: Vec<Answer> = (0..5).map(|_| add(&mut alice, &body)).collect();
    refused(&answers[0], "name");
    is(&answers[4], 429, "too-often");
}

#[test]
fn phones_are_seen_and_gone_when_their_line_is_revoked() {
    let site = site();
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    assert_eq!(
        add(&mut alice, &json!({"channel": channel, "username": "alice-lab"})).status,
        201
    );
    site.register("alice-lab");
    let line = |all: &Value| {
        let mut lines = all["lines"].as_array().unwrap().iter();
        lines
            .find(|line| line["username"] == "alice-lab")
            .cloned()
            .unwrap()
    };
    let seen = (0..500).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        Some(line(&own(&mut alice))).filter(|line| line["state"] == "online")
    });
    let seen = seen.expect("it is online at last");
    let one = &seen["registrations"][0];
    assert_eq!(
        (&one["address"], &one["agent"]),
        (&json!("127.0.0.1:5070"), &json!("a test"))
    );
    let at = |name: &str| one[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let now = jiff::Timestamp::now();
    assert!(at("since") <= now && now < at("expires"), "{one}");
    site.commanded("sofia profile");
    let path = format!("/api/me/lines/{}", seen["id"].as_str().unwrap());
    assert_eq!(alice.ask("DELETE", &path, "").status, 204);
    let flushed = "sofia profile internal flush_inbound_reg alice-lab@pbx.test";
    let forgotten = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        site.commanded("sofia profile")
            .iter()
            .any(|command| command == flushed)
    });
    assert!(forgotten, "mod_sofia forgets them, and soon");
    assert!(!names(&own(&mut alice)).contains(&"alice-lab"));
    assert!(
        !hash(&site, "alice-lab").contains("a1-hash"),
        "the phone does not come back"
    );
    let deleted = "line alice-lab@pbx.test deleted".to_owned();
    assert_eq!(newest(&site), ("alice@pbx.test".to_owned(), deleted));
    is(&alice.ask("DELETE", &path, ""), 404, "not-found");
}

#[test]
fn somebody_elses_lines_are_none() {
    let site = site();
    let (mut alice, mut bob) = (browser_of(&site, "alice"), browser_of(&site, "bob"));
    let bobs = channel(&mut bob);
    is(
        &add(&mut alice, &json!({"channel": bobs, "username": "alice-spy"})),
        404,
        "not-found",
    );
    let theirs = names(&own(&mut bob))[0].to_owned();
    let path = format!("/api/me/lines/{}", id(&mut bob, &theirs));
    is(&alice.ask("DELETE", &path, ""), 404, "not-found");
    for wrong in ["0192f0c1-2345-7abc-8def-0123456789ab", "x", "..%2f..%2fx"] {
        let answer = alice.ask("DELETE", &format!("/api/me/lines/{wrong}"), "");
        assert!([400, 404].contains(&answer.status), "{answer:?}");
    }
    let mut forged = Browser {
        csrf: alice.csrf.clone(),
        ..bob.clone()
    };
    is(&forged.ask("DELETE", &path, ""), 403, "csrf");
    let mut nobody = Browser::new(site.public());
    is(&nobody.ask("DELETE", &path, ""), 401, "not-signed-in");
    assert_eq!(nobody.ask("GET", "/api/me/lines", "").status, 401);
    assert_eq!(names(&own(&mut bob)), [theirs.as_str()]);
    // A phone of alice's that rings for bob is in both lists, and either may revoke it.
    site.must("line add alice-for-bob --extension 1002 --user alice");
    assert!(names(&own(&mut alice)).contains(&"alice-for-bob"));
    assert!(names(&own(&mut bob)).contains(&"alice-for-bob"));
    let path = format!("/api/me/lines/{}", id(&mut alice, "alice-for-bob"));
    assert_eq!(bob.ask("DELETE", &path, "").status, 204);
}

/// What a phone's camera reads off the drawing.
fn scanned(code: &Value) -> String {
    let size = usize::try_from(code["size"].as_u64().unwrap()).unwrap();
    let mut dark = vec![false; size * size];
    for run in code["path"].as_str().unwrap().split_terminator('z') {
        let numbers = run.split(|c: char| !c.is_ascii_digit());
        let numbers: Vec<usize> = numbers.filter_map(|number| number.parse().ok()).collect();
        let [x, y, length, 1, _] = numbers[..] else {
            panic!("{run}");
        };
        dark[y * size + x..][..length].fill(true);
    }
    let grid = rqrr::SimpleGrid::from_func(size, |x, y| dark[y * size + x]);
    rqrr::Grid::new(grid).decode().expect("a QR code").1
}

#[test]
fn a_phone_fetches_its_account_once_and_nothing_else_opens_it() {
    let site = site();
    site.must("setting set sip-address 192.0.2.7");
    site.must("setting set external-address 203.0.113.9");
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    let made = add(
        &mut alice,
        &json!({"channel": channel, "username": "alice-mobile"}),
    )
    .json();
    let codes = made["codes"].as_array().unwrap();
    let kinds: Vec<(&str, &str)> = codes
        .iter()
        .map(|code| (code["app"].as_str().unwrap(), code["place"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("linphone", "inside"),
            ("grandstream-wave", "inside"),
            ("linphone", "outside"),
            ("grandstream-wave", "outside")
        ]
    );
    let password = made["phone"]["password"].as_str().unwrap();
    for (code, server) in [(&codes[1], "192.0.2.7:5060"), (&codes[3], "203.0.113.9:5060")] {
        let text = scanned(code);
        for part in [
            "<RegisterServer>pbx.test</RegisterServer>",
            &format!("<OutboundServer>{server}</OutboundServer>"),
            "<AuthID>alice-mobile</AuthID>",
            &format!("<AuthPass>{password}</AuthPass>"),
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
    let begin = format!("http://{}", site.public());
    let address = scanned(&codes[0]);
    let path = address.strip_prefix(&begin).expect("an address of this server");
    assert!(path.len() > 50 && !address.contains(password), "{address}");
    let get = |path: &str, headers: &[(&str, &str)]| ask(site.public(), "GET", path, headers, "");
    // A preview, a browser and a probe do not use it up.
    assert_eq!(ask(site.public(), "HEAD", path, &[], "").status, 406);
    assert_eq!(get(path, &[("Accept", "text/html,*/*")]).status, 406);
    assert_eq!(get(path, &[("Host", "evil.example")]).status, 421);
    assert_eq!(ask(site.local(), "GET", path, &[], "").status, 404);
    let fetched = get(path, &[]);
    assert_eq!(
        (fetched.status, fetched.header("cache-control").as_str()),
        (200, "no-store")
    );
    let a1 = pbx_core::secret::a1_hex("alice-mobile", "pbx.test", password);
    assert!(
        fetched.body.contains(&a1) && !fetched.body.contains(password),
        "{}",
        fetched.body
    );
    assert!(
        fetched.body.contains("sip:192.0.2.7:5060;transport=tcp"),
        "{}",
        fetched.body
    );
    assert_eq!(get(path, &[]).status, 404, "once");
    let other = scanned(&codes[2]);
    let fetched = get(other.strip_prefix(&begin).unwrap(), &[]);
    assert!(
        fetched.body.contains("sip:203.0.113.9:5060;transport=tcp"),
        "{}",
        fetched.body
    );
    for wrong in ["x", "", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let answer = ask(site.public(), "GET", &format!("/provisioning/{wrong}"), &[], "");
        assert_eq!(answer.status, 404);
    }
    let browser = ask(
        site.public(),
        "GET",
        "/provisioning/x",
        &[("Accept", "text/html")],
        "",
    );
    assert_eq!(browser.status, 406);
    assert_eq!(ask(site.public(), "HEAD", "/provisioning/x", &[], "").status, 406);
}
