//! Whoever switches a purge on has to say for how many accounts, or for which one. That is not asked with a key that
//! is pressed out of habit.

use super::Consent;
use super::plan::Plan;
use super::shown;
use crate::cli::place::Place;
use crate::cli::{Context, Exit, Failure};

/// Shows a plan to whoever is to agree, and asks.
///
/// # Errors
/// When nobody agrees, or nobody can be asked.
pub(super) fn ask(
    plan: &Plan,
    consent: Consent,
    place: &impl Place,
    context: &Context,
) -> Result<(), Failure> {
    let screen = context.screen();
    let (accounts, dangerous) = (plan.effects.purge_on().count(), plan.effects.is_dangerous());
    let meant = consent.purge_on.map(|number| number == accounts);
    if meant == Some(false) {
        let message =
            format!("this switches a purge on for {}, and --purge-on says otherwise", number(accounts));
        return Err(Failure::new(Exit::Refused, message).help("`spa settings plan` shows which ones"));
    }
    if !consent.yes || dangerous {
        screen.note(&format!("as {}:", place.operator(None)));
        screen.note(&shown::text(plan, place));
    }
    if dangerous && meant.is_none() {
        let what = format!("this switches a purge on for {}{}", number(accounts), units(plan));
        if !screen.is_interactive() {
            return Err(Failure::new(Exit::Refused, what)
                .help(format!("--purge-on {accounts} says that this is meant; --yes alone does not")));
        }
        let typed =
            screen.typed(&format!("{what}. Type {} to go on:", names(plan, accounts).join(" or ")))?;
        return if names(plan, accounts).contains(&typed) { Ok(()) } else { Err(not_confirmed()) };
    }
    if consent.yes {
        return Ok(());
    }
    let what = format!("write {} parameters", plan.difference.count());
    if !screen.is_interactive() {
        let message = format!("{what}: this needs a confirmation, and there is no terminal to ask");
        return Err(Failure::new(Exit::Refused, message).help("--yes asks nobody"));
    }
    match screen.typed(&format!("{what}. Go on? [y/N]"))?.as_str() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(not_confirmed()),
    }
}

fn not_confirmed() -> Failure {
    Failure::new(Exit::Refused, "not confirmed; nothing was written")
}

fn number(accounts: usize) -> String {
    if accounts == 1 { "1 account".to_owned() } else { format!("{accounts} accounts") }
}

fn units(plan: &Plan) -> String {
    match plan.effects.units_on.as_slice() {
        [] => String::new(),
        [one] => format!(", and for whatever will stand in {}", one.unit),
        several => format!(", and for whatever will stand in {} units", several.len()),
    }
}

/// What may be typed: the number, or the name of the only one.
fn names(plan: &Plan, accounts: usize) -> Vec<String> {
    let mut names = vec![accounts.to_string()];
    if let ([one], 0) = (plan.effects.units_on.as_slice(), accounts) {
        names.push(one.unit.to_string());
    }
    if let (Some(one), 1) = (plan.effects.purge_on().next(), accounts) {
        names.push(one.account.to_string());
    }
    names
}
