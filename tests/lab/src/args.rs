//! The words after `lab`.

use std::path::PathBuf;
use std::thread;

use crate::case::{self, Case};
use crate::error::LabError;
use crate::suite::Suite;

/// The usage message.
pub(crate) const USAGE: &str = "usage: lab build [--suite S]
       lab list
       lab run CASE… [--suite S] [--jobs N] [--sshmend FILE | --symptom-only] [--record DIR] [--write]
       lab test      [--suite S] [--jobs N] [--sshmend FILE | --symptom-only] [--record DIR] [--write] [--brief]
       lab time      [--suite S] [--jobs N] --sshmend FILE [--brief] [--write]
       lab shell CASE [--suite S] [--client]
       lab demo [CASE] [--suite S]
each with [--cases DIR] for the cases of another folder";

/// The command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Build the trees.
    Build,
    /// List cases and suites.
    List,
    /// Run the named cases.
    Run,
    /// Run every case.
    Test,
    /// Measure the commands on the broken machines of every case.
    Time,
    /// Open a shell in a broken machine.
    Shell,
    /// Show one case with all output.
    Demo,
    /// Run one case on one suite, inside the sandbox that the lab made for it.
    Worker,
}

/// The parsed words.
#[derive(Debug, Clone)]
pub struct Args {
    /// The command.
    pub command: Command,
    /// Names of cases.
    pub names: Vec<String>,
    /// The folder of the cases, instead of the project's own.
    pub folder: Option<PathBuf>,
    /// Whether each case runs once for each way in which its suites differ, instead of on every
    /// suite.
    pub brief: bool,
    /// The suites to use; all by default.
    pub suites: Vec<Suite>,
    /// The number of cases that run at once; they wait more than they compute, so four for each
    /// core by default.
    pub jobs: usize,
    /// The sshmend to judge, or its .deb; built if none is given.
    pub sshmend: Option<PathBuf>,
    /// Only whether each fault shows its symptom.
    pub symptom_only: bool,
    /// The folder for recordings of the machines' output.
    pub record: Option<PathBuf>,
    /// Whether docs/lab.md gets the results.
    pub write: bool,
    /// Whether `shell` means the client.
    pub client: bool,
    /// The directory that a worker may cover with its machines.
    pub place: PathBuf,
    /// Whether a worker prints all output.
    pub narrate: bool,
    /// Whether a worker, once the fault is in, measures commands instead of repairing it.
    pub time: bool,
    /// Whether a worker, once the fault is in, hands out a shell instead of asking.
    pub stay: bool,
}

impl Args {
    /// Reads the words.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, LabError> {
        let mut words = words.into_iter();
        let command = words
            .next()
            .as_deref()
            .and_then(command)
            .ok_or_else(|| usage("which command?"))?;
        let mut args = Self::new(command);
        while let Some(word) = words.next() {
            args.take(word, &mut words)?;
        }
        match (command, args.names.len()) {
            (Command::Run, 0)
            | (Command::Shell | Command::Worker, 0 | 2..)
            | (Command::Demo, 2..) => Err(usage("which case?")),
            (Command::Time, _) if args.sshmend.is_none() => Err(usage(
                "time takes --sshmend FILE: a program that the lab builds is not optimised",
            )),
            _ if args.write && args.symptom_only => {
                Err(usage("symptoms alone are not a result to write down"))
            }
            _ if args.write && args.folder.is_some() => {
                Err(usage("the table holds the project's own cases alone"))
            }
            _ => Ok(args),
        }
    }

    /// The cases that are meant.
    pub fn cases(&self) -> Result<Vec<Case>, LabError> {
        let folder = self.folder.clone().unwrap_or_else(case::folder);
        if self.names.is_empty() {
            return Case::all(&folder);
        }
        let unknown = |name| {
            usage(&format!(
                "no case is called {name:?}; `lab list` names them"
            ))
        };
        self.names
            .iter()
            .map(|name| Case::named(&folder, name)?.ok_or_else(|| unknown(name)))
            .collect()
    }

    fn new(command: Command) -> Self {
        Self {
            command,
            names: Vec::new(),
            folder: None,
            brief: false,
            suites: Suite::ALL.to_vec(),
            jobs: 4 * thread::available_parallelism().map_or(1, usize::from),
            sshmend: None,
            symptom_only: false,
            record: None,
            write: false,
            client: false,
            place: PathBuf::new(),
            narrate: false,
            time: false,
            stay: false,
        }
    }

    fn take(
        &mut self,
        word: String,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<(), LabError> {
        let mut value = || {
            rest.next()
                .ok_or_else(|| usage(&format!("{word} of what?")))
        };
        match word.as_str() {
            "--suite" => {
                self.suites = vec![value()?.parse().map_err(|error: String| usage(&error))?];
            }
            "--jobs" => {
                self.jobs = value()?
                    .parse()
                    .map_err(|_| usage("--jobs takes a number"))?;
            }
            "--sshmend" => self.sshmend = Some(value()?.into()),
            "--record" => self.record = Some(value()?.into()),
            "--place" => self.place = value()?.into(),
            "--cases" => self.folder = Some(value()?.into()),
            "--brief" => self.brief = true,
            "--symptom-only" => self.symptom_only = true,
            "--write" => self.write = true,
            "--client" => self.client = true,
            "--narrate" => self.narrate = true,
            "--time" => self.time = true,
            "--stay" => self.stay = true,
            option if option.starts_with('-') => {
                return Err(usage(&format!("{option} is not an option")));
            }
            _ => self.names.push(word),
        }
        Ok(())
    }
}

fn command(word: &str) -> Option<Command> {
    Some(match word {
        "build" => Command::Build,
        "list" => Command::List,
        "run" => Command::Run,
        "test" => Command::Test,
        "time" => Command::Time,
        "shell" => Command::Shell,
        "demo" => Command::Demo,
        "worker" => Command::Worker,
        _ => return None,
    })
}

fn usage(reason: &str) -> LabError {
    LabError::Usage(format!("{reason}\n{USAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, LabError> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn unknown_arguments_are_refused() {
        for line in [
            "",
            "fly",
            "run",
            "shell",
            "shell a b",
            "run a --suite sid",
            "run a --jobs",
            "run a --jobs x",
            "run a --write --symptom-only",
            "time",
            "list --x",
        ] {
            assert!(matches!(parse(line), Err(LabError::Usage(_))), "{line}");
        }
    }

    #[test]
    fn options_may_appear_anywhere() {
        let args = parse("run a --suite trixie b --jobs 3 --symptom-only").unwrap();
        assert_eq!(
            (args.names, args.suites, args.jobs),
            (vec!["a".into(), "b".into()], vec![Suite::Trixie], 3)
        );
        assert!(args.symptom_only);
    }
}
