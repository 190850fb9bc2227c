//! The switches of `spa simulate`, and what it ends with.

use crate::support::{json, simulate, stderr, stdout};

const SMALL: [&str; 4] = ["--accounts", "6", "--days", "9"];

fn small<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SMALL.iter().chain(more).copied().collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for format in ["table", "json"] {
        let words = small(&["--faults", "heavy", "--seed", "5", "--output", format]);
        let (one, other) = (simulate(&words), simulate(&words));
        assert_eq!(one.status.code(), Some(0), "{}", stderr(&one));
        assert!(one.stdout.len() > 1_000);
        assert_eq!(one.stdout, other.stdout);
        assert!(one.stderr.is_empty(), "nothing is said where nobody sits: {}", stderr(&one));
    }
    let other = small(&["--faults", "heavy", "--seed", "6", "--output", "json"]);
    let words = small(&["--faults", "heavy", "--seed", "5", "--output", "json"]);
    assert_ne!(simulate(&words).stdout, simulate(&other).stdout);
}

#[test]
fn the_command_at_the_end_of_a_report_gives_it_again() {
    let first =
        simulate(&small(&["--faults", "loss=5%", "--faults", "crash=0.01", "--failing-builds", "0.2"]));
    let text = stdout(&first);
    let again = text.trim_end().lines().last().unwrap().strip_prefix("again: spa simulate ").unwrap();
    let words: Vec<&str> = again.split(' ').collect();
    assert!(words.contains(&"build=0.2"), "{again}");
    assert_eq!(stdout(&simulate(&words)), text);
}

#[test]
fn what_went_wrong_and_what_became_of_it_is_shown() {
    let text = stdout(&simulate(&small(&["--faults", "heavy"])));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in [
        "heavy faults",
        "processes that died: ",
        "loss 10 % ",
        "an event never arrives",
        "Lost events",
        "reconciler ",
        "wake-up ",
        "at $0.005 a minute",
        "general1.small, Linux, us-east-1",
        "https://aws.amazon.com/codebuild/pricing/",
    ] {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
}

#[test]
fn faults_add_up_from_left_to_right() {
    let report = json(&simulate(&small(&["--faults", "light", "--faults", "loss=0.5", "--output", "json"])));
    let rate = |kind: &str| {
        let lines = report["faults"].as_array().unwrap();
        lines.iter().find(|line| line["kind"] == kind).unwrap()["rate"].as_f64().unwrap()
    };
    assert!((rate("loss") - 0.5).abs() < 1e-9 && (rate("repeat") - 0.01).abs() < 1e-9);
    assert_eq!(report["scenario"]["faults"], "mixed");
    let alone = json(&simulate(&small(&["--faults", "loss=0.5", "--output", "json"])));
    assert_eq!(alone["faults"].as_array().unwrap().len(), 1);
}

#[test]
fn a_build_that_always_fails_ends_in_quarantine() {
    let report =
        json(&simulate(&small(&["--faults", "none", "--failing-builds", "100%", "--output", "json"])));
    let (total, accounts) = (&report["total"], &report["accounts"]);
    assert!(total["quarantines"].as_u64().unwrap() >= 5, "{total}");
    assert!(accounts["quarantined"].as_u64().unwrap() > 0, "the next try is a week away: {accounts}");
    assert_eq!(report["total"]["failures"], report["builds"]["failed"]);
    assert!(report["breach"].is_null());
}

#[test]
fn a_timeline_holds_every_record_with_its_cause() {
    let account = "222233334444";
    let words = small(&["--faults", "none", "--timeline", account]);
    let text = stdout(&simulate(&words));
    for word in ["Timeline", "under management", "account event", "release", "the cycle is complete"] {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
    let report = json(&simulate(&[&words[..], &["--output", "json"]].concat()));
    let records = report["timeline"]["records"].as_array().unwrap();
    let versions: Vec<u64> = records.iter().map(|record| record["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=versions.len() as u64).collect::<Vec<_>>());
    let csv = stdout(&simulate(&[&words[..], &["--output", "csv"]].concat()));
    assert_eq!(csv.lines().count(), records.len() + 1);
    assert!(csv.starts_with("version,at,because of,by,what,owes\r\n"), "{csv}");
}

#[test]
fn an_account_that_is_not_there_has_no_timeline() {
    let output = simulate(&small(&["--timeline", "999999999998"]));
    assert_eq!(output.status.code(), Some(5));
    assert!(output.stdout.is_empty());
    let told = stderr(&output);
    assert!(told.contains("there is no account 999999999998") && told.contains("help"), "{told}");
}

#[test]
fn a_report_is_no_csv() {
    let output = simulate(&small(&["--output", "csv"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(stderr(&output).contains("--output json"), "{}", stderr(&output));
}

#[test]
fn many_seeds_report_only_what_broke() {
    let words = ["--accounts", "4", "--days", "4", "--faults", "heavy", "--seeds", "3..8"];
    let output = simulate(&words);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("6 simulations, "), "{}", stdout(&output));
    let report = json(&simulate(&[&words[..], &["--output", "json"]].concat()));
    assert_eq!((report["runs"].as_u64(), report["broken"].as_array().unwrap().len()), (Some(6), 0));
    let csv = stdout(&simulate(&[&words[..], &["--output", "csv"]].concat()));
    assert_eq!(csv, "seed,rule,at,account,seen,again\r\n");
}

#[test]
fn wrong_words_are_refused_with_what_would_be_right() {
    for (words, expected) in [
        (&["--faults", "lost=0.1"][..], "there is no fault `lost`"),
        (&["--faults", "loss=2"], "write a share between 0 and 1"),
        (&["--failing-builds", "many"], "write a share between 0 and 1"),
        (&["--seeds", "5"], "write it like 1..1000"),
        (&["--seeds", "9..3"], "the first is above the last"),
        (&["--seeds", "1..2", "--seed", "1"], "cannot be used with"),
        (&["--days", "0"], "0 is not in 1..=3660"),
        (&["--accounts", "0"], "0 is not in"),
        (&["--start", "yesterday"], "neither an instant (2026-11-21T18:00:00Z) nor a day"),
        (&["--timeline", "123"], "3 digits"),
        (&["--accounts", "5", "--organization", "x.json"], "cannot be used with"),
    ] {
        let output = simulate(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
        assert!(stderr(&output).contains(expected), "{words:?}: {}", stderr(&output));
    }
}

#[test]
fn settings_that_are_not_there_are_named() {
    let output = simulate(&["--settings", "nowhere.yaml"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(stderr(&output).contains("nowhere.yaml"), "{}", stderr(&output));
}
