//! A settings file as a whole.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use schemars::JsonSchema;
use state_machine::{AccountId, Protection, TagKeys, UnitId};

use super::files::Files;
use super::section::{
    AccountItem, Automation, Deployment, Features, Guard, Item, Level, Lifecycle, Maintenance, Metering,
    Reporting, Section, UnitItem, Worker,
};
use super::value::identifier::EnvironmentIdentifier;
use super::value::tag::TagKey;
use super::value::text::FilePath;
use super::value::{Placed, Value, shown};
use super::yaml::{Kind, Node};
use crate::diagnostic::{Diagnostic, Report, SourceId};

/// The settings of Sustainable Personal Accounts: which personal AWS accounts are kept prepared and purged,
/// and how.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "Settings of Sustainable Personal Accounts")]
pub(crate) struct File {
    /// The name of this environment. It is the prefix of every resource and the filter of every event.
    #[schemars(with = "Option<Placed<EnvironmentIdentifier>>", extend("default" = File::ENVIRONMENT))]
    pub(crate) environment_identifier: EnvironmentIdentifier,
    /// The account in which the system runs, and when maintenance is.
    #[schemars(with = "Automation")]
    pub(crate) automation: Option<Automation>,
    /// How the system is deployed, as far as no other section says it. Functions do not read this.
    #[schemars(with = "Option<Deployment>")]
    pub(crate) deployment: Deployment,
    /// What can be switched on.
    #[schemars(with = "Option<Features>")]
    pub(crate) features: Features,
    /// The tables in which activities are counted.
    #[schemars(with = "Option<Metering>")]
    pub(crate) metering: Metering,
    /// Where reports go.
    #[schemars(with = "Option<Reporting>")]
    pub(crate) reporting: Reporting,
    /// What builds do in managed accounts.
    #[schemars(with = "Worker")]
    pub(crate) worker: Option<Worker>,
    /// The brakes of a maintenance window.
    #[schemars(with = "Option<Maintenance>")]
    pub(crate) maintenance: Maintenance,
    /// How often and how patiently things are tried.
    pub(crate) lifecycle: Option<Lifecycle>,
    /// Accounts that are never touched, whatever else the settings say of them.
    #[schemars(with = "Option<Vec<Placed<AccountId>>>")]
    pub(crate) protected_accounts: Vec<Guard>,
    /// What counts for all managed accounts where nothing nearer says otherwise.
    #[schemars(with = "Option<Item>")]
    pub(crate) defaults: Item,
    /// Organizational units whose accounts are managed, those in units below them included.
    #[schemars(with = "Option<Vec<UnitItem>>")]
    pub(crate) organizational_units: Vec<UnitItem>,
    /// Accounts that are managed by themselves.
    #[schemars(with = "Option<Vec<AccountItem>>")]
    pub(crate) accounts: Vec<AccountItem>,
    #[schemars(skip)]
    pub(crate) csv_files: Vec<Placed<FilePath>>,
    #[schemars(skip)]
    pub(crate) keys: TagKeys,
}

impl File {
    const ENVIRONMENT: &'static str = "SpaBeta";

    /// Reads all sections. Every fault is reported; what comes back is worth something only without any.
    pub(crate) fn read(source: SourceId, root: &Node, files: &Files, report: &mut Report) -> Self {
        let mut section = Section::open("", source, root, report);
        let environment = section.optional::<EnvironmentIdentifier>("environment_identifier");
        let (automation, mut guards) = Automation::read(section.section("automation"));
        let deployment = Deployment::read(section.section("deployment"));
        let (features, csv_files) = Features::read(section.section("features"), files);
        let metering = Metering::read(section.section("metering"));
        let reporting = Reporting::read(section.section("reporting"));
        let worker = Worker::read(section.section("worker"), files);
        let maintenance = Maintenance::read(section.section("maintenance"));
        let lifecycle = Lifecycle::read(section.section("lifecycle"));
        let protected =
            section.list::<AccountId>("protected_accounts").map(|list| list.value).unwrap_or_default();
        guards.extend(protected.iter().map(|account| Guard::new(account, Protection::Listed)));
        // Items come last: their tags are checked against the prefix that `features` gives.
        let keys = TagKeys {
            state: TagKey::with_prefix(&features.with_tag_prefix, "state"),
            holder: TagKey::with_prefix(&features.with_tag_prefix, "holder"),
        };
        let mut defaults = section.section("defaults");
        let defaults_item = Item::read(&mut defaults, &Level::Defaults, &keys);
        defaults.close();
        let units = section.members("organizational_units");
        let units: Vec<UnitItem> =
            units.iter().filter_map(|node| unit(source, node, &keys, section.report())).collect();
        let accounts = section.members("accounts");
        let accounts: Vec<AccountItem> =
            accounts.iter().filter_map(|node| account(source, node, &keys, section.report())).collect();
        section.close();

        refuse_twice(units.iter().map(|unit| &unit.identifier), "organizational unit", report);
        refuse_circles(&units, report);
        refuse_twice(accounts.iter().map(|account| &account.identifier), "account", report);
        Self {
            environment_identifier: environment
                .map_or_else(|| EnvironmentIdentifier::built_in(Self::ENVIRONMENT), |name| name.value),
            automation,
            deployment,
            features,
            metering,
            reporting,
            worker,
            maintenance,
            lifecycle,
            protected_accounts: guards,
            defaults: defaults_item,
            organizational_units: units,
            accounts,
            csv_files,
            keys,
        }
    }
}

fn account(source: SourceId, node: &Node, keys: &TagKeys, report: &mut Report) -> Option<AccountItem> {
    if refuse_default(source, node, report) {
        return None;
    }
    let mut section = Section::open("accounts[]", source, node, report);
    let identifier = section.required("identifier", "it tells which account this is about");
    let item = Item::read(&mut section, &Level::Account, keys);
    section.close();
    Some(AccountItem { identifier: identifier?, item })
}

fn unit(source: SourceId, node: &Node, keys: &TagKeys, report: &mut Report) -> Option<UnitItem> {
    if refuse_default(source, node, report) {
        return None;
    }
    let mut section = Section::open("organizational_units[]", source, node, report);
    let identifier: Option<Placed<UnitId>> =
        section.required("identifier", "it tells which unit this is about");
    if let Some(unit) = identifier.as_ref().filter(|unit| !unit.value.is_as_aws_draws_it()) {
        let doubt =
            unit.doubt(format!("{} is a unit that AWS cannot have made", shown(unit.value.as_str())), "");
        section.report().push(doubt.help("real ones look like ou-ab12-11112222"));
    }
    let parent: Option<Placed<UnitId>> = section.optional("parent");
    // Without an identifier, nothing of the item is used.
    let level = identifier.as_ref().map_or(Level::Account, |unit| Level::Unit(unit.value.clone()));
    let item = Item::read(&mut section, &level, keys);
    section.close();
    Some(UnitItem { identifier: identifier?, parent, item })
}

/// Units form a tree: none lies in itself, however far around. AWS nests them five deep:
/// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>.
fn refuse_circles(units: &[UnitItem], report: &mut Report) {
    const DEEPEST: usize = 5;
    let parents: HashMap<&UnitId, &UnitId> = units
        .iter()
        .filter_map(|unit| Some((&unit.identifier.value, &unit.parent.as_ref()?.value)))
        .collect();
    for unit in units {
        let Some(parent) = &unit.parent else { continue };
        let name = shown(unit.identifier.value.as_str());
        let above = std::iter::successors(Some(&parent.value), |unit| parents.get(unit).copied());
        let above: Vec<&UnitId> = above.take(DEEPEST).collect();
        if above.contains(&&unit.identifier.value) {
            let fault = parent.fault(format!("{name} would lie in itself"), "");
            report.push(fault.help("name the unit that holds it, or leave this out"));
        } else if above.len() == DEEPEST {
            let message =
                format!("{name} would lie more than {DEEPEST} deep, and AWS nests units {DEEPEST} deep");
            report.push(parent.fault(message, ""));
        }
    }
}

/// The oldest settings of the predecessor had an item with the identifier `default` in each list.
fn refuse_default(source: SourceId, node: &Node, report: &mut Report) -> bool {
    let Kind::Mapping(pairs) = &node.kind else { return false };
    let is_default = |node: &Node| matches!(&node.kind, Kind::Scalar { text, .. } if &**text == "default");
    let Some(identifier) =
        pairs.iter().find(|pair| &*pair.key.text == "identifier" && is_default(&pair.value))
    else {
        return false;
    };
    let rest: Vec<_> = pairs.iter().filter(|pair| &*pair.key.text != "identifier").cloned().collect();
    let mut instead =
        String::from("remove this item, and write at the top level, once for units and accounts:\ndefaults:");
    super::yaml::write(&rest, 2, &mut instead);
    let fault =
        Diagnostic::error("defaults are a section of their own, not an item with the identifier `default`")
            .at(source, identifier.value.span.clone(), "")
            .help(instead);
    report.push(fault);
    true
}

fn refuse_twice<'a, T: Value + Clone + Eq + Hash + std::fmt::Display + 'a>(
    identifiers: impl Iterator<Item = &'a Placed<T>>,
    what: &str,
    report: &mut Report,
) {
    let mut seen: HashMap<T, Range<usize>> = HashMap::new();
    for identifier in identifiers {
        if let Some(first) = seen.get(&identifier.value) {
            let fault = identifier
                .fault(format!("the {what} {} stands here twice", identifier.value), "again")
                .because_of(identifier.source, first.clone(), "first here")
                .help("put what both say into one of them");
            report.push(fault);
        } else {
            seen.insert(identifier.value.clone(), identifier.span.clone());
        }
    }
}
