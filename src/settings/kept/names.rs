//! How parameters are called.

use state_machine::{AccountId, TaskKind, Text, UnitId};

use crate::settings::value::identifier::EnvironmentIdentifier;
use crate::settings::value::{Scalar, Value as _};

/// The names of the parameters of one environment. Two environments in one account do not see each other.
///
/// | name | holds | from the predecessor |
/// | --- | --- | --- |
/// | `/{environment}/Settings` | the sections about the system as a whole, and which accounts are spoken of below | no |
/// | `/{environment}/Defaults` | what counts for all accounts | no: it was merged into each item |
/// | `/{environment}/OrganizationalUnits/{unit}` | what is said of a unit | yes |
/// | `/{environment}/Accounts/{account}` | what is said of an account, CSV files included | yes |
/// | `/{environment}/PreparationBuildspecTemplate` | the buildspec, as it is where it fits | yes |
/// | `/{environment}/PurgeBuildspecTemplate` | the buildspec, as it is where it fits | yes |
/// | `/{environment}/Documents/{label}` | a document for holders, as it is | yes |
///
/// One call reads ten parameters. An account in five nested units needs ten: AWS nests them no deeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    environment: Text,
}

/// What a parameter is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The system as a whole.
    General,
    /// All accounts.
    Defaults,
    /// A unit.
    Unit(UnitId),
    /// An account.
    Account(AccountId),
    /// What builds of this kind do.
    Buildspec(TaskKind),
}

impl Names {
    /// The names in the environment with this identifier; nothing when no environment can be called so.
    pub fn new(environment: &str) -> Option<Self> {
        let identifier = EnvironmentIdentifier::parse(Scalar { text: environment, quoted: true }).ok()?;
        Some(Self { environment: identifier.to_text() })
    }

    /// The names of the environment that settings are about.
    pub(super) fn of(environment: &EnvironmentIdentifier) -> Self {
        Self { environment: environment.to_text() }
    }

    /// The environment.
    pub fn environment(&self) -> &Text {
        &self.environment
    }

    /// What all names begin with, to read the parameters below it.
    pub fn path(&self) -> String {
        format!("/{}", self.environment)
    }

    /// The parameter about this.
    pub fn of_subject(&self, subject: &Subject) -> Text {
        let below = match subject {
            Subject::General => "Settings".to_owned(),
            Subject::Defaults => "Defaults".to_owned(),
            Subject::Unit(unit) => format!("OrganizationalUnits/{unit}"),
            Subject::Account(account) => format!("Accounts/{account}"),
            Subject::Buildspec(TaskKind::Preparation) => "PreparationBuildspecTemplate".to_owned(),
            Subject::Buildspec(TaskKind::Purge) => "PurgeBuildspecTemplate".to_owned(),
        };
        self.below(&below)
    }

    /// The parameter with this document.
    pub(super) fn document(&self, label: &str) -> Text {
        self.below(&format!("Documents/{label}"))
    }

    fn below(&self, name: &str) -> Text {
        format!("/{}/{name}", self.environment).into()
    }

    /// The parameters that everybody needs.
    pub fn of_everybody(&self) -> [Text; 4] {
        [
            Subject::General,
            Subject::Defaults,
            Subject::Buildspec(TaskKind::Preparation),
            Subject::Buildspec(TaskKind::Purge),
        ]
        .map(|subject| self.of_subject(&subject))
    }

    /// All parameters that may speak of an account in these units, nearest first.
    pub fn of_account(&self, account: AccountId, units: &[UnitId]) -> Vec<Text> {
        let units = units.iter().cloned().map(Subject::Unit);
        let own = std::iter::once(Subject::Account(account)).chain(units);
        self.of_everybody().into_iter().chain(own.map(|subject| self.of_subject(&subject))).collect()
    }

    /// Whether settings may give a parameter of this name. Whatever else stands below the path is somebody else's.
    pub fn owns(&self, name: &str) -> bool {
        let label = name.strip_prefix(&*self.document(""));
        self.subject(name).is_some() || label.is_some_and(|label| !label.is_empty() && !label.contains('/'))
    }

    /// What a parameter is about; nothing when it is none of the settings.
    pub fn subject(&self, name: &str) -> Option<Subject> {
        let below = name.strip_prefix('/')?.strip_prefix(&*self.environment)?.strip_prefix('/')?;
        Some(match below.split_once('/') {
            Some(("Accounts", account)) => Subject::Account(account.parse().ok()?),
            Some(("OrganizationalUnits", unit)) => Subject::Unit(unit.parse().ok()?),
            Some(_) => return None,
            None => match below {
                "Settings" => Subject::General,
                "Defaults" => Subject::Defaults,
                "PreparationBuildspecTemplate" => Subject::Buildspec(TaskKind::Preparation),
                "PurgeBuildspecTemplate" => Subject::Buildspec(TaskKind::Purge),
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_what_it_is_about_and_nothing_of_another_environment_does() {
        let names = Names::new("SpaDemo").unwrap();
        let unit: UnitId = "ou-ab12-11112222".parse().unwrap();
        let account: AccountId = "111122223333".parse().unwrap();
        for (subject, name) in [
            (Subject::General, "/SpaDemo/Settings"),
            (Subject::Defaults, "/SpaDemo/Defaults"),
            (Subject::Unit(unit.clone()), "/SpaDemo/OrganizationalUnits/ou-ab12-11112222"),
            (Subject::Account(account), "/SpaDemo/Accounts/111122223333"),
            (Subject::Buildspec(TaskKind::Preparation), "/SpaDemo/PreparationBuildspecTemplate"),
            (Subject::Buildspec(TaskKind::Purge), "/SpaDemo/PurgeBuildspecTemplate"),
        ] {
            assert_eq!(&*names.of_subject(&subject), name);
            assert_eq!(names.subject(name), Some(subject));
        }
        for other in [
            "/SpaDemo/WebEndpoints",
            "/SpaDemo/Documents/Settings",
            "/SpaDemo/Accounts/1",
            "/SpaDemo/Accounts/111122223333/more",
            "/SpaDemo",
            "/SpaDemo2/Settings",
            "/Other/Settings",
            "Settings",
        ] {
            assert_eq!(names.subject(other), None, "{other}");
        }
        assert_eq!(Names::new("no/path"), None);
        let nested = std::iter::repeat_n(unit, 5).collect::<Vec<_>>();
        assert_eq!(names.of_account(account, &nested).len(), 10, "what one call reads");
    }
}
