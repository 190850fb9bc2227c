//! Whether the parts of the settings fit together: what no section can tell by itself.
//!
//! | module | looks at |
//! | --- | --- |
//! | [`tags`] | tags that are set and taken away, and too many of them |
//! | [`units`] | units that are said to lie in a unit that nobody lists |
//! | [`protected`] | what is said about accounts that are never touched |
//! | [`times`] | schedules, deadlines and holds that cannot do what was meant |
//! | [`size`] | what is too large for the parameters that keep it on AWS |
//!
//! An error is what nobody can mean. A warning is what works in a way that somebody may not expect.

mod protected;
mod size;
mod tags;
mod times;
mod units;

use state_machine::Timestamp;

use super::csv::Table;
use super::file::File;
use super::value::Scalar;
use super::yaml::{Kind, Node};
use crate::diagnostic::{Report, SourceId};

/// Settings as they are looked at from above: what was read, and where it was written.
pub(crate) struct Whole<'a> {
    pub(crate) file: &'a File,
    pub(crate) tables: &'a [Table],
    pub(crate) source: SourceId,
    pub(crate) root: &'a Node,
    /// The sections about the system as a whole, as a parameter keeps them.
    pub(crate) general: &'a str,
    /// The time; nothing when the answer shall not depend on it.
    pub(crate) now: Option<Timestamp>,
}

/// One item: `defaults`, a unit or an account.
#[derive(Clone, Copy)]
struct Said<'a> {
    kind: SaidOf,
    /// The unit or account, as it is written.
    identifier: Option<&'a str>,
    node: &'a Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SaidOf {
    Defaults,
    Unit,
    Account,
}

impl Whole<'_> {
    /// Reports everything that does not fit together.
    pub(crate) fn check(&self, report: &mut Report) {
        tags::check(self, report);
        units::check(self, report);
        protected::check(self, report);
        times::check(self, report);
        size::check(self, report);
    }

    /// All items, `defaults` first.
    fn items(&self) -> Vec<Said<'_>> {
        let defaults = self.root.get("defaults");
        let mut items: Vec<Said<'_>> = defaults
            .map(|node| Said { kind: SaidOf::Defaults, identifier: None, node })
            .into_iter()
            .collect();
        for (key, kind) in [("organizational_units", SaidOf::Unit), ("accounts", SaidOf::Account)] {
            let Some(Node { kind: Kind::Sequence(members), .. }) = self.root.get(key) else { continue };
            items.extend(members.iter().map(|node| {
                let identifier = node.get("identifier").and_then(Node::scalar).map(|scalar| scalar.text);
                Said { kind, identifier, node }
            }));
        }
        items
    }
}

impl Node {
    /// The value of a key, when this is a map and there is such a key.
    fn get(&self, key: &str) -> Option<&Node> {
        let Kind::Mapping(pairs) = &self.kind else { return None };
        pairs.iter().find(|pair| &*pair.key.text == key).map(|pair| &*pair.value)
    }

    /// The value below several keys.
    fn find(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    fn scalar(&self) -> Option<Scalar<'_>> {
        match &self.kind {
            Kind::Scalar { text, quoted } => Some(Scalar { text, quoted: *quoted }),
            Kind::Sequence(_) | Kind::Mapping(_) => None,
        }
    }

    /// The value, when the rule of its place takes it. What it refuses was reported where it was read.
    fn read<T: super::value::Value>(&self) -> Option<T> {
        T::parse(self.scalar()?).ok()
    }
}
