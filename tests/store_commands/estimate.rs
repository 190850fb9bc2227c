//! `spa estimate`: what people read, what programs read, and what it refuses.

use super::support::{Fleet, assert_golden};

#[test]
fn what_a_person_reads() {
    let fleet = Fleet::founded();
    assert_golden(
        "estimate.txt",
        &[
            fleet.spa(&["estimate", "--accounts", "100"]),
            fleet.spa(&["estimate", "--accounts", "100", "--output", "csv"]),
            fleet.spa(&["estimate", "--accounts", "7", "--windows", "0", "--output", "json"]),
        ],
    );
}

/// In the store are nine accounts, of which some have been through a cycle, with builds that took what was drawn.
#[test]
fn minutes_and_accounts_come_from_a_journal() {
    let fleet = Fleet::grown();
    let answer = fleet.spa(&["estimate", "--measured", "--output", "json"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let (told, scenario) = (&answer.json()["measured"], &answer.json()["scenario"]);
    assert_eq!(told["accounts"], scenario["accounts"]);
    let (ended, minutes) = (told["prepare"]["ended"].as_u64().unwrap(), told["prepare"]["minutes"].as_u64());
    assert!(ended > 1, "{told}");
    assert!(minutes.unwrap() >= ended, "a build takes a minute at least: {told}");
    assert_ne!(scenario["prepare_minutes"], "5", "it is what was measured");
    // What somebody says counts for more.
    let said = fleet.spa(&["estimate", "--measured", "--prepare-minutes", "3", "--output", "json"]);
    assert_eq!(said.json()["scenario"]["prepare_minutes"], "3");
}

#[test]
fn other_prices_are_taken_and_wrong_ones_are_refused() {
    let fleet = Fleet::founded();
    let ours = include_str!("../../prices/us-east-1.yaml");
    let write = |text: &str| std::fs::write(fleet.path().join("prices.yaml"), text).unwrap();
    let asked = ["estimate", "--accounts", "100", "--prices", "prices.yaml", "--output", "json"];
    write(&ours.replace("price: \"0.005\"", "price: \"0.010\"").replace("us-east-1", "eu-west-1"));
    let answer = fleet.spa(&asked);
    assert_eq!(answer.json()["services"]["CodeBuild"], "65.22");
    assert!(!answer.notes.contains("may differ"), "they are those of the region");
    for (text, told) in [
        ("", "it is no list of prices"),
        ("\u{0}\u{1}", "it is no list of prices"),
        (&ours.replace("\"0.005\"", "half a cent"), "`half a cent` is no decimal number"),
        (&ours.replace("key: mails", "key: alarms"), "it has two prices of `alarms`"),
    ] {
        write(text);
        let answer = fleet.spa(&asked);
        assert_eq!((answer.status, answer.data.as_str()), (8, ""), "{answer:?}");
        assert!(answer.notes.contains(told), "{told}: {}", answer.notes);
    }
    std::fs::write(fleet.path().join("prices.yaml"), [0xff, 0xfe]).unwrap();
    assert_eq!(fleet.spa(&asked).status, 8);
    std::fs::remove_file(fleet.path().join("prices.yaml")).unwrap();
    assert_eq!(fleet.spa(&asked).status, 5);
}

#[test]
fn numbers_that_mean_nothing_are_refused() {
    let fleet = Fleet::founded();
    for arguments in [
        ["--accounts", "0"],
        ["--accounts", "-1"],
        ["--accounts", "1000001"],
        ["--accounts", "many"],
        ["--joining", "-1"],
        ["--windows", "1e3"],
        ["--windows", "-0.5"],
        ["--prepare-minutes", ""],
        ["--purge-minutes", "NaN"],
        ["--call-milliseconds", "100000.5"],
    ] {
        let (name, value) = (arguments[0], arguments[1]);
        let answer = fleet.spa(&["estimate", &format!("{name}={value}")]);
        assert_eq!((answer.status, answer.data.as_str()), (2, ""), "{arguments:?}: {answer:?}");
    }
    // The largest of everything still has a sum.
    let most = "estimate --accounts 1000000 --joining 1000000 --windows 100000 --prepare-minutes 100000 \
                --purge-minutes 100000 --call-milliseconds 100000 --output json";
    let answer = fleet.spa(&most.split_whitespace().collect::<Vec<_>>());
    assert_eq!(answer.status, 0, "{answer:?}");
}
