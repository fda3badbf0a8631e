//! What FreeSWITCH's preprocessor replaces in a configuration file: `$${name}`, and file patterns.

use std::collections::HashMap;

/// No value in a directory is longer; `set` lines that double each other stop here.
pub(super) const LONGEST_VALUE: usize = 4096;

/// Values for `$${name}`: what the file sets itself, then what the switch knows.
pub(super) struct Variables<'a> {
    own: HashMap<String, String>,
    switch: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Variables<'a> {
    /// Starts with `own` set; `switch` answers for global variables of the running switch.
    pub(super) fn new(own: HashMap<String, String>, switch: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { own, switch }
    }

    /// A `<X-PRE-PROCESS cmd="set" data="name=value"/>`. Without `=` it does nothing, as in the switch.
    pub(super) fn set(&mut self, data: &str) {
        if let Some((name, value)) = data.split_once('=') {
            self.own
                .insert(name.trim().to_owned(), value.trim_start_matches(' ').to_owned());
        }
    }

    /// `text` with every `$${name}` replaced, once, not recursively, as `expand_vars` does. A name that
    /// nobody knows stays as it is written, so that whoever needs the value can say which is missing.
    ///
    /// # Errors
    /// The result is longer than any value may be.
    pub(super) fn expand(&self, text: &str) -> Result<String, String> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("$${") {
            expanded.push_str(before);
            let known = after.split_once('}').and_then(|(name, behind)| {
                let value = self.own.get(name).cloned().or_else(|| (self.switch)(name))?;
                Some((value, behind))
            });
            match known {
                Some((value, behind)) => {
                    expanded.push_str(&value);
                    rest = behind;
                }
                None => {
                    expanded.push_str("$${");
                    rest = after;
                }
            }
            if expanded.len() > LONGEST_VALUE {
                break;
            }
        }
        expanded.push_str(rest);
        if expanded.len() > LONGEST_VALUE {
            return Err(format!("a value is longer than {LONGEST_VALUE} bytes"));
        }
        Ok(expanded)
    }
}

/// The name of the first variable that [`Variables::expand`] left in `text`.
pub(super) fn unknown_variable(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("$${")?;
    after.split_once('}').map(|(name, _)| name)
}

/// Whether a file name matches a pattern of `*` and `?`, as `glob` does: a leading dot is not matched
/// by a wildcard.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last `*` was, and how much of the name it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(switch: &dyn Fn(&str) -> Option<String>) -> Variables<'_> {
        Variables::new(HashMap::new(), switch)
    }

    #[test]
    fn the_files_own_settings_win_over_the_switchs() {
        let switch = |name: &str| (name == "domain" || name == "a").then(|| format!("switch-{name}"));
        let mut variables = variables(&switch);
        variables.set("a = own");
        assert_eq!(
            variables.expand("$${a}@$${domain}").as_deref(),
            Ok("own@switch-domain")
        );
    }

    #[test]
    fn an_unknown_variable_stays_and_can_be_named() {
        let nothing = |_: &str| None;
        let text = variables(&nothing).expand("x$${default_password}y").unwrap();
        assert_eq!(text, "x$${default_password}y");
        assert_eq!(unknown_variable(&text), Some("default_password"));
        assert_eq!(variables(&nothing).expand("$${open").as_deref(), Ok("$${open"));
        assert_eq!(unknown_variable("$${open"), None);
    }

    #[test]
    fn doubling_settings_stop() {
        let nothing = |_: &str| None;
        let mut variables = variables(&nothing);
        variables.set("a=xxxxxxxxxxxxxxxx");
        let mut last = Ok(());
        for _ in 0..64 {
            match variables.expand("$${a}$${a}") {
                Ok(value) => variables.set(&format!("a={value}")),
                Err(error) => {
                    last = Err(error);
                    break;
                }
            }
        }
        assert!(last.unwrap_err().contains("4096"));
    }

    #[test]
    fn patterns_match_as_globs_do() {
        for (pattern, name, expected) in [
            ("*.xml", "1000.xml", true),
            ("*.xml", "1000.xml.bak", false),
            ("*.xml", ".hidden.xml", false),
            ("10??.xml", "1000.xml", true),
            ("10??.xml", "100.xml", false),
            ("a*b*c", "aXbYbZc", true),
            ("*", "", true),
            ("default.xml", "default.xml", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        let long = "a".repeat(200);
        assert!(!matches(&"*a".repeat(60), &format!("{long}b")));
    }
}
