//! The settings as the rest of the program sees them: complete, checked, and without the file.

use std::collections::BTreeMap;

use state_machine::{AccountId, Brakes, Pauses, Protection, TagKeys, Text, UnitId};

use super::csv::{Column, Row, Table};
use super::file::File;
use super::origin::{Origin, Sourced};
use super::resolve::Cache;
use super::section::{
    Automation, Deployment, Features, Item, Lifecycle, Maintenance, Metering, Reporting, Worker,
    pauses_of_seconds,
};
use super::value::identifier::EnvironmentIdentifier;
use crate::diagnostic::{Place, Report};
use crate::schedule::Schedule;

/// Settings that were found free of errors.
#[derive(Debug)]
pub struct Settings {
    environment_identifier: EnvironmentIdentifier,
    automation: Automation,
    deployment: Deployment,
    features: Features,
    metering: Metering,
    reporting: Reporting,
    worker: Worker,
    maintenance: Maintenance,
    lifecycle: Lifecycle,
    /// The sections about the system as a whole, as a parameter keeps them.
    pub(super) general: Text,
    pub(super) keys: TagKeys,
    pub(super) protected: BTreeMap<AccountId, Sourced<Protection>>,
    pub(super) defaults: Item,
    pub(super) units: Vec<Unit>,
    /// The place of each unit in `units`.
    pub(super) unit_places: BTreeMap<UnitId, u32>,
    pub(super) accounts: BTreeMap<AccountId, Own>,
    pub(super) tables: Vec<Columns>,
    /// How long to wait after builds that fail, when nobody says otherwise.
    pub(super) task_pauses: Pauses,
    pub(super) cache: Cache,
}

/// A listed unit.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) identifier: UnitId,
    pub(super) parent: Option<UnitId>,
    pub(super) origin: Origin,
    pub(super) item: Item,
}

/// What is said about one account by itself.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// Under `accounts`.
    pub(super) item: Option<Box<(Origin, Item)>>,
    /// In CSV files, in their order: the place of the file in `tables`, and the row.
    pub(super) rows: Vec<(u16, Row)>,
}

/// A CSV file, without its rows.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) file: Text,
    pub(super) columns: Vec<Column>,
}

impl Settings {
    /// The settings of a file that was read; nothing when a section is missing, which was reported.
    pub(super) fn build(file: File, tables: Vec<Table>, general: Text, report: &Report) -> Option<Self> {
        let place = |source, offset| report.sources().place(source, offset);
        let mut protected = BTreeMap::new();
        for guard in file.protected_accounts {
            let origin = place(guard.account.source, guard.account.span.start)
                .map_or(Origin::BuiltIn, Origin::Settings);
            protected.entry(guard.account.value).or_insert(Sourced { value: guard.protection, origin });
        }
        let mut units = Vec::with_capacity(file.organizational_units.len());
        let mut unit_places = BTreeMap::new();
        for unit in file.organizational_units {
            let identifier = unit.identifier.value;
            let at = place(unit.identifier.source, unit.identifier.span.start)?;
            unit_places.insert(identifier.clone(), u32::try_from(units.len()).ok()?);
            let origin = Origin::Unit(identifier.clone(), at);
            let parent = unit.parent.map(|parent| parent.value);
            units.push(Unit { origin, identifier, parent, item: unit.item });
        }
        let mut accounts: BTreeMap<AccountId, Own> = BTreeMap::new();
        for account in file.accounts {
            let at = place(account.identifier.source, account.identifier.span.start)?;
            let item = Some(Box::new((Origin::Account(at), account.item)));
            accounts.insert(account.identifier.value, Own { item, rows: Vec::new() });
        }
        let mut columns = Vec::with_capacity(tables.len());
        for table in tables {
            let index = u16::try_from(columns.len()).ok()?;
            columns.push(Columns {
                file: Text::clone(report.sources().name(table.source)),
                columns: table.columns,
            });
            for row in table.rows {
                accounts.entry(row.account).or_default().rows.push((index, row));
            }
        }
        Some(Self {
            environment_identifier: file.environment_identifier,
            automation: file.automation?,
            deployment: file.deployment,
            features: file.features,
            metering: file.metering,
            reporting: file.reporting,
            worker: file.worker?,
            maintenance: file.maintenance,
            lifecycle: file.lifecycle?,
            general,
            keys: file.keys,
            protected,
            defaults: file.defaults,
            units,
            unit_places,
            accounts,
            tables: columns,
            task_pauses: pauses_of_seconds(&[300, 900])?,
            cache: Cache::default(),
        })
    }

    /// The name of the environment.
    pub fn environment_identifier(&self) -> &EnvironmentIdentifier {
        &self.environment_identifier
    }

    /// The account in which the system runs, and when maintenance is.
    pub fn automation(&self) -> &Automation {
        &self.automation
    }

    /// How the system is deployed. Functions do not know it: their parameters leave it out.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// What is switched on.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// The tables in which activities are counted.
    pub fn metering(&self) -> &Metering {
        &self.metering
    }

    /// Where reports go.
    pub fn reporting(&self) -> &Reporting {
        &self.reporting
    }

    /// What builds do.
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// The brakes of maintenance windows, and the time of grace before the first one.
    pub fn maintenance(&self) -> &Maintenance {
        &self.maintenance
    }

    /// The brakes of maintenance windows as the state machine takes them.
    pub fn brakes(&self) -> Brakes {
        self.maintenance.brakes()
    }

    /// How often and how patiently things are tried.
    pub fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// When maintenance windows open; nothing when they never do.
    pub fn schedule(&self) -> Option<&Schedule> {
        self.automation.maintenance_window_expression.as_ref()
    }

    /// The keys of the tags that tell state and holder.
    pub fn tag_keys(&self) -> &TagKeys {
        &self.keys
    }

    /// The accounts that are never touched: why, and what says so.
    pub fn protected_accounts(&self) -> impl Iterator<Item = (AccountId, &Sourced<Protection>)> {
        self.protected.iter().map(|(account, why)| (*account, why))
    }

    /// The accounts that are managed by themselves, under `accounts` or in CSV files, in ascending
    /// order.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.accounts.keys().copied()
    }

    /// What the settings say about a listed unit for people.
    pub fn unit_note(&self, unit: &UnitId) -> Option<&Text> {
        Some(&self.unit(unit)?.item.note.as_ref()?.value)
    }

    /// The unit that holds a listed unit, as far as the settings tell.
    pub fn unit_parent(&self, unit: &UnitId) -> Option<&UnitId> {
        self.unit(unit)?.parent.as_ref()
    }

    /// The unit and those around it, nearest first, as far as the settings tell.
    pub fn units_around(&self, unit: &UnitId) -> Vec<UnitId> {
        let mut around = vec![unit.clone()];
        // Units form a tree, which was checked.
        while let Some(parent) = around.last().and_then(|unit| self.unit_parent(unit)) {
            around.push(parent.clone());
        }
        around
    }

    /// The names of all variables that builds of any account find in their environment.
    pub fn variable_names(&self) -> impl Iterator<Item = &Text> {
        let own = self.accounts.values().filter_map(|own| own.item.as_deref()).map(|(_, item)| item);
        let items =
            std::iter::once(&self.defaults).chain(self.units.iter().map(|unit| &unit.item)).chain(own);
        let said =
            items.flat_map(|item| item.preparation.variables.keys().chain(item.purge.variables.keys()));
        said.chain(self.tables.iter().flat_map(|table| &table.columns).filter_map(|column| match column {
            Column::Variable(_, name) => Some(name),
            Column::Account | Column::Note | Column::Tag(_) | Column::Unknown => None,
        }))
    }

    fn unit(&self, unit: &UnitId) -> Option<&Unit> {
        let place = usize::try_from(*self.unit_places.get(unit)?).ok()?;
        self.units.get(place)
    }

    /// The organizational units whose accounts are managed, in the order of the file.
    pub fn units(&self) -> impl Iterator<Item = &UnitId> {
        self.units.iter().map(|unit| &unit.identifier)
    }
}

impl Own {
    /// What makes the account managed: the first thing that names it.
    pub(super) fn origin(&self, tables: &[Columns]) -> Option<Origin> {
        if let Some(item) = &self.item {
            return Some(item.0.clone());
        }
        let (table, row) = self.rows.first()?;
        let file = Text::clone(&tables.get(usize::from(*table))?.file);
        Some(Origin::Csv(Place { file, line: row.line, column: row.character }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Settings>();
    }
}
