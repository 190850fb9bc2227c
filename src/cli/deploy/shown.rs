//! A plan for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::desk::Desk;
use super::package::Package;
use super::part::{Part, State};
use super::plan::Plan;
use crate::aws::stacks::{Part as Which, Stack};
use crate::cli::place::Place as _;
use crate::cli::{Cell, Context, Failure, Format, Table, Tone, settings, table};
use crate::cloud::aws::stacks::change::Change;

/// How much of a value is shown to people.
const SHOWN: usize = 70;

/// A stack, for programs.
#[derive(Debug, Serialize)]
struct Row<'a> {
    stack: &'a str,
    account: String,
    region: &'a str,
    state: &'static str,
    status: Option<&'a str>,
    why: Option<&'a str>,
    help: Option<String>,
    resources: Vec<Resource<'a>>,
    parameters: Vec<Filled<'a>>,
}

/// What is done to a resource.
#[derive(Debug, Serialize)]
struct Resource<'a> {
    action: &'a str,
    #[serde(rename = "resource")]
    name: &'a str,
    r#type: &'a str,
    replacement: Option<&'a str>,
    properties: &'a [String],
}

/// A parameter of a template that is filled in otherwise.
#[derive(Debug, Serialize)]
struct Filled<'a> {
    parameter: &'a str,
    from: &'a str,
    to: &'a str,
}

/// What the functions shall run, for programs.
#[derive(Debug, Serialize)]
struct Program<'a> {
    key: &'a str,
    from: Option<String>,
    uploaded: bool,
}

/// Prints a plan as data.
///
/// # Errors
/// When standard output cannot be written.
pub(super) fn print(plan: &Plan, desk: &Desk, context: &Context) -> Result<(), Failure> {
    let screen = context.screen();
    if screen.format() == Format::Table {
        return screen.text(&text(plan, desk));
    }
    let rows: Vec<Row<'_>> = plan.parts.iter().map(row).collect();
    let mut csv = Table::new(["stack", "state", "action", "resource", "type", "replacement"]);
    for row in &rows {
        if row.resources.is_empty() {
            csv.row([row.stack, row.state, "", "", "", ""].map(Into::into));
        }
        for one in &row.resources {
            let replacement = one.replacement.unwrap_or_default();
            csv.row([row.stack, row.state, one.action, one.name, one.r#type, replacement].map(Into::into));
        }
    }
    let Package { key, file } = &plan.package;
    let from = file.as_ref().map(|(path, _)| path.display().to_string());
    let whole = serde_json::json!({
        "environment": desk.settings.environment_identifier().as_str(),
        "stacks": rows,
        "program": Program { key, from, uploaded: plan.uploaded },
        "settings": settings::shown(&plan.settings),
    });
    screen.rows(&csv, &whole)
}

fn row(part: &Part) -> Row<'_> {
    let (state, why, help) = match &part.state {
        State::Same => ("same", None, None),
        State::Changes(..) if part.is_new() => ("new", None, None),
        State::Changes(..) => ("changed", None, None),
        State::Whole(_) => ("new", None, None),
        State::Elsewhere => ("elsewhere", None, Some(command(&part.stack))),
        State::Moving => ("moving", None, None),
        State::Blocked(why, help) => ("blocked", Some(why.as_str()), Some(help.clone())),
    };
    Row {
        stack: &part.stack.name,
        account: part.stack.account.to_string(),
        region: &part.stack.region,
        state,
        status: part.standing.as_ref().map(|standing| standing.status.as_str()),
        why,
        help,
        resources: changes(part).iter().map(resource).collect(),
        parameters: filled(part),
    }
}

fn resource(change: &Change) -> Resource<'_> {
    Resource {
        action: &change.action,
        name: &change.resource,
        r#type: &change.kind,
        replacement: change.replacement.as_deref(),
        properties: &change.properties,
    }
}

fn changes(part: &Part) -> &[Change] {
    match &part.state {
        State::Changes(changes, _) | State::Whole(changes) => changes,
        State::Same | State::Elsewhere | State::Moving | State::Blocked(..) => &[],
    }
}

/// What is filled in otherwise in a stack that stands.
fn filled(part: &Part) -> Vec<Filled<'_>> {
    let Some(standing) = part.standing.as_ref().filter(|_| part.is_to_do() && !part.is_new()) else {
        return Vec::new();
    };
    let wanted = part.stack.parameters.iter();
    let both = wanted.map(|(name, to)| (name, standing.parameters.get(name).map_or("", String::as_str), to));
    both.filter(|(_, from, to)| from != to)
        .map(|(parameter, from, to)| Filled { parameter, from, to })
        .collect()
}

/// A plan for people.
pub(super) fn text(plan: &Plan, desk: &Desk) -> String {
    let mut parts: Vec<String> = plan.parts.iter().map(of_stack).collect();
    let Package { key, file } = &plan.package;
    parts.push(match file {
        None => format!("program: {key} stays"),
        Some((path, _)) if plan.uploaded => format!("program: {key} ({}) is in the bucket", path.display()),
        Some((path, content)) => {
            format!("program: {key} ({}, {} bytes) will be uploaded", path.display(), content.len())
        }
    });
    parts.push(format!("settings:\n\n{}", settings::text(&plan.settings, &desk.place)));
    parts.push(format!("as {}", desk.place.operator(None)));
    parts.join("\n\n")
}

fn of_stack(part: &Part) -> String {
    let Stack { name, account, region, .. } = &part.stack;
    let heading = |what: &str| format!("{name} in {account}, {region}: {what}");
    match &part.state {
        State::Same => heading("nothing changes"),
        State::Moving => {
            let status = part.standing.as_ref().map(|standing| standing.status.as_str()).unwrap_or_default();
            heading(&format!("is being changed at this moment ({status}); apply waits for it"))
        }
        State::Elsewhere => {
            let how =
                "not looked at; --management-profile NAME does it here, or with credentials of that account:";
            format!("{}\n  {}", heading(how), command(&part.stack))
        }
        State::Blocked(why, help) => format!("{}\n  help: {help}", heading(&format!("BLOCKED: {why}"))),
        State::Changes(changes, _) | State::Whole(changes) if part.is_new() => {
            let anew = part.standing.as_ref().filter(|standing| standing.status != "REVIEW_IN_PROGRESS");
            let what = match anew {
                Some(standing) => {
                    format!("is {} and made anew, {} resources", standing.status, changes.len())
                }
                None => format!("new, {} resources", changes.len()),
            };
            format!("{}\n{}", heading(&what), of_new(changes))
        }
        State::Changes(changes, _) | State::Whole(changes) => {
            let mut text = heading(&format!("{} resources change", changes.len()));
            for Filled { parameter, from, to } in filled(part) {
                // Writing to a String cannot fail.
                let _ = write!(text, "\n  {parameter}: {} -> {}", short(from), short(to));
            }
            format!("{text}\n{}", of_changes(changes))
        }
    }
}

/// A stack that is not there: how many of each type.
fn of_new(changes: &[Change]) -> String {
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for change in changes {
        let count = kinds.entry(&change.kind).or_default();
        count.0 += 1;
        count.1 += usize::from(change.action == "Maybe");
    }
    let mut table = Table::new(["change", "resources", "type", "note"]).right([1]);
    for (kind, (all, maybe)) in kinds {
        let note = if maybe == 0 { String::new() } else { format!("{maybe} of them depend on settings") };
        table.row(["add".into(), all.to_string().into(), kind.into(), note.into()]);
    }
    table.render(table::terminal_width())
}

fn of_changes(changes: &[Change]) -> String {
    let mut table = Table::new(["change", "resource", "type", "what"]);
    let mut sorted: Vec<&Change> = changes.iter().collect();
    // What loses something stands first.
    sorted.sort_by_key(|change| (!change.loses(), &change.resource));
    for change in sorted {
        let word = match (change.action.as_str(), change.replacement.as_deref()) {
            ("Remove", _) => Cell::toned("REMOVED", Tone::Bad),
            (_, Some("True")) => Cell::toned("REPLACED", Tone::Bad),
            (_, Some("Conditional")) => Cell::toned("MAY BE REPLACED", Tone::Bad),
            (action, _) => action.to_ascii_lowercase().into(),
        };
        let what = change.properties.join(", ");
        table.row([word, change.resource.clone().into(), change.kind.clone().into(), what.into()]);
    }
    table.render(table::terminal_width())
}

fn short(value: &str) -> String {
    let line: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.chars().count() {
        0 => "(nothing)".to_owned(),
        1..=SHOWN => line,
        _ => line.chars().take(SHOWN).chain("...".chars()).collect(),
    }
}

/// What makes a stack without us, to be run with credentials of its account.
pub(super) fn command(stack: &Stack) -> String {
    let Stack { name, region, file, parameters, tags, part, .. } = stack;
    let mut command = format!(
        "aws cloudformation deploy --region {region} --stack-name {name} --template-file {file} \
         --capabilities CAPABILITY_NAMED_IAM --tags"
    );
    for (key, value) in tags {
        // Writing to a String cannot fail.
        let _ = write!(command, " {}", quoted(&format!("{key}={value}")));
    }
    command += " --parameter-overrides";
    for (key, value) in parameters {
        let pair = if *part == Which::SignIns && key == "ForwarderTemplate" {
            "ForwarderTemplate=\"$(cat infra/signin-forwarder.yaml)\"".to_owned()
        } else {
            quoted(&format!("{key}={value}"))
        };
        let _ = write!(command, " {pair}");
    }
    command
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:,@+".contains(&byte);
    if word.bytes().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_word_for_a_shell_and_nothing_in_it_is_obeyed() {
        for (word, expected) in [
            ("Environment=Spa", "Environment=Spa"),
            ("OperatorArns=", "OperatorArns="),
            ("a=b c", "'a=b c'"),
            ("a=$(rm -rf /)", "'a=$(rm -rf /)'"),
            ("a='; id; '", r"'a='\''; id; '\'''"),
            ("a=role/*", "'a=role/*'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
