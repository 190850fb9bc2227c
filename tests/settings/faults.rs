//! Many faults in one file, as people see them.

use spa::settings::load;

use crate::support::{assert_golden, fixtures, load as load_base, messages};

#[test]
fn every_fault_is_shown_in_one_run_with_its_place() {
    let folder = fixtures().join("faulty");
    let loaded = load(&folder.join("settings.yaml"));
    assert!(loaded.settings.is_none());
    assert_golden(&folder.join("report.txt"), &loaded.report.render(false));
    let json = serde_json::to_string_pretty(&loaded.report.view()).unwrap() + "\n";
    assert_golden(&folder.join("report.json"), &json);
}

#[test]
fn colour_adds_nothing_but_colour() {
    let loaded = load(&fixtures().join("faulty/settings.yaml"));
    let coloured = loaded.report.render(true);
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain += before;
        rest = after.split_once('m').unwrap().1;
    }
    plain += rest;
    assert!(coloured.len() > plain.len());
    // Styled output pads some lines with blanks.
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&plain), trimmed(&loaded.report.render(false)));
}

#[test]
fn a_hundred_faults_are_printed_and_the_rest_is_counted() {
    let many: String = (0..250).map(|n| format!("unknown_{n}: x\n")).collect();
    let report = load_base(&many).report;
    assert_eq!(report.errors(), 250);
    let text = report.render(false);
    assert_eq!(text.matches("error: ").count(), 100);
    assert!(text.contains("… and 150 more"), "{text}");
    assert!(text.ends_with("250 errors\n"), "{text}");
    assert_eq!(report.view().diagnostics.len(), 250);
}

#[test]
fn control_sequences_of_a_terminal_do_not_reach_it() {
    let report = load_base("\"unknown\\e[2J\": x\nfeatures: {with_csv_files: \"\\e]0;x\\a\"}\n").report;
    assert!(report.has_errors());
    assert!(!report.render(false).contains('\u{1b}'));
}

#[test]
fn a_fault_that_is_used_twice_is_told_once() {
    let report = load_base("defaults: {preparation: &task {feature: on}, purge: *task}\n").report;
    assert_eq!(report.errors(), 1, "{}", report.render(false));
}

#[test]
fn what_was_meant_is_said() {
    let cases = [
        ("acounts: []\n", "unknown key `acounts`", "did you mean `accounts`?"),
        ("account_id: '1'\n", "unknown key `account_id`", "`account_id` belongs into `automation`"),
        (
            "defaults: {feature: enabled}\n",
            "unknown key `feature` in defaults",
            "`feature` belongs into `preparation` or `purge`",
        ),
        ("defaults: {preparation: {feature: yes}}\n", "`yes` is neither", "did you mean `enabled`?"),
        ("defaults: {account_tags: {a: 42}}\n", "found the number `42`", "write \"42\""),
        ("protected_accounts: ['1111-2222-3333']\n", "only digits", "write \"111122223333\""),
        (
            "organizational_units: [{identifier: '111122223333'}]\n",
            "not an organizational unit",
            "under `accounts:`",
        ),
        (
            "organizational_units: [{identifier: OU-ab12-11112222}]\n",
            "not an organizational unit",
            "write ou-ab12-11112222",
        ),
        ("defaults: {purge: {variables: {MAXIMUM_AGE: 6m}}}\n", "is not an age", "did you mean `6M`?"),
        (
            "features: {with_cost_email_recipients: a@example.com}\n",
            "expected a list",
            "write [a@example.com]",
        ),
        ("lifecycle: {claim: 90}\n", "expected a length of time", "for seconds, write 90s"),
        ("lifecycle: {longest_hold: 1 month}\n", "`month` is not a unit", "write 30d"),
    ];
    for (text, message, help) in cases {
        let report = load_base(text).report;
        let found = report
            .diagnostics()
            .iter()
            .find(|finding| finding.message.contains(message))
            .unwrap_or_else(|| panic!("{text}{}", report.render(false)));
        assert!(found.help.iter().any(|said| said.contains(help)), "{text}{found:?}");
    }
}

#[test]
fn warnings_do_not_stop_anything() {
    let cases = [
        ("organizational_units: [{identifier: ou-1234}]\n", "`ou-1234` is a unit that AWS cannot have made"),
        ("accounts: [{identifier: '999988887777'}]\n", "the account 999988887777 is never touched"),
        (
            "protected_accounts: ['111122223333']\naccounts: [{identifier: 111122223333}]\n",
            "is never touched",
        ),
        ("features: {with_csv_files: [warned.csv]}\n", "the account 999988887777 is never touched"),
        (
            "features: {with_cost_management_tag: c, with_cost_email_recipients: [a@example.com]}\n",
            "no mail about costs will be sent",
        ),
        ("features: {with_microsoft_webhook_on_alerts: 'https://a.webhook.office.com/x'}\n", "retired"),
        ("defaults: {unset_tags: [account-holder]}\n", "on-boarding will forget who holds the account"),
    ];
    for (text, message) in cases {
        let loaded = load_base(text);
        assert!(loaded.settings.is_some(), "{}", loaded.report.render(false));
        assert_eq!(loaded.report.warnings(), 1, "{text}");
        assert!(messages(text)[0].contains(message), "{text}{:?}", messages(text));
    }
}

#[test]
fn another_owner_than_that_of_the_role_is_doubtful() {
    let role = "role_arn_to_manage_accounts: arn:aws:iam::222233334444:role/Name";
    for (owner, warnings) in [("222233334444", 0), ("333344445555", 1)] {
        let text = crate::support::BASE
            .replace("  region:", &format!("  {role}\n  management_account_id: '{owner}'\n  region:"));
        let loaded = spa::settings::load_text("settings.yaml", &text, &fixtures());
        assert_eq!(loaded.report.warnings(), warnings, "{}", loaded.report.render(false));
        let settings = loaded.settings.unwrap();
        let protected: Vec<_> =
            settings.protected_accounts().map(|(account, _)| account.to_string()).collect();
        assert_eq!(protected, [owner, "999988887777"]);
    }
}

#[test]
fn a_key_is_listed_once_among_those_that_are_known() {
    let report = load_base("defaults: {xyz: 1}\n").report;
    let help = &report.diagnostics()[0].help[0];
    assert_eq!(help.matches("`hold`").count(), 1, "{help}");
}

#[test]
fn more_tags_than_aws_keeps_are_refused() {
    let tags = |from: u32, to: u32| (from..to).map(|n| format!("t{n}: x, ")).collect::<String>();
    let defaults = |most| format!("defaults: {{account_tags: {{{}}}}}\n", tags(0, most));
    assert!(load_base(&defaults(48)).settings.is_some());
    assert!(
        messages(&defaults(49))[0].contains("49 tags and those of state and holder are more than the 50")
    );
    let both = |unit| {
        let unit = tags(20, unit);
        format!(
            "{}organizational_units: [{{identifier: ou-ab12-11112222, account_tags: {{{unit}}}}}]\n",
            defaults(30)
        )
    };
    assert!(load_base(&both(48)).settings.is_some());
    assert_eq!(load_base(&both(49)).report.errors(), 1);
}

#[test]
fn the_first_of_two_equal_keys_is_pointed_to() {
    let report = load_base("defaults:\n  note: a\n  note: b\n").report;
    let view = report.view();
    let finding = &view.diagnostics[0];
    assert_eq!(finding.message, "the key `note` stands here twice");
    let base_lines = u32::try_from(crate::support::BASE.lines().count()).unwrap();
    assert_eq!((finding.line, finding.related[0].place.line), (Some(base_lines + 3), base_lines + 2));
}
