//! Paths for this machine alone.

use crate::client::ask;
use crate::site::Site;

const PATHS: [(&str, &str); 2] = [("GET", "/metrics"), ("POST", "/fsapi")];

#[test]
fn they_are_answered_on_the_local_listener_and_do_not_exist_on_the_public_one() {
    let site = Site::new(&[]);
    for (method, path) in PATHS {
        let near = ask(site.local(), method, path, &[], "section=directory");
        assert_eq!(near.status, 200, "{path}: {near:?}");
        let public = ask(
            site.public(),
            method,
            path,
            &[("Sec-Fetch-Site", "same-origin")],
            "section=directory",
        );
        let nothing = ask(site.public(), "GET", "/no-such-path", &[], "");
        assert_eq!(
            (public.status, &public.body),
            (404, &nothing.body),
            "{path} looks like any other"
        );
    }
}

#[test]
fn no_header_opens_them() {
    let site = Site::new(&[("trusted-proxies", "127.0.0.1")]);
    let local = site.local().to_string();
    let headers: [&[(&str, &str)]; 5] = [
        &[("X-Forwarded-For", "127.0.0.1")],
        &[("X-Real-IP", "127.0.0.1"), ("Forwarded", "for=127.0.0.1")],
        &[("Host", &local)],
        &[("Host", "localhost"), ("X-Forwarded-For", "127.0.0.1")],
        &[("X-Forwarded-Host", &local), ("X-Forwarded-Port", "8481")],
    ];
    for (method, path) in PATHS {
        for headers in headers {
            let answer = ask(site.public(), method, path, headers, "section=directory");
            assert!(
                [404, 421].contains(&answer.status),
                "{path} {headers:?}: {answer:?}"
            );
        }
    }
}

#[test]
fn a_proxy_that_is_pointed_at_the_local_listener_by_mistake_opens_nothing() {
    let site = Site::new(&[]);
    for (method, path) in PATHS {
        for header in ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"] {
            let answer = ask(
                site.local(),
                method,
                path,
                &[(header, "192.0.2.7")],
                "section=directory",
            );
            assert_eq!(answer.status, 404, "{path} {header}: {answer:?}");
        }
    }
}

/// Somebody at this machine reads a page that asks on its own.
#[test]
fn no_page_of_a_browser_gets_there() {
    let site = Site::new(&[]);
    for (method, path) in PATHS {
        let own = format!("http://{}", site.local());
        for header in [
            ("Origin", "https://evil.example"),
            ("Origin", &own),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ] {
            let answer = ask(site.local(), method, path, &[header], "section=directory");
            assert_eq!(answer.status, 404, "{path} {header:?}: {answer:?}");
        }
        let typed = [("Sec-Fetch-Site", "none")];
        let answer = ask(site.local(), method, path, &typed, "section=directory");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
}

#[test]
fn the_local_listener_has_nothing_else() {
    let site = Site::new(&[]);
    for path in ["/", "/api/me", "/assets/app.js", "/fsapi/", "/metrics/x"] {
        assert_eq!(ask(site.local(), "GET", path, &[], "").status, 404, "{path}");
    }
}

#[test]
fn metrics_say_what_the_pbx_counts() {
    let site = Site::new(&[]).with_alice();
    for user in ["1001", "nobody"] {
        let body =
            format!("section=directory&tag_name=domain&key_name=name&key_value=pbx.test&key=id&user={user}");
        assert_eq!(ask(site.local(), "POST", "/fsapi", &[], &body).status, 200);
    }
    let _ = ask(site.local(), "POST", "/fsapi", &[], "section=phrases");
    let answer = ask(site.local(), "GET", "/metrics", &[], "");
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let revision = format!("pbx_revision {}", site.pbx.store().health().rev);
    for line in [
        "pbx_lookup_duration_seconds_count{section=\"directory\",result=\"answered\"} 2",
        "pbx_lookup_duration_seconds_count{section=\"other\",result=\"not_ours\"} 1",
        "pbx_lookup_duration_seconds_bucket{le=\"+Inf\",section=\"directory\",result=\"answered\"} 2",
        "pbx_registrations 0",
        "pbx_events_dropped_total 0",
        "pbx_call_legs 0",
        "pbx_bans 0",
        "pbx_sign_ins 0",
        "pbx_database_writable 1",
        "pbx_connections{listener=\"local-listen\"} 1",
        &revision,
        "# EOF",
    ] {
        assert!(
            answer.body.lines().any(|l| l.trim_end_matches(".0") == line),
            "{line}\n{}",
            answer.body
        );
    }
    let built = format!("pbx_build_info{{version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(answer.body.contains(&built), "{}", answer.body);
    assert!(!answer.body.contains("alice"), "nobody is named");
}
