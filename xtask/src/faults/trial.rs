//! One command, run again and again on the same disk while something goes wrong.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::arguments::Arguments;
use super::fault::{Fault, NEVER_FAIL, NOT_A_CALL, error_of};
use super::picture::{Picture, state_of, transactions};
use super::subject::{Before, FILES, Subject, long};
use crate::run::run;

/// One command, with the disk before it and after it.
pub(crate) struct Trial<'s> {
    program: PathBuf,
    pub(crate) subject: &'s Subject,
    pub(crate) folder: tempfile::TempDir,
    command: String,
    old: Picture,
    pub(crate) new: Picture,
    takes: Duration,
}

impl<'s> Trial<'s> {
    pub(crate) fn new(program: &Path, subject: &'s Subject) -> Result<Self, String> {
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
            command: subject.command.to_owned(),
            old: Picture::default(),
            new: Picture::default(),
            takes: Duration::ZERO,
        };
        trial.seed()?;
        if let Some(newest) = transactions(&trial.seeded()).pop() {
            let id = newest.file_name().unwrap_or_default().to_string_lossy();
            trial.command = trial.command.replace("ID", &id);
        }
        trial.lay()?;
        trial.old = Picture::of(&trial.disk());
        let began = Instant::now();
        let status = trial.sshmend(&trial.command)?;
        trial.takes = began.elapsed();
        trial.new = Picture::of(&trial.disk());
        if status.code() != Some(0) {
            return Err(format!("{}: without a fault: {status}", subject.name));
        }
        Ok(trial)
    }

    pub(crate) fn disk(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    pub(crate) fn seeded(&self) -> PathBuf {
        self.folder.path().join("seed")
    }

    /// Makes the disk that every run starts from.
    fn seed(&self) -> Result<(), String> {
        let disk = self.disk();
        let files = FILES.map(|(path, content)| (path, content.to_owned()));
        for (path, content) in files.into_iter().chain([long()]) {
            let path = disk.join(path);
            let written = fs::create_dir_all(path.parent().unwrap_or(&disk))
                .and_then(|()| fs::write(&path, content));
            written.map_err(|error| error.to_string())?;
        }
        fs::create_dir_all(disk.join("var/lib")).map_err(|error| error.to_string())?;
        for step in self.subject.before {
            self.before(step)?;
        }
        run(Command::new("mv").arg(&disk).arg(self.seeded()))
    }

    fn before(&self, step: &Before) -> Result<(), String> {
        let disk = self.disk();
        let failed = |error: std::io::Error| error.to_string();
        match step {
            Before::Run(command) => {
                if self.sshmend(command)?.code() != Some(0) {
                    return Err(format!("{command} failed without a fault"));
                }
            }
            Before::Write(path, content) => fs::write(disk.join(path), content).map_err(failed)?,
            Before::States(states) => {
                for (transaction, state) in transactions(&disk).iter().zip(*states) {
                    let record = transaction.join("transaction.toml");
                    let text = fs::read_to_string(&record).map_err(failed)?;
                    let now = format!("state = \"{}\"", state_of(&text));
                    let text = text.replacen(&now, &format!("state = \"{state}\""), 1);
                    fs::write(&record, text).map_err(failed)?;
                }
            }
            Before::Back(seconds) => {
                let newest = transactions(&disk).pop().ok_or("no transaction")?;
                let record = newest.join("transaction.toml");
                let mut text = fs::read_to_string(&record).map_err(failed)?;
                let at = Command::new("date")
                    .args(["-u", "+%Y-%m-%dT%H:%M:%SZ", "-d"])
                    .arg(format!("{seconds} seconds"))
                    .output()
                    .map_err(failed)?;
                text.push_str(&format!(
                    "\n[back]\nat = \"{}\"\nunless-confirmed = true\nboot = \"{}\"\n",
                    String::from_utf8_lossy(&at.stdout).trim(),
                    sshmend_host::boot()
                ));
                // The first line says how many there are.
                let (_, rest) = text.split_once('\n').ok_or("an empty record")?;
                let lines = text.lines().count();
                let text = format!("lines = {lines}\n{rest}");
                fs::write(&record, text).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Creates the disk afresh.
    fn lay(&self) -> Result<(), String> {
        run(Command::new("rm").arg("-rf").arg(self.disk()))?;
        run(Command::new("cp")
            .arg("-a")
            .arg(self.seeded())
            .arg(self.disk()))
    }

    fn prepared(&self, command: &mut Command, words: &str) -> Result<(), String> {
        let input = self.folder.path().join("input");
        let written = fs::write(&input, self.subject.input).and_then(|()| File::open(&input));
        command
            .args(words.split(' '))
            .arg("--root")
            .arg(self.disk())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(written.map_err(|error| error.to_string())?)
            .stdout(Stdio::null())
            .stderr(File::create(self.said()).map_err(|error| error.to_string())?);
        Ok(())
    }

    /// The complaints of the last run.
    fn said(&self) -> PathBuf {
        self.folder.path().join("said")
    }

    fn sshmend(&self, words: &str) -> Result<ExitStatus, String> {
        let mut command = Command::new(&self.program);
        self.prepared(&mut command, words)?;
        command.status().map_err(|error| error.to_string())
    }

    /// The strace(1) output of a run without faults.
    pub(crate) fn traced(&self, options: &[&str]) -> Result<String, String> {
        self.lay()?;
        let log = self.folder.path().join("calls");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", "signal=none"]);
        command.args(options).arg("-o").arg(&log).arg(&self.program);
        self.prepared(&mut command, &self.command)?;
        command.status().map_err(|error| error.to_string())?;
        fs::read_to_string(&log).map_err(|error| error.to_string())
    }

    /// The number of times each call is made, by the thread that makes it most often.
    fn calls(&self) -> Result<BTreeMap<String, usize>, String> {
        let text = self.traced(&[])?;
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

    /// The faults to inject, each in a separate run.
    fn planned(&self, calls: &BTreeMap<String, usize>, arguments: &Arguments) -> Vec<Fault> {
        let every = calls
            .iter()
            .flat_map(|(name, count)| (1..=*count).map(move |at| (name, at)))
            .step_by(arguments.stride.max(1));
        let mut faults = Vec::new();
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
        faults
    }

    /// Makes all runs, prints the line of the table, and returns the violations.
    pub(crate) fn all(&self, arguments: &Arguments) -> Result<Vec<String>, String> {
        let (calls, faults) = if arguments.power {
            (BTreeMap::new(), Vec::new())
        } else {
            let calls = self.calls()?;
            let faults = self.planned(&calls, arguments);
            (calls, faults)
        };
        let mut tried = [0; 4];
        let (mut ends, mut violations) = (BTreeMap::<String, usize>::new(), Vec::new());
        let told = |fault: &Fault, what: String| {
            format!("{}: {}: {what}", self.subject.name, fault.words())
        };
        for fault in &faults {
            tried[match fault {
                Fault::Error(..) => 0,
                Fault::Kill(..) => 1,
                Fault::Signal(..) => 2,
                Fault::Full(_) | Fault::Power(..) => 3,
            }] += 1;
            let (end, violation) = self.one(fault)?;
            *ends.entry(end).or_default() += 1;
            violations.extend(violation.map(|what| told(fault, what)));
        }
        let power = if arguments.calls {
            Vec::new()
        } else {
            self.power_cuts()?
        };
        let cuts = power.len();
        for (fault, violation) in power {
            violations.extend(violation.map(|what| told(&fault, what)));
        }
        let ended = |end: &str| ends.get(end).copied().unwrap_or_default();
        let other: usize = ["crash", "127"].map(ended).iter().sum();
        println!(
            "| `{}` | {} | {} | {} | {} | {} | {cuts} | {} | {} | {} | {} | {} | {other} | {} |",
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

    /// One run with one fault: how it ended, and the violation, if any.
    fn one(&self, fault: &Fault) -> Result<(String, Option<String>), String> {
        let small = match fault {
            Fault::Full(room) => Some(self.small_disk(*room)?),
            _ => {
                self.lay()?;
                None
            }
        };
        let status = self.spoilt(fault)?;
        let now = Picture::of(&self.disk());
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

    /// The violations on a disk after a run.
    pub(crate) fn judge(
        &self,
        end: &str,
        fault: &Fault,
        now: &Picture,
    ) -> Result<Option<String>, String> {
        let subject = self.subject;
        let is_true = match end {
            "0" => subject.same(now, &self.new),
            // In force, and not noted.
            "5" => now.files == self.new.files,
            "2" | "3" | "127" => subject.same(now, &self.old),
            "4" | "crash" => true,
            _ => false,
        };
        if !is_true {
            let said = fs::read_to_string(self.said()).unwrap_or_default();
            return Ok(Some(format!(
                "exit {end} is not true of the files: {}",
                said.trim()
            )));
        }
        let whole = subject.same(now, &self.old) || subject.same(now, &self.new);
        if fault.asks_to_end() && !whole {
            return Ok(Some("a signal left it half done".to_owned()));
        }
        let recovered = self.sshmend("recover")?.code();
        let after = Picture::of(&self.disk());
        if !recovered.is_some_and(|code| subject.recovers.contains(&code)) {
            return Ok(Some(format!("recover ended with {recovered:?}")));
        }
        if !subject.is_whole(&after, &self.old, &self.new) {
            return Ok(Some("neither old nor new after recover".to_owned()));
        }
        // Whatever that run, or the one above, recovered is not a pending rollback any more.
        let again = self.sshmend(&self.command)?.code();
        let ended = again.is_some_and(|code| subject.again.contains(&code));
        let last = Picture::of(&self.disk());
        if !ended || !subject.same(&last, &self.new) {
            return Ok(Some(format!("again: ended with {again:?}")));
        }
        Ok(None)
    }

    fn spoilt(&self, fault: &Fault) -> Result<ExitStatus, String> {
        if let Fault::Signal(signal, time) = fault {
            return self.signalled(*signal, *time);
        }
        let Some((name, inject)) = fault.injection() else {
            return self.sshmend(&self.command);
        };
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
        command.arg(format!("trace={name}"));
        command.args(["-e", &inject]).arg(&self.program);
        self.prepared(&mut command, &self.command)?;
        command.status().map_err(|error| error.to_string())
    }

    fn signalled(&self, signal: Signal, time: Duration) -> Result<ExitStatus, String> {
        let mut command = Command::new(&self.program);
        self.prepared(&mut command, &self.command)?;
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

/// A small file system in memory, removed when the value is dropped.
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
