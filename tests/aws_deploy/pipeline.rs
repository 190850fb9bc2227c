//! `buildspecs/deploy.yaml`, run as CodeBuild runs it, on a repository of settings.

use std::path::Path;
use std::process::Command;

use aws_sdk_s3::primitives::ByteStream;

use crate::company::{Answer, block_on};
use crate::peers::{self, REGION};
use crate::site::Site;

/// Puts `spa` and the package where the pipeline fetches them, and pins both.
fn released(site: &Site) {
    site.write("released", &format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_spa")));
    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&site.automation.config()).force_path_style(true).build(),
    );
    let read = |name: &str| std::fs::read(site.path().join(name)).unwrap();
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(REGION.into());
    block_on(async {
        let bucket = s3.create_bucket().bucket("releases").create_bucket_configuration(place.build());
        bucket.send().await.unwrap();
        for (key, file) in [("spa/1/spa", "released"), ("spa/1/bootstrap.zip", "bootstrap.zip")] {
            let body = ByteStream::from(read(file));
            s3.put_object().bucket("releases").key(key).body(body).send().await.unwrap();
        }
    });
    let digest = |name: &str| spa::cloud::aws::artifacts::digest(&read(name));
    site.write(
        "spa.sha256",
        &format!("{}  spa\n{}  bootstrap.zip\n", digest("released"), digest("bootstrap.zip")),
    );
    std::fs::remove_file(site.path().join("bootstrap.zip")).unwrap();
    let credentials = std::fs::read_to_string(site.path().join(".aws/credentials")).unwrap();
    site.write("aws.config", &credentials.replace("[management]", "[profile management]"));
}

fn pipeline(site: &Site, variables: &[&str]) -> Answer {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // CodeBuild fetches the source of the project before; `spa buildspec run` knows projects without one.
    let fetch = format!("    commands:\n      - cp -r {}/. .\n", site.path().display());
    let text = std::fs::read_to_string(root.join("buildspecs/deploy.yaml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let buildspec = folder.path().join("deploy.yaml");
    std::fs::write(&buildspec, text.replacen("    commands:\n", &fetch, 1)).unwrap();
    let buildspec = buildspec.display().to_string();
    let mut arguments = vec!["buildspec", "run", &buildspec, "--yes", "--on", "local"];
    let always = ["SPA_RELEASES=s3://releases/spa/1", "SPA_MANAGEMENT_PROFILE=management"];
    for variable in always.iter().chain(variables) {
        arguments.extend(["--variable", variable]);
    }
    let mut command: Command = site.command(&arguments);
    let path = format!("{}:{}", root.join(".venv/bin").display(), std::env::var("PATH").unwrap());
    command.env("PATH", path).env("AWS_DEFAULT_REGION", REGION).env("AWS_REGION", REGION);
    command.env("AWS_ENDPOINT_URL", peers::moto().endpoint());
    Answer::of(&command.output().unwrap(), &arguments, str::to_owned)
}

#[test]
fn a_pipeline_plans_and_deploys_only_what_is_pinned() {
    let site = Site::with_accounts(1);
    released(&site);
    let planned = pipeline(&site, &[]);
    assert!(planned.status == 0, "{}\n{}", planned.data, planned.notes);
    assert_eq!(site.all_stacks(), [], "it was planned only");
    let applied = pipeline(&site, &["SPA_APPLY=yes"]);
    assert!(applied.status == 0, "{}\n{}", applied.data, applied.notes);
    assert_eq!(site.all_stacks().len(), 4);
    let before = site.called();
    site.write("spa.sha256", &format!("{0}  spa\n{0}  bootstrap.zip\n", "0".repeat(64)));
    let refused = pipeline(&site, &["SPA_APPLY=yes"]);
    assert_ne!(refused.status, 0, "{}\n{}", refused.data, refused.notes);
    let deployed = |call: &String| call.starts_with("cloudformation:") || call.starts_with("ssm:");
    assert!(!site.automation.calls().iter().skip(before.0).any(deployed), "nothing ran that is not pinned");
}
