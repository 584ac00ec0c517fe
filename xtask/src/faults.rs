//! `cargo xtask faults`: every system call of every command that writes fails once and is its last one once.
//!
//! Each run starts from the same disk, below `--root`. What the exit code says has to be true of the files, what is left
//! behind has to be brought to an end by `sshmend recover`, and then the command has to work.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::packages;
use crate::run::run;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Only commands whose name holds this word
    #[arg(long)]
    only: Option<String>,
    /// Only every N-th call
    #[arg(long, default_value_t = 1)]
    stride: usize,
    /// How often each command is killed at random
    #[arg(long, default_value_t = 60)]
    kills: u32,
    /// The program, instead of the debug build
    #[arg(long)]
    sshmend: Option<PathBuf>,
}

/// A command, and those that make what it works on.
struct Subject {
    name: &'static str,
    before: &'static [&'static str],
    command: &'static str,
}

const ALLOW: &str = "fix hosts-access --allow 192.0.2.7 --remove-deny --yes";

const SUBJECTS: [Subject; 8] = [
    Subject {
        name: "fix hosts-access",
        before: &[],
        command: ALLOW,
    },
    Subject {
        name: "fix sshd-config",
        before: &[],
        command: "fix sshd-config MaxStartups=30:30:200 --yes",
    },
    Subject {
        name: "fix fail2ban",
        before: &[],
        command: "fix fail2ban --ignore 192.0.2.7 --yes",
    },
    Subject {
        name: "fix known-hosts",
        before: &[],
        command: "fix known-hosts old.example --offline --file /root/.ssh/known_hosts --yes",
    },
    Subject {
        name: "rollback",
        before: &[ALLOW],
        command: "rollback --yes",
    },
    Subject {
        name: "recover",
        before: &[ALLOW, "cut off"],
        command: "recover",
    },
    Subject {
        name: "recover --install",
        before: &[],
        command: "recover --install --yes",
    },
    Subject {
        name: "history --prune",
        before: &[ALLOW, "rollback --yes"],
        command: "history --prune 0s",
    },
];

/// The files of the disk.
const FILES: [(&str, &str); 7] = [
    ("etc/hosts.allow", "# who comes in\n"),
    ("etc/hosts.deny", "sshd: 192.0.2.7\nsshd: 198.51.100.\n"),
    ("etc/ssh/sshd_config", "Port 22\nMaxStartups 10:30:100\n"),
    (
        "etc/fail2ban/jail.conf",
        "[DEFAULT]\nignoreip = 127.0.0.1/8\n[sshd]\nenabled = true\n",
    ),
    (
        "etc/fail2ban/fail2ban.conf",
        "[Definition]\nloglevel = INFO\n",
    ),
    ("etc/fail2ban/jail.local", "[sshd]\nmaxretry = 3\n"),
    (
        "root/.ssh/known_hosts",
        "old.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5mB0rQm2z0m7n3d5c4l8s2Yx1fQK9Q0dNqkq0n3H5a\n",
    ),
];

/// What ends a process, not a call of it.
const NOT_A_CALL: [&str; 4] = ["execve", "exit", "exit_group", "rt_sigreturn"];

/// Calls that never fail (getuid(2) and its like): nothing is asked of a run in which one did.
const NEVER_FAIL: [&str; 7] = [
    "geteuid", "getuid", "getegid", "getgid", "getpid", "gettid", "getppid",
];

/// How a run is spoilt.
enum Fault {
    /// A call of this name fails with this error, the so-manieth time.
    Error(String, &'static str, usize),
    /// … or is the last one.
    Kill(String, usize),
    /// The process gets a signal after this time.
    Signal(Signal, Duration),
    /// The disk has room for so many KiB.
    Full(u64),
}

/// All files but the state: content and mode.
type Picture = BTreeMap<PathBuf, (Vec<u8>, u32)>;

/// Runs all of it, and prints the figures of docs/reliability.md.
///
/// # Errors
/// When an exit code was not true, or something was not brought to its end.
pub(crate) fn faults(arguments: &Arguments) -> Result<(), String> {
    packages::install(packages::TESTS)?;
    let program = match &arguments.sshmend {
        Some(program) => program.clone(),
        None => {
            run(Command::new("cargo").args(["build", "-q", "-p", "sshmend"]))?;
            PathBuf::from("target/debug/sshmend")
        }
    };
    let program = fs::canonicalize(program).map_err(|error| error.to_string())?;
    println!(
        "| command | calls | failed | killed | signals | full disks | exit 0 | 2 | 3 | 4 | 5 | ended by a signal or a panic | violations |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut violations = Vec::new();
    for subject in &SUBJECTS {
        let meant = arguments.only.as_ref();
        if meant.is_none_or(|word| subject.name.contains(word.as_str())) {
            violations.extend(Trial::new(&program, subject)?.all(arguments)?);
        }
    }
    for violation in &violations {
        println!("{violation}");
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(format!("{} violations; they stand above", violations.len()))
    }
}

/// One command, with the disk before it and after it.
struct Trial<'s> {
    program: PathBuf,
    subject: &'s Subject,
    folder: tempfile::TempDir,
    old: Picture,
    new: Picture,
    takes: Duration,
}

impl<'s> Trial<'s> {
    fn new(program: &Path, subject: &'s Subject) -> Result<Self, String> {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let mut trial = Self {
            program: program.to_owned(),
            subject,
            folder: folder.map_err(|error| error.to_string())?,
            old: Picture::new(),
            new: Picture::new(),
            takes: Duration::ZERO,
        };
        trial.seed()?;
        trial.lay()?;
        trial.old = picture(&trial.disk());
        let began = Instant::now();
        let status = trial.sshmend(subject.command)?;
        trial.takes = began.elapsed();
        trial.new = picture(&trial.disk());
        if status.code() != Some(0) {
            return Err(format!("{}: without a fault: {status}", subject.name));
        }
        Ok(trial)
    }

    fn disk(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn seeded(&self) -> PathBuf {
        self.folder.path().join("seed")
    }

    /// Makes the disk that every run starts from.
    fn seed(&self) -> Result<(), String> {
        let disk = self.disk();
        for (path, content) in FILES {
            let path = disk.join(path);
            let written = fs::create_dir_all(path.parent().unwrap_or(&disk))
                .and_then(|()| fs::write(&path, content));
            written.map_err(|error| error.to_string())?;
        }
        fs::create_dir_all(disk.join("var/lib")).map_err(|error| error.to_string())?;
        for command in self.subject.before {
            if *command == "cut off" {
                self.cut_off()?;
            } else if self.sshmend(command)?.code() != Some(0) {
                return Err(format!("{command} failed without a fault"));
            }
        }
        run(Command::new("mv").arg(&disk).arg(self.seeded()))
    }

    /// As a crash between its two renames would have left the change of two files.
    fn cut_off(&self) -> Result<(), String> {
        let disk = self.disk();
        let failed = |error: std::io::Error| error.to_string();
        fs::write(disk.join(FILES[0].0), FILES[0].1).map_err(failed)?;
        let folder = disk.join("var/lib/sshmend/transactions");
        for entry in fs::read_dir(folder).map_err(failed)? {
            let record = entry.map_err(failed)?.path().join("transaction.toml");
            let text = fs::read_to_string(&record).map_err(failed)?;
            let text = text.replace("state = \"done\"", "state = \"prepared\"");
            fs::write(&record, text).map_err(failed)?;
        }
        Ok(())
    }

    /// Lays the disk anew.
    fn lay(&self) -> Result<(), String> {
        run(Command::new("rm").arg("-rf").arg(self.disk()))?;
        run(Command::new("cp")
            .arg("-a")
            .arg(self.seeded())
            .arg(self.disk()))
    }

    fn prepared(&self, command: &mut Command, words: &str) {
        command
            .args(words.split(' '))
            .arg("--root")
            .arg(self.disk())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
    }

    fn sshmend(&self, words: &str) -> Result<ExitStatus, String> {
        let mut command = Command::new(&self.program);
        self.prepared(&mut command, words);
        command.status().map_err(|error| error.to_string())
    }

    /// How often each call is made, by the thread that makes it most often.
    fn calls(&self) -> Result<BTreeMap<String, usize>, String> {
        self.lay()?;
        let log = self.folder.path().join("calls");
        let mut command = Command::new("strace");
        command
            .args(["-f", "-qq", "-e", "signal=none", "-o"])
            .arg(&log);
        command.arg(&self.program);
        self.prepared(&mut command, self.subject.command);
        command.status().map_err(|error| error.to_string())?;
        let text = fs::read_to_string(&log).map_err(|error| error.to_string())?;
        let mut by_thread: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for line in text.lines() {
            let (thread, rest) = line.split_once(' ').unwrap_or_default();
            let name = rest.trim_start().split('(').next().unwrap_or_default();
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if !name.is_empty() && name.chars().all(plain) && !NOT_A_CALL.contains(&name) {
                *by_thread.entry((thread, name)).or_default() += 1;
            }
        }
        let mut calls = BTreeMap::new();
        for ((_, name), count) in by_thread {
            let most: &mut usize = calls.entry(name.to_owned()).or_default();
            *most = (*most).max(count);
        }
        Ok(calls)
    }

    fn all(&self, arguments: &Arguments) -> Result<Vec<String>, String> {
        let calls = self.calls()?;
        let every = calls
            .iter()
            .flat_map(|(name, count)| (1..=*count).map(move |at| (name, at)))
            .step_by(arguments.stride.max(1));
        let (mut faults, mut tried) = (Vec::new(), [0; 4]);
        for (name, at) in every {
            if !NEVER_FAIL.contains(&name.as_str()) {
                faults.push(Fault::Error(name.clone(), error_of(name), at));
            }
            faults.push(Fault::Kill(name.clone(), at));
        }
        let signals = [
            Signal::SIGKILL,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGINT,
        ];
        for number in 0..arguments.kills {
            let time = self.takes * number / arguments.kills.max(1);
            faults.extend(signals.map(|signal| Fault::Signal(signal, time)));
        }
        if nix::unistd::geteuid().is_root() {
            faults.extend((0..20).map(|pages| Fault::Full(4 * pages)));
        }
        let (mut ends, mut violations) = (BTreeMap::<String, usize>::new(), Vec::new());
        for fault in &faults {
            tried[match fault {
                Fault::Error(..) => 0,
                Fault::Kill(..) => 1,
                Fault::Signal(..) => 2,
                Fault::Full(_) => 3,
            }] += 1;
            let (end, violation) = self.one(fault)?;
            *ends.entry(end).or_default() += 1;
            violations.extend(
                violation.map(|what| format!("{}: {}: {what}", self.subject.name, fault.words())),
            );
        }
        let ended = |end: &str| ends.get(end).copied().unwrap_or_default();
        let other: usize = ["crash", "127"].map(ended).iter().sum();
        println!(
            "| `{}` | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {other} | {} |",
            self.subject.name,
            calls.values().sum::<usize>(),
            tried[0],
            tried[1],
            tried[2],
            tried[3],
            ended("0"),
            ended("2"),
            ended("3"),
            ended("4"),
            ended("5"),
            violations.len()
        );
        Ok(violations)
    }

    /// One run with one fault: how it ended, and what was not true.
    fn one(&self, fault: &Fault) -> Result<(String, Option<String>), String> {
        let small = match fault {
            Fault::Full(room) => Some(self.small_disk(*room)?),
            _ => {
                self.lay()?;
                None
            }
        };
        let status = self.spoilt(fault)?;
        let now = picture(&self.disk());
        if let Some(small) = &small {
            small.make_room()?;
        }
        let end = match (status.code(), status.signal()) {
            (Some(101 | 134), _) | (None, Some(_)) => "crash".to_owned(),
            (Some(code), _) => code.to_string(),
            (None, None) => "crash".to_owned(),
        };
        let judged = self.judge(&end, fault, &now)?;
        drop(small);
        Ok((end, judged))
    }

    fn judge(&self, end: &str, fault: &Fault, now: &Picture) -> Result<Option<String>, String> {
        let is_true = match end {
            "0" | "5" => *now == self.new,
            "2" | "3" | "127" => *now == self.old,
            "4" | "crash" => true,
            _ => false,
        };
        if !is_true {
            return Ok(Some(format!("exit {end} is not true of the files")));
        }
        let asked_to_end = matches!(fault, Fault::Signal(signal, _) if *signal != Signal::SIGKILL);
        let whole = *now == self.old || *now == self.new;
        if asked_to_end && !whole {
            return Ok(Some("a signal left it half done".to_owned()));
        }
        let recovered = self.sshmend("recover")?.code();
        let after = picture(&self.disk());
        if recovered != Some(0) {
            return Ok(Some(format!("recover ended with {recovered:?}")));
        }
        if after != self.old && after != self.new {
            return Ok(Some("neither old nor new after recover".to_owned()));
        }
        // What was recovered by the run, or by the one above, is no rollback away any more.
        let again = self.sshmend(self.subject.command)?.code();
        if again != Some(0) || picture(&self.disk()) != self.new {
            return Ok(Some(format!("again: ended with {again:?}")));
        }
        Ok(None)
    }

    fn spoilt(&self, fault: &Fault) -> Result<ExitStatus, String> {
        let inject = match fault {
            Fault::Error(name, error, at) => format!("inject={name}:error={error}:when={at}"),
            Fault::Kill(name, at) => format!("inject={name}:signal=KILL:when={at}"),
            Fault::Signal(signal, time) => return self.signalled(*signal, *time),
            Fault::Full(_) => return self.sshmend(self.subject.command),
        };
        let name = inject.split(['=', ':']).nth(1).unwrap_or_default();
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
        command.arg(format!("trace={name}"));
        command.args(["-e", &inject]).arg(&self.program);
        self.prepared(&mut command, self.subject.command);
        command.status().map_err(|error| error.to_string())
    }

    fn signalled(&self, signal: Signal, time: Duration) -> Result<ExitStatus, String> {
        let mut command = Command::new(&self.program);
        self.prepared(&mut command, self.subject.command);
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        sleep(time);
        let pid = i32::try_from(child.id()).map_err(|error| error.to_string())?;
        // It may have ended.
        let _ = kill(Pid::from_raw(pid), signal);
        child.wait().map_err(|error| error.to_string())
    }

    fn small_disk(&self, room: u64) -> Result<Small, String> {
        run(Command::new("rm").arg("-rf").arg(self.disk()))?;
        fs::create_dir(self.disk()).map_err(|error| error.to_string())?;
        let disk = self.disk();
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(&disk))?;
        let small = Small(disk);
        run(Command::new("cp")
            .arg("-a")
            .arg(self.seeded().join("."))
            .arg(&small.0))?;
        let used = Command::new("df")
            .args(["-k", "--output=used"])
            .arg(&small.0)
            .output()
            .map_err(|error| error.to_string())?;
        let used: u64 = String::from_utf8_lossy(&used.stdout)
            .lines()
            .last()
            .and_then(|line| line.trim().parse().ok())
            .ok_or("df says nothing")?;
        small.resize(used + room)?;
        Ok(small)
    }
}

/// A file system of its own in memory, gone with this value.
struct Small(PathBuf);

impl Small {
    fn resize(&self, kib: u64) -> Result<(), String> {
        let size = format!("remount,size={}k", kib.max(4));
        run(Command::new("mount").args(["-o", &size]).arg(&self.0))
    }

    fn make_room(&self) -> Result<(), String> {
        self.resize(16 << 10)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        if let Err(error) = run(Command::new("umount").arg(&self.0)) {
            eprintln!("{error}");
        }
    }
}

impl Fault {
    fn words(&self) -> String {
        match self {
            Self::Error(name, error, at) => format!("{name} number {at} fails with {error}"),
            Self::Kill(name, at) => format!("killed at {name} number {at}"),
            Self::Signal(signal, time) => format!("{signal} after {} ms", time.as_millis()),
            Self::Full(room) => format!("room for {room} KiB"),
        }
    }
}

/// What a call fails with.
fn error_of(name: &str) -> &'static str {
    match name {
        "write" | "fsync" | "fdatasync" | "renameat" | "renameat2" | "mkdirat" | "pwrite64" => {
            "ENOSPC"
        }
        _ => "EIO",
    }
}

fn picture(disk: &Path) -> Picture {
    let (mut picture, mut folders) = (Picture::new(), vec![disk.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(meta) = fs::symlink_metadata(&path) else {
                continue;
            };
            let place = path.strip_prefix(disk).unwrap_or(&path).to_owned();
            if place == Path::new("var/lib/sshmend") {
                continue;
            }
            if meta.is_dir() {
                folders.push(path.clone());
            }
            let content = fs::read(&path).unwrap_or_default();
            picture.insert(place, (content, meta.permissions().mode()));
        }
    }
    picture
}
