//! Tables as comma separated values (RFC 4180), for spreadsheets.

/// A cell that a spreadsheet shows and never computes, whoever chose its text: callers choose their names.
pub fn cell(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let computed = plain.trim_start().starts_with([
        '=', '+', '-', '@', '|', '%', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    let mark = if computed { "'" } else { "" };
    if plain.contains([',', '"', ';']) || computed {
        format!("\"{mark}{}\"", plain.replace('"', "\"\""))
    } else {
        plain
    }
}

/// Adds a line of these cells.
pub fn line<T: AsRef<str>>(text: &mut String, cells: impl IntoIterator<Item = T>) {
    for (index, one) in cells.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&cell(one.as_ref()));
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_text_and_nothing_else() {
        for (text, kept) in [
            ("Alice", "Alice"),
            ("Smith, John", "\"Smith, John\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+4930", "\"'+4930\""),
            ("-1+1", "\"'-1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1+1", "\"' =1+1\""),
            ("x\r\n=1", "x  =1"),
            ("\u{ff1d}1", "\"'\u{ff1d}1\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), kept, "{text:?}");
        }
        let mut text = String::new();
        line(&mut text, ["a", "", "b\nc"]);
        assert_eq!(text, "a,,b c\r\n");
    }
}
