//! Settings, from the parameters that speak of some accounts.
//!
//! The parameters become one text in the form of a settings file, and that goes through the loader of files: the
//! same rules, the same inheritance, the same refusals.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;
use state_machine::{TaskKind, Text};

use super::hint;
use super::names::{Names, Subject};
use super::packed;
use crate::diagnostic::{Diagnostic, Report};
use crate::settings::files::Files;
use crate::settings::{Loaded, load};

/// Values of parameters, by name. What is not there is said by nobody.
pub type Values = BTreeMap<Text, Text>;

/// The members of a JSON object, each as it was written.
type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Assembles settings from parameters. Those that everybody needs must be there, see [`Names::of_everybody`]; of the
/// others, what is there counts. Parameters that are no settings mean nothing.
///
/// Settings that were assembled for one account speak of that account only.
pub fn assemble(names: &Names, values: &Values) -> Loaded {
    let mut report = Report::new();
    let Some(text) = text(names, values, &mut report) else { return load::finish(None, report) };
    let Some(buildspecs) = buildspecs(names, values, &mut report) else { return load::finish(None, report) };
    let files = Files::Given(buildspecs);
    let source = report.add_source(names.path(), text.as_str());
    let settings = load::assemble(source, &text, &files, None, &mut report);
    load::finish(settings, report)
}

/// The buildspecs that are there, unpacked.
fn buildspecs(names: &Names, values: &Values, report: &mut Report) -> Option<BTreeMap<String, Text>> {
    let mut found = BTreeMap::new();
    for task in [TaskKind::Preparation, TaskKind::Purge] {
        let name = names.of_subject(&Subject::Buildspec(task));
        let Some(value) = values.get(&name) else { continue };
        match packed::unpack(value) {
            Ok(text) => {
                found.insert(name.to_string(), text);
            }
            Err(because) => {
                report.push(Diagnostic::error(format!("the parameter {name} holds no buildspec: {because}")));
            }
        }
    }
    (!report.has_errors()).then_some(found)
}

/// The text of a settings file that says the same.
fn text(names: &Names, values: &Values, report: &mut Report) -> Option<String> {
    for name in names.of_everybody() {
        if !values.contains_key(&name) {
            report.push(Diagnostic::error(format!("the parameter {name} does not exist")));
        }
    }
    let (mut general, mut defaults) = (Members::new(), "{}");
    let (mut accounts, mut units) = (Vec::new(), Vec::new());
    for (name, value) in values {
        match names.subject(name) {
            Some(Subject::General) => {
                general = members(name, value, report)?;
                general.remove(hint::MEMBER);
            }
            Some(Subject::Defaults) => {
                members(name, value, report)?;
                defaults = value;
            }
            Some(Subject::Account(account)) => {
                check_identifier(name, value, &account.to_string(), report)?;
                accounts.push(&**value);
            }
            Some(Subject::Unit(unit)) => {
                check_identifier(name, value, unit.as_str(), report)?;
                units.push(&**value);
            }
            Some(Subject::Buildspec(_)) | None => {}
        }
    }
    if report.has_errors() {
        return None;
    }
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut sections: Vec<(String, String)> =
        general.iter().map(|(name, value)| (quoted(name), value.get().to_owned())).collect();
    let buildspec = |task| quoted(&names.of_subject(&Subject::Buildspec(task)));
    let worker = format!(
        "{{\"preparation_buildspec_template_file\": {}, \"purge_buildspec_template_file\": {}}}",
        buildspec(TaskKind::Preparation),
        buildspec(TaskKind::Purge)
    );
    sections.push((quoted("worker"), worker));
    sections.push((quoted("defaults"), defaults.to_owned()));
    sections.push((quoted("organizational_units"), format!("[{}]", units.join(",\n"))));
    sections.push((quoted("accounts"), format!("[{}]", accounts.join(",\n"))));
    let sections: Vec<String> = sections.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    Some(format!("{{{}}}\n", sections.join(",\n")))
}

/// The members of an object; anything else is a fault.
fn members<'a>(name: &str, value: &'a str, report: &mut Report) -> Option<Members<'a>> {
    match serde_json::from_str(value) {
        Ok(members) => Some(members),
        Err(error) => {
            report.push(Diagnostic::error(format!("the parameter {name} holds no map in JSON: {error}")));
            None
        }
    }
}

/// An item that speaks of something else than its name counts for nobody: which of the two was meant?
fn check_identifier(name: &str, value: &str, expected: &str, report: &mut Report) -> Option<()> {
    let members = members(name, value, report)?;
    let identifier =
        members.get("identifier").and_then(|value| serde_json::from_str::<String>(value.get()).ok());
    if identifier.as_deref() == Some(expected) {
        return Some(());
    }
    report.push(Diagnostic::error(format!("the parameter {name} does not say that it is about {expected}")));
    None
}
