//! Runs a program of the machine with a clean environment, a time limit and a size limit.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, geteuid};
use rustix::fs::{Access, AtFlags, CWD, MemfdFlags, accessat, memfd_create};
use rustix::process::{PidfdFlags, pidfd_open};
use sshmend_lossless::{CommandOutput, NotRun};

use crate::failure::{Why, reason};
use crate::path::Root;
use crate::trust::Purpose;

/// The search path for programs: the administrator's, unless an ordinary user calls.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The environment variables passed on to a program: the socket of the agent that holds the keys
/// which ssh would offer.
const KEPT: [&str; 1] = ["SSH_AUTH_SOCK"];

/// Further variables passed on if the caller is an ordinary user, whose ssh needs them to find
/// proxy commands.
const OWN: [&str; 5] = ["PATH", "HOME", "SHELL", "USER", "LOGNAME"];

/// How often a program is asked whether it has ended, in case neither its output nor the kernel (before Linux 5.3) says so.
const PULSE: Duration = Duration::from_millis(10);

/// Limits for programs that are run.
#[derive(Debug, Clone)]
pub struct Runner {
    /// The time limit for a program; then its whole process group is killed.
    pub deadline: Duration,
    /// The most bytes it may write to each of standard output and standard error.
    pub limit: usize,
}

/// The reason why a program gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The program does not exist.
    #[error("{}", NotRun::Missing)]
    Missing,
    /// It could not be started; the reason is the operating system's.
    #[error("{0}")]
    NotStarted(String),
    /// It took too long and was killed.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// It wrote more than the limit and was killed.
    #[error("more than {0} bytes of output")]
    TooMuch(usize),
    /// Its output could not be read.
    #[error("{0}")]
    Unreadable(String),
}

impl RunError {
    /// The reason why a program could not be started.
    pub(crate) fn not_started(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::NotStarted(reason(error)),
        }
    }
}

impl From<RunError> for NotRun {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Missing => Self::Missing,
            other => Self::Failed(other.to_string()),
        }
    }
}

impl Default for Runner {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(20),
            limit: 64 << 20,
        }
    }
}

struct Running {
    child: Child,
    /// Readable once it has ended; `None` before Linux 5.3.
    ended: Option<OwnedFd>,
    stdout: Stream,
    stderr: Stream,
}

struct Stream {
    pipe: Option<Box<dyn Pipe>>,
    bytes: Vec<u8>,
}

trait Pipe: Read + AsFd {}
impl<T: Read + AsFd> Pipe for T {}

impl Runner {
    /// Runs `argv` and returns its output. The environment is `PATH`, `LC_ALL=C` and
    /// `SSH_AUTH_SOCK`, for an ordinary user also the variables that their own programs need;
    /// standard input is empty.
    ///
    /// # Errors
    /// If it cannot be started, or was killed for taking too long or writing too much.
    pub fn run(&self, argv: &[String]) -> Result<CommandOutput, RunError> {
        self.run_watched(argv, None, Duration::MAX, &|| {})
    }

    /// The same, with these bytes on standard input, if given; calls `waiting` once if the program
    /// takes longer than `patience`.
    pub(crate) fn run_watched(
        &self,
        argv: &[String],
        stdin: Option<&[u8]>,
        patience: Duration,
        waiting: &dyn Fn(),
    ) -> Result<CommandOutput, RunError> {
        let stdin = stdin.map(in_memory).transpose();
        let stdin = stdin.map_err(|error| RunError::NotStarted(reason(&error)))?;
        self.finish(Running::start(argv, stdin.as_ref())?, patience, waiting)
    }

    /// The same, with these bytes on standard input.
    ///
    /// # Errors
    /// As for [`Runner::run`].
    pub fn feed(&self, argv: &[String], stdin: &[u8]) -> Result<CommandOutput, RunError> {
        self.run_watched(argv, Some(stdin), Duration::MAX, &|| {})
    }

    fn finish(
        &self,
        mut running: Running,
        patience: Duration,
        waiting: &dyn Fn(),
    ) -> Result<CommandOutput, RunError> {
        let code = running.wait(self, patience, waiting);
        if code.is_err() {
            running.kill();
        }
        code.map(|code| CommandOutput {
            code,
            stdout: running.stdout.bytes,
            stderr: running.stderr.bytes,
        })
    }
}

fn told() -> impl Iterator<Item = &'static str> {
    let own = if geteuid().is_root() {
        &[][..]
    } else {
        &OWN[..]
    };
    KEPT.iter().chain(own).copied()
}

/// Whether a program may be run by this name: not if another user could have put it there.
pub fn may_run(program: &str) -> bool {
    refuse_untrusted(program).is_ok()
}

/// Starts a program with a clean environment and a pipe for its output; `prepare` says the rest.
///
/// A program that is named by its path is started without a copy of this process (posix_spawn(3)), so that the name is searched
/// here. What does not start so is left to execvp(3), which also runs scripts without a first line.
pub(crate) fn spawn(
    argv: &[String],
    prepare: impl Fn(&mut Command) -> io::Result<()>,
) -> Result<Child, RunError> {
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| RunError::NotStarted("no program".to_owned()))?;
    refuse_untrusted(program)?;
    let command = |found: &OsStr| {
        let mut command = Command::new(found);
        command
            .arg0(program)
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("LC_ALL", "C")
            .stdout(Stdio::piped());
        prepare(&mut command).map(|()| command)
    };
    let start = || {
        let mut named = command(program.as_ref())?;
        match searched(&named) {
            Some(path) => command(path.as_ref())?.spawn().or_else(|_| named.spawn()),
            None => named.spawn(),
        }
    };
    start().map_err(|error| RunError::not_started(&error))
}

/// The file that execvp(3) would try first for a program without a path. `None` if the search depends on the working
/// directory.
fn searched(command: &Command) -> Option<PathBuf> {
    let program = command.get_program();
    if program.as_bytes().contains(&b'/') {
        return None;
    }
    let (_, path) = command.get_envs().find(|(name, _)| *name == "PATH")?;
    let runs = |file: &PathBuf| accessat(CWD, file, Access::EXEC_OK, AtFlags::EACCESS).is_ok();
    let mut folders = env::split_paths(path?).take_while(|folder| folder.is_absolute());
    folders.find_map(|folder| Some(folder.join(program)).filter(runs))
}

/// Refuses a program, named by its path, that another user could have put there. Such a path may
/// come from anyone, because a process chooses its own title (`sshd: /home/eve/sshd [listener]`). A
/// name without a path is looked up in [`PATH`].
fn refuse_untrusted(program: &str) -> Result<(), RunError> {
    if !program.contains('/') {
        return Ok(());
    }
    match Root::Live.locate(Path::new(program), Purpose::Run) {
        Err(Why::Untrusted { at, why }) => Err(RunError::NotStarted(format!(
            "not safe to run: {} {why}",
            at.display()
        ))),
        // Other obstacles are reported when it is started.
        Ok(_) | Err(_) => Ok(()),
    }
}

impl Running {
    fn start(argv: &[String], stdin: Option<&File>) -> Result<Self, RunError> {
        let mut child = spawn(argv, |command| {
            command
                .envs(told().filter_map(|name| Some((name, env::var_os(name)?))))
                .current_dir("/")
                .stdin(stdin.map_or_else(|| Ok(Stdio::null()), as_stdin)?)
                .stderr(Stdio::piped())
                .process_group(0);
            Ok(())
        })?;
        let stdout = Stream::new(child.stdout.take());
        let stderr = Stream::new(child.stderr.take());
        let ended = pidfd_open(
            rustix::process::Pid::from_child(&child),
            PidfdFlags::empty(),
        );
        Ok(Self {
            child,
            ended: ended.ok(),
            stdout: stdout?,
            stderr: stderr?,
        })
    }

    /// A program that has ended is done, even if a child that it left behind still holds its output
    /// open.
    fn wait(
        &mut self,
        runner: &Runner,
        patience: Duration,
        waiting: &dyn Fn(),
    ) -> Result<Option<i32>, RunError> {
        let (started, mut told) = (Instant::now(), false);
        loop {
            self.listen()?;
            let ended = self.child.try_wait().map_err(unreadable)?;
            if let Some(status) = ended {
                self.read(runner)?;
                return Ok(status.code());
            }
            self.read(runner)?;
            if !told && started.elapsed() >= patience {
                told = true;
                waiting();
            }
            if started.elapsed() >= runner.deadline {
                return Err(RunError::TimedOut(runner.deadline));
            }
        }
    }

    fn listen(&self) -> Result<(), RunError> {
        let pipes = [&self.stdout, &self.stderr]
            .into_iter()
            .filter_map(|stream| stream.pipe.as_deref());
        let ended = self.ended.as_ref().map(AsFd::as_fd);
        let mut polled: Vec<PollFd<'_>> = pipes
            .map(|pipe| pipe.as_fd())
            .chain(ended)
            .map(|file| PollFd::new(file, PollFlags::POLLIN))
            .collect();
        if polled.is_empty() {
            thread::sleep(Duration::from_millis(1));
            return Ok(());
        }
        let pulse = PollTimeout::try_from(PULSE).unwrap_or(PollTimeout::ZERO);
        match poll(&mut polled, pulse) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(errno) => Err(RunError::Unreadable(reason(&errno.into()))),
        }
    }

    fn read(&mut self, runner: &Runner) -> Result<(), RunError> {
        self.stdout.read(runner.limit)?;
        self.stderr.read(runner.limit)
    }

    /// Kills the whole group, because a shell script leaves children behind; the process itself
    /// must be waited for.
    fn kill(&mut self) {
        let group = i32::try_from(self.child.id()).map(Pid::from_raw);
        if let Ok(group) = group {
            let _ = killpg(group, Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}

impl Stream {
    fn new(pipe: Option<impl Pipe + 'static>) -> Result<Self, RunError> {
        if let Some(pipe) = &pipe {
            let set = fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK));
            set.map_err(|errno| RunError::Unreadable(reason(&errno.into())))?;
        }
        Ok(Self {
            pipe: pipe.map(|pipe| Box::new(pipe) as Box<dyn Pipe>),
            bytes: Vec::new(),
        })
    }

    /// Reads the available bytes without waiting for more.
    fn read(&mut self, limit: usize) -> Result<(), RunError> {
        let mut piece = [0; 16384];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut piece) {
                Ok(0) => self.pipe = None,
                Ok(length) => self.bytes.extend(piece.iter().take(length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(error)),
            }
            if self.bytes.len() > limit {
                return Err(RunError::TooMuch(limit));
            }
        }
        Ok(())
    }
}

/// A file has no reader that could block its writer.
fn in_memory(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create("stdin", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

fn as_stdin(file: &File) -> io::Result<Stdio> {
    file.try_clone().map(Stdio::from)
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn unreadable(error: io::Error) -> RunError {
    RunError::Unreadable(reason(&error))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::ffi::OsString;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder with one file of this mode.
    fn folder(name: &str, mode: u32, text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(name);
        fs::write(&file, text).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("a mode");
        folder
    }

    fn path_of(folders: &[&Path]) -> OsString {
        env::join_paths(folders).expect("no colon in a name")
    }

    #[test]
    fn a_program_is_searched_as_execvp_does() {
        let closed = folder("tool", 0o644, "");
        let open = folder("tool", 0o755, "");
        let found = |program: &str, folders: &[&Path]| {
            searched(Command::new(program).env("PATH", path_of(folders)))
        };
        let both = [closed.path(), open.path()];
        assert_eq!(found("tool", &both), Some(open.path().join("tool")));
        assert_eq!(found("tool", &both[..1]), None);
        assert_eq!(found("bin/tool", &both), None);
        assert_eq!(found("tool", &[Path::new("here"), open.path()]), None);
    }

    #[test]
    fn a_script_without_a_first_line_is_run_by_a_shell() {
        let folder = folder("tool", 0o755, "echo $1 $PATH");
        let path = path_of(&[folder.path()]);
        let argv = ["tool", "said"].map(str::to_owned);
        let child = spawn(&argv, |command| {
            command.env("PATH", &path);
            Ok(())
        });
        let said = child.expect("it starts").wait_with_output();
        let expected = format!("said {}\n", folder.path().display());
        assert_eq!(said.expect("it ends").stdout, expected.as_bytes());
    }

    #[test]
    fn somebody_is_told_once_of_a_program_that_takes_long() {
        let times = |patience: Duration| {
            let told = Cell::new(0);
            let argv = ["sleep", "0.3"].map(str::to_owned);
            let waiting = || told.set(told.get() + 1);
            let said = Runner::default().run_watched(&argv, None, patience, &waiting);
            assert!(said.is_ok_and(|said| said.success()));
            told.get()
        };
        assert_eq!(times(Duration::from_millis(50)), 1);
        assert_eq!(times(Duration::from_secs(60)), 0);
    }
}
