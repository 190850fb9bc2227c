//! Variables of builds: their names, and the values of those that mean something to this system.

use schemars::{Schema, json_schema};
use state_machine::Text;

use super::text::text_value;
use super::{Problem, Scalar, Value, nearest, shown};
use crate::settings::yaml::Plain;

text_value! {
    /// The name of a variable that a build sees.
    pub(crate) VariableName, "the name of a variable", {
        "type": "string",
        "pattern": "^(?!AWS_|CODEBUILD_)[A-Za-z_][A-Za-z0-9_]*$",
        "maxLength": 255,
    }
}

impl VariableName {
    fn check(text: &str) -> Result<(), Problem> {
        let start = |c: char| c.is_ascii_alphabetic() || c == '_';
        let named = text.starts_with(start) && text.chars().all(|c| start(c) || c.is_ascii_digit());
        if !named {
            let message = format!(
                "{} cannot name a variable: letters, digits and underscores can, and no digit first",
                shown(text)
            );
            let other: String =
                text.trim().chars().map(|c| if start(c) || c.is_ascii_digit() { c } else { '_' }).collect();
            let problem = Problem::new(message);
            return Err(if other.starts_with(start) {
                problem.help(format!("write {other}"))
            } else {
                problem
            });
        }
        if text.len() > 255 {
            return Err(Problem::new("the name of a variable has at most 255 characters"));
        }
        let upper = text.to_ascii_uppercase();
        if upper.starts_with("CODEBUILD_") {
            // https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
            let message = format!(
                "{} cannot be set: names that start with CODEBUILD_ are reserved to CodeBuild",
                shown(text)
            );
            return Err(Problem::new(message));
        }
        if upper.starts_with("AWS_") {
            // They decide as whom and where the tools of a build act: AWS_PROFILE, AWS_ACCESS_KEY_ID, …
            // A purge must act in the account of its build, whatever the settings say.
            let message = format!(
                "{} cannot be set: names that start with AWS_ decide in which account a build acts",
                shown(text)
            );
            return Err(Problem::new(message));
        }
        Ok(())
    }
}

/// Refuses what may not name a variable of a build.
///
/// # Errors
/// Why it may not, with what may.
pub fn check_variable_name(name: &str) -> Result<(), String> {
    VariableName::check(name).map_err(|problem| problem.message)
}

/// The value of a variable: any text, and numbers and booleans exactly as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariableValue(pub(crate) Text);

impl Value for VariableValue {
    const EXPECTED: &'static str = "text, a number or a boolean";

    fn schema() -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        match scalar.plain() {
            Plain::Null => {
                let problem = Problem::unexpected(Self::EXPECTED, scalar);
                Err(problem.help("write \"\" for an empty value, or leave the variable out"))
            }
            _ if scalar.text.contains('\0') => Err(Problem::new("a variable cannot hold a null character")),
            _ => Ok(Self(scalar.text.into())),
        }
    }
}

/// Checks the value of a variable that means something: to this system, or to the tools of the predecessor's
/// build templates. Any other variable may hold anything.
pub(crate) fn check(name: &str, value: &str) -> Result<(), Problem> {
    match name {
        "PURGE_MODE" => purge_mode(value),
        "MAXIMUM_AGE" => maximum_age(value),
        "BUDGET_AMOUNT" => match amount(value) {
            Some(amount) if amount > 0.0 => Ok(()),
            _ => Err(not_a_number(value, "an amount", "a number above 0, such as 500 or 99.90")),
        },
        "ALERT_THRESHOLD" => match amount(value) {
            Some(percent) if (1.0..=1000.0).contains(&percent) => Ok(()),
            _ => Err(not_a_number(
                value,
                "a threshold",
                "a percentage of the budget from 1 to 1000, such as 80",
            )),
        },
        "BUDGET_NAME" => budget_name(value),
        "PURGE_REGIONS" => value.split_whitespace().try_for_each(|region| {
            super::aws::Region::parse(Scalar { text: region, quoted: true }).map(|_| ())
        }),
        "TAG_VALUE" if matches!(value, "" | "-") => Err(Problem::new(
            "TAG_VALUE must say something: what carries the tag TAG_KEY with this value is purged",
        )),
        "BUDGET_EMAIL" => state_machine::Email::parse(Scalar { text: value, quoted: true }).map(|_| ()),
        _ => Ok(()),
    }
}

fn purge_mode(value: &str) -> Result<(), Problem> {
    const MODES: [&str; 2] = ["--dry-run", "--force"];
    if MODES.contains(&value) {
        return Ok(());
    }
    let problem =
        Problem::new(format!("PURGE_MODE is `--dry-run` or `--force`, and {} is neither", shown(value)));
    Err(match nearest(value, &MODES) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem,
    })
}

/// AWS refuses these characters, and `/action/`, because names of budgets are parts of ARNs:
/// <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html>.
fn budget_name(value: &str) -> Result<(), Problem> {
    let length = value.chars().count();
    if !(1..=100).contains(&length) {
        return Err(Problem::new(format!(
            "the name of a budget has 1 to 100 characters, and this one has {length}"
        )));
    }
    if let Some((at, wrong)) = value.char_indices().find(|(_, c)| matches!(c, ':' | '\\') || c.is_control()) {
        let problem =
            Problem::new(format!("{} may not stand in the name of a budget", shown(&wrong.to_string())));
        return Err(problem.part(at..at + wrong.len_utf8()));
    }
    if value.contains("/action/") {
        return Err(Problem::new("`/action/` may not stand in the name of a budget"));
    }
    Ok(())
}

/// A number of days, weeks, months or years, as awsweeper reads it. Case counts there: `M` is a month and `m`
/// a minute, so `6m` would purge nearly everything.
fn maximum_age(value: &str) -> Result<(), Problem> {
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = value.split_at(digits);
    let counts = (1..=4).contains(&digits) && number.bytes().any(|digit| digit != b'0');
    if counts && matches!(unit, "d" | "w" | "M" | "y" | "Y") {
        return Ok(());
    }
    let problem = Problem::new(format!("{} is not an age: they look like 5d, 2w, 3M or 1y", shown(value)));
    let meant = match unit.trim().to_ascii_lowercase().as_str() {
        "m" | "month" | "months" => Some('M'),
        "d" | "day" | "days" => Some('d'),
        "w" | "week" | "weeks" => Some('w'),
        "y" | "year" | "years" => Some('y'),
        _ => None,
    };
    Err(match meant.filter(|_| counts) {
        Some(unit) => problem.help(format!("did you mean `{number}{unit}`?")),
        None => problem,
    })
}

/// A plain decimal number: no sign, no exponent, no thousands.
fn amount(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && text.len() <= 15;
    let digit_first = text.starts_with(|c: char| c.is_ascii_digit());
    if plain && digit_first { text.parse().ok() } else { None }
}

fn not_a_number(value: &str, what: &str, form: &str) -> Problem {
    let problem = Problem::new(format!("{} is not {what}: it is {form}", shown(value)));
    let number = value.trim().trim_matches(|c: char| !c.is_ascii_digit() && c != '.');
    if number != value && amount(number).is_some_and(|amount| amount > 0.0) && !value.contains('-') {
        return problem.help(format!("write {number}"));
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_mean_something_are_checked() {
        let cases = [
            ("PURGE_MODE", "--dry-run --force", "--dryrun dry-run force --FORCE -force yes"),
            ("MAXIMUM_AGE", "5d 2w 3M 1y 10Y 9M 365d", "6m 0d 00M d 5 5D 1W 1d1w 12345d -1d 5.5d 5_d"),
            ("BUDGET_AMOUNT", "500 500.0 0.01 2000 99.90", "0 0.0 -5 1e3 500USD $500 1,000 .inf x 5.5.5 .5"),
            ("ALERT_THRESHOLD", "1 80 1000 99.5", "0 0.9 1001 80% -1 high"),
            ("BUDGET_EMAIL", "a@example.com", "a @example.com"),
            ("BUDGET_NAME", "SpaBudget a/b é$(x)", "a:b a\\b a/action/b"),
            ("PURGE_REGIONS", "eu-west-1 us-gov-east-1", "Ireland eu-west-1a $(x)"),
            ("TAG_VALUE", "me yes --", "-"),
            ("ANYTHING", "-- x 0 {}", ""),
        ];
        for (name, good, bad) in cases {
            for value in good.split(' ') {
                assert_eq!(check(name, value), Ok(()), "{name} {value}");
            }
            for value in bad.split(' ').filter(|value| !value.is_empty()) {
                assert!(check(name, value).is_err(), "{name} {value}");
            }
        }
        assert!(check("BUDGET_AMOUNT", "").is_err());
        assert!(check("BUDGET_NAME", "").is_err() && check("BUDGET_NAME", &"n".repeat(101)).is_err());
        assert!(check("TAG_VALUE", "").is_err());
        assert_eq!(check("PURGE_REGIONS", "eu-west-1 eu-west-3"), Ok(()));
    }

    #[test]
    fn a_minute_is_not_taken_for_a_month() {
        let problem = check("MAXIMUM_AGE", "6m").unwrap_err();
        assert_eq!(problem.help, ["did you mean `6M`?"]);
    }

    #[test]
    fn names_of_variables_follow_the_shell_and_leave_what_is_reserved() {
        let named = |text| VariableName::parse(Scalar { text, quoted: false }).is_ok();
        for good in ["A", "_a", "BUDGET_AMOUNT", "EVENT_BUS_ARN", "TOPIC_ARN", "x1", "AWSOME"] {
            assert!(named(good), "{good}");
        }
        for bad in ["", "1A", "A-B", "A B", "É", "AWS_PROFILE", "aws_region", "CODEBUILD_X"] {
            assert!(!named(bad), "{bad}");
        }
    }
}
