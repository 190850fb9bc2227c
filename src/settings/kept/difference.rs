//! What stands in the parameters of an environment, beside what the settings give.

use std::collections::{BTreeMap, BTreeSet};

use state_machine::Text;

use super::assemble::Values;
use super::names::Names;
use super::parameters::Parameter;

/// How parameters that stand differ from those that are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// What is wanted and does not stand there.
    pub missing: BTreeMap<Text, Parameter>,
    /// What stands there with another value: what it holds, and what is wanted.
    pub different: BTreeMap<Text, (Text, Parameter)>,
    /// What stands there under a name of ours, and is not wanted.
    pub left_over: BTreeMap<Text, Text>,
    /// What stands there as it is wanted.
    pub equal: BTreeSet<Text>,
    /// What stands there under a name that is not ours. Nobody here touches it.
    pub foreign: BTreeSet<Text>,
}

impl Difference {
    /// Compares what stands below the path of these names with what is wanted there.
    pub fn between(names: &Names, standing: &Values, wanted: &BTreeMap<Text, Parameter>) -> Self {
        let mut difference = Self::default();
        for (name, parameter) in wanted {
            match standing.get(name) {
                None => {
                    difference.missing.insert(Text::clone(name), parameter.clone());
                }
                Some(value) if *value == parameter.value => {
                    difference.equal.insert(Text::clone(name));
                }
                Some(value) => {
                    let both = (Text::clone(value), parameter.clone());
                    difference.different.insert(Text::clone(name), both);
                }
            }
        }
        for (name, value) in standing.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
            if names.owns(name) {
                difference.left_over.insert(Text::clone(name), Text::clone(value));
            } else {
                difference.foreign.insert(Text::clone(name));
            }
        }
        difference
    }

    /// How many parameters must be written or deleted.
    pub fn count(&self) -> usize {
        self.missing.len() + self.different.len() + self.left_over.len()
    }

    /// Whether everything stands as it is wanted. What is foreign does not count.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::load_text;

    fn wanted() -> (Names, BTreeMap<Text, Parameter>) {
        let text = std::fs::read_to_string("settings.yaml").unwrap();
        let settings = load_text("settings.yaml", &text, ".".as_ref()).settings.unwrap();
        (Names::new(&settings.environment_identifier().to_text()).unwrap(), settings.parameters())
    }

    #[test]
    fn each_parameter_stands_in_one_place() {
        let (names, wanted) = wanted();
        let mut standing: Values = wanted
            .iter()
            .map(|(name, parameter)| (Text::clone(name), Text::clone(&parameter.value)))
            .collect();
        assert!(Difference::between(&names, &standing, &wanted).is_empty());
        let path = names.path();
        let missing: Text = format!("{path}/Defaults").into();
        let different: Text = format!("{path}/Settings").into();
        let left_over: [Text; 2] =
            [format!("{path}/Accounts/999999999999").into(), format!("{path}/Documents/old.md").into()];
        let foreign: [Text; 2] = [format!("{path}/WebEndpoints").into(), format!("{path}/Accounts/x").into()];
        standing.remove(&missing);
        standing.insert(Text::clone(&different), "{}".into());
        for name in left_over.iter().chain(&foreign) {
            standing.insert(Text::clone(name), "something".into());
        }
        let difference = Difference::between(&names, &standing, &wanted);
        assert_eq!(difference.missing.keys().collect::<Vec<_>>(), [&missing]);
        assert_eq!(difference.different.keys().collect::<Vec<_>>(), [&different]);
        assert_eq!(difference.left_over.keys().collect::<Vec<_>>(), left_over.iter().collect::<Vec<_>>());
        assert_eq!(difference.foreign, foreign.into());
        assert_eq!(difference.equal.len(), wanted.len() - 2);
        assert_eq!(difference.count(), 4);
    }
}
