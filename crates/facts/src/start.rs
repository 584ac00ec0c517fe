//! How the service manager would start sshd: the program, its options, and the files that name them
//! (systemd.service(5), COMMAND LINES; systemd.exec(5), EnvironmentFile).

use std::path::Path;

use sshmend_lossless::Origin;
use sshmend_ssh_log::Kind;

use crate::manager::blocks;
use crate::{Facts, LogLine, Unit};

/// Settings of a unit that deprive sshd of something it needs (systemd.exec(5),
/// systemd.resource-control(5)).
pub const CONFINING: [&str; 19] = [
    "User=",
    "DynamicUser=",
    "CapabilityBoundingSet=",
    "RestrictAddressFamilies=",
    "SystemCallFilter=",
    "SocketBindDeny=",
    "PrivateUsers=",
    "RootDirectory=",
    "RootImage=",
    "InaccessiblePaths=",
    "NoExecPaths=",
    "TemporaryFileSystem=",
    "LimitNOFILE=",
    "LimitNPROC=",
    "LimitAS=",
    "LimitDATA=",
    "LimitSTACK=",
    "LimitFSIZE=",
    "LimitCPU=",
];

/// Those of them for which the kernel ends sshd by a signal: a system call that a filter forbids, a file or a time that is too long, a stack
/// that is too short (setrlimit(2)).
pub const KILLING: [&str; 4] = [
    "SystemCallFilter=",
    "LimitSTACK=",
    "LimitFSIZE=",
    "LimitCPU=",
];

/// The command that the unit of sshd starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The name of the unit.
    pub unit: String,
    /// The program that it starts.
    pub program: String,
    /// The command line with the variables put in.
    pub argv: Vec<String>,
}

/// The command that shows the units required by this one; slices and units that the machine itself
/// starts with always exist.
fn required(unit: &Unit) -> Option<Vec<&str>> {
    let names = ["Requires", "Requisite", "BindsTo"]
        .into_iter()
        .flat_map(|property| unit.get(property).split_whitespace());
    let names: Vec<&str> = names
        .filter(|name| !name.ends_with(".slice") && *name != "sysinit.target")
        .collect();
    let show = [
        "systemctl",
        "show",
        "--no-pager",
        "-p",
        "Id,LoadState,ActiveState,SubState,Result,UnitFileState",
        "--",
    ];
    (!names.is_empty()).then(|| show.into_iter().chain(names).collect())
}

impl Facts<'_> {
    /// The unit that runs sshd.
    pub fn service_unit(&self) -> Option<Unit> {
        self.manager().ok()?.service().cloned()
    }

    /// The name of the unit that runs sshd, or would.
    pub fn unit_name(&self) -> String {
        self.service_unit()
            .map_or_else(|| "ssh.service".to_owned(), |unit| unit.name().to_owned())
    }

    /// The command that the unit of sshd starts; `None` if no unit defines it.
    pub fn start(&self) -> Option<Start> {
        let unit = self.service_unit()?;
        let (program, words) = command(&unit)?;
        let argv = words
            .split_whitespace()
            .flat_map(|word| self.expand(&unit, word))
            .collect();
        Some(Start {
            unit: unit.name().to_owned(),
            program: program.to_owned(),
            argv,
        })
    }

    /// The setting that keeps the unit from starting, or from something it needs. Only an
    /// administrator's setting counts: that of the package is known to work.
    pub fn confinement(&self, settings: &[&str]) -> Option<(Origin, String)> {
        let unit = self.service_unit()?;
        let written = unit_files(&unit)
            .into_iter()
            .filter(|path| path.starts_with("/etc/systemd/"));
        written.into_iter().find_map(|path| {
            let text = self.text(path).ok()??;
            let names = |line: &&str| {
                settings
                    .iter()
                    .any(|setting| line.starts_with(setting) && takes_something(line))
            };
            let (at, line) = text
                .lines()
                .map(str::trim)
                .enumerate()
                .find(|(_, line)| names(line))?;
            Some((Origin::new(path, at + 1), line.to_owned()))
        })
    }

    /// A unit without which that of sshd is not started, and that cannot be started itself, with the reason.
    pub fn failed_requirement(&self) -> Option<(Unit, String)> {
        let unit = self.service_unit()?;
        let shown = self.run(&required(&unit)?).ok()?.text();
        blocks(&shown)
            .into_iter()
            .find_map(|unit| unit.hindrance().map(|why| (unit, why)))
    }

    /// A command that the unit runs before sshd, and that has failed: its program.
    pub fn failed_before_start(&self) -> Option<String> {
        let unit = self.service_unit()?;
        let before: Vec<Before<'_>> = unit
            .get("ExecStartPre")
            .lines()
            .filter_map(Before::read)
            .collect();
        let failed = before.iter().find(|command| command.end == End::Failed);
        let failed = failed.or_else(|| {
            // While systemd restarts the unit, only the log still shows how the previous run ended.
            let mut open = before.iter().filter(|command| command.end == End::NotYet);
            let only = open.next().filter(|_| open.next().is_none());
            only.filter(|_| unit.fails_again() && self.control_process_has_failed())
        });
        failed.map(|command| command.program.to_owned())
    }

    /// Whether systemd has recently logged the failure of a command other than sshd, and that
    /// command cannot be `sshd -t`.
    fn control_process_has_failed(&self) -> bool {
        let said = |line: &LogLine| {
            line.kind == Kind::UnitFailed && line.text.contains("Control process exited")
        };
        let log = self.log().unwrap_or_default();
        log.iter().any(|line| said(line) && self.is_recent(line))
            && self.would_start() == Ok(Some(true))
    }

    /// The result of the unit's last run, in the words of systemd: `exit-code`, `signal`,
    /// `oom-kill`.
    pub fn last_result(&self, unit: &Unit) -> String {
        let own = unit.get("Result");
        if !unit.fails_again() || own != "success" {
            return own.to_owned();
        }
        // The property belongs to the run that has just begun; the result of the previous run is in
        // the log.
        let ended = |line: &&LogLine| {
            line.kind == Kind::UnitFailed && line.text.contains("Failed with result")
        };
        let log = self.log().unwrap_or_default();
        log.iter()
            .rev()
            .find(ended)
            .map_or_else(|| own.to_owned(), |line| line.detail.clone())
    }

    /// The line that contains these words, in the files that make up the command line of sshd.
    pub fn line_of_start(&self, words: &str) -> Option<Origin> {
        let unit = self.service_unit()?;
        let speaks = |line: &str| {
            !line.trim_start().starts_with(['#', ';']) && line.to_lowercase().contains(words)
        };
        unit_files(&unit).into_iter().find_map(|path| {
            let text = self.text(path).ok()??;
            let at = text.lines().position(speaks)?;
            Some(Origin::new(path, at + 1))
        })
    }

    /// The lines of a drop-in that set the same as this one does: an empty one resets the earlier
    /// files, so that all of them must be removed together. Empty if it is not in a drop-in,
    /// because the unit would have nothing to start without its own file.
    pub fn setting_in_drop_in(&self, line: &Origin) -> Vec<Origin> {
        let folder = line.path.parent().and_then(Path::extension);
        let text = self.text(&line.path).ok().flatten();
        let Some(text) = text.filter(|_| folder.is_some_and(|end| end == "d")) else {
            return Vec::new();
        };
        let key = |text: &str| Some(text.trim().split_once('=')?.0.trim_end().to_owned());
        let wanted = text.lines().nth(line.line.saturating_sub(1)).and_then(key);
        let same = |text: &str| wanted.is_some() && key(text) == wanted;
        text.lines()
            .enumerate()
            .filter(|(_, text)| same(text))
            .map(|(at, _)| Origin::new(line.path.clone(), at + 1))
            .collect()
    }

    /// Replaces `$NAME`, as a word by itself, by the words of the variable.
    fn expand(&self, unit: &Unit, word: &str) -> Vec<String> {
        let name = word
            .strip_prefix('$')
            .filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        name.map_or_else(
            || vec![word.to_owned()],
            |name| words(&self.variable(unit, name)),
        )
    }

    /// A variable of the unit's environment; files override its own settings.
    fn variable(&self, unit: &Unit, name: &str) -> String {
        let texts = environment_files(unit).filter_map(|path| self.text(path).ok()?);
        let lines: Vec<String> = texts
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let own = words(unit.get("Environment"));
        let all = own
            .iter()
            .chain(&lines)
            .filter_map(|line| line.trim().split_once('='));
        let mut set = all.filter(|(key, _)| *key == name);
        set.next_back()
            .map_or_else(String::new, |(_, value)| unquoted(value.trim()).to_owned())
    }
}

/// Whether a setting of a unit removes something: an empty value resets the earlier ones, and some
/// values allow everything.
fn takes_something(line: &str) -> bool {
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    let value = value.trim();
    let gives = match key.trim_end() {
        // As many as a listener with all its connections can use.
        "LimitNOFILE" | "LimitNPROC" => soft_limit(value) >= 1024,
        // More than sshd, its libraries and those of PAM take.
        "LimitAS" | "LimitDATA" => soft_limit(value) >= 1 << 30,
        "LimitSTACK" => soft_limit(value) >= 1 << 20,
        // What is written and computed in all sessions together has no bound that is known.
        "LimitFSIZE" | "LimitCPU" => soft_limit(value) == u64::MAX,
        "User" => value == "root" || value == "0",
        "CapabilityBoundingSet" => value == "~",
        "RootDirectory" => value == "/",
        "DynamicUser" | "PrivateUsers" | "PrivateNetwork" => {
            ["no", "false", "off", "0"].contains(&value)
        }
        _ => false,
    };
    !value.is_empty() && !gives
}

/// The first of `SOFT:HARD`, in the unit of the limit: a number may have a suffix to the base of 1024 (systemd.exec(5)).
fn soft_limit(value: &str) -> u64 {
    let soft = value.split(':').next().unwrap_or_default();
    if soft == "infinity" {
        return u64::MAX;
    }
    let digits = soft.trim_end_matches(|c: char| !c.is_ascii_digit());
    let power = match &soft[digits.len()..] {
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        _ => 0,
    };
    digits
        .parse::<u64>()
        .unwrap_or_default()
        .saturating_mul(1 << (10 * power))
}

impl Start {
    /// Whether the program is sshd itself, and not something that wraps it.
    pub fn is_sshd(&self) -> bool {
        self.program.rsplit('/').next() == Some("sshd")
    }
}

/// A command that a unit runs before sshd, other than sshd's own config test.
struct Before<'u> {
    program: &'u str,
    end: End,
}

#[derive(PartialEq, Eq)]
enum End {
    Well,
    Failed,
    NotYet,
}

impl<'u> Before<'u> {
    /// Reads `{ path=/bin/false ; argv[]=/bin/false ; ignore_errors=no ; … ; code=exited ; status=1 }`.
    fn read(line: &'u str) -> Option<Self> {
        let program = line.strip_prefix("{ path=")?.split_once(" ; ")?.0;
        let counts = line.contains("ignore_errors=no") && !program.ends_with("/sshd");
        let code = line.split_once("code=")?.1.split(' ').next()?;
        let end = match code {
            "exited" if line.contains("status=0") => End::Well,
            "exited" | "killed" | "dumped" => End::Failed,
            _ => End::NotYet,
        };
        counts.then_some(Self { program, end })
    }
}

/// Program and command line of `{ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D $SSHD_OPTS ; ignore_errors=no ; … }`.
fn command(unit: &Unit) -> Option<(&str, &str)> {
    let (program, rest) = unit
        .get("ExecStart")
        .strip_prefix("{ path=")?
        .split_once(" ; argv[]=")?;
    Some((program, rest.split_once(" ; ignore_errors=")?.0))
}

/// The files that make a unit and its command line, the most particular first.
pub(crate) fn unit_files(unit: &Unit) -> Vec<&str> {
    let drop_ins = unit.get("DropInPaths").split_whitespace().rev();
    environment_files(unit)
        .chain(drop_ins)
        .chain(Some(unit.get("FragmentPath")).filter(|path| !path.is_empty()))
        .collect()
}

/// Reads `/etc/default/ssh (ignore_errors=yes)`, one a line.
fn environment_files(unit: &Unit) -> impl Iterator<Item = &str> {
    unit.get("EnvironmentFiles")
        .lines()
        .filter_map(|line| Some(line.rsplit_once(" (")?.0))
}

fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

/// Splits at blanks outside quotes, which are dropped.
fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut word, mut quote) = (None::<String>, None);
    for letter in text.chars() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => (quote, word) = (Some(letter), Some(word.unwrap_or_default())),
            (_, None) if letter.is_whitespace() => found.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    found.extend(word);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{NOW, SHOW, machine};
    use crate::question::Question;

    const UNIT: &str = "Id=ssh.service\nLoadState=loaded\nActiveState=failed\n\
        ExecStart={ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D $SSHD_OPTS $NONE ; ignore_errors=no ; pid=0 }\n\
        Environment=SSHD_OPTS=-4\nEnvironmentFiles=/etc/default/ssh (ignore_errors=yes)\n\
        EnvironmentFiles=/etc/default/more (ignore_errors=no)\nFragmentPath=/lib/systemd/system/ssh.service\n\
        DropInPaths=/etc/systemd/system/ssh.service.d/a.conf\n";

    fn start(extra: &str) -> (Vec<String>, Option<String>) {
        let (snapshot, question) = (
            machine(&format!("{extra}{SHOW}{UNIT}")),
            Question::server(NOW),
        );
        let facts = Facts::new(&snapshot, &question);
        let line = facts
            .line_of_start("maxstartups")
            .map(|origin| origin.to_string());
        (facts.start().expect("a unit").argv, line)
    }

    #[test]
    fn variables_come_from_the_last_file_that_sets_them() {
        let files =
            "//- /etc/default/ssh\n# SSHD_OPTS=-6\nSSHD_OPTS=\"-o MaxStartups=2 -o 'Port 2222'\"\n";
        let (argv, line) = start(files);
        assert_eq!(
            argv,
            [
                "/usr/sbin/sshd",
                "-D",
                "-o",
                "MaxStartups=2",
                "-o",
                "Port 2222"
            ]
        );
        assert_eq!(line.as_deref(), Some("/etc/default/ssh:2"));
        let more = format!("{files}//- /etc/default/more\nSSHD_OPTS=\n");
        assert_eq!(start(&more).0, ["/usr/sbin/sshd", "-D"]);
        assert_eq!(start("").0, ["/usr/sbin/sshd", "-D", "-4"]);
    }

    #[test]
    fn a_generous_unit_value_is_not_a_restriction() {
        let cases = [
            ("LimitNOFILE=524288", false),
            ("LimitNOFILE=infinity", false),
            ("LimitNOFILE=1024:4096", false),
            ("LimitNOFILE=12", true),
            ("LimitNPROC=3", true),
            ("LimitAS=24M", true),
            ("LimitAS=4G", false),
            ("LimitDATA=1M:infinity", true),
            ("LimitSTACK=8M", false),
            ("LimitFSIZE=0", true),
            ("LimitCPU=infinity", false),
            ("LimitCPU=30", true),
            ("User=root", false),
            ("User=web", true),
            ("PrivateUsers=no", false),
            ("PrivateUsers=yes", true),
            ("CapabilityBoundingSet=~", false),
            ("CapabilityBoundingSet=~CAP_SETUID", true),
            ("RestrictAddressFamilies=", false),
            ("RestrictAddressFamilies=AF_UNIX", true),
        ];
        for (line, takes) in cases {
            assert_eq!(takes_something(line), takes, "{line}");
        }
    }

    #[test]
    fn start_options_in_the_unit_and_its_drop_ins_are_found() {
        let drop_in = "//- /etc/systemd/system/ssh.service.d/a.conf\n[Service]\nExecStart=/usr/sbin/sshd -oMaxStartups=2\n";
        assert_eq!(
            start(drop_in).1.as_deref(),
            Some("/etc/systemd/system/ssh.service.d/a.conf:2")
        );
        assert_eq!(start("").1, None);
    }
}
