//! Reads what mod_sofia prints of its gateways: `sofia xmlstatus gateway`.
//!
//! All of it is configuration, ours or the operator's; no carrier writes into it (`xml_gateway_status`).

use super::view::State;

/// One gateway that mod_sofia has. One that was killed stays in the list for a second or two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) profile: String,
    pub(super) context: String,
    /// `NOREG`, `REGED`, `FAIL_WAIT`, …
    pub(super) state: String,
    /// `UP`, `DOWN`.
    pub(super) status: String,
}

/// The gateways in the list; none: it is something else.
pub(super) fn rows(text: &str) -> Option<Vec<Row>> {
    let mut lines = text.lines();
    if !lines.any(|line| line == "<gateways>") {
        return None;
    }
    let mut rows = Vec::new();
    while lines.any(|line| line.trim() == "<gateway>") {
        let mut row = Row::default();
        for line in lines.by_ref().take_while(|line| line.trim() != "</gateway>") {
            let line = line.trim();
            let fields = [
                ("name", &mut row.name),
                ("profile", &mut row.profile),
                ("context", &mut row.context),
                ("state", &mut row.state),
                ("status", &mut row.status),
            ];
            for (tag, value) in fields {
                if let Some(text) = between(line, tag) {
                    text.clone_into(value);
                }
            }
        }
        rows.push(row);
    }
    Some(rows)
}

/// What mod_sofia's word for a gateway's status means.
pub(super) fn state(status: &str) -> State {
    match status {
        "UP" => State::Up,
        "DOWN" => State::Down,
        _ => State::Unknown,
    }
}

/// What the state of a registration tells people; empty: nothing.
pub(super) fn meaning(state: &str) -> &'static str {
    match state {
        "REGED" | "REGISTER" => "registered",
        "UNREGED" | "TRYING" => "registering",
        "FAILED" | "FAIL_WAIT" | "TIMEOUT" | "EXPIRED" => "not registered",
        _ => "",
    }
}

fn between<'a>(line: &'a str, tag: &str) -> Option<&'a str> {
    let rest = line.strip_prefix('<')?.strip_prefix(tag)?.strip_prefix('>')?;
    rest.strip_suffix('>')?.strip_suffix(tag)?.strip_suffix("</")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_are_read_from_the_switchs_list() {
        let text = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<gateways>\n  <gateway>\n    <name>carrier</name>\n    \
            <profile>external</profile>\n    <scheme>Digest</scheme>\n    <to>sip:1@a</to>\n    \
            <context>pbx_gateway_carrier_01234567</context>\n    <state>REGED</state>\n    <status>UP</status>\n  \
            </gateway>\n  <gateway>\n    <name>b</name>\n    <state>NOREG</state>\n    <status>DOWN</status>\n  </gateway>\n\
            </gateways>\n";
        let rows = rows(text).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(
            rows[0],
            Row {
                name: "carrier".into(),
                profile: "external".into(),
                context: "pbx_gateway_carrier_01234567".into(),
                state: "REGED".into(),
                status: "UP".into(),
            }
        );
        assert_eq!(
            (rows[1].name.as_str(), state(&rows[1].status)),
            ("b", State::Down)
        );
        assert_eq!(super::rows("<gateways>\n</gateways>\n"), Some(Vec::new()));
        assert_eq!(super::rows("-ERR sofia Command not found!\n"), None);
    }
}
