//! Where two runs' optimizers were set otherwise: told before anything that follows
//! from it.

use parity_record::{About, Reset, set_otherwise};
use serde_json::Value;

use crate::text::{counted, repr};

/// How many settings of one step are told.
const MOST: usize = 4;

/// In lines: the first step in which the optimizers were set otherwise, and to what.
pub(super) fn set_otherwise_words(
    [a, e]: [&str; 2],
    [actual, expected]: [&About; 2],
) -> Vec<String> {
    let Some(Reset { series, step, group, settings }) = set_otherwise(actual, expected) else {
        return Vec::new();
    };
    let group = group.map_or(String::new(), |group| format!(", param group {group}"));
    let place = format!("{series}, step {step}{group}");
    let line = |(name, [x, y]): &(&str, [&Value; 2])| {
        format!("{place}: {name} is {} for {a}, {} for {e}", setting(x), setting(y))
    };
    let mut lines: Vec<_> = settings.iter().take(MOST).map(line).collect();
    if let Some(more @ 1..) = settings.len().checked_sub(MOST) {
        lines.push(format!("{place}: and {} more", counted(more, "setting")));
    }
    lines
}

/// A setting as Python prints it.
pub fn setting(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) if number.is_f64() => {
            repr(number.as_f64().expect("it is a float of 64 bits"))
        }
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(setting).collect();
            format!("({})", values.join(", "))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use parity_record::{Group, Run};
    use serde_json::json;

    use super::*;

    fn about(group: &Value) -> About {
        let mut about = About { events: vec![Run("net".to_owned(), 0, 3, 0)], ..About::default() };
        let group: Group = group.as_object().unwrap().clone();
        about.groups.note("net", 2, vec![group]);
        about
    }

    #[test]
    fn settings_are_told_as_python_prints_them_the_rate_first() {
        let one = json!({ "amsgrad": false, "betas": [0.9, 0.999], "fused": null, "lr": 1e-3 });
        let other = json!({ "amsgrad": true, "betas": [0.9, 0.99], "fused": true, "lr": 1 });
        let told = |a: &Value, e: &Value| set_otherwise_words(["A", "B"], [&about(a), &about(e)]);
        assert_eq!(
            told(&one, &other),
            [
                "net, step 2: lr is 0.001 for A, 1 for B",
                "net, step 2: amsgrad is False for A, True for B",
                "net, step 2: betas is (0.9, 0.999) for A, (0.9, 0.99) for B",
                "net, step 2: fused is None for A, True for B",
            ]
        );
        assert!(told(&one, &one).is_empty());
        let five = |x: u8| json!({ "lr": x, "a": x, "b": x, "c": x, "d": x });
        assert_eq!(told(&five(0), &five(1)).pop().unwrap(), "net, step 2: and 1 setting more");
    }
}
