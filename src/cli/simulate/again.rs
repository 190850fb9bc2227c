//! The command that repeats a simulation, for people to copy.

use std::path::Path;

use crate::simulation::Scenario;

/// The command that repeats a scenario with these settings, and this file as its organization.
pub(super) fn command(scenario: &Scenario, settings: &Path, organization: Option<&Path>) -> String {
    let mut words = vec!["spa".to_owned(), "simulate".to_owned()];
    let mut switch = |name: &str, value: String| words.extend([format!("--{name}"), quoted(&value)]);
    switch("settings", settings.display().to_string());
    match organization {
        Some(path) => switch("organization", path.display().to_string()),
        None => switch("accounts", scenario.accounts.to_string()),
    }
    switch("days", scenario.days.to_string());
    switch("seed", scenario.seed.to_string());
    for text in scenario.faults.switches() {
        switch("faults", text);
    }
    switch("start", scenario.start.to_string());
    if scenario.adopt {
        words.push("--adopt".to_owned());
    }
    words.join(" ")
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,%@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cloud::local::faults::Faults;
    use crate::local::found::Export;

    #[test]
    fn it_names_everything_that_counts() {
        let mut scenario = Scenario {
            accounts: 7,
            days: 3,
            seed: 9,
            faults: Faults::none().switch("loss=2%").unwrap(),
            start: "2027-01-04T00:00:00Z".parse().unwrap(),
            organization: None,
            adopt: false,
            watched: true,
        };
        assert_eq!(
            command(&scenario, Path::new("my settings.yaml"), None),
            "spa simulate --settings 'my settings.yaml' --accounts 7 --days 3 --seed 9 --faults none --faults \
             loss=0.02 --start 2027-01-04T00:00:00.000Z"
        );
        scenario.organization = Some(Arc::new(Export::default()));
        scenario.adopt = true;
        let text = command(&scenario, Path::new("s.yaml"), Some(Path::new("it's.json")));
        assert!(text.contains(r"--organization 'it'\''s.json'"), "{text}");
        assert!(text.ends_with("--adopt") && !text.contains("--accounts"), "{text}");
    }
}
