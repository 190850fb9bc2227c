//! What an unquoted scalar is.

/// What YAML takes an unquoted scalar for.
///
/// The rules of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>), and the booleans of YAML 1.1 as
/// well (<https://yaml.org/type/bool.html>): the predecessor's loader knew them, so files rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    /// Nothing, `~` or `null`.
    Null,
    /// `true`, `no`, `On`, …
    Boolean,
    /// `42`, `500.0`, `0x1f`, `1e3`, `.inf`, …
    Number,
    /// Anything else.
    Text,
}

impl Plain {
    /// What the text is.
    pub(crate) fn of(text: &str) -> Self {
        if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
            Self::Null
        } else if boolean(text).is_some() {
            Self::Boolean
        } else if is_number(text) {
            Self::Number
        } else {
            Self::Text
        }
    }
}

/// The boolean that the text stands for.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    let word = text.to_ascii_lowercase();
    // Lower case, upper case or capitalized; `yEs` is text.
    let first_may_differ = |text: &str| text == word || text.get(1..) == word.get(1..);
    if !first_may_differ(text) && text != word.to_ascii_uppercase() {
        return None;
    }
    match word.as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    let digits = |text: &str, radix| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    if let Some(octal) = text.strip_prefix("0o") {
        return digits(octal, 8);
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return digits(hexadecimal, 16);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let mantissa_is_good = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction, 10),
        Some((whole, fraction)) => digits(whole, 10) && (fraction.is_empty() || digits(fraction, 10)),
        None => digits(mantissa, 10),
    };
    mantissa_is_good && exponent.is_none_or(|exponent| digits(exponent, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unquoted_text_is_told_apart() {
        let cases = [
            (Plain::Null, "~ null Null NULL"),
            (Plain::Boolean, "true True TRUE false yes Yes YES no No NO on On OFF off"),
            (Plain::Number, "0 42 -1 +1 012345678901 500.0 5. .5 1e3 1.5E-3 0x1F 0o17 .inf -.INF .nan"),
            (Plain::Text, "yEs y n truE 1.2.3 1,5 9M 2w 1_000 . - + 0x 0o8 e3 1e 1e+ .e1 --1 é -.nan 12:30"),
        ];
        for (kind, texts) in cases {
            for text in texts.split(' ') {
                assert_eq!(Plain::of(text), kind, "{text}");
            }
        }
        assert_eq!(Plain::of(""), Plain::Null);
    }

    /// `PyYAML`, the loader of the predecessor, follows YAML 1.1. `tests/scalars_peer.py` asks it anew whether the
    /// verdicts in the file are its own.
    #[test]
    fn the_loader_of_the_predecessor_agrees_but_for_what_is_named_here() {
        let file = std::fs::read_to_string("tests/fixtures/settings/scalars.json").unwrap();
        let verdicts: std::collections::BTreeMap<String, String> = serde_json::from_str(&file).unwrap();
        assert!(verdicts.len() > 400, "{}", verdicts.len());
        let mut differ = std::collections::BTreeMap::<&str, u32>::new();
        for (text, theirs) in &verdicts {
            let ours = match Plain::of(text) {
                Plain::Null => "null",
                Plain::Boolean => "boolean",
                Plain::Number => "number",
                Plain::Text => "text",
            };
            if ours == theirs {
                continue;
            }
            let why = match (ours, theirs.as_str()) {
                // Text passes on as it is written, where PyYAML would have made another number of it.
                ("text", "number") if text.contains(':') => "a number to the base of 60",
                ("text", "number") if text.contains('_') => "a number with underscores",
                ("text", "number") if text.trim_start_matches(['+', '-']).starts_with("0b") => {
                    "a binary number"
                }
                ("text", "number") if text.trim_start_matches(['+', '-']).starts_with("0x") => {
                    "a signed hexadecimal number"
                }
                ("text", "date") => "a date",
                // A number is refused where text must stand: the stricter side.
                ("number", "text") if text.contains(['e', 'E']) => "an exponent without a point or a sign",
                ("number", "text") if text.starts_with("0o") => "an octal number of YAML 1.2",
                ("number", "text") if text.bytes().all(|byte| byte.is_ascii_digit()) => "leading zeros",
                ("number", "text") if text.starts_with(['-', '+']) => "a sign before a point or a zero",
                _ => panic!("{text}: {ours} here, {theirs} there"),
            };
            *differ.entry(why).or_default() += 1;
        }
        // What is never met is not named.
        assert_eq!(differ.len(), 8, "{differ:?}");
    }
}
