//! A change set: what CloudFormation would do.

use aws_sdk_cloudformation::types;

/// A change set, as far as it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// How it is called for good.
    pub arn: String,
    /// What came of making it.
    pub outcome: Outcome,
    /// What it would do.
    pub changes: Vec<Change>,
}

/// What came of making a change set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It can be executed.
    Ready,
    /// It is being made.
    Waits,
    /// Nothing would change.
    Nothing,
    /// CloudFormation could not make it, and says why.
    Refused(String),
    /// It was executed, or the stack has changed since: it can only be thrown away.
    Stale,
}

/// What would be done to one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What is done: `Add`, `Modify`, `Remove`, as CloudFormation words it.
    pub action: String,
    /// The resource, as the template calls it.
    pub resource: String,
    /// Its type.
    pub kind: String,
    /// Whether it is made anew: `True`, `False`, `Conditional`; nothing where that makes no sense.
    pub replacement: Option<String>,
    /// Which of its properties change, for a modification.
    pub properties: Vec<String>,
}

impl Change {
    pub(super) fn of(change: &types::Change) -> Option<Self> {
        let change = change.resource_change()?;
        let mut properties: Vec<String> = change
            .details()
            .iter()
            .filter_map(|detail| {
                let target = detail.target()?;
                let attribute = target.attribute()?.as_str();
                Some(target.name().map_or_else(|| attribute.to_owned(), str::to_owned))
            })
            .collect();
        properties.sort();
        properties.dedup();
        Some(Self {
            action: change.action()?.as_str().to_owned(),
            resource: change.logical_resource_id().unwrap_or_default().to_owned(),
            kind: change.resource_type().unwrap_or_default().to_owned(),
            replacement: change.replacement().map(|replacement| replacement.as_str().to_owned()),
            properties,
        })
    }

    /// Whether what is there now is lost.
    pub fn loses(&self) -> bool {
        self.action == "Remove"
            || self.replacement.as_deref().is_some_and(|replacement| replacement != "False")
    }
}
