//! QR codes (ISO/IEC 18004), as a path that the page draws.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};
use serde_json::{Value, json};

/// The code of a text: how many modules it is wide, and the dark ones as an SVG path on a grid of that size. None:
/// it is too long for one.
pub(super) fn drawn(text: &str) -> Option<Value> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row[x..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                // Never fails: it is a string.
                let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
            }
            x += run.max(1);
        }
    }
    Some(json!({"size": width, "path": path}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_has_each_dark_module_once() {
        let drawn = drawn("https://pbx.example.com/provisioning/x").unwrap();
        let (size, path) = (drawn["size"].as_u64().unwrap(), drawn["path"].as_str().unwrap());
        let code = QrCode::with_error_correction_level("https://pbx.example.com/provisioning/x", EcLevel::M);
        let code = code.unwrap();
        assert_eq!(size, code.width() as u64);
        let mut painted = vec![Color::Light; code.width() * code.width()];
        for run in path.split('z').filter(|run| !run.is_empty()) {
            let numbers: Vec<usize> = run
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            let [x, y, length, 1, back] = numbers[..] else {
                panic!("{run}");
            };
            assert_eq!(length, back);
            for module in &mut painted[y * code.width() + x..][..length] {
                assert_eq!(*module, Color::Light, "painted twice");
                *module = Color::Dark;
            }
        }
        assert_eq!(painted, code.to_colors());
        assert_eq!(super::drawn(&"x".repeat(5000)), None);
    }
}
