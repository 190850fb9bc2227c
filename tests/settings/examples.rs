//! The example of the repository, and files as the predecessor knew them.

use std::path::Path;

use spa::settings::{Loaded, Origin, load};
use state_machine::{Protection, Standing};

use crate::support::{assert_golden, fixtures};

fn predecessor(name: &str) -> Loaded {
    load(&fixtures().join("predecessor").join(name))
}

#[test]
fn the_example_of_the_repository_is_faultless() {
    let loaded = load(Path::new("settings.yaml"));
    assert!(loaded.report.is_empty(), "{}", loaded.report.render(false));
    let settings = loaded.settings.unwrap();
    assert!((3..=4).contains(&settings.units().count()));
    assert!(settings.accounts().count() >= 3);
    let held = settings.accounts().filter(|account| settings.resolve(*account, &[]).hold().is_some());
    assert_eq!(held.count(), 1);
    let listed = settings.protected_accounts().filter(|(_, why)| why.value == Protection::Listed);
    assert_eq!(listed.count(), 1);
    for unit in settings.units() {
        let resolved = settings.resolve("000000000001".parse().unwrap(), std::slice::from_ref(unit));
        assert_eq!(resolved.standing().value, Standing::Managed);
        assert_eq!(&*resolved.purge().variables["PURGE_MODE"].value, "--dry-run");
    }
}

#[test]
fn complete_settings_of_the_predecessor_load() {
    let loaded = predecessor("complete.yaml");
    let settings = loaded.settings.unwrap();
    // Two units that are samples, the automation account among the accounts, a tag that is set and taken away,
    // a retired webhook.
    assert_eq!(loaded.report.warnings(), 5, "{}", loaded.report.render(false));
    assert_eq!(settings.environment_identifier().as_str(), "SpaSample");
    assert_eq!(settings.metering().transactions_ttl_in_seconds.num_seconds(), 900);
    assert_eq!(settings.features().with_end_user_documents.len(), 1);
    assert_eq!(
        settings.reporting().costs_markdown_template.fill("2026-10").lines().next(),
        Some("# Costs of 2026-10")
    );
    assert_eq!(&*settings.automation().cockpit_markdown_text, "# A title\nand a line below it\n");

    let automation = settings.resolve("123456789012".parse().unwrap(), &[]);
    assert_eq!(automation.standing().value, Standing::Protected(Protection::AutomationAccount));
    let management = settings.resolve("222222222222".parse().unwrap(), &[]);
    assert_eq!(management.standing().value, Standing::Protected(Protection::ManagementAccount));

    let unit = settings.units().next().unwrap().clone();
    let resolved = settings.resolve("444455556666".parse().unwrap(), &[unit]);
    let variable = |name: &str| (*resolved.preparation().variables[name].value).to_owned();
    // Numbers pass on as they were written.
    assert_eq!(variable("BUDGET_AMOUNT"), "500.0");
    assert_eq!(variable("BUDGET_NAME"), "FirstBudget");
    assert!(matches!(resolved.preparation().variables["BUDGET_NAME"].origin, Origin::Unit(..)));
    assert!(resolved.purge().enabled.value);
}

#[test]
fn minimal_settings_of_the_predecessor_load() {
    let loaded = predecessor("minimum.yaml");
    assert!(loaded.report.is_empty(), "{}", loaded.report.render(false));
    let settings = loaded.settings.unwrap();
    assert_eq!((settings.units().count(), settings.accounts().count()), (0, 0));
    let nobody = settings.resolve("444455556666".parse().unwrap(), &[]);
    assert_eq!(nobody.standing().value, Standing::Unmanaged);
}

#[test]
fn csv_files_of_the_predecessor_load() {
    let loaded = predecessor("with-csv-files.yaml");
    let settings = loaded.settings.unwrap();
    let messages: Vec<_> =
        loaded.report.diagnostics().iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(
        messages,
        ["no maintenance window will ever open", "the account 123456789012 is never touched"]
    );
    assert!(settings.schedule().is_none());
    let accounts: Vec<_> = settings.accounts().map(|account| account.to_string()).collect();
    assert_eq!(accounts, ["123456789012", "456789012345", "789012345678"]);
    let resolved = settings.resolve("789012345678".parse().unwrap(), &[]);
    assert_eq!(&*resolved.account_tags()["ServiceNow Domain"].value, "ThirdDomain");
    assert_eq!(&*resolved.purge().variables["MAXIMUM_AGE"].value, "10Y");
    assert_eq!(&*resolved.preparation().variables["BUDGET_AMOUNT"].value, "600");
    assert_eq!(resolved.note().unwrap().value.as_ref(), "Somebody else");
}

#[test]
fn a_document_that_does_not_exist_is_said_with_the_places_that_were_looked_at() {
    let loaded = predecessor("with-missing-document.yaml");
    assert!(loaded.settings.is_none());
    assert_eq!(loaded.report.errors(), 1);
    let text = loaded.report.render(false);
    assert!(text.contains("the file messages/terms-of-use.md does not exist"), "{text}");
    let looked = "looked for tests/fixtures/settings/predecessor/messages/terms-of-use.md and for messages/terms-of-use.md";
    assert!(text.contains(looked), "{text}");
}

#[test]
fn of_two_files_with_one_name_the_one_beside_the_settings_counts() {
    let folder = crate::support::Folder::new("two-files");
    let name = "tests/fixtures/settings/buildspecs/prepare.yaml";
    assert!(Path::new(name).exists());
    let text = crate::support::BASE.replace("buildspecs/prepare.yaml", name);
    let found = || {
        let loaded = load(&folder.write("settings.yaml", &text));
        loaded.settings.unwrap().worker().preparation_buildspec_template_file.path().to_owned()
    };
    assert_eq!(found(), Path::new(name));
    std::fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
    std::fs::copy(name, folder.path().join(name)).unwrap();
    assert_eq!(found(), folder.path().join(name));
}

#[test]
fn defaults_of_the_oldest_form_are_refused_with_what_to_write() {
    let loaded = predecessor("old-defaults.yaml");
    assert!(loaded.settings.is_none());
    assert_eq!(loaded.report.errors(), 2);
    assert_golden(&fixtures().join("predecessor/old-defaults.txt"), &loaded.report.render(false));
}

#[test]
fn what_is_said_to_write_instead_loads() {
    let folder = fixtures().join("predecessor");
    let old = std::fs::read_to_string(folder.join("old-defaults.yaml")).unwrap();
    let loaded = spa::settings::load_text("settings.yaml", &old, &folder);
    let help = loaded.report.diagnostics()[0].help[0].clone();
    let instead = help.split_once('\n').unwrap().1;
    // The two items are cut out, as the help says.
    let mut kept = String::new();
    let mut inside = false;
    for line in old.lines() {
        if line.starts_with("  - identifier") {
            inside = line.contains("default");
        } else if !line.starts_with("    ") {
            inside = false;
        }
        if !inside {
            kept += &format!("{line}\n");
        }
    }
    let loaded = spa::settings::load_text("settings.yaml", &format!("{kept}\n{instead}\n"), &folder);
    assert!(loaded.report.is_empty(), "{kept}\n{instead}\n{}", loaded.report.render(false));
    let resolved = loaded.settings.unwrap().resolve("210987654321".parse().unwrap(), &[]);
    assert_eq!(&*resolved.preparation().variables["BUDGET_AMOUNT"].value, "500.0");
    assert_eq!(&*resolved.purge().variables["PURGE_MODE"].value, "--dry-run");
}
