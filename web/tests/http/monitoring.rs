//! `deploy/prometheus` and `deploy/grafana` speak of metrics that there are.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::Value;

use crate::client::ask;
use crate::site::Site;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

/// Every sample of `/metrics`, by name, with its labels: those of a PBX that has a backup and was asked something.
fn samples() -> Vec<(String, String)> {
    let site = Site::new(&[]).with_alice();
    // Named as a daily one, where those are.
    let backup = site.folder.path().join("backups/pbx-2026-11-22T03-00-00.000Z.db");
    site.must(&format!("backup {}", backup.display()));
    site.must("lookup directory key_value=pbx.test user=1001");
    let body = "section=directory&tag_name=domain&key_name=name&key_value=pbx.test&key=id&user=1001";
    assert_eq!(ask(site.local(), "POST", "/fsapi", &[], body).status, 200);
    let page = ask(site.local(), "GET", "/metrics", &[], "").body;
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    samples
        .filter_map(|line| {
            let name = line.split([' ', '{']).next()?;
            let labels = line.strip_prefix(name)?.split('}').next()?;
            Some((name.to_owned(), labels.trim_start_matches('{').to_owned()))
        })
        .collect()
}

/// The metrics of ours that an expression names, each with the labels that are asked of it by value.
fn named(expression: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(start) = rest.find("pbx_") {
        let tail = &rest[start..];
        let end = tail
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(tail.len());
        let matchers = tail[end..]
            .strip_prefix('{')
            .and_then(|inner| inner.split('}').next());
        let exact = matchers.into_iter().flat_map(|all| all.split(','));
        let exact = exact.filter(|matcher| !matcher.contains('~') && !matcher.contains('!'));
        found.push((tail[..end].to_owned(), exact.map(str::to_owned).collect()));
        rest = &tail[end..];
    }
    found
}

/// Fails for an expression that would never find anything.
#[track_caller]
fn exist(expression: &str, samples: &[(String, String)]) {
    for (name, labels) in named(expression) {
        let found = samples
            .iter()
            .any(|(known, with)| *known == name && labels.iter().all(|label| with.contains(label)));
        assert!(found, "{name} {labels:?} in {expression:?} is not in /metrics");
    }
}

#[test]
fn alerts_and_the_job_are_read_and_speak_of_what_there_is() {
    let samples = samples();
    let rules = text("prometheus/rules.yml");
    let rules = &Yaml::load_from_str(&rules).unwrap()[0];
    let mut alerts = BTreeSet::new();
    for rule in rules["groups"][0]["rules"].as_vec().unwrap() {
        let name = rule["alert"].as_str().unwrap();
        assert!(alerts.insert(name), "{name} is there twice");
        exist(rule["expr"].as_str().unwrap(), &samples);
        assert!(rule["annotations"]["summary"].as_str().is_some(), "{name}");
        assert!(
            ["critical", "warning"].contains(&rule["labels"]["severity"].as_str().unwrap()),
            "{name}"
        );
    }
    assert!(alerts.len() >= 8, "{alerts:?}");
    let scrape = text("prometheus/scrape.yml");
    let scrape = &Yaml::load_from_str(&scrape).unwrap()[0]["scrape_configs"][0];
    // Where /metrics is unless pbx.conf says otherwise, and as the first alert calls the job.
    let site = Site::new(&[]);
    let default = site.cli("status json");
    assert!(default.contains("local-listen"), "{default}");
    assert_eq!(
        scrape["static_configs"][0]["targets"][0].as_str(),
        Some("127.0.0.1:8481")
    );
    assert_eq!(scrape["job_name"].as_str(), Some("pbx"));
}

#[test]
fn promtool_takes_both() {
    let work = tempfile::tempdir().unwrap();
    let config = work.path().join("prometheus.yml");
    let whole = format!(
        "rule_files: [{:?}]\n{}",
        file("prometheus/rules.yml"),
        text("prometheus/scrape.yml")
    );
    std::fs::write(&config, whole).unwrap();
    match Command::new("promtool")
        .args(["check", "config"])
        .arg(&config)
        .output()
    {
        Err(_) => {
            let text = "SKIPPED: promtool's view of deploy/prometheus: it is not installed\n";
            std::io::stderr().write_all(text.as_bytes()).unwrap();
        }
        Ok(output) => assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

#[test]
fn the_dashboard_shows_what_there_is() {
    let samples = samples();
    let dashboard: Value = serde_json::from_str(&text("grafana/pbx.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(
            ids.insert(panel["id"].as_u64().unwrap()),
            "{title}: its id is another's"
        );
        let place = &panel["gridPos"];
        assert!(
            place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24,
            "{title} is too far right"
        );
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        for target in panel["targets"].as_array().unwrap() {
            exist(target["expr"].as_str().unwrap(), &samples);
        }
    }
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    for variable in variables {
        exist(
            &variable["query"]["query"]
                .as_str()
                .unwrap_or_default()
                .replace(',', " "),
            &samples,
        );
    }
}
