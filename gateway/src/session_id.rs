//! Numbers of sessions, as clients write them.

use serde_json::Value;

/// A number that no session has: larger than any id we give out.
const NOBODYS: i64 = i64::MAX;
/// 2^63: from here on a number is larger than any id.
const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

/// Reads the field of a body. `Ok(None)`: no session is named. `Err`: it is not the number of one.
pub(crate) fn of_field(value: Option<&Value>) -> Result<Option<i64>, NotANumber> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => of_text(text).map(Some),
        Some(Value::Number(number)) => {
            if let Some(id) = number.as_i64() {
                return if id > 0 { Ok(Some(id)) } else { Err(NotANumber) };
            }
            match number.as_f64() {
                Some(id) if id >= TOO_LARGE => Ok(Some(NOBODYS)),
                // JSON has one kind of number: 2.0 is 2.
                Some(id) if id > 0.0 && id.fract() == 0.0 => of_text(&format!("{id:.0}")).map(Some),
                _ => Err(NotANumber),
            }
        }
        Some(_) => Err(NotANumber),
    }
}

/// Reads decimal digits above zero. More of them than an id can have name no session, which is not
/// the same as being no number.
pub(crate) fn of_text(text: &str) -> Result<i64, NotANumber> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(NotANumber);
    }
    match text.parse() {
        Ok(0) => Err(NotANumber),
        Ok(id) => Ok(id),
        Err(_) => Ok(NOBODYS),
    }
}

/// It is not a whole number above zero.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotANumber;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn absent_null_and_empty_name_no_session() {
        for none in [None, Some(&json!(null)), Some(&json!(""))] {
            assert_eq!(of_field(none), Ok(None));
        }
    }

    #[test]
    fn whole_numbers_above_zero_name_one() {
        assert_eq!(of_field(Some(&json!(2))), Ok(Some(2)));
        assert_eq!(of_field(Some(&json!("2"))), Ok(Some(2)));
        assert_eq!(of_field(Some(&json!(2.0))), Ok(Some(2)));
        for large in [json!(9_223_372_036_854_775_808_u64), json!(1e30), json!("9".repeat(30))] {
            assert_eq!(of_field(Some(&large)), Ok(Some(i64::MAX)), "{large}");
        }
    }

    #[test]
    fn everything_else_is_not_a_number() {
        for wrong in [
            json!(0),
            json!("0"),
            json!(-1),
            json!(2.5),
            json!("1.5"),
            json!("abc"),
            json!(" 2 "),
            json!("+2"),
            json!("0_2"),
            json!("\u{662}"),
            json!("1\u{0}"),
            json!(true),
            json!(false),
            json!([]),
            json!([2]),
            json!({}),
            json!({"id": 1}),
        ] {
            assert_eq!(of_field(Some(&wrong)), Err(NotANumber), "{wrong}");
        }
    }
}
