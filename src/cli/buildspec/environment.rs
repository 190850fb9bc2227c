//! What a build finds in its environment: what CodeBuild puts there, the variables, and what this machine needs so that
//! programs run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use chrono::Utc;
use state_machine::{AccountId, Profile, TaskKind, Text, UnitId};

use crate::cloud::configured::build_order;
use crate::cloud::order::Surroundings;
use crate::settings::{Script, Settings};

/// What is taken over from this machine: what programs need to run, and whatever says where AWS is and who asks.
const TAKEN: &[&str] = &[
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
];
const TAKEN_ALL: &[&str] = &["AWS_", "LC_", "PIP_"];

/// What somebody says of a build, the later the stronger.
pub struct Said<'a> {
    /// What the buildspec sets itself.
    pub script: &'a Script,
    /// What spa sets for the account.
    pub account: Vec<(Text, Text)>,
    /// What the command line says.
    pub named: &'a [(String, String)],
}

impl Said<'_> {
    /// The variables of the build.
    pub fn variables(&self) -> BTreeMap<&str, &str> {
        let script = self.script.variables.iter().map(|(name, value)| (&**name, &**value));
        let account = self.account.iter().map(|(name, value)| (&**name, &**value));
        let named = self.named.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        script.chain(account).chain(named).collect()
    }
}

/// What spa sets for an account that lies in these units. What only AWS knows of it (its mail, its tags) is not known here.
pub fn of_account(
    settings: &Settings,
    account: AccountId,
    task: TaskKind,
    units: &[UnitId],
) -> Vec<(Text, Text)> {
    let automation = settings.automation();
    let around = Surroundings {
        environment: settings.environment_identifier().as_str(),
        automation_account: automation.account_id,
        region: automation.region.as_str(),
        holder_key: &settings.tag_keys().holder,
    };
    let profile = Profile { units: units.into(), ..Profile::default() };
    build_order(settings, &around, account, &profile, task).variables
}

/// The whole environment of a build whose source lies here.
/// <https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html>
pub fn whole(variables: &BTreeMap<&str, &str>, project: &str, source: &Path) -> BTreeMap<OsString, OsString> {
    let mut environment: BTreeMap<OsString, OsString> = std::env::vars_os()
        .filter(|(name, _)| {
            let name = name.to_string_lossy();
            TAKEN.iter().any(|taken| name.eq_ignore_ascii_case(taken))
                || TAKEN_ALL.iter().any(|start| name.starts_with(start))
        })
        .collect();
    environment.extend(variables.iter().map(|(name, value)| (name.into(), value.into())));
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(std::env::var_os);
    let region = region.unwrap_or_else(|| "us-east-1".into());
    let start = Utc::now().timestamp_millis().to_string();
    let build = format!("{project}:00000000-0000-0000-0000-000000000000");
    let arn = format!("arn:aws:codebuild:{}:000000000000:build/{build}", region.to_string_lossy());
    let source = source.as_os_str().to_owned();
    let given: [(&str, OsString); 14] = [
        ("AWS_DEFAULT_REGION", region.clone()),
        ("AWS_REGION", region),
        ("CI", "true".into()),
        ("CODEBUILD_BUILD_ARN", arn.into()),
        ("CODEBUILD_BUILD_ID", build.into()),
        ("CODEBUILD_BUILD_IMAGE", "spa/local".into()),
        ("CODEBUILD_BUILD_NUMBER", "1".into()),
        ("CODEBUILD_BUILD_SUCCEEDING", "1".into()),
        ("CODEBUILD_CI", "true".into()),
        ("CODEBUILD_INITIATOR", "spa".into()),
        ("CODEBUILD_LOG_PATH", "local".into()),
        ("CODEBUILD_PROJECT_UUID", "00000000-0000-0000-0000-000000000000".into()),
        ("CODEBUILD_SRC_DIR", source),
        ("CODEBUILD_START_TIME", start.into()),
    ];
    environment.extend(given.map(|(name, value)| (name.into(), value)));
    environment
}
