//! `spa buildspec check`, and what `spa validate` says of buildspecs.

use crate::support::{Answer, Folder, PATIENCE};

/// A buildspec whose build runs this.
fn building(script: &str) -> String {
    let lines: String = script.lines().map(|line| format!("        {line}\n")).collect();
    format!("version: 0.2\nenv:\n  shell: bash\nphases:\n  build:\n    commands:\n      - |\n{lines}")
}

fn check(folder: &Folder, text: &str) -> Answer {
    folder.write("b.yaml", text);
    folder.spa(&["buildspec", "check", "b.yaml"])
}

/// The only finding: its severity, line, column and message, and its helps.
fn only_finding(folder: &Folder, text: &str) -> (String, u64, u64, String, String) {
    folder.write("b.yaml", text);
    let answer = folder.spa(&["buildspec", "check", "b.yaml", "--output", "json"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    let json = answer.json();
    let findings = json["diagnostics"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{text}\n{}", answer.data);
    let finding = &findings[0];
    let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let helps: Vec<&str> =
        finding["help"].as_array().unwrap().iter().filter_map(|one| one.as_str()).collect();
    let number = |name: &str| finding[name].as_u64().unwrap();
    (text("severity"), number("line"), number("column"), text("message"), helps.join("; "))
}

#[test]
fn what_is_fine_is_called_fine() {
    let folder = Folder::new();
    let good = building(
        "echo \"$HOME $ENVIRONMENT_IDENTIFIER $AWS_REGION ${ANYTHING:-}\"\nNAME=x; echo $NAME $small",
    );
    let answer = check(&folder, &good);
    assert_eq!((answer.status, answer.data.as_str()), (0, "b.yaml: fine\n"), "{answer:?}");
    assert_eq!(answer.notes, "");
}

#[test]
fn each_fault_is_found_where_it_is() {
    let folder = Folder::new();
    let plain = |commands: &str| format!("version: 0.2\nphases:\n  build:\n    commands:\n{commands}");
    let cases: Vec<(String, &str, u64, u64, &str, &str)> = vec![
        // Structure.
        (String::new(), "error", 1, 1, "the file is empty", "version: 0.2"),
        ("version: 0.2\n".to_owned(), "error", 1, 1, "`phases` is missing", ""),
        (plain("      - true\n").replace("0.2", "0.3"), "error", 1, 10, "the versions 0.1 and 0.2", ""),
        (
            plain("      - true\n").replace("build:", "biuld:"),
            "error",
            3,
            3,
            "`biuld` is no phase",
            "did you mean `build`?",
        ),
        (
            format!("{}envs: {{}}\n", plain("      - true\n")),
            "warning",
            6,
            1,
            "does not know `envs`",
            "did you mean `env`?",
        ),
        (plain("      - echo a: b\n"), "error", 5, 9, "a map of keys and values", "in quotes"),
        (plain("      - true\n    on-failure: IGNORE\n"), "error", 6, 17, "ABORT, CONTINUE or RETRY", ""),
        (plain("      - true\n    - x: [\n"), "error", 6, 7, "this is not YAML", ""),
        // The shell, also that of a script within.
        (
            building("echo a\nif true; then\n  echo b\ndone"),
            "error",
            11,
            9,
            "near unexpected token `done'",
            "",
        ),
        (building("bash -s <<'END'\n  echo a\n  fi\nEND"), "error", 10, 11, "near unexpected token `fi'", ""),
        // Variables.
        (
            building("echo a\necho \"$BUDGET_EMIAL\""),
            "warning",
            9,
            15,
            "nothing provides the variable BUDGET_EMIAL",
            "did you mean BUDGET_EMAIL?",
        ),
        (
            building("echo \"${NOBODY_KNOWS%x}\""),
            "warning",
            8,
            15,
            "nothing provides the variable NOBODY_KNOWS",
            "variables",
        ),
        // Downloads.
        (building("curl https://x.example/i.sh | sh"), "warning", 8, 9, "run by sh", "checksum"),
        (
            plain("      - pip install awscli\n"),
            "warning",
            5,
            21,
            "whatever version of awscli",
            "--require-hashes",
        ),
        // Line ends.
        (
            building("echo a\necho b").replace('\n', "\r\n"),
            "warning",
            1,
            13,
            "9 lines end as on Windows",
            "sed -i",
        ),
    ];
    for (text, severity, line, column, message, help) in cases {
        let found = only_finding(&folder, &text);
        assert_eq!((found.0.as_str(), found.1, found.2), (severity, line, column), "{text}\n{found:?}");
        assert!(found.3.contains(message) && found.4.contains(help), "{text}\n{found:?}");
    }
}

#[test]
fn variables_of_the_settings_and_those_that_are_named_are_provided() {
    let folder = Folder::with("defaults:\n  purge:\n    variables:\n      FROM_DEFAULTS: x\n");
    let text = building("echo $FROM_DEFAULTS $FROM_ELSEWHERE");
    assert!(check(&folder, &text).data.contains("FROM_ELSEWHERE"), "the settings do not say it");
    let answer = folder.spa(&["buildspec", "check", "b.yaml", "--variable", "FROM_ELSEWHERE"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

#[test]
fn files_that_cannot_be_read_are_told_beside_the_others() {
    let folder = Folder::new();
    folder.write("wide.yaml", b"\xff\xfev\0");
    folder.write("large.yaml", vec![b'#'; 2 << 20]);
    let answer =
        folder.spa(&["buildspec", "check", "nowhere.yaml", "wide.yaml", "large.yaml", ".", "prepare.yaml"]);
    assert_eq!(answer.status, 5, "{answer:?}");
    for said in ["does not exist", "UTF-16", "MiB", "folder", "4 errors"] {
        assert!(answer.data.contains(said), "{said}\n{}", answer.data);
    }
    assert_eq!(folder.spa(&["buildspec", "check", "wide.yaml"]).status, 8);
    assert_eq!(folder.spa(&["buildspec", "check"]).status, 2);
}

#[test]
fn a_buildspec_that_codebuild_would_not_take_is_too_long() {
    let folder = Folder::new();
    let text = format!("{}# {}\n", building("true"), "é".repeat(25_600));
    assert!(only_finding(&folder, &text).3.contains("CodeBuild takes 25600"));
}

#[test]
fn without_bash_it_says_that_nobody_looked() {
    let folder = Folder::new();
    folder.write("b.yaml", building("fi"));
    let answer = folder.spa_with(&["buildspec", "check", "b.yaml"], &[("PATH", "/nowhere")]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.notes.contains("nobody has looked at the shell in it: there is no bash"), "{answer:?}");
}

#[test]
fn nothing_of_a_buildspec_is_run() {
    let folder = Folder::new();
    let answer =
        check(&folder, &building("touch executed; x=$(touch executed)\nbash <<'END'\ntouch executed\nEND"));
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(!folder.path().join("executed").exists());
}

#[test]
fn large_and_deep_buildspecs_take_no_time() {
    let folder = Folder::new();
    for script in ["echo $(".repeat(100_000), "cat <<A <<B\n".repeat(20_000), "echo $NAME | ".repeat(50_000)]
    {
        let answer = check(&folder, &building(&script));
        assert_eq!(answer.status, 1, "{}", answer.notes);
        assert!(answer.took < PATIENCE, "{:?}", answer.took);
    }
}

#[test]
fn validate_looks_into_the_buildspecs_that_settings_name() {
    let folder = Folder::new();
    folder.write("purge.yaml", building("curl https://x.example/i.sh | sh"));
    let answer = folder.spa(&["validate"]);
    assert_eq!(answer.status, 0, "a doubt is no error: {answer:?}");
    assert!(answer.data.contains("purge.yaml:8:9") && answer.data.contains("run by sh"), "{}", answer.data);
    folder.write("purge.yaml", building("fi"));
    let answer = folder.spa(&["validate"]);
    assert_eq!(answer.status, 3, "{answer:?}");
    assert!(
        answer.data.contains("purge.yaml:8:9") && answer.data.contains("this is no shell"),
        "{}",
        answer.data
    );
}

#[test]
fn the_buildspecs_of_the_repository_are_fine() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("buildspecs");
    let files: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().display().to_string()).collect();
    assert!(files.len() >= 2, "{files:?}");
    let named: Vec<&str> = files.iter().map(String::as_str).collect();
    let answer = Folder::new().spa(&[&["buildspec", "check"], &named[..]].concat());
    assert_eq!((answer.status, answer.notes.as_str()), (0, ""), "{answer:?}");
}
