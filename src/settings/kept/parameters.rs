//! All parameters of an environment, written.

use std::collections::BTreeMap;

use state_machine::{TaskKind, Text, UnitId};

use super::names::{Names, Subject};
use super::packed::pack;
use super::{KeptItem, STANDARD, hint};
use crate::settings::Settings;
use crate::settings::checked::Own;

/// What a parameter holds, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// What it holds.
    pub value: Text,
    /// The tier that can hold it.
    pub tier: Tier,
}

/// What a parameter may hold, and costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// 4 KB, for nothing; 10,000 of them in an account and region.
    Standard,
    /// 8 KB, charged for; 100,000 of them. AWS never makes one standard again: it must be deleted for that.
    Advanced,
}

impl Parameter {
    /// A parameter with this value, in the cheapest tier that can hold it.
    pub fn new(value: impl Into<Text>) -> Self {
        let value = value.into();
        let tier = if value.len() > STANDARD { Tier::Advanced } else { Tier::Standard };
        Self { value, tier }
    }
}

impl Settings {
    /// The parameters that keep these settings on AWS, by name. The same settings give the same parameters, to the
    /// byte. None is larger than a parameter can be: such settings were refused.
    pub fn parameters(&self) -> BTreeMap<Text, Parameter> {
        let names = Names::of(self.environment_identifier());
        let mut all = BTreeMap::new();
        let mut put = |subject: &Subject, value: Text| {
            all.insert(names.of_subject(subject), Parameter::new(value));
        };
        put(&Subject::General, hint::told(&self.general, self.accounts()));
        put(&Subject::Defaults, KeptItem::of(None, &self.defaults).json().into());
        for unit in &self.units {
            let kept = KeptItem::of(Some(unit.identifier.to_string()), &unit.item);
            let parent = unit.parent.as_ref().map(UnitId::as_str);
            put(&Subject::Unit(unit.identifier.clone()), kept.within(parent).json().into());
        }
        for (account, own) in &self.accounts {
            put(&Subject::Account(*account), self.kept(account.to_string(), own).json().into());
        }
        let worker = self.worker();
        for (task, buildspec) in [
            (TaskKind::Preparation, &worker.preparation_buildspec_template_file),
            (TaskKind::Purge, &worker.purge_buildspec_template_file),
        ] {
            put(&Subject::Buildspec(task), pack(&buildspec.text));
        }
        for (label, document) in &self.features().with_end_user_documents {
            all.insert(names.document(label), Parameter::new(Text::clone(&document.text)));
        }
        all
    }

    fn kept<'a>(&'a self, identifier: String, own: &'a Own) -> KeptItem<'a> {
        let mut kept = match &own.item {
            Some(item) => KeptItem::of(Some(identifier), &item.1),
            None => KeptItem::named(identifier),
        };
        for (table, row) in &own.rows {
            if let Some(table) = self.tables.get(usize::from(*table)) {
                kept.lay(&table.columns, row);
            }
        }
        kept
    }
}
