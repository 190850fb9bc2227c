//! Somebody pulls the plug, and goes on later.

use std::process::Stdio;

use crate::site::{APPLY, Site};

/// Deploys, and is killed while the automation account serves this call.
fn killed_at(site: &Site, operation: &str) {
    let held = site.automation.hold_answer(operation);
    let mut child = site.command(&APPLY).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    held.wait();
    child.kill().unwrap();
    child.wait().unwrap();
    held.lose();
}

#[test]
fn whoever_comes_back_goes_on_where_it_ended() {
    for operation in ["CreateChangeSet", "ExecuteChangeSet", "PutObject", "PutParameter"] {
        let site = Site::with_accounts(1);
        killed_at(&site, operation);
        let again = site.apply();
        assert!(again.status == 0, "{operation}: {}\n{}", again.notes, again.data);
        assert_eq!(site.all_stacks().len(), 4, "{operation}");
        let before = site.called();
        site.apply().says(0, &["nothing changes"]);
        assert_eq!(site.changes_since(before), [] as [&str; 0], "{operation}");
    }
}

#[test]
fn an_answer_that_is_lost_is_looked_for() {
    let site = Site::with_accounts(1);
    site.automation.lose_answers("ExecuteChangeSet", 1);
    let applied = site.apply();
    assert!(applied.status == 0, "{}", applied.notes);
    let executed = site.automation.calls().iter().filter(|call| call.ends_with("ExecuteChangeSet")).count();
    assert_eq!(executed, 2, "one for each stack of the account, and none twice");
}

#[test]
fn whoever_destroys_comes_back_too() {
    let site = Site::with_accounts(1);
    assert_eq!(site.apply().status, 0);
    let destroy = ["deploy", "destroy", "--management-profile", "management", "--confirm", "Spa"];
    let held = site.automation.hold_answer("DeleteStack");
    let mut child = site.command(&destroy).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    held.wait();
    child.kill().unwrap();
    child.wait().unwrap();
    held.lose();
    assert_eq!(site.all_stacks().len(), 2, "two are gone by then");
    site.spa(&destroy).says(0, &[]);
    assert_eq!(site.all_stacks(), []);
}
