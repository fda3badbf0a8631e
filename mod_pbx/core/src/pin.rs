//! Voicemail PINs: what is too easy, and a new one.

use crate::names::Number;

/// How many digits a generated PIN has.
const LENGTH: usize = 6;

/// Refuses a PIN that a stranger tries first.
///
/// # Errors
/// What is wrong with it, in words for the person who chose it.
pub(crate) fn check(number: &Number, pin: &str) -> Result<(), String> {
    let digits = pin.as_bytes();
    if !(4..=10).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return Err("a voicemail PIN has 4 to 10 digits".to_owned());
    }
    let all_by = |step: u8| {
        digits
            .windows(2)
            .all(|pair| pair[1] == pair[0].wrapping_add(step))
    };
    if all_by(0) || all_by(1) || all_by(u8::MAX) || pin == number.as_str() {
        return Err(
            "a voicemail PIN of equal or counting digits, or the extension's own number, is too easy"
                .to_owned(),
        );
    }
    Ok(())
}

/// A new PIN, which [`check`] accepts.
///
/// # Errors
/// The kernel has no random numbers.
pub(crate) fn generate(number: &Number) -> Result<String, getrandom::Error> {
    loop {
        // A modulus of 2^64 by 10^6 favours no PIN by more than 1 in 10^13.
        let pin = format!("{:0LENGTH$}", getrandom::u64()? % 10u64.pow(LENGTH as u32));
        if check(number, &pin).is_ok() {
            return Ok(pin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easy_pins_are_refused_and_new_ones_are_not() {
        let number: Number = "1001".parse().unwrap();
        for easy in ["1111", "1234", "9876", "1001", "123", "12345678901", "12a4", ""] {
            assert!(check(&number, easy).is_err(), "{easy}");
        }
        assert_eq!(check(&number, "1204"), Ok(()));
        let (one, two) = (generate(&number).unwrap(), generate(&number).unwrap());
        assert_eq!((one.len(), two.len()), (6, 6));
    }
}
