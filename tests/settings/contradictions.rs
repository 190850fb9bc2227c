//! Settings whose parts do not fit together.

use std::fmt::Write as _;

use spa::diagnostic::Severity;
use spa::settings::{Loaded, load, load_at};
use state_machine::Timestamp;

use crate::support::{BASE, Folder, assert_golden, fixtures, load as load_base, messages};

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// The base with another schedule, and what is appended to it.
fn scheduled(schedule: &str, appended: &str, now: Option<Timestamp>) -> Loaded {
    let folder = Folder::new(&format!("scheduled-{}", schedule.replace(|c: char| !c.is_alphanumeric(), "-")));
    let text = format!("{}{appended}", BASE.replace("cron(0 18 ? * SAT *)", schedule));
    let path = folder.write("settings.yaml", text);
    match now {
        Some(now) => load_at(&path, now),
        None => load(&path),
    }
}

/// What is said, each with its severity, line and column.
fn said(loaded: &Loaded) -> Vec<(Severity, u32, u32, String)> {
    let findings = loaded.report.view().diagnostics.into_iter();
    findings.map(|f| (f.severity, f.line.unwrap(), f.column.unwrap(), f.message)).collect()
}

#[test]
fn everything_that_contradicts_itself_is_shown_with_its_place() {
    let folder = fixtures().join("doubtful");
    let loaded = load_at(&folder.join("settings.yaml"), now());
    assert_golden(&folder.join("report.txt"), &loaded.report.render(false));
}

#[test]
fn a_tag_that_is_set_and_taken_away_in_one_item_is_a_fault() {
    let item = "account_tags: {a: x, b: y}, unset_tags: [b, c]";
    for text in [
        format!("defaults: {{{item}}}\n"),
        format!("accounts: [{{identifier: '111122223333', {item}}}]\n"),
        format!("organizational_units: [{{identifier: ou-ab12-11112222, {item}}}]\n"),
    ] {
        let loaded = load_base(&text);
        assert!(loaded.settings.is_none());
        assert_eq!(messages(&text), ["the tag `b` is set and taken away in the same item"]);
        assert_eq!(
            loaded.report.diagnostics()[0].help,
            ["remove `b` from `unset_tags`, or from `account_tags`"]
        );
    }
}

#[test]
fn a_tag_that_another_item_takes_away_is_doubtful_where_it_counts() {
    // The list of the unit replaces that of the defaults, so nothing takes `a` away there.
    let replaced = "defaults: {unset_tags: [a]}\n\
                    organizational_units: [{identifier: ou-ab12-11112222, unset_tags: [b], account_tags: {a: x}}]\n";
    assert!(load_base(replaced).report.is_empty());
    // An account may lie in any unit, or in none: nobody knows that the unit speaks of it.
    let elsewhere = "accounts: [{identifier: '111122223333', account_tags: {a: x}}]\n\
                     organizational_units: [{identifier: ou-ab12-11112222, unset_tags: [a]}]\n";
    assert!(load_base(elsewhere).report.is_empty());
    let inner = "organizational_units:\n\
                 - {identifier: ou-ab12-11112222, unset_tags: [a]}\n\
                 - {identifier: ou-ab12-33334444, parent: ou-ab12-11112222}\n\
                 - {identifier: ou-ab12-55556666, parent: ou-ab12-33334444, account_tags: {a: x}}\n";
    let loaded = load_base(inner);
    assert_eq!(said(&loaded), [(Severity::Warning, 11, 75, "the tag `a` is not taken away".to_owned())]);
    // What is doubtful works as it is said: the tag is set.
    let settings = loaded.settings.unwrap();
    let unit = ["ou-ab12-55556666".parse().unwrap()];
    let resolved = settings.resolve("111122223333".parse().unwrap(), &unit);
    assert_eq!(&*resolved.account_tags()["a"].value, "x");
}

#[test]
fn a_schedule_that_never_comes_is_told_from_one_that_has_ended() {
    let never = scheduled("cron(0 18 31 2 ? *)", "", None);
    assert!(never.settings.is_none());
    assert_eq!(
        said(&never),
        [(Severity::Error, 4, 34, "this schedule never comes: the calendar has no such day".to_owned())]
    );
    let ended = scheduled("cron(15 18 ? * SAT 2020-2025)", "", Some(now()));
    assert!(ended.settings.is_some());
    let text = ended.report.render(false);
    assert!(text.contains("warning: no maintenance window will open again"), "{text}");
    assert!(text.contains("the last one was on 2025-12-27 18:15 UTC"), "{text}");
    // Without a clock, nobody can say that it has ended.
    assert!(scheduled("cron(15 18 ? * SAT 2020-2025)", "", None).report.is_empty());
    assert!(scheduled("cron(15 18 ? * SAT 2020-2027)", "", Some(now())).report.is_empty());
}

#[test]
fn windows_that_would_meet_are_doubtful() {
    for (schedule, appended, apart) in [
        ("rate(6 hours)", "", Some("windows are 6h apart, and one may stay open for 1d")),
        ("rate(6 hours)", "maintenance: {longest: 6h}\n", None),
        ("rate(7 days)", "maintenance: {longest: 7d}\n", None),
        ("cron(0 18 ? * MON-FRI *)", "", None),
        (
            "cron(0 18 ? * MON-FRI *)",
            "maintenance: {longest: 2d}\n",
            Some("windows are 1d apart, and one may stay open for 2d"),
        ),
        ("cron(0 6/12 ? * SAT *)", "", Some("windows are 12h apart, and one may stay open for 1d")),
    ] {
        let loaded = scheduled(schedule, appended, None);
        let messages: Vec<_> = said(&loaded).into_iter().map(|finding| finding.3).collect();
        assert_eq!(messages, apart.into_iter().collect::<Vec<_>>(), "{schedule} {appended}");
        assert!(loaded.settings.is_some());
    }
}

#[test]
fn a_hold_that_has_ended_is_doubtful_from_the_instant_it_ends() {
    let hold = "accounts: [{identifier: '111122223333', hold: {until: 2026-11-21, reason: x}}]\n";
    let at = |now: &str| {
        let loaded = scheduled("cron(0 18 ? * SAT *)", hold, Some(now.parse().unwrap()));
        loaded.report.warnings()
    };
    assert_eq!(at("2026-11-21T23:59:59Z"), 0);
    assert_eq!(at("2026-11-22T00:00:00Z"), 1);
}

#[test]
fn a_parent_that_nobody_lists_is_doubtful_and_a_slip_is_named() {
    let unit = |parent: &str| {
        let text = format!(
            "organizational_units:\n- identifier: ou-ab12-11112222\n- identifier: ou-ab12-33334444\n  parent: {parent}\n"
        );
        load_base(&text).report.diagnostics().iter().map(|f| (f.severity, f.help.clone())).collect::<Vec<_>>()
    };
    assert_eq!(unit("ou-ab12-11112222"), []);
    assert_eq!(
        unit("ou-ab12-11121222"),
        [(Severity::Warning, vec!["did you mean ou-ab12-11112222?".to_owned()])]
    );
    let advice = "list it under `organizational_units`, or leave `parent` out".to_owned();
    assert_eq!(unit("ou-zz99-87654321"), [(Severity::Warning, vec![advice])]);
}

#[test]
fn times_that_depend_on_one_another_are_compared() {
    let cases = [
        ("lifecycle: {claim: 10m}\n", 0),
        ("lifecycle: {claim: 11m}\n", 1),
        ("lifecycle: {claim: 11m, reconcile_every: 15m}\n", 0),
        ("defaults: {purge: {deadline: 10m}}\n", 0),
        ("defaults: {purge: {deadline: 9m}}\n", 1),
        ("lifecycle: {look_up_every: 5m}\ndefaults: {purge: {deadline: 9m}}\n", 0),
        ("defaults: {purge: {attempts: 2, pauses: [1m]}}\n", 0),
        ("defaults: {purge: {attempts: 2, pauses: [1m, 2m, 3m]}}\n", 1),
        ("defaults: {purge: {attempts: 1, pauses: [1m]}}\n", 1),
        // Attempts may be said elsewhere.
        ("defaults: {purge: {pauses: [1m, 2m, 3m, 4m]}}\n", 0),
    ];
    for (text, doubts) in cases {
        let report = load_base(text).report;
        assert_eq!((report.errors(), report.warnings()), (0, doubts), "{text}\n{}", report.render(false));
    }
}

#[test]
fn a_protected_account_is_not_held() {
    let text = "protected_accounts: ['111122223333']\n\
                accounts: [{identifier: '111122223333', hold: {until: 2030-01-01, reason: x}}]\n";
    let loaded = load_base(text);
    assert!(loaded.settings.is_some());
    let text = loaded.report.render(false);
    assert!(text.contains("the account 111122223333 is never touched"), "{text}");
    assert!(text.contains("nor has this hold"), "{text}");
}

#[test]
fn items_that_no_parameter_can_hold_are_refused_with_their_size() {
    let note =
        |length: usize| format!("accounts: [{{identifier: '111122223333', note: {}}}]\n", "n".repeat(length));
    // The frame of an item, as it is kept, is not counted here.
    let sizes = |text: &str| {
        let report = load_base(text).report;
        (report.errors(), report.warnings())
    };
    assert_eq!(sizes(&note(3500)), (0, 0));
    assert_eq!(sizes(&note(4096)), (0, 1));
    assert_eq!(sizes(&note(8000 - 200)), (0, 1));
    assert_eq!(sizes(&note(8192)), (1, 0));
    let said = messages(&note(9000));
    assert!(said[0].starts_with("this has 9"), "{said:?}");
    assert!(said[0].ends_with(" bytes, and a parameter of Systems Manager holds 8192"), "{said:?}");

    // Defaults have a parameter of their own, and so does what is said of the system as a whole.
    let defaults = |length: usize| {
        format!("defaults: {{note: x, purge: {{variables: {{A: {}}}}}}}\n", "v".repeat(length))
    };
    let unit = "organizational_units: [{identifier: ou-ab12-11112222, note: x}]\n";
    assert_eq!(sizes(&format!("{}{unit}", defaults(3800))), (0, 0));
    assert_eq!(sizes(&format!("{}{unit}", defaults(5000))), (0, 1));
    assert_eq!(sizes(&format!("{}{unit}", defaults(8192))), (1, 0));
    let protected = |count: usize| {
        let accounts: Vec<_> = (0..count).map(|number| format!("'{number:012}'")).collect();
        format!("protected_accounts: [{}]\n", accounts.join(", "))
    };
    assert_eq!(sizes(&protected(100)), (0, 0));
    let said = messages(&protected(1000));
    assert!(said[0].starts_with("the sections about the system as a whole have 2"), "{said:?}");
}

#[test]
fn rows_of_several_files_are_summed_up() {
    let folder = Folder::new("rows-size");
    let value = "v".repeat(3000);
    let row = |name: &str| format!("Account,Purge: {name}\n222233334444,{value}\n333344445555,x\n");
    for name in ["A", "B", "C"] {
        folder.write(&format!("{name}.csv"), row(name));
    }
    let loaded = |files: &str| {
        load(&folder.write("settings.yaml", format!("{BASE}features: {{with_csv_files: [{files}]}}\n")))
            .report
    };
    assert_eq!(loaded("A.csv").warnings(), 0);
    assert_eq!(loaded("A.csv, B.csv").warnings(), 1);
    let report = loaded("A.csv, B.csv, C.csv");
    assert_eq!(report.errors(), 1);
    let finding = &report.view().diagnostics[0];
    assert!(finding.file.as_deref().unwrap().ends_with("A.csv"));
    assert_eq!((finding.line, finding.column), (Some(2), Some(1)));
}

#[test]
fn files_that_no_parameter_can_hold_are_refused_with_their_size() {
    let folder = Folder::new("file-size");
    let spec = |length: usize| {
        let mut text = "version: 0.2\nphases: {build: {commands: [\"true\"]}}\n# ".to_owned();
        text += &"x".repeat(length - text.len());
        folder.write("buildspecs/purge.yaml", text);
        load(&folder.write("settings.yaml", BASE)).report
    };
    for length in [8192, 8193, 25_600] {
        assert!(spec(length).is_empty(), "{length}");
    }
    let text = spec(25_601).render(false);
    assert!(text.contains("purge.yaml has 25601 characters, and CodeBuild takes 25600"), "{text}");
    // What cannot be packed: every character is another one.
    let all = "version: 0.2\nphases: {build: {commands: [\"true\"]}}\n# ".chars();
    let all: String =
        all.chain((0..9_000).filter_map(|n| char::from_u32(0x4e00 + n * 7919 % 20_000))).collect();
    folder.write("buildspecs/purge.yaml", all);
    let text = load(&folder.write("settings.yaml", BASE)).report.render(false);
    assert!(
        text.contains("bytes when it is packed, and a parameter of Systems Manager holds 8192"),
        "{text}"
    );
    spec(8192);
    folder.write("terms.md", "t".repeat(8193));
    let settings = format!("{BASE}features: {{with_end_user_documents: {{Terms: terms.md}}}}\n");
    let text = load(&folder.write("settings.yaml", settings)).report.render(false);
    assert!(text.contains("terms.md has 8193 bytes"), "{text}");
}

#[test]
fn more_than_aws_takes_is_refused_with_the_number() {
    let mut recipients = String::new();
    for n in 0..51 {
        let _ = write!(recipients, "a{n}@example.com, ");
    }
    let text = format!(
        "features: {{with_cost_management_tag: c, with_origin_email_recipient: a@example.com, with_cost_email_recipients: [{recipients}]}}\n"
    );
    assert_eq!(messages(&text), ["51 recipients are more than the 50 that Amazon SES takes"]);
    let tags: String = (0..51).fold(String::new(), |text, n| text + &format!("    t{n}: x\n"));
    let loaded = scheduled("cron(0 18 ? * SAT *)\n  tags:\n", "", None);
    assert!(loaded.settings.is_some());
    let text = BASE.replace("worker:", &format!("  tags:\n{tags}worker:"));
    let loaded = spa::settings::load_text("settings.yaml", &text, &fixtures());
    assert_eq!(loaded.report.diagnostics()[0].message, "51 tags are more than the 50 that AWS keeps");
    let long = format!("defaults: {{account_tags: {{a: {}}}}}\n", "x".repeat(257));
    assert_eq!(messages(&long), ["a tag value has at most 256 characters, and this one has 257"]);
}
