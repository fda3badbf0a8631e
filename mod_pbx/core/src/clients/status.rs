//! Reads what mod_verto prints: `verto xmlstatus`.
//!
//! It escapes nothing, so what counts is what stands on a line of its own between the tags that belong there. A
//! name in it is one that has logged in: of ours only the ids that we made.

use super::view::Connection;

/// The lines of one connection, in order.
const TAGS: [&str; 5] = ["profile", "name", "type", "data", "state"];

/// The connections that are logged in, each with its login; none: this is no status.
pub(super) fn logged_in(text: &str) -> Option<Vec<(String, Connection)>> {
    let mut lines = text.lines();
    if !lines.any(|line| line == "<profiles>") {
        return None;
    }
    let mut found = Vec::new();
    while lines.any(|line| line == "<client>") {
        let mut ahead = lines.clone();
        let Some([profile, login, _, address, state]) = values(&mut ahead) else {
            continue;
        };
        lines = ahead;
        if state.starts_with("CONN_REG ") {
            let connection = Connection {
                profile: profile.into(),
                address: address.into(),
            };
            found.push((login.to_owned(), connection));
        }
    }
    Some(found)
}

fn values<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Option<[&'a str; TAGS.len()]> {
    let mut values = [""; TAGS.len()];
    for (tag, value) in TAGS.iter().zip(&mut values) {
        let rest = lines.next()?.strip_prefix('<')?;
        *value = rest
            .strip_prefix(tag)?
            .strip_prefix('>')?
            .strip_suffix('>')?
            .strip_suffix(tag)?
            .strip_suffix("</")?;
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_logged_in_is_read_line_by_line() {
        let text = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<profiles>\n<profile>\n<name>pbx</name>\n\
                    <type>profile</type>\n<data>ws:127.0.0.1:8081</data>\n<state>RUNNING</state>\n</profile>\n\
                    <client>\n<profile>pbx</profile>\n<name>a@extensions</name>\n<type>client</type>\n\
                    <data>127.0.0.1:40000</data>\n<state>CONN_REG (WS)</state>\n</client>\n\
                    <client>\n<profile>pbx</profile>\n<name>(null)@(null)</name>\n<type>client</type>\n\
                    <data>127.0.0.1:40001</data>\n<state>CONN_NO_REG (WS)</state>\n</client>\n</profiles>\n";
        let found = logged_in(text).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "a@extensions");
        assert_eq!(&*found[0].1.address, "127.0.0.1:40000");
        assert_eq!(logged_in("-ERR verto Command not found!\n"), None);
        assert_eq!(logged_in("<profiles>\n</profiles>\n"), Some(vec![]));
    }
}
