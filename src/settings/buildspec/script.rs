//! What a buildspec says, as CodeBuild reads it, with the place of each command.
//!
//! <https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html>

use std::ops::Range;

use state_machine::Text;

use crate::diagnostic::{Diagnostic, Report, SourceId};
use crate::settings::value::{nearest, shown};
use crate::settings::yaml::{self, Kind, Node, Pair};

/// The longest buildspec that CodeBuild takes in a request, in characters. AWS does not document it; beyond it,
/// CodeBuild answers "Max buildspec length is 25600" (<https://github.com/aws/aws-cdk/pull/14974>).
pub(crate) const MAX_LENGTH: usize = 25_600;

const TOP: &[&str] =
    &["version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache"];
const ENV: &[&str] = &[
    "shell",
    "variables",
    "parameter-store",
    "exported-variables",
    "secrets-manager",
    "git-credential-helper",
];
const PHASE: &[&str] = &["run-as", "on-failure", "commands", "finally"];
const INSTALL: &[&str] = &["run-as", "on-failure", "runtime-versions", "commands", "finally"];
const PHASES: &[&str] = &["install", "pre_build", "build", "post_build"];
const SHELLS: &[&str] = &["bash", "/bin/sh", "powershell.exe", "cmd.exe"];

/// What a buildspec says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Whether each command has a shell of its own: version 0.1.
    pub one_shell_each: bool,
    /// The shell of the commands.
    pub shell: Shell,
    /// What it sets itself (`env.variables`), in its order.
    pub variables: Vec<(Text, Text)>,
    /// Variables whose values come from Systems Manager or Secrets Manager.
    pub fetched: Vec<Text>,
    /// What runs, in the order of CodeBuild.
    pub phases: Vec<Phase>,
}

/// What runs the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// `/bin/sh`, which CodeBuild takes when nothing is said.
    Sh,
    /// `bash`.
    Bash,
    /// One of Windows.
    Windows,
}

/// Some commands with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Which one.
    pub name: PhaseName,
    /// What follows when a command fails.
    pub on_failure: OnFailure,
    /// One after the other, until one fails.
    pub commands: Vec<Command>,
    /// Afterwards, whether one failed or not.
    pub finally: Vec<Command>,
}

/// The phases that have commands, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhaseName {
    /// `install`.
    Install,
    /// `pre_build`.
    PreBuild,
    /// `build`.
    Build,
    /// `post_build`.
    PostBuild,
}

impl PhaseName {
    /// As buildspecs write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::PreBuild => "pre_build",
            Self::Build => "build",
            Self::PostBuild => "post_build",
        }
    }

    fn of(text: &str) -> Option<Self> {
        [Self::Install, Self::PreBuild, Self::Build, Self::PostBuild]
            .into_iter()
            .find(|name| name.as_str() == text)
    }
}

/// What follows when a command of a phase fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// What CodeBuild does by itself: after `build` comes `post_build`, and after any other phase nothing.
    Usual,
    /// Nothing.
    Abort,
    /// The next phase.
    Continue,
    /// The phase again, so many times at most; on this machine it is run once.
    Retry,
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What the shell is given.
    pub text: Text,
    /// Where it stands, in bytes.
    pub span: Range<usize>,
}

impl Script {
    /// Reads a buildspec; whatever CodeBuild would refuse or leave unread is reported.
    ///
    /// Gives nothing where a fault leaves open what would run.
    pub fn read(source: SourceId, text: &str, report: &mut Report) -> Option<Self> {
        let faults = report.errors();
        let root = yaml::parse(source, text, report).filter(|root| !root.is_null());
        let Some(root) = root else {
            if report.errors() == faults {
                let fault = Diagnostic::error("the file is empty").at(source, 0..0, "");
                report.push(fault.help("the smallest buildspec has `version: 0.2` and `phases`"));
            }
            return None;
        };
        let mut reader = Reader { source, report };
        let top = reader.map(&root, "a buildspec", TOP)?;
        let one_shell_each = reader.version(&top, &root);
        let (shell, variables, fetched) = reader.env(&top);
        let phases = reader.phases(&top, &root);
        if reader.report.errors() > faults {
            return None;
        }
        Some(Self { one_shell_each: one_shell_each?, shell, variables, fetched, phases })
    }

    /// Every command, in the order in which they run.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.phases.iter().flat_map(|phase| phase.commands.iter().chain(&phase.finally))
    }
}

struct Reader<'a> {
    source: SourceId,
    report: &'a mut Report,
}

type Pairs = [Pair];

fn value<'a>(pairs: &'a Pairs, key: &str) -> Option<&'a Node> {
    pairs.iter().find(|pair| &*pair.key.text == key).map(|pair| &*pair.value).filter(|node| !node.is_null())
}

impl Reader<'_> {
    fn fault(&mut self, message: impl Into<String>, span: Range<usize>, label: &str) {
        self.report.push(Diagnostic::error(message).at(self.source, span, label));
    }

    /// The pairs of a map, of which CodeBuild knows these keys.
    fn map(&mut self, node: &Node, what: &str, known: &[&str]) -> Option<Vec<Pair>> {
        let pairs = self.pairs(node, what)?;
        for pair in &pairs {
            if !known.contains(&&*pair.key.text) {
                let message = format!("CodeBuild does not know {} in {what}", shown(&pair.key.text));
                let warning = Diagnostic::warning(message).at(self.source, pair.key.span.clone(), "");
                let warning = match nearest(&pair.key.text, known) {
                    Some(meant) => warning.help(format!("did you mean `{meant}`?")),
                    None => warning.help(format!("it knows {}", known.join(", "))),
                };
                self.report.push(warning);
            }
        }
        Some(pairs)
    }

    fn pairs(&mut self, node: &Node, what: &str) -> Option<Vec<Pair>> {
        match &node.kind {
            Kind::Mapping(pairs) => Some(pairs.clone()),
            _ if node.is_null() => None,
            Kind::Scalar { .. } | Kind::Sequence(_) => {
                let message = format!("{what} is a map of keys and values, not {}", node.describe());
                self.fault(message, node.span.clone(), "");
                None
            }
        }
    }

    /// Whether each command has a shell of its own.
    fn version(&mut self, top: &Pairs, root: &Node) -> Option<bool> {
        let Some(node) = value(top, "version") else {
            let fault = Diagnostic::error("`version` is missing").at(self.source, 0..0, "");
            self.report.push(fault.help("write `version: 0.2`"));
            return None;
        };
        match &node.kind {
            Kind::Scalar { text, .. } if &**text == "0.2" => Some(false),
            Kind::Scalar { text, .. } if &**text == "0.1" => Some(true),
            Kind::Scalar { .. } | Kind::Sequence(_) | Kind::Mapping(_) => {
                let span = if node.span.is_empty() { root.span.clone() } else { node.span.clone() };
                let message =
                    format!("CodeBuild knows the versions 0.1 and 0.2, and this is {}", node.describe());
                self.fault(message, span, "");
                None
            }
        }
    }

    fn env(&mut self, top: &Pairs) -> (Shell, Vec<(Text, Text)>, Vec<Text>) {
        let Some(env) = value(top, "env").and_then(|node| self.map(node, "`env`", ENV)) else {
            return (Shell::Sh, Vec::new(), Vec::new());
        };
        let shell = value(&env, "shell").map_or(Shell::Sh, |node| self.shell(node));
        let mut variables = Vec::new();
        for pair in
            value(&env, "variables").and_then(|node| self.pairs(node, "`variables`")).unwrap_or_default()
        {
            match &pair.value.kind {
                Kind::Scalar { .. } if pair.value.is_null() => variables.push((pair.key.text, "".into())),
                Kind::Scalar { text, .. } => variables.push((pair.key.text, Text::clone(text))),
                Kind::Sequence(_) | Kind::Mapping(_) => {
                    let message =
                        format!("the variable {} is {}", shown(&pair.key.text), pair.value.describe());
                    self.fault(message, pair.value.span.clone(), "a variable is text");
                }
            }
        }
        let mut fetched = Vec::new();
        for key in ["parameter-store", "secrets-manager"] {
            let pairs = value(&env, key).and_then(|node| self.pairs(node, &format!("`{key}`")));
            fetched.extend(pairs.unwrap_or_default().into_iter().map(|pair| pair.key.text));
        }
        (shell, variables, fetched)
    }

    fn shell(&mut self, node: &Node) -> Shell {
        match &node.kind {
            Kind::Scalar { text, .. } if &**text == "bash" => Shell::Bash,
            Kind::Scalar { text, .. } if &**text == "/bin/sh" => Shell::Sh,
            Kind::Scalar { text, .. } if SHELLS.contains(&&**text) => Shell::Windows,
            Kind::Scalar { .. } | Kind::Sequence(_) | Kind::Mapping(_) => {
                let message = format!(
                    "{} is no shell that CodeBuild knows: {} are",
                    node.describe(),
                    SHELLS.join(", ")
                );
                self.fault(message, node.span.clone(), "");
                Shell::Sh
            }
        }
    }

    fn phases(&mut self, top: &Pairs, root: &Node) -> Vec<Phase> {
        let faults = self.report.errors();
        let Some(node) = value(top, "phases") else {
            let span = root.key_span("phases").unwrap_or(0..0);
            self.fault("`phases` is missing, so no command would run", span, "");
            return Vec::new();
        };
        let mut phases = Vec::new();
        for pair in self.pairs(node, "`phases`").unwrap_or_default() {
            let Some(name) = PhaseName::of(&pair.key.text) else {
                let message = format!("{} is no phase", shown(&pair.key.text));
                let fault = Diagnostic::error(message).at(self.source, pair.key.span.clone(), "");
                self.report.push(match nearest(&pair.key.text, PHASES) {
                    Some(meant) => fault.help(format!("did you mean `{meant}`?")),
                    None => fault.help(format!("the phases are {}", PHASES.join(", "))),
                });
                continue;
            };
            phases.extend(self.phase(name, &pair.value));
        }
        // CodeBuild has an order of its own.
        phases.sort_by_key(|phase: &Phase| phase.name);
        if self.report.errors() == faults && phases.iter().all(|phase| phase.commands.is_empty()) {
            let span = root.key_span("phases").unwrap_or(0..0);
            self.fault("no phase has `commands`, so nothing would run", span, "");
        }
        phases
    }

    fn phase(&mut self, name: PhaseName, node: &Node) -> Option<Phase> {
        let known = if name == PhaseName::Install { INSTALL } else { PHASE };
        let pairs = self.map(node, &format!("the phase `{}`", name.as_str()), known)?;
        let on_failure = value(&pairs, "on-failure").map_or(OnFailure::Usual, |node| self.on_failure(node));
        let commands = value(&pairs, "commands").map_or_else(Vec::new, |node| self.commands(node));
        let finally = value(&pairs, "finally").map_or_else(Vec::new, |node| self.commands(node));
        Some(Phase { name, on_failure, commands, finally })
    }

    fn on_failure(&mut self, node: &Node) -> OnFailure {
        match &node.kind {
            Kind::Scalar { text, .. } if &**text == "ABORT" => OnFailure::Abort,
            Kind::Scalar { text, .. } if &**text == "CONTINUE" => OnFailure::Continue,
            Kind::Scalar { text, .. } if &**text == "RETRY" || text.starts_with("RETRY-") => OnFailure::Retry,
            Kind::Scalar { .. } | Kind::Sequence(_) | Kind::Mapping(_) => {
                let message = format!("`on-failure` is ABORT, CONTINUE or RETRY, not {}", node.describe());
                self.fault(message, node.span.clone(), "");
                OnFailure::Usual
            }
        }
    }

    fn commands(&mut self, node: &Node) -> Vec<Command> {
        let Kind::Sequence(items) = &node.kind else {
            let message = format!("commands are a list, not {}", node.describe());
            let fault = Diagnostic::error(message).at(self.source, node.span.clone(), "");
            self.report.push(fault.help("write `- ` before each command"));
            return Vec::new();
        };
        let mut commands = Vec::new();
        for item in items {
            match &item.kind {
                Kind::Scalar { text, .. } => {
                    commands.push(Command { text: Text::clone(text), span: item.span.clone() });
                }
                Kind::Mapping(_) => {
                    let fault = Diagnostic::error(
                        "a command is text, and YAML reads this as a map of keys and values",
                    );
                    let fault = fault.at(
                        self.source,
                        item.span.clone(),
                        "a colon with a blank behind it makes a map",
                    );
                    self.report.push(fault.help("put the command in quotes, or write it below `- |`"));
                }
                Kind::Sequence(_) => {
                    self.fault("a command is text, not a list", item.span.clone(), "");
                }
            }
        }
        commands
    }
}
