//! In which order parameters are written.
//!
//! There is no transaction over parameters, functions read them in the middle of it, and whoever writes them may be
//! interrupted. So at no moment may an account be purged that is purged neither by the settings before nor by those
//! after. What counts for an account is said by several parameters, and the nearest one wins; take "disabled" for less
//! than silence, and silence for less than "enabled", and making one of them less never makes the outcome more. So:
//!
//! 1. documents, to which others refer;
//! 2. what holds back, and deletions of what did not: every outcome is now at most what it was before;
//! 3. the general parameter, which says whose own parameters are read at all; then buildspecs, and what is neither;
//! 4. what lets go: every outcome is at most what it will be;
//! 5. all other deletions.
//!
//! Where there is no general parameter yet, it comes last: without it, functions do nothing.
//!
//! One parameter that lets go in one respect and holds back in another comes between the two. Where there are several of
//! those in one change, or one is deleted, or an account loses its own parameter in the same change, nothing is
//! promised. A test below goes through settings of three layers, and holds each moment against before and after.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use state_machine::Text;

use super::difference::Difference;
use super::names::{Names, Subject};
use super::parameters::Parameter;

/// One thing that is done to a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is made.
    Create(Text, Parameter),
    /// It gets another value.
    Overwrite(Text, Parameter),
    /// It is taken away.
    Delete(Text),
}

impl Step {
    /// The name of the parameter.
    pub const fn name(&self) -> &Text {
        match self {
            Self::Create(name, _) | Self::Overwrite(name, _) | Self::Delete(name) => name,
        }
    }
}

/// When something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Document,
    HoldsBack,
    Withdrawn,
    General,
    Both,
    Buildspec,
    Neither,
    LetsGo,
    First,
    Deletion,
}

impl Difference {
    /// What is to be done, in an order that may be interrupted anywhere.
    pub fn steps(&self, names: &Names) -> Vec<Step> {
        let mut steps: Vec<(Turn, Step)> = Vec::with_capacity(self.count());
        for (name, parameter) in &self.missing {
            let turn = turn(names, name, None, &parameter.value);
            steps.push((turn, Step::Create(Text::clone(name), parameter.clone())));
        }
        for (name, (value, parameter)) in &self.different {
            let turn = turn(names, name, Some(value), &parameter.value);
            steps.push((turn, Step::Overwrite(Text::clone(name), parameter.clone())));
        }
        for (name, value) in &self.left_over {
            let turn = match names.subject(name) {
                Some(Subject::Unit(_) | Subject::Account(_)) => Said::of(Some(value)).turn_of_deletion(),
                Some(_) | None => Turn::Deletion,
            };
            steps.push((turn, Step::Delete(Text::clone(name))));
        }
        steps.sort_by(|(one, a), (other, b)| (one, a.name()).cmp(&(other, b.name())));
        steps.into_iter().map(|(_, step)| step).collect()
    }
}

fn turn(names: &Names, name: &str, before: Option<&str>, after: &str) -> Turn {
    match names.subject(name) {
        None => Turn::Document,
        Some(Subject::General) if before.is_none() => Turn::First,
        Some(Subject::General) => Turn::General,
        Some(Subject::Buildspec(_)) => Turn::Buildspec,
        Some(Subject::Defaults) => Said::of(before).turn(Said::of(Some(after)), false),
        Some(Subject::Unit(_) | Subject::Account(_)) => {
            Said::of(before).turn(Said::of(Some(after)), before.is_none())
        }
    }
}

/// What an item says of purging: the larger, the more is purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    /// Disabled, nothing, enabled.
    feature: u8,
    /// A dry run, nothing, a real one.
    mode: u8,
    /// A hold, none.
    free: bool,
}

impl Said {
    /// What cannot be read was changed by hand, and is taken for silence: it counts for nobody.
    fn of(value: Option<&str>) -> Self {
        #[derive(Default, Deserialize)]
        struct Item {
            #[serde(default)]
            purge: Task,
            hold: Option<IgnoredAny>,
        }
        #[derive(Default, Deserialize)]
        struct Task {
            feature: Option<String>,
            #[serde(default)]
            variables: BTreeMap<String, String>,
        }
        let item: Item = value.and_then(|value| serde_json::from_str(value).ok()).unwrap_or_default();
        Self {
            feature: item.purge.feature.map_or(1, |feature| if feature == "enabled" { 2 } else { 0 }),
            mode: item
                .purge
                .variables
                .get("PURGE_MODE")
                .map_or(1, |mode| if mode == "--dry-run" { 0 } else { 2 }),
            free: item.hold.is_none(),
        }
    }

    /// What is not spoken of any more is not managed: that is less, unless what was said of it held back.
    const fn turn_of_deletion(self) -> Turn {
        let holds_back = self.feature == 0 || self.mode == 0 || !self.free;
        if holds_back { Turn::Deletion } else { Turn::Withdrawn }
    }

    fn turn(self, after: Self, is_new: bool) -> Turn {
        let mut ways =
            vec![self.feature.cmp(&after.feature), self.mode.cmp(&after.mode), self.free.cmp(&after.free)];
        // What is spoken of is managed: more than before, unless it says that nothing is purged.
        if is_new && after.feature != 0 {
            ways.push(Ordering::Less);
        }
        let (more, less) = (ways.contains(&Ordering::Less), ways.contains(&Ordering::Greater));
        match (more, less) {
            (true, true) => Turn::Both,
            (true, false) => Turn::LetsGo,
            (false, true) => Turn::HoldsBack,
            (false, false) => Turn::Neither,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Values;

    fn parameters(all: &[(&str, &str)]) -> BTreeMap<Text, Parameter> {
        let all = all.iter().map(|(name, value)| (format!("/Spa/{name}").into(), Parameter::new(*value)));
        all.collect()
    }

    fn order(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<String> {
        let names = Names::new("Spa").unwrap();
        let standing: Values =
            parameters(before).into_iter().map(|(name, parameter)| (name, parameter.value)).collect();
        let difference = Difference::between(&names, &standing, &parameters(after));
        let steps = difference.steps(&names);
        steps.iter().map(|step| step.name().trim_start_matches("/Spa/").to_owned()).collect()
    }

    const ONE: &str = "Accounts/111122223333";
    const OTHER: &str = "Accounts/444455556666";
    const UNIT: &str = "OrganizationalUnits/ou-ab12-11112222";
    const ON: &str = r#"{"purge": {"feature": "enabled"}}"#;
    const OFF: &str = r#"{"purge": {"feature": "disabled"}}"#;
    const FORCE: &str = r#"{"purge": {"variables": {"PURGE_MODE": "--force"}}}"#;
    const DRY: &str = r#"{"purge": {"variables": {"PURGE_MODE": "--dry-run"}}}"#;

    #[test]
    fn what_holds_back_comes_before_what_lets_go() {
        // An exception for one account, and everybody else is purged: in no other order is that account safe.
        let after = [("Settings", "{\"a\": 1}"), ("Defaults", ON), (ONE, OFF)];
        assert_eq!(order(&[("Settings", "{}"), ("Defaults", "{}")], &after), [ONE, "Settings", "Defaults"]);
        // And the way back: the unit holds back before the account lets go.
        assert_eq!(order(&[(UNIT, ON), (ONE, OFF)], &[(UNIT, OFF), (ONE, "{}")]), [UNIT, ONE]);
        assert_eq!(order(&[(UNIT, DRY), (ONE, FORCE)], &[(UNIT, FORCE), (ONE, DRY)]), [ONE, UNIT]);
        assert_eq!(order(&[(UNIT, "{}"), (ONE, "{}")], &[(UNIT, ON), (ONE, "{\"hold\": {}}")]), [ONE, UNIT],);
        // Both at once stands between the two.
        let both = r#"{"purge": {"feature": "enabled", "variables": {"PURGE_MODE": "--dry-run"}}}"#;
        assert_eq!(
            order(&[(ONE, OFF), (OTHER, ON), (UNIT, FORCE)], &[(ONE, ON), (OTHER, OFF), (UNIT, both)]),
            [OTHER, UNIT, ONE],
        );
    }

    /// An item of a feature and a mode, each of which may be silent; nothing is no item.
    type Item = Option<Both>;
    type Both = (Option<bool>, Option<bool>);

    /// One of the ten items.
    fn item(number: usize) -> Item {
        let said = |number| [None, Some(false), Some(true)][number % 3];
        (number < 9).then(|| (said(number), said(number / 3)))
    }

    fn json(item: Item) -> Option<String> {
        let (feature, mode) = item?;
        let feature =
            feature.map(|on| format!("\"feature\": \"{}\"", if on { "enabled" } else { "disabled" }));
        let mode = mode.map(|force| {
            format!("\"variables\": {{\"PURGE_MODE\": \"{}\"}}", if force { "--force" } else { "--dry-run" })
        });
        let said: Vec<String> = feature.into_iter().chain(mode).collect();
        Some(format!("{{\"purge\": {{{}}}}}", said.join(", ")))
    }

    /// What windows do: nothing, a dry run, deleting. `layers`: defaults, unit, account.
    fn outcome(layers: [Item; 3]) -> u8 {
        let last = |which: fn(Both) -> Option<bool>| {
            layers.iter().rev().find_map(|item| item.and_then(which)).unwrap_or(false)
        };
        let managed = layers[1].is_some() || layers[2].is_some();
        match (managed && last(|item| item.0), last(|item| item.1)) {
            (false, _) => 0,
            (true, force) => 1 + u8::from(force),
        }
    }

    /// Whether it says more in one respect and less in the other.
    fn is_both(before: Item, after: Item) -> bool {
        let said = |item: Item| Said::of(json(item).as_deref());
        match (before, after) {
            (Some(_), None) => {
                let said = said(before);
                (said.mode == 0 && said.feature != 0) || (said.mode == 2 && said.feature == 0)
            }
            _ => said(before).turn(said(after), before.is_none()) == Turn::Both,
        }
    }

    #[test]
    fn at_no_moment_more_is_purged_than_before_or_after() {
        let names = ["Defaults", UNIT, ONE];
        let mut looked_at = 0;
        // A twentieth of all pairs of settings: the step has no factor in common with their number.
        for pair in (0..9 * 100 * 9 * 100).step_by(23) {
            let layers = |n: usize| [item(n % 9), item(n / 9 % 10), item(n / 90 % 10)];
            let (before, after) = (layers(pair % 900), layers(pair / 900));
            let both: Vec<bool> = (0..3).map(|layer| is_both(before[layer], after[layer])).collect();
            let removed = (0..3).any(|layer| both[layer] && after[layer].is_none());
            let loses = before[2].is_some() && after[2].is_none() && both.contains(&true);
            if removed || loses || both.iter().filter(|both| **both).count() > 1 {
                continue;
            }
            let general = |layers: [Item; 3]| layers[2].is_some().to_string();
            let written = |layers: [Item; 3]| -> Vec<(&str, String)> {
                let items = names.iter().zip(layers).filter_map(|(name, item)| Some((*name, json(item)?)));
                items.chain([("Settings", general(layers))]).collect()
            };
            let (standing, wanted) = (written(before), written(after));
            let standing: Vec<(&str, &str)> =
                standing.iter().map(|(name, value)| (*name, &**value)).collect();
            let wanted: Vec<(&str, &str)> = wanted.iter().map(|(name, value)| (*name, &**value)).collect();
            let most = outcome(before).max(outcome(after));
            let (mut now, mut hinted) = (before, before[2].is_some());
            for step in order(&standing, &wanted) {
                match names.iter().position(|name| *name == step) {
                    Some(layer) => now[layer] = after[layer],
                    None => hinted = after[2].is_some(),
                }
                // Who reads everything, and who asks for an account's own parameter only where it is named.
                let asked_for = [now[0], now[1], now[2].filter(|_| hinted)];
                assert!(outcome(now) <= most, "{step}: {before:?} {after:?} {now:?}");
                assert!(outcome(asked_for) <= most, "{step}: {before:?} {after:?} {asked_for:?}");
                looked_at += 1;
            }
        }
        assert!(looked_at > 30_000, "{looked_at}");
    }

    #[test]
    fn what_others_refer_to_comes_first_and_deletions_come_last() {
        let before = [("Settings", "{}"), ("PurgeBuildspecTemplate", "old"), (ONE, OFF), (UNIT, "{}")];
        let after = [
            ("Settings", "{\"a\": 1}"),
            ("PurgeBuildspecTemplate", "new"),
            ("Documents/terms", "words"),
            (OTHER, OFF),
            (UNIT, ON),
        ];
        assert_eq!(
            order(&before, &after),
            ["Documents/terms", OTHER, "Settings", "PurgeBuildspecTemplate", UNIT, ONE],
        );
    }

    #[test]
    fn nothing_counts_before_everything_is_there() {
        let all =
            [("Settings", "{}"), ("Defaults", ON), ("PurgeBuildspecTemplate", "x"), (UNIT, ON), (ONE, "{}")];
        assert_eq!(order(&[], &all).last().unwrap(), "Settings");
        assert_eq!(order(&all[1..4], &all), [ONE, "Settings"]);
    }
}
