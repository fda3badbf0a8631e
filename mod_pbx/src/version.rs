//! Which FreeSWITCH this is, and whether it is one to route calls with.

/// 1.11.1 closed the takeover of verto sessions without a login, and the expansion of XML entities
/// without bound.
const FIRST_SAFE: [u32; 3] = [1, 11, 1];

/// What to warn of, if `full` (as `switch_version_full` returns it) is an older release. A version that
/// cannot be read is not warned of: it is somebody's own build.
pub fn warning(full: &str) -> Option<String> {
    (numbers(full)? < FIRST_SAFE).then(|| {
        let [major, minor, micro] = FIRST_SAFE;
        format!(
            "FreeSWITCH {full} lacks security fixes that {major}.{minor}.{micro} has (verto sessions can be \
             taken over without a login): upgrade FreeSWITCH"
        )
    })
}

fn numbers(full: &str) -> Option<[u32; 3]> {
    let numbers = full.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    let mut parts = numbers.split('.').map(str::parse);
    let mut next = || parts.next()?.ok();
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_releases_are_warned_of() {
        for old in ["1.10.12-release~64bit", "1.11.0-release", "1.8.7"] {
            assert!(warning(old).unwrap().contains(old), "{old}");
        }
        for good in [
            "1.11.1-release+git~20260526~c2c5~64bit",
            "1.12.0-dev",
            "2.0.0",
            "",
            "unknown",
        ] {
            assert_eq!(warning(good), None, "{good}");
        }
    }
}
