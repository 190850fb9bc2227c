//! What the page shows, from the code.

mod situation;
mod trigger;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::TimeDelta;
use state_machine::{Custody, Decision, Fact, Gesture, Idle, Reading, Record, Refusal, State};

use crate::support::scene::Scene;
use situation::{Situation, situations};
use trigger::Happens;

/// The sections of the page, by name.
pub fn sections() -> Vec<(&'static str, String)> {
    vec![("diagram", diagram()), ("way", way()), ("situations", all()), ("gestures", gestures())]
}

/// One trigger in one situation: what came of it, and where the account is when all was carried out that could
/// be at once.
struct Row {
    recorded: String,
    owed: String,
    then: String,
    /// The change of the tag that was written, if one was.
    wrote: Option<(Reading, State)>,
}

fn row(mut scene: Scene, decision: &Decision) -> Row {
    let before = scene.world.truth.reading.clone();
    let (recorded, owed) = match decision {
        Decision::Append { records, because, .. } => {
            let facts: Vec<_> = records.iter().map(|record| format!("`{}`", record.fact.name())).collect();
            let mut recorded = facts.join(", ");
            if let Some(idle) = because {
                write!(recorded, "; then {}", timeless(&idle.to_string())).unwrap();
            }
            let effects = records.iter().flat_map(|record| &record.owes);
            let owed: Vec<_> = effects.map(|effect| effect.intent.to_string()).collect();
            (recorded, owed.join("; "))
        }
        Decision::Nothing(idle) => (format!("nothing: {}", timeless(&idle.to_string())), String::new()),
        Decision::Refuse(refusal) => (format!("refused: {}", timeless(&refusal.to_string())), String::new()),
        Decision::Need(need) => panic!("asked for {need:?} twice"),
    };
    scene.work();
    let after = scene.world.truth.reading.known();
    let wrote = after.filter(|after| before != Reading::Known(*after)).map(|after| (before, after));
    Row { recorded, owed, then: stands(&scene), wrote }
}

/// Where an account stands, in a few words.
fn stands(scene: &Scene) -> String {
    let head = &scene.world.head;
    match head.custody() {
        Custody::Unseen => return "has no journal".to_owned(),
        Custody::Sighted => return "waits to be adopted".to_owned(),
        Custody::Ours => {}
    }
    let mut text = match head.state() {
        Some(state) => format!("`{state}`"),
        None => head.tag().reading.to_string(),
    };
    if !head.is_touchable() {
        write!(text, ", left alone: {}", left_alone(scene)).unwrap();
    }
    if head.state().is_some() && !head.tag().entered {
        text.push_str(", its event is on its way");
    }
    if let Some(task) = head.task() {
        let doing = match (&task.build, task.superseded) {
            (Some(_), false) => "runs",
            (Some(_), true) => "still runs, and counts for nothing",
            (None, _) => "is owed",
        };
        write!(text, ", {} {doing}", task.kind).unwrap();
    }
    if head.deferred().is_some() {
        text.push_str(", waits for the end of a hold");
    }
    if let Some(quarantine) = head.quarantine() {
        let next = if quarantine.next_try.is_some() { "with a next try" } else { "a try runs" };
        write!(text, ", in quarantine ({next})").unwrap();
    }
    for owed in head.owed() {
        if matches!(owed.intent, state_machine::Intent::WriteTags(_)) && !owed.superseded {
            write!(text, ", owed: {}", owed.intent).unwrap();
        }
    }
    text
}

fn left_alone(scene: &Scene) -> String {
    let head = &scene.world.head;
    if head.status() == state_machine::Status::Active {
        head.standing().to_string()
    } else {
        head.status().to_string()
    }
}

/// Instants are those of the scene; on the page they say nothing.
fn timeless(text: &str) -> String {
    let is_instant = |word: &str| word.starts_with("20") && word.contains('T') && word.contains('Z');
    let words: Vec<String> = text
        .split(' ')
        .map(|word| match word.find('Z') {
            Some(end) if is_instant(word) => format!("(then){}", &word[end + 1..]),
            Some(_) | None => word.to_owned(),
        })
        .collect();
    words.join(" ")
}

fn asks() -> [(Gesture, &'static str); 7] {
    let far = "2026-12-31T00:00:00Z".parse().unwrap();
    [
        (Gesture::Adopt, "adopt"),
        (Gesture::Vanilla, "vanilla"),
        (Gesture::Release, "release"),
        (Gesture::Expire, "expire"),
        (Gesture::Hold(far), "hold"),
        (Gesture::Unhold, "unhold"),
        (Gesture::Retry, "retry"),
    ]
}

/// Every change of the tag that is written here, and what leads to it.
fn diagram() -> String {
    let mut edges: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut note = |row: &Row, label: String| {
        if let Some((from, to)) = &row.wrote {
            let from = from.known().map_or("[*]".to_owned(), |state| state.to_string());
            edges.entry((from, to.to_string())).or_default().insert(label);
        }
    };
    for situation in situations() {
        for happens in situation.way {
            if let Some(row) = happens.row(&situation) {
                note(&row, happens.edge(&situation.scene.world.truth.reading));
            }
        }
        for (gesture, word) in asks() {
            let mut scene = situation.scene.clone();
            let decision = scene.ask(gesture);
            let orders = |record: &Record| matches!(record.fact, Fact::StateOrdered { .. });
            if matches!(&decision, Decision::Append { records, .. } if records.iter().any(orders)) {
                note(&row(scene, &decision), format!("operator asks for {word}"));
            }
        }
    }
    let mut text = "```mermaid\nstateDiagram-v2\n".to_owned();
    for ((from, to), labels) in edges {
        let labels: Vec<_> = labels.into_iter().collect();
        writeln!(text, "    {from} --> {to}: {}", labels.join(", or ")).unwrap();
    }
    text + "```"
}

/// The usual way of an account, and where it forks.
fn way() -> String {
    let mut text =
        "| situation | trigger | recorded | owed | then |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for situation in situations() {
        for &happens in situation.way {
            let Some(row) = happens.row(&situation) else {
                panic!("{happens:?} cannot happen to {}", situation.name)
            };
            let Row { recorded, owed, then, .. } = row;
            let (name, happens) = (situation.name, happens.text());
            writeln!(text, "| {name} | {happens} | {recorded} | {owed} | {then} |").unwrap();
        }
    }
    text
}

/// Everything that may happen in every situation.
fn all() -> String {
    let mut text = String::new();
    for situation in situations() {
        write!(
            text,
            "<details>\n<summary>{}</summary>\n\n| trigger | recorded | owed | then |\n| --- | --- | --- | --- |\n",
            situation.name.replace('`', "")
        )
        .unwrap();
        for happens in Happens::ALL {
            if let Some(Row { recorded, owed, then, .. }) = happens.row(&situation) {
                writeln!(text, "| {} | {recorded} | {owed} | {then} |", happens.text()).unwrap();
            }
        }
        text.push_str("\n</details>\n\n");
    }
    text
}

/// What every gesture does in every situation, or why it is refused.
fn gestures() -> String {
    let mut notes: Vec<String> = Vec::new();
    let mut text = "| situation |".to_owned();
    for (_, word) in asks() {
        write!(text, " {word} |").unwrap();
    }
    text.push_str("\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for situation in situations() {
        write!(text, "| {} |", situation.name).unwrap();
        for (gesture, _) in asks() {
            let mut scene = situation.scene.clone();
            let decision = scene.ask(gesture);
            let cell = match &decision {
                Decision::Refuse(refusal) => format!("no ({})", note(&mut notes, refusal)),
                Decision::Nothing(Idle::AlreadySo)
                | Decision::Append { because: Some(Idle::AlreadySo), .. } => "so already".to_owned(),
                Decision::Append { .. } => row(scene, &decision).then,
                Decision::Nothing(idle) => format!("nothing: {idle}"),
                Decision::Need(need) => panic!("asked for {need:?} twice"),
            };
            write!(text, " {cell} |").unwrap();
        }
        text.push('\n');
    }
    text.push('\n');
    for (number, refusal) in notes.iter().enumerate() {
        writeln!(text, "{}. {refusal}", number + 1).unwrap();
    }
    text
}

/// The number of the note that tells this refusal.
fn note(notes: &mut Vec<String>, refusal: &Refusal) -> usize {
    let refusal = timeless(&refusal.to_string());
    let place = notes.iter().position(|known| *known == refusal).unwrap_or_else(|| {
        notes.push(refusal);
        notes.len() - 1
    });
    place + 1
}

/// Longer than any other wait of the scene.
pub const LONG: TimeDelta = TimeDelta::hours(30);
