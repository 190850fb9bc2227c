//! Where the organization is: here, unless somebody says otherwise.

use super::support::Fleet;

#[test]
fn what_is_played_on_this_machine_is_not_on_aws() {
    let fleet = Fleet::founded();
    for command in ["up", "simulate"] {
        let answer = fleet.spa(&[command, "--on", "aws"]);
        assert_eq!(answer.status, 2, "{answer:?}");
        assert!(answer.notes.contains("plays an organization on this machine"), "{answer:?}");
    }
    let answer = fleet.command(&["accounts", "--on", "local"]).env("SPA_ON", "aws").output().unwrap();
    assert_eq!(answer.status.code(), Some(0), "what is said counts before the environment");
    assert_eq!(fleet.spa(&["accounts", "--on", "azure"]).status, 2);
}

#[test]
fn what_is_meant_for_aws_does_not_pass_unseen() {
    let fleet = Fleet::founded();
    for switch in ["--profile", "--region"] {
        let answer = fleet.spa(&["account", "expire", "100000000001", "--reason", "a test", switch, "one"]);
        assert_eq!(answer.status, 2, "{answer:?}");
        assert!(answer.notes.contains(&format!("{switch} is for AWS")), "{answer:?}");
    }
}

#[cfg(not(feature = "aws"))]
#[test]
fn a_build_that_does_not_reach_aws_says_how_to_get_one() {
    let fleet = Fleet::founded();
    let by_environment = fleet.command(&["check"]).env("SPA_ON", "aws").output().unwrap();
    let by_environment = super::support::Answer::of(&["check"], &by_environment);
    let account = ["account", "expire", "100000000001", "--reason", "a test", "--on", "aws"];
    for answer in [fleet.spa(&["accounts", "--on", "aws"]), fleet.spa(&account), by_environment] {
        assert_eq!(answer.status, 2, "{answer:?}");
        assert!(answer.notes.contains("this build of spa does not reach AWS"), "{answer:?}");
        assert!(answer.notes.contains("cargo build --release --features aws"), "{answer:?}");
    }
}
