//! The shell that runs the commands of a build: one for all of them, as with CodeBuild, so that variables and the folder
//! stay from command to command.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::settings::{BuildCommand, PhaseName, Shell};

use super::super::interrupt::Interrupt;
use super::super::{Exit, Failure, Screen};
use super::phases::{Ended, Runs};

/// Reads from standard input whether the build succeeds so far, and the file of a command; runs it; and writes its
/// status to standard output. What the command writes goes to standard error. When a command ends the shell, what it has
/// exported and its folder are kept for the next one.
const DRIVER: &str = r#"
__spa_state=$1 __spa_folder=$2
shift 2
if [ -f "$__spa_state" ]; then . "$__spa_state"; cd "$(cat "$__spa_folder")" || exit 1; fi
trap 'export -p >"$__spa_state"; pwd >"$__spa_folder"' EXIT
while IFS=' ' read -r CODEBUILD_BUILD_SUCCEEDING __spa_file; do
  export CODEBUILD_BUILD_SUCCEEDING
  . "$__spa_file" </dev/null >&2
  printf '%s\n' "$?"
done
"#;

/// How often somebody looks whether the build is to end.
const LOOK: Duration = Duration::from_millis(50);
/// How long processes have to end when they are asked to, before they are ended.
const PATIENCE: Duration = Duration::from_secs(5);

/// A build on this machine.
pub struct Build<'a> {
    /// Where its files lie; removed with it.
    folder: tempfile::TempDir,
    shell: Shell,
    one_shell_each: bool,
    environment: BTreeMap<OsString, OsString>,
    running: Option<Running>,
    /// Shells that a command has ended; what they have started may still run, as it does with CodeBuild.
    ended: Vec<Pid>,
    commands: usize,
    interrupt: &'a Interrupt,
    screen: &'a Screen,
}

/// A shell, and the way to talk with it.
struct Running {
    child: Child,
    input: ChildStdin,
    statuses: Receiver<String>,
}

impl<'a> Build<'a> {
    /// A build that finds these variables in its environment, and an empty folder for its source.
    ///
    /// # Errors
    /// When there is no place for its files.
    pub fn new(
        shell: Shell,
        one_shell_each: bool,
        interrupt: &'a Interrupt,
        screen: &'a Screen,
    ) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("spa-build-").tempdir();
        let folder =
            folder.and_then(|folder| std::fs::create_dir(folder.path().join("src")).map(|()| folder));
        let folder = folder.map_err(|error| failed(&error, "there is no place for the files of a build"))?;
        let environment = BTreeMap::new();
        Ok(Self {
            folder,
            shell,
            one_shell_each,
            environment,
            running: None,
            ended: Vec::new(),
            commands: 0,
            interrupt,
            screen,
        })
    }

    /// The folder in which the first command finds itself.
    pub fn source(&self) -> PathBuf {
        self.folder.path().join("src")
    }

    /// What the build finds in its environment.
    pub fn set_environment(&mut self, environment: BTreeMap<OsString, OsString>) {
        self.environment = environment;
    }

    fn start(&self) -> io::Result<Running> {
        let program = match self.shell {
            Shell::Bash => "bash",
            Shell::Sh | Shell::Windows => "/bin/sh",
        };
        let place = self.folder.path();
        let mut child = Command::new(program)
            .args(["-c", DRIVER, "spa-build"])
            .args([place.join("state"), place.join("folder")])
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.source())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // So that one signal reaches all that it starts, and Ctrl-C reaches only us, who tell it.
            .process_group(0)
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the shell has no standard input or output"));
        };
        let (tell, statuses) = channel();
        // It ends with the shell, which closes the pipe.
        std::thread::Builder::new().name("build-status".to_owned()).spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        })?;
        Ok(Running { child, input, statuses })
    }

    fn run(&mut self, command: &BuildCommand, succeeding: bool) -> io::Result<Ended> {
        self.commands += 1;
        let file = self.folder.path().join(format!("command-{}", self.commands));
        std::fs::write(&file, format!("{}\n", command.text))?;
        if self.one_shell_each {
            self.end();
            remove(&self.folder.path().join("state"))?;
        }
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.start()?,
        };
        writeln!(running.input, "{} {}", u8::from(succeeding), file.display())?;
        let ended = loop {
            if self.interrupt.is_asked() {
                self.running = Some(running);
                self.end();
                return Ok(Ended::Interrupted);
            }
            match running.statuses.recv_timeout(LOOK) {
                Ok(status) => break status.trim().parse().unwrap_or(1),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let status = running.child.wait()?;
                    self.ended.extend(group(&running.child));
                    // As shells report a process that a signal ended.
                    return Ok(Ended::Status(
                        status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
                    ));
                }
            }
        };
        self.running = Some(running);
        Ok(Ended::Status(ended))
    }

    /// Ends the shell, and whatever it and those before it have started and left running.
    fn end(&mut self) {
        let running = self.running.take();
        let mut groups = std::mem::take(&mut self.ended);
        groups.extend(running.as_ref().and_then(|running| group(&running.child)));
        let tell = |signal| {
            for group in &groups {
                // A group that is gone has nobody to reach.
                let _ = kill_process_group(*group, signal);
            }
        };
        tell(Signal::TERM);
        if let Some(Running { mut child, input, .. }) = running {
            drop(input);
            let start = Instant::now();
            while matches!(child.try_wait(), Ok(None)) && start.elapsed() < PATIENCE {
                std::thread::sleep(LOOK);
            }
            // There is nothing to do about a process that cannot be waited for: it is ended below.
            let _ = child.kill();
            let _ = child.wait();
        }
        tell(Signal::KILL);
    }
}

/// The processes that a shell has started, itself included.
fn group(shell: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(shell.id()).ok()?)
}

impl Drop for Build<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

impl Runs for Build<'_> {
    fn begin(&mut self, phase: PhaseName) {
        self.screen.note(&format!("== {}", phase.as_str()));
    }

    fn command(&mut self, command: &BuildCommand, succeeding: bool) -> Result<Ended, Failure> {
        self.run(command, succeeding).map_err(|error| failed(&error, "the shell of the build cannot be run"))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn failed(error: &io::Error, what: &str) -> Failure {
    Failure::of(Exit::Failed, error).about(what)
}
