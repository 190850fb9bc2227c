//! `spa buildspec run`.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::support::{Answer, Folder, PATIENCE};

/// Whatever a value may hold: none of it is ever executed.
const HOSTILE: &str =
    "it's \"quoted\" $(touch executed) `touch executed` ; touch executed & \\ *  two  blanks\nand a line";

fn run(folder: &Folder, text: &str, arguments: &[&str]) -> Answer {
    folder.write("b.yaml", text);
    folder.spa(&[&["buildspec", "run", "b.yaml"], arguments].concat())
}

/// What the build wrote, without the headings of phases.
fn said(answer: &Answer) -> Vec<&str> {
    answer.notes.lines().filter(|line| !line.starts_with("== ")).collect()
}

#[test]
fn phases_follow_each_other_as_codebuild_has_them() {
    let folder = Folder::new();
    let bad = "exit 3";
    // Which phase fails, what it says of failures, what is said, and how the phases end.
    let cases: [(&str, &str, &str, &[&str]); 9] = [
        ("none", "", "i pb b po", &["succeeded", "succeeded", "succeeded", "succeeded"]),
        ("install", "", "i!", &["failed", "left out", "left out", "left out"]),
        ("pre_build", "", "i pb!", &["succeeded", "failed", "left out", "left out"]),
        ("build", "", "i pb b! po", &["succeeded", "succeeded", "failed", "succeeded"]),
        ("post_build", "", "i pb b po!", &["succeeded", "succeeded", "succeeded", "failed"]),
        ("build", "ABORT", "i pb b!", &["succeeded", "succeeded", "failed", "left out"]),
        ("install", "CONTINUE", "i! pb b po", &["failed", "succeeded", "succeeded", "succeeded"]),
        ("pre_build", "CONTINUE", "i pb! b po", &["succeeded", "failed", "succeeded", "succeeded"]),
        ("build", "RETRY-2", "i pb b! po", &["succeeded", "succeeded", "failed", "succeeded"]),
    ];
    for (failing, on_failure, expected, outcomes) in cases {
        let mut text = vec!["version: 0.2\nphases:\n".to_owned()];
        // In another order: CodeBuild has its own.
        for (phase, word) in [("post_build", "po"), ("build", "b"), ("install", "i"), ("pre_build", "pb")] {
            let fails = phase == failing;
            text.push(format!("  {phase}:\n"));
            if fails && !on_failure.is_empty() {
                text.push(format!("    on-failure: {on_failure}\n"));
            }
            text.push(format!("    commands:\n    - echo {word}\n"));
            if fails {
                text.push(format!("    - {bad}\n    - echo never\n    finally:\n    - echo '!'\n"));
            }
        }
        let text = text.concat();
        let answer = run(&folder, &text, &["--output", "json"]);
        assert_eq!(said(&answer).join(" ").replace(" !", "!"), expected, "{text}");
        let json = answer.json();
        let phases = json["phases"].as_array().unwrap();
        let ended: Vec<&str> = phases.iter().map(|phase| phase["outcome"].as_str().unwrap()).collect();
        assert_eq!(ended, outcomes, "{text}");
        assert_eq!(
            (answer.status, json["succeeded"].as_bool()),
            (i32::from(failing != "none"), Some(failing == "none"))
        );
        for phase in phases.iter().filter(|phase| phase["outcome"] == "failed") {
            assert_eq!((&phase["failed"]["status"], &phase["failed"]["command"]), (&3.into(), &bad.into()));
        }
    }
}

#[test]
fn one_shell_runs_all_commands_and_each_has_its_own_in_version_01() {
    let folder = Folder::new();
    let text = "version: 0.2\nenv: {shell: bash}\nphases:\n  install:\n    commands:\n      - here=1; export THERE=2; mkdir x; cd x\n  \
                build:\n    commands:\n      - echo \"$here $THERE ${PWD##*/} [[ok]]\"\n      - cat\n      - exit 4\n  \
                post_build:\n    commands:\n      - echo \"${here-gone} $THERE ${PWD##*/} $CODEBUILD_BUILD_SUCCEEDING\"\n";
    let answer = run(&folder, text, &[]);
    assert_eq!(said(&answer), ["1 2 x [[ok]]", "gone 2 x 0"], "standard input is empty");
    let answer = run(&folder, &text.replace("0.2", "0.1"), &[]);
    assert_eq!(said(&answer), ["  src [[ok]]", "gone  src 0"]);
}

#[test]
fn a_build_finds_what_codebuild_gives_and_nothing_else_of_this_machine() {
    let folder = Folder::new();
    folder.write(
        "b.yaml",
        "version: 0.2\nenv:\n  variables: {ONE: spec, TWO: spec}\nphases:\n  build:\n    commands:\n      - env\n",
    );
    let answer = folder.spa_with(
        &["buildspec", "run", "b.yaml", "--variable", "TWO=named=2", "--variable", "EMPTY="],
        &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_REGION", "eu-west-3"), ("OF_THIS_MACHINE", "x")],
    );
    assert_eq!(answer.status, 0, "{answer:?}");
    let said = said(&answer);
    for line in [
        "ONE=spec",
        "TWO=named=2",
        "EMPTY=",
        "AWS_ENDPOINT_URL=http://127.0.0.1:9",
        "AWS_REGION=eu-west-3",
        "AWS_DEFAULT_REGION=eu-west-3",
        "CI=true",
        "CODEBUILD_BUILD_SUCCEEDING=1",
    ] {
        assert!(said.contains(&line), "{line}\n{}", answer.notes);
    }
    for name in
        ["CODEBUILD_BUILD_ID", "CODEBUILD_BUILD_ARN", "CODEBUILD_SRC_DIR", "CODEBUILD_START_TIME", "PATH"]
    {
        assert!(said.iter().any(|line| line.starts_with(&format!("{name}="))), "{name}\n{}", answer.notes);
    }
    assert!(!answer.notes.contains("OF_THIS_MACHINE"), "{}", answer.notes);
}

#[test]
fn a_value_is_never_executed() {
    let folder = Folder::new();
    for shell in ["bash", "/bin/sh"] {
        let text = format!(
            "version: 0.2\nenv: {{shell: {shell}}}\nphases:\n  build:\n    commands:\n      - printf '%s' \"$VALUE\"\n      - exit 1\n  \
             post_build:\n    commands:\n      - printf '<%s>' \"$VALUE\"; ls -A\n"
        );
        let answer = run(&folder, &text, &["--variable", &format!("VALUE={HOSTILE}")]);
        assert!(answer.notes.contains(HOSTILE), "{answer:?}");
        // A command that ends the shell does not change what the next one finds.
        assert!(answer.notes.contains(&format!("<{HOSTILE}>")), "{shell}: {answer:?}");
        assert!(!answer.notes.contains("executed\n"), "{answer:?}");
        assert!(!folder.path().join("executed").exists());
    }
}

#[test]
fn an_account_has_the_variables_of_its_settings() {
    let folder = Folder::with(
        "accounts:\n- identifier: '111122223333'\n  purge:\n    feature: enabled\n    variables: {MAXIMUM_AGE: 3w, PURGE_MODE: --force}\n",
    );
    folder.write("purge.yaml", "version: 0.2\nphases:\n  build:\n    commands:\n      - env | grep -E '^(MAX|PURGE_|ENV|EVENT_BUS)' | sort\n");
    let ask = ["buildspec", "run", "purge.yaml", "--account", "111122223333"];
    // Forced by the settings: somebody has to agree, and there is nobody.
    let refused = folder.spa(&ask);
    assert_eq!((refused.status, refused.data.as_str()), (4, ""), "{refused:?}");
    assert!(
        refused.notes.contains("PURGE_MODE=--force") && !refused.notes.contains("MAXIMUM_AGE"),
        "{refused:?}"
    );
    for (more, mode) in [
        ("--yes", "--force"),
        ("--variable=PURGE_MODE=--force", "--force"),
        ("--variable=PURGE_MODE=--dry-run", "--dry-run"),
    ] {
        let answer = folder.spa(&[&ask[..], &[more]].concat());
        assert_eq!(answer.status, 0, "{answer:?}");
        assert_eq!(
            said(&answer),
            [
                "ENVIRONMENT_IDENTIFIER=SpaBeta",
                "EVENT_BUS_ARN=arn:aws:events:eu-west-1:999988887777:event-bus/default",
                "MAXIMUM_AGE=3w",
                &format!("PURGE_MODE={mode}"),
            ]
        );
    }
    let other =
        run(&folder, "version: 0.2\nphases: {build: {commands: [env]}}\n", &["--account", "111122223333"]);
    assert_eq!(other.status, 2, "{other:?}");
    assert!(other.notes.contains("--task purge"), "{other:?}");
}

#[test]
fn ctrl_c_ends_what_the_build_has_started() {
    let folder = Folder::new();
    folder.write(
        "b.yaml",
        "version: 0.2\nphases:\n  build:\n    commands:\n      - sleep 600 & echo \"$!\"\n      - trap '' INT; sleep 600 & echo \"$!\"; wait\n  \
         post_build:\n    commands:\n      - echo never\n",
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_spa"))
        .args(["buildspec", "run", "b.yaml"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let sleeping: Vec<String> = lines.by_ref().filter(|line| !line.starts_with("==")).take(2).collect();
    let tell = |signal: &str, process: &str| {
        Command::new("kill").args([signal, process]).stderr(Stdio::null()).status().unwrap().success()
    };
    assert!(tell("-INT", &child.id().to_string()));
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(!rest.iter().any(|line| line.contains("never")), "{rest:?}");
    for process in sleeping {
        // A process that was ended may still be named until its parent has noticed.
        let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{process} still runs: {state}");
    }
}

#[test]
fn what_cannot_be_run_is_told() {
    let folder = Folder::new();
    folder.write(
        "fetched.yaml",
        "version: 0.2\nenv: {parameter-store: {SECRET: /a}}\nphases: {build: {commands: ['echo $SECRET']}}\n",
    );
    folder.write(
        "windows.yaml",
        "version: 0.2\nenv: {shell: powershell.exe}\nphases: {build: {commands: [a]}}\n",
    );
    folder.write("none.yaml", "version: 0.2\n");
    for (arguments, status, words) in [
        (vec!["nowhere.yaml"], 5, "nowhere.yaml cannot be read"),
        (vec!["none.yaml"], 8, "none.yaml is not a buildspec"),
        (vec!["windows.yaml"], 8, "shell of Windows"),
        (vec!["fetched.yaml"], 2, "--variable SECRET=VALUE"),
        (vec!["purge.yaml", "--variable", "A"], 2, "NAME=VALUE"),
        (vec!["purge.yaml", "--variable", "A-B=c"], 2, "cannot name a variable"),
        (vec!["purge.yaml", "--variable", "AWS_PROFILE=c"], 2, "AWS_"),
    ] {
        let answer = folder.spa(&[&["buildspec", "run"], &arguments[..]].concat());
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.notes.contains(words), "{words}\n{answer:?}");
        assert!(answer.took < PATIENCE);
    }
    let answer = folder.spa(&["buildspec", "run", "fetched.yaml", "--variable", "SECRET=x"]);
    assert_eq!((answer.status, said(&answer)), (0, vec!["x"]));
}
