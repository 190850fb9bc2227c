//! The settings of a deployment: planned, written, remembered, and written back.

use std::process::Stdio;

use spa::cloud::Parameters as _;
use spa::lifecycle::World as _;
use state_machine::{Standing, TaskPolicy};

use crate::company::{Answer, Company, assert_golden, block_on};

/// What the tests ask beside the program.
struct Desk(Company);

impl Desk {
    /// A company whose settings are not yet in parameters, but for those that the harness has written.
    fn with_accounts(count: usize) -> Self {
        Self(Company::with_accounts(count))
    }

    fn ssm(&self) -> aws_sdk_ssm::Client {
        aws_sdk_ssm::Client::new(&self.0.guest.config())
    }

    /// Everything that stands below the path, by name.
    fn standing(&self) -> std::collections::BTreeMap<String, String> {
        let pages = self.ssm().get_parameters_by_path().path("/Spa").recursive(true).into_paginator();
        let pages = block_on(pages.send().try_collect()).unwrap();
        let all = pages.into_iter().flat_map(|page| page.parameters.unwrap_or_default());
        all.map(|one| (one.name.unwrap(), one.value.unwrap())).collect()
    }

    fn delete_all(&self) {
        for name in self.standing().keys() {
            block_on(self.ssm().delete_parameter().name(name).send()).unwrap();
        }
    }

    fn put(&self, name: &str, value: &str) {
        let request = self.ssm().put_parameter().name(name).value(value).overwrite(true);
        block_on(request.r#type(aws_sdk_ssm::types::ParameterType::String).send()).unwrap();
    }

    /// Adds lines to the settings file.
    fn say(&self, lines: &str) {
        let path = self.0.path().join("settings.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text + lines).unwrap();
    }

    /// Replaces something in the settings file.
    fn say_instead(&self, old: &str, new: &str) {
        let path = self.0.path().join("settings.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{text}");
        std::fs::write(&path, text.replace(old, new)).unwrap();
    }

    fn spa(&self, arguments: &str) -> Answer {
        self.0.spa(&arguments.split_whitespace().collect::<Vec<_>>())
    }

    /// How often the program called this while it answered.
    fn counted(&self, arguments: &str, status: i32, operation: &str) -> usize {
        let before = self.0.called();
        let answer = self.spa(arguments);
        assert_eq!(answer.status, status, "{answer:?}");
        self.0.calls(before).get(operation).copied().unwrap_or(0)
    }

    /// How a function purges this account.
    fn purge(&self, number: usize, at: &str) -> (bool, TaskPolicy) {
        let world = self.0.world(at);
        let unit = self.0.unit().parse().unwrap();
        let policy = block_on(world.parameters().policy(self.0.accounts[number], &[unit])).unwrap();
        (policy.standing == Standing::Managed, policy.purge.clone())
    }
}

/// The time of the peer, which nobody can set.
fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

const PUT: &str = "ssm:PutParameter";

/// An item of the first account.
fn first(desk: &Desk, says: &str) -> String {
    format!("accounts:\n  - identifier: '{}'\n    {says}\n", desk.0.accounts[0])
}

#[test]
fn the_first_apply_writes_everything_and_the_second_nothing() {
    let desk = Desk::with_accounts(2);
    desk.delete_all();
    desk.say(&first(&desk, "account_tags: { team: blue }"));
    desk.spa("settings apply").says(4, &["write 6 parameters", "no terminal to ask", "--yes"]);
    assert!(desk.standing().is_empty(), "nobody has agreed");
    assert_eq!(desk.counted("settings apply --yes", 0, PUT), 6);
    let standing = desk.standing();
    assert_eq!(standing.len(), 6, "{standing:?}");
    let before = desk.0.called();
    let answer = desk.spa("settings apply --yes");
    assert_eq!(answer.data, "0 added, 0 changed, 0 removed, 6 unchanged\n");
    let calls = desk.0.calls(before);
    assert_eq!(
        calls.into_iter().collect::<Vec<_>>(),
        [("ssm:GetParametersByPath".to_owned(), 1), ("sts:GetCallerIdentity".to_owned(), 1),]
    );
    // They say whose they are, and the functions read them.
    let tags = desk.ssm().list_tags_for_resource().resource_id("/Spa/Settings");
    let tags =
        block_on(tags.resource_type(aws_sdk_ssm::types::ResourceTypeForTagging::Parameter).send()).unwrap();
    let mut tags: Vec<_> =
        tags.tag_list().iter().map(|tag| format!("{}={}", tag.key(), tag.value())).collect();
    tags.sort();
    assert_eq!(tags, ["environment=Spa", "origin=SustainablePersonalAccounts"]);
    assert!(desk.purge(0, "2026-11-02T11:00:00Z").0);
}

#[test]
fn one_account_that_changes_is_one_write_and_one_that_is_gone_is_deleted_last() {
    let desk = Desk::with_accounts(1);
    desk.say(&first(&desk, "account_tags: { team: blue }\n    purge: { feature: disabled }"));
    assert_eq!(desk.spa("settings apply --yes").status, 0);
    desk.say_instead("team: blue", "team: red");
    assert_eq!(desk.counted("settings apply --yes", 0, PUT), 1);
    let name = format!("/Spa/Accounts/{}", desk.0.accounts[0]);
    assert!(desk.standing()[&name].contains("red"));
    // Somebody else's parameter below our path is left alone, and said.
    desk.put("/Spa/WebEndpoints", "theirs");
    desk.say_instead(&first(&desk, "account_tags: { team: red }\n    purge: { feature: disabled }"), "");
    let before = desk.0.called();
    let answer = desk.spa("settings apply --yes");
    assert_eq!(answer.data, "0 added, 1 changed, 1 removed, 4 unchanged\n");
    let calls: Vec<String> = desk.0.guest.calls().into_iter().skip(before).collect();
    assert_eq!(calls.last().unwrap(), "ssm:DeleteParameters", "{calls:?}");
    let standing = desk.standing();
    assert!(!standing.contains_key(&name));
    assert_eq!(standing["/Spa/WebEndpoints"], "theirs");
    assert!(desk.spa("settings plan").data.contains("not ours and left alone: /Spa/WebEndpoints"));
}

#[test]
fn a_purge_is_switched_on_by_whoever_says_for_how_many() {
    let desk = Desk(Company::grown());
    desk.say_instead(
        "purge: { feature: disabled }",
        "purge: { feature: enabled, variables: { PURGE_MODE: --force } }",
    );
    let plan = desk.spa("settings plan");
    let refused = [desk.spa("settings apply --yes"), desk.spa("settings apply --yes --purge-on 1")];
    refused[0].says(4, &["PURGE ON (forced)", "switches a purge on for 2 accounts", "--purge-on 2"]);
    refused[1].says(4, &["for 2 accounts, and --purge-on says otherwise"]);
    assert!(!desk.purge(0, "2026-11-02T11:00:00Z").1.enabled);
    let json = desk.spa("settings plan --output json").json();
    assert_eq!(json["purge_on"], 2);
    assert_eq!(json["accounts"][0]["purge"], serde_json::json!(["off", "forced"]));
    // Asked for by its number, and then it is not asked for again.
    assert_eq!(desk.counted("settings apply --yes --purge-on 2", 0, PUT), 1);
    assert!(desk.purge(0, "2026-11-02T11:10:00Z").1.enabled);
    assert_golden("settings-plan.txt", &[plan, refused[1].clone(), desk.spa("settings plan")]);
}

#[test]
fn what_was_interrupted_is_done_by_the_same_command() {
    let desk = Desk::with_accounts(1);
    desk.delete_all();
    desk.say(&first(&desk, "account_tags: { team: blue }"));
    // Killed while its first write is on its way.
    let held = desk.0.guest.hold_answer("PutParameter");
    let mut command = desk.0.command(&["settings", "apply", "--yes"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    held.wait();
    child.kill().unwrap();
    child.wait().unwrap();
    held.lose();
    assert_eq!(desk.standing().len(), 1);
    // Refused in the middle of it.
    desk.0.guest.refuse_what_says("PutParameter", "Accounts/", 1, 400, "AccessDeniedException");
    let answer = desk.spa("settings apply --yes");
    answer.says(9, &["was not written", "the same command again does the rest", "PutParameter"]);
    let standing = desk.standing();
    assert!(
        !standing.contains_key("/Spa/Settings"),
        "nothing counts before everything is there: {standing:?}"
    );
    let answer = desk.spa("settings apply --yes");
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(desk.standing().len(), 6);
    assert_eq!(desk.counted("settings apply --yes", 0, PUT), 0);
}

#[test]
fn what_somebody_else_has_written_meanwhile_is_not_overwritten() {
    let desk = Desk::with_accounts(1);
    desk.say(&first(&desk, "account_tags: { team: blue }"));
    assert_eq!(desk.spa("settings apply --yes").status, 0);
    desk.say_instead("team: blue", "team: red");
    let name = format!("/Spa/Accounts/{}", desk.0.accounts[0]);
    // The look just before the write is held back, and somebody else writes meanwhile.
    let held = desk.0.guest.hold_answer("DescribeParameters");
    let mut command = desk.0.command(&["settings", "apply", "--yes"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    held.wait();
    let theirs = desk.standing()[&name].replace("blue", "green");
    desk.put(&name, &theirs);
    // It is asked again, since asking changes nothing, and now it is told the new version.
    held.lose();
    let answer = desk.0.answer(&child.wait_with_output().unwrap(), &[]);
    answer.says(4, &["was changed by somebody else meanwhile: version 2", "settings plan"]);
    assert_eq!(desk.standing()[&name], theirs);
}

#[test]
fn credentials_of_another_account_end_it_before_anything_is_read_or_written() {
    let desk = Desk::with_accounts(1);
    desk.delete_all();
    for question in ["apply", "plan"] {
        let mut command = desk.0.command(&["settings", question]);
        command.env("AWS_ACCESS_KEY_ID", "343434343434");
        let answer = desk.0.answer(&command.output().unwrap(), &[]);
        answer.says(9, &["are of the account 343434343434", "the system runs in 999988887777"]);
    }
    assert!(desk.standing().is_empty());
}

#[test]
fn a_thousand_accounts_are_compared_by_the_page_and_written_by_the_change() {
    let desk = Desk::with_accounts(1);
    let account = |number: u64| format!("  - identifier: '{}'", 200_000_000_000 + number);
    let accounts: Vec<String> = (0..1_000).map(account).collect();
    desk.say(&format!(
        "accounts:
{}
",
        accounts.join(
            "
"
        )
    ));
    let loaded = spa::settings::load(&desk.0.path().join("settings.yaml"));
    for (name, parameter) in loaded.settings.unwrap().parameters() {
        desk.put(&name, &parameter.value);
    }
    let before = desk.0.called();
    let begun = std::time::Instant::now();
    assert_eq!(desk.spa("settings plan").status, 0);
    println!("a plan of 1,000 accounts took {:?}", begun.elapsed());
    let calls = desk.0.calls(before);
    assert_eq!(
        calls.into_iter().collect::<Vec<_>>(),
        [("ssm:GetParametersByPath".to_owned(), 101), ("sts:GetCallerIdentity".to_owned(), 1),]
    );
    desk.say_instead("'200000000007'\n", "'200000000007'\n    account_tags: { team: blue }\n");
    let before = desk.0.called();
    let answer = desk.spa("settings apply --yes");
    assert_eq!(answer.data, "0 added, 1 changed, 0 removed, 1004 unchanged\n");
    let calls = desk.0.calls(before);
    assert_eq!(calls[PUT], 1);
    assert_eq!(calls.values().sum::<usize>(), 101 + 1 + 1 + 1 + 1, "{calls:?}");
}

#[test]
fn what_stood_there_before_is_written_again_and_the_functions_read_it() {
    let desk = Desk(Company::grown());
    desk.say(&first(&desk, "purge: { feature: enabled }"));
    assert_eq!(desk.spa("settings apply --yes --purge-on 1").status, 0);
    desk.say_instead("purge: { feature: enabled }", "purge: { feature: disabled }");
    assert_eq!(desk.spa("settings apply --yes").status, 0);
    assert!(!desk.purge(0, "2026-11-02T11:00:00Z").1.enabled);
    let name = desk.0.accounts[0].to_string();
    let history = desk.spa(&format!("settings history {name} --output json")).json();
    assert_eq!(history.as_array().unwrap().len(), 2);
    assert_eq!(
        history[0]["changes"][0],
        serde_json::json!({
            "path": "purge.feature", "from": "enabled", "to": "disabled",
        })
    );
    let all = desk.spa("settings history --last 2");
    assert!(all.data.contains("purge.feature: enabled -> disabled"), "{}", all.data);
    assert_eq!(all.data.lines().count(), 3, "{}", all.data);
    // Back, asked for in the same way: it switches a purge on.
    let back = format!("settings rollback {name} --version 1 --yes");
    desk.spa(&back).says(4, &["--purge-on 1"]);
    assert_eq!(desk.counted(&format!("{back} --purge-on 1"), 0, PUT), 1);
    assert!(desk.purge(0, "2026-11-02T11:10:00Z").1.enabled);
    assert_eq!(
        desk.spa(&format!("settings history {name}")).data.lines().count(),
        4,
        "nothing is taken away"
    );
    desk.spa(&format!("settings rollback {name} --version 9 --yes")).says(5, &["version 9", "1 to 3 are"]);
    desk.spa("settings rollback nobody --version 1").says(2, &["/Spa/nobody"]);
}

#[test]
fn an_older_general_parameter_hides_no_account() {
    let desk = Desk::with_accounts(1);
    desk.say(&first(&desk, "account_tags: { team: blue }"));
    desk.say_instead("first_wave: 1", "first_wave: 2");
    assert_eq!(desk.spa("settings apply --yes").status, 0);
    let settings = || desk.standing()["/Spa/Settings"].clone();
    assert!(settings().contains("\"first_wave\": 2"), "{}", settings());
    assert_eq!(desk.counted("settings rollback Settings --version 1 --yes", 0, PUT), 1);
    assert!(settings().contains("\"first_wave\": 1"), "{}", settings());
    // Its first version named nobody, and the account has settings of its own all the same.
    assert!(settings().contains(&desk.0.accounts[0].to_string()), "{}", settings());
}

#[test]
fn a_tier_is_never_made_a_cheaper_one() {
    let desk = Desk::with_accounts(1);
    let long = |letter: &str| format!("note: '{}'", letter.repeat(5_000));
    desk.say(&first(&desk, &long("a")));
    assert_eq!(desk.spa("settings apply --yes").status, 0);
    // AWS refuses to make an advanced parameter a standard one.
    desk.say_instead(&long("a"), "note: short");
    assert_eq!(desk.spa("settings apply --yes").status, 0);
    desk.say_instead("note: short", "note: shorter");
    assert_eq!(desk.spa("settings apply --yes").status, 0);
    let name = format!("/Spa/Accounts/{}", desk.0.accounts[0]);
    let history = block_on(desk.ssm().get_parameter_history().name(&name).send()).unwrap();
    let tiers: Vec<_> = history.parameters().iter().map(|one| one.tier().unwrap().as_str()).collect();
    assert_eq!(tiers, ["Advanced"; 3]);
}

#[test]
fn everything_is_as_it_was_at_an_instant() {
    let desk = Desk::with_accounts(1);
    let before = desk.standing();
    let at = now();
    desk.say(&first(&desk, "account_tags: { team: blue }"));
    desk.say_instead("defaults:\n", "defaults:\n  account_tags: { cost: '1' }\n");
    assert_eq!(desk.spa("settings apply --yes").status, 0);
    assert_ne!(desk.standing(), before);
    let with = now();
    assert_eq!(desk.spa(&format!("settings rollback --to {at} --dry-run")).status, 0);
    assert_ne!(desk.standing(), before);
    let answer = desk.spa(&format!("settings rollback --to {at} --yes"));
    assert_eq!(answer.data, "0 added, 2 changed, 1 removed, 3 unchanged\n", "{answer:?}");
    answer.says(0, &["settings.yaml was not changed: the next apply of it writes it again"]);
    assert_eq!(desk.standing(), before);
    // What was deleted is gone from AWS's history as well, and that is said.
    let answer = desk.spa(&format!("settings rollback --to {with} --dry-run"));
    assert!(
        answer.data.contains("AWS keeps nothing of parameters that were deleted: 100000000001"),
        "{answer:?}"
    );
}

#[test]
fn on_this_machine_there_is_nothing_to_write() {
    let desk = Desk::with_accounts(1);
    desk.spa("settings plan --on local").says(2, &["the settings are the file itself", "--on aws"]);
}
