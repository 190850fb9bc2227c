//! Who starts our builds.

use state_machine::Text;

/// What the names of our sessions begin with.
pub const SESSION_PREFIX: &str = "spa-";

/// The role that starts builds in member accounts, and that only this system assumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starter {
    role: Text,
}

impl Starter {
    /// `role` is the name of the role in the member account, such as `AWSControlTowerExecution`; a path before it does
    /// not count.
    pub fn new(role: &str) -> Self {
        Self { role: last(role).into() }
    }

    /// Whether CodeBuild names this role, in a session of ours, as the one that started a build.
    ///
    /// Of a session, CodeBuild says `<role>/<session>`; of a user the name, of a pipeline `codepipeline/<name>`
    /// (<https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html>, `initiator`). Who may name a
    /// session freely must first assume the role, so it is the role that proves something.
    pub fn is(&self, initiator: &str) -> bool {
        initiator
            .rsplit_once('/')
            .is_some_and(|(role, session)| last(role) == &*self.role && session.starts_with(SESSION_PREFIX))
    }
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_role_in_our_session_starts_our_builds() {
        let starter = Starter::new("/company/SpaMember");
        for (initiator, ours) in [
            ("SpaMember/spa-on-expired-account-111122223333", true),
            ("assumed-role/SpaMember/spa-on-expired-account", true),
            ("SpaMember/alice", false),
            ("AWSReservedSSO_AdministratorAccess_0123/spa-alice", false),
            ("NotSpaMember/spa-on-expired-account", false),
            ("SpaMember", false),
            ("spa-alice", false),
            ("codepipeline/spa-pipeline", false),
            ("rule/SpaMember", false),
            ("", false),
            ("/", false),
        ] {
            assert_eq!(starter.is(initiator), ours, "{initiator}");
        }
    }
}
