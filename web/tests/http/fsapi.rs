//! What a switch without the module asks over HTTP.

use pbx_core::reply::NOT_FOUND_FRAGMENT;
use pbx_core::request::Request;

use crate::client::ask;
use crate::site::Site;

#[test]
fn it_answers_byte_for_byte_what_the_switch_gets_in_process() {
    let site = Site::new(&[]).with_alice();
    let register = "action=sip_auth&sip_auth_method=REGISTER&sip_auth_username=1001&sip_auth_realm=pbx.test\
        &sip_to_user=1001&sip_to_host=pbx.test&sip_from_user=1001&sip_from_host=pbx.test&key=id&user=1001\
        &domain=pbx.test&ip=127.0.0.1";
    let call = "Hunt-Context=pbx.test&Hunt-Destination-Number=1001&Caller-Caller-ID-Number=1001\
        &variable_sip_h_X-Odd=%3C%26%20%22%27%3E%FF";
    for (section, tag, value, params, ours) in [
        ("directory", "domain", "pbx.test", register, true),
        ("directory", "domain", "pbx.test", "key=id&user=nobody", true),
        ("dialplan", "", "", call, true),
        ("configuration", "configuration", "sofia.conf", "", true),
        ("configuration", "configuration", "ivr.conf", "", false),
        ("phrases", "", "", "", false),
    ] {
        let pairs: Vec<(String, String)> = params
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| {
                (
                    name.to_owned(),
                    value.replace("%3C%26%20%22%27%3E%FF", "<& \"'>\u{fffd}"),
                )
            })
            .collect();
        let reply = site.pbx.peek(&Request {
            section,
            tag_name: tag,
            key_name: if tag.is_empty() { "" } else { "name" },
            key_value: value,
            params: &pairs,
        });
        let key_name = if tag.is_empty() { "" } else { "name" };
        let body = format!(
            "hostname=box&section={section}&tag_name={tag}&key_name={key_name}&key_value={value}&{params}"
        );
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let answer = ask(site.local(), "POST", "/fsapi", &[form], &body);
        assert_eq!(answer.status, 200, "{body}");
        assert_eq!(answer.body, reply.as_text(), "{body}");
        assert_eq!(answer.body != NOT_FOUND_FRAGMENT, ours, "{body}");
        assert!(answer.header("content-type").starts_with("text/xml"));
    }
}

#[test]
fn what_is_nonsense_is_not_found_and_what_is_too_long_is_not_read() {
    let site = Site::new(&[]);
    for body in [
        "",
        "=",
        "&&&",
        "section",
        "%",
        "section=%ff%00",
        "section=directory&key_value=%00",
    ] {
        let answer = ask(site.local(), "POST", "/fsapi", &[], body);
        assert_eq!(answer.status, 200, "{body:?}: {answer:?}");
        assert!(answer.body.starts_with("<document"), "{body:?}: {answer:?}");
    }
    assert_eq!(ask(site.local(), "GET", "/fsapi", &[], "").status, 405);
    let long = format!("section=directory&x={}", "y".repeat(900_000));
    assert_eq!(ask(site.local(), "POST", "/fsapi", &[], &long).status, 200);
    let longer = format!("section=directory&x={}", "y".repeat(1_100_000));
    assert_eq!(ask(site.local(), "POST", "/fsapi", &[], &longer).status, 413);
}
