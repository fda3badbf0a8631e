//! What a browser and a switch may write to each other: a line each, those of the switch begin with `<`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pbx_web::verto::filter::{Filter, Up};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut filter = Filter::default();
    for line in text.lines() {
        match line.strip_prefix('<') {
            Some(line) => {
                filter.down(line);
            }
            None => {
                if let Up::Login(login) = filter.up(line) {
                    filter.login(&login);
                }
            }
        }
    }
});
