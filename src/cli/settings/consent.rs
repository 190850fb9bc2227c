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
    refuse_another_number(plan, consent)?;
    if !consent.yes || plan.effects.is_dangerous() {
        screen.note(&format!("as {}:", place.operator(None)));
        screen.note(&shown::text(plan, place));
    }
    agree(plan, consent, &format!("write {} parameters", plan.difference.count()), context)
}

/// Refuses a number that is not the one of the plan.
///
/// # Errors
/// When `--purge-on` says another number than the plan.
pub(in crate::cli) fn refuse_another_number(plan: &Plan, consent: Consent) -> Result<(), Failure> {
    let accounts = plan.effects.purge_on().count();
    if consent.purge_on.is_none_or(|number| number == accounts) {
        return Ok(());
    }
    let message = format!("this switches a purge on for {}, and --purge-on says otherwise", number(accounts));
    Err(Failure::new(Exit::Refused, message).help("`spa settings plan` shows which ones"))
}

/// Asks whoever has seen a plan: a key for what is harmless, and the number of accounts for a purge that is switched on.
///
/// # Errors
/// When nobody agrees, or nobody can be asked.
pub(in crate::cli) fn agree(
    plan: &Plan,
    consent: Consent,
    what: &str,
    context: &Context,
) -> Result<(), Failure> {
    let screen = context.screen();
    let accounts = plan.effects.purge_on().count();
    if plan.effects.is_dangerous() && consent.purge_on.is_none() {
        let what = format!("this switches a purge on for {}{}", number(accounts), units(plan));
        if !screen.is_interactive() {
            return Err(Failure::new(Exit::Refused, what)
                .help(format!("--purge-on {accounts} says that this is meant; --yes alone does not")));
        }
        let names = names(plan, accounts);
        let typed = screen.typed(&format!("{what}. Type {} to go on:", names.join(" or ")))?;
        return if names.contains(&typed) { Ok(()) } else { Err(not_confirmed()) };
    }
    if consent.yes {
        return Ok(());
    }
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
