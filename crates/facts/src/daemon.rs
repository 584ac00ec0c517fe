//! The program sshd itself: its path, its command line, and the output of its config test.

use sshmend_lossless::CommandOutput;
use sshmend_sshd_config::Release;

use crate::config_test::{ConfigTest, TestOutput, complaints};
use crate::known::{Known, Unchecked};
use crate::{Facts, Manager, Unit};

/// The paths of sshd in various distributions, the most common first.
pub(crate) const PROGRAMS: [&str; 4] = [
    "/usr/sbin/sshd",
    "/usr/bin/sshd",
    "/usr/local/sbin/sshd",
    "/sbin/sshd",
];

/// Options of sshd that take a value (sshd.c, the getopt string).
const WITH_VALUE: &str = "bcCEfghkopu";

/// The release that split sshd into several programs.
pub const SPLIT: Release = Release::new(9, 8);

/// sshd as it is, or would be, started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daemon {
    /// The program.
    pub program: String,
    /// Options that change what it reads: `-f FILE`, `-o KEY=VALUE`, `-h KEY`, `-p PORT`.
    pub options: Vec<String>,
}

impl Facts<'_> {
    /// The daemon that runs, else the one that would; `None` if none is installed.
    pub fn daemon(&self) -> Known<Option<Daemon>> {
        if let Ok(Some(listener)) = self.listener() {
            return Ok(Some(Daemon::from_argv(&listener.argv)));
        }
        let start = self.start();
        let options = start
            .as_ref()
            .map(|start| Daemon::from_argv(&start.argv).options)
            .unwrap_or_default();
        let named = start
            .iter()
            .filter(|start| start.is_sshd())
            .map(|start| start.program.as_str());
        for program in named.chain(PROGRAMS) {
            if self.meta(program)?.is_some() {
                return Ok(Some(Daemon {
                    program: program.to_owned(),
                    options,
                }));
            }
        }
        Ok(None)
    }

    /// The output of `sshd -t` with the options of the running daemon; `None` if sshd is not
    /// installed.
    pub fn test_output(&self) -> Known<Option<TestOutput>> {
        let Some(daemon) = self.daemon()? else {
            return Ok(None);
        };
        let argv = daemon.test_command();
        let output = self.run_as_root(&argv)?;
        let complaints = complaints(&said(output));
        Ok(Some(TestOutput {
            command: argv.join(" "),
            passed: output.success(),
            complaints,
        }))
    }

    /// Whether sshd would start: `sshd -t` accepts everything, or fails only at its last check,
    /// because the directory that is created when the service starts is missing. `None` if no sshd
    /// is installed.
    pub fn would_start(&self) -> Known<Option<bool>> {
        let would = |config_test| ConfigTest::of(self, config_test).in_the_way().is_none();
        Ok(self.test_output()?.map(would))
    }

    /// Whether the service manager, or the script, makes the runtime directory each time it starts sshd.
    pub fn runtime_directory_comes_with_service(&self) -> bool {
        // A masked unit shows nothing of its content; the unit of every package creates the
        // directory.
        let makes = |unit: &Unit| {
            unit.get("LoadState") == "masked"
                || unit
                    .get("RuntimeDirectory")
                    .split(' ')
                    .any(|name| name == "sshd")
        };
        self.manager().is_ok_and(|manager| match &manager {
            Manager::Systemd(_) => manager.service().is_some_and(|unit| {
                let starts =
                    || manager.main_pid().is_none() || unit.get("ActiveState") == "activating";
                makes(unit) && (self.lacks_a_listener() || starts())
            }),
            Manager::Other => self.script().is_some() && self.lacks_a_listener(),
        })
    }

    /// The output of `sshd -V`; before 9.3 it is part of the complaint about the unknown option.
    pub fn banner(&self) -> Known<String> {
        self.run(&version_command(&self.installed()?.program))
            .map(said)
    }

    /// Whether sshd, or a program that it runs for a connection, prints nothing at all when asked
    /// for its version.
    pub fn is_mute(&self, program: &str) -> bool {
        self.run(&version_command(program))
            .is_ok_and(|output| output.code.is_some() && said(output).trim().is_empty())
    }

    /// The program of sshd that dies by a signal when asked for its version: the command that was
    /// run, and the program.
    pub fn crashing_program(&self) -> Option<(String, String)> {
        let own = self.installed().ok().map(|daemon| daemon.program);
        let mut programs = own.into_iter().chain(self.helpers().unwrap_or_default());
        let crashes = |program: &String| {
            self.run(&version_command(program))
                .is_ok_and(|output| output.code.is_none())
        };
        programs
            .find(crashes)
            .map(|program| (version_command(&program).join(" "), program))
    }

    /// The programs that the listener runs for each connection (`SshdSessionPath`, `SshdAuthPath`); none before 9.8.
    pub fn helpers(&self) -> Known<Vec<String>> {
        if self.known_release()? < SPLIT {
            return Ok(Vec::new());
        }
        let text = self.run(&self.installed()?.dump_command())?.text();
        let pairs = text.lines().filter_map(|line| line.split_once(' '));
        let named = |key: &str| {
            ["sshdsessionpath", "sshdauthpath"].contains(&key.to_ascii_lowercase().as_str())
        };
        Ok(pairs
            .filter(|(key, _)| named(key))
            .map(|(_, path)| path.to_owned())
            .collect())
    }

    /// A library that a program of a connection needs and does not find: the command that reported
    /// it, and the line.
    pub fn missing_library(&self) -> Option<(String, String)> {
        self.helpers().ok()?.iter().find_map(|path| {
            let text = self.run(&libraries(path)).ok()?.text();
            let line = text.lines().find(|line| line.ends_with("=> not found"))?;
            Some((libraries(path).join(" "), line.trim().to_owned()))
        })
    }

    /// Whether no process is an sshd that waits for connections.
    pub fn lacks_a_listener(&self) -> bool {
        matches!(self.listener(), Ok(None))
    }

    /// Whether a listener runs that keeps the configuration it has read.
    pub fn keeps_its_configuration(&self) -> bool {
        matches!(self.listener(), Ok(Some(_)))
    }

    /// Whether a listener runs that also keeps the host keys: from 9.8 on; before, each connection reads them again.
    pub fn keeps_its_host_keys(&self) -> bool {
        self.keeps_its_configuration() && self.release().is_some_and(|release| release >= SPLIT)
    }

    /// An sshd that is not installed, as an unchecked item for causes that need one.
    pub fn installed(&self) -> Known<Daemon> {
        self.daemon()?
            .ok_or_else(|| Unchecked::new("sshd", "is not installed"))
    }
}

fn version_command(program: &str) -> [&str; 2] {
    [program, "-V"]
}

/// The loader lists a program's libraries without running the program.
fn libraries(program: &str) -> [&str; 2] {
    ["ldd", program]
}

impl Daemon {
    /// Parses a daemon's command line; a program without a path is searched for where distributions
    /// install it.
    pub(crate) fn from_argv(argv: &[String]) -> Self {
        let program = argv.first().filter(|program| program.starts_with('/'));
        let program = program.cloned().unwrap_or_else(|| PROGRAMS[0].to_owned());
        let mut options = Vec::new();
        let mut words = argv.iter().skip(1);
        while let Some(word) = words.next() {
            let Some(letters) = word.strip_prefix('-') else {
                continue;
            };
            let Some(at) = letters.find(|letter| WITH_VALUE.contains(letter)) else {
                continue;
            };
            let (name, attached) = letters[at..].split_at(1);
            let value = if attached.is_empty() {
                words.next().cloned()
            } else {
                Some(attached.to_owned())
            };
            if let (true, Some(value)) = ("fohp".contains(name), value) {
                options.extend([format!("-{name}"), value]);
            }
        }
        Self { program, options }
    }

    /// `sshd -G` (9.3 and later) prints the effective configuration, also for users who cannot read the host keys.
    fn dump_command(&self) -> Vec<String> {
        self.command("-G")
    }

    fn test_command(&self) -> Vec<String> {
        self.command("-t")
    }

    fn command(&self, option: &str) -> Vec<String> {
        [self.program.clone(), option.to_owned()]
            .into_iter()
            .chain(self.options.iter().cloned())
            .collect()
    }
}

/// The whole output of a program, errors first.
fn said(output: &CommandOutput) -> String {
    String::from_utf8_lossy(&[&output.stderr[..], &output.stdout[..]].concat()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_change_the_configuration_are_kept() {
        let argv = [
            "/usr/sbin/sshd",
            "-D",
            "-f",
            "/etc/x",
            "-oPort=22",
            "-Dp",
            "2222",
            "-E",
            "/log",
            "-4",
        ];
        let daemon = Daemon::from_argv(&argv.map(str::to_owned));
        assert_eq!(
            daemon.options,
            ["-f", "/etc/x", "-o", "Port=22", "-p", "2222"]
        );
    }
}
