//! A request as a value: the command line makes one, a finding carries one, a plan is made from it.

mod merge;
mod planned;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sshmend_facts::Service;
use sshmend_lossless::Origin;
use sshmend_sshd_config::Assignment;

/// The default program whose access TCP wrappers decide.
const DAEMON: &str = "sshd";

/// One thing that can be asked for: one variant for each verb of `sshmend fix`.
///
/// Words that can be read without looking at the machine have been parsed already; others are kept
/// as written and interpreted when the plan is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// `fix sshd-config`: keywords, at the line that wins.
    SshdConfig {
        /// The keywords and the changes of their values.
        settings: Vec<Assignment>,
        /// Whether only a drop-in of our own may be written.
        drop_in: bool,
        /// The configuration.
        source: SshdSource,
    },
    /// `fix sshd-config --unset`: removes all lines of these keywords, so that their defaults
    /// apply.
    Unset {
        /// The keywords, each as it was written.
        keys: Vec<String>,
        /// The configuration.
        source: SshdSource,
    },
    /// `fix sshd-config --comment-out`: comments out lines that sshd rejects, or that are in Match
    /// blocks.
    CommentOut {
        /// The lines, their files as they were named.
        lines: Vec<Origin>,
        /// The configuration.
        source: SshdSource,
    },
    /// `fix known-hosts`: a stale key dropped, a verified one pinned.
    KnownHosts(KnownHostsOf),
    /// `fix hosts-access --allow`: a client allowed by TCP wrappers.
    Allow {
        /// Addresses, networks or names.
        patterns: Vec<String>,
        /// Whether rules that deny exactly these are removed.
        remove_deny: bool,
        /// The wrapped program.
        daemon: String,
    },
    /// `fix hosts-access --mend`: repairs these lines of hosts.allow and hosts.deny; without lines,
    /// lists possible repairs.
    MendWrappers {
        /// The lines, their files as they were named.
        lines: Vec<Origin>,
        /// The wrapped program.
        daemon: String,
    },
    /// `fix fail2ban --ignore`: addresses that are never banned, and whose bans are lifted.
    Ignore {
        /// Addresses, networks or names.
        addresses: Vec<String>,
        /// The jails; none: every enabled one.
        jails: Vec<String>,
        /// When it ends, as it was written.
        until: Option<String>,
    },
    /// `fix fail2ban --mend`: repairs these lines; without lines, lists possible repairs.
    MendFail2ban {
        /// The lines, their files as they were named.
        lines: Vec<Origin>,
    },
    /// `fix host-keys`: missing ones made, open ones closed.
    HostKeys {
        /// The configuration.
        source: SshdSource,
    },
    /// `fix privsep-directory`: the empty directory that sshd needs.
    PrivsepDirectory,
    /// `fix service`: sshd enabled, started or restarted.
    Service {
        /// Whether it is restarted even if nothing seems wrong with it.
        restart: bool,
    },
    /// `fix service --comment-out`: sshd started without these lines of its unit.
    WithoutUnitLines {
        /// The lines, their files as they were named.
        lines: Vec<Origin>,
    },
    /// `fix log-level`: more entries in the log of sshd for a while.
    LogLevel {
        /// The level, as it was written.
        level: String,
        /// The duration.
        lasts: Duration,
        /// The configuration.
        source: SshdSource,
    },
}

/// The host, and the user whose known_hosts are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownHostsOf {
    /// The host, with its port.
    pub host: String,
    /// The fingerprints that its key may have.
    pub fingerprints: Vec<String>,
    /// A file with its public key.
    pub key_file: Option<PathBuf>,
    /// Only keys of this type.
    pub key_type: Option<String>,
    /// Only this line.
    pub line: Option<Origin>,
    /// These files instead of those that ssh would read.
    pub files: Vec<PathBuf>,
    /// Whether the server is not asked which keys it offers.
    pub offline: bool,
}

/// The configuration of sshd, and the release to read it as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SshdSource {
    /// The main file, instead of the running daemon's or /etc/ssh/sshd_config.
    pub file: Option<PathBuf>,
    /// The process id of the sshd in question, if several listen.
    pub pid: Option<u32>,
    /// The release, instead of the one installed.
    pub release: Option<String>,
}

fn place_all<'p, E>(
    paths: impl IntoIterator<Item = &'p mut PathBuf>,
    mut place: impl FnMut(&Path) -> Result<PathBuf, E>,
) -> Result<(), E> {
    for path in paths {
        *path = place(path)?;
    }
    Ok(())
}

impl KnownHostsOf {
    /// The same with `place` applied to the files that it names, as for [`Wish::placed`].
    ///
    /// # Errors
    /// The first error of `place`.
    pub fn placed<E>(mut self, place: impl FnMut(&Path) -> Result<PathBuf, E>) -> Result<Self, E> {
        place_all(self.named(), place)?;
        Ok(self)
    }

    fn named(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let line = self.line.iter_mut().map(|line| &mut line.path);
        self.files.iter_mut().chain(line).chain(&mut self.key_file)
    }
}

impl Wish {
    /// The same wish for one of several sshd, unless it already names one.
    #[must_use]
    pub fn of_sshd(mut self, process: u32) -> Self {
        match &mut self {
            Self::SshdConfig { source, .. }
            | Self::Unset { source, .. }
            | Self::CommentOut { source, .. }
            | Self::HostKeys { source }
            | Self::LogLevel { source, .. } => {
                source.pid.get_or_insert(process);
            }
            _ => {}
        }
        self
    }

    /// The same wish with `place` applied to the files that it names to be read or changed, which
    /// maps them to the machine being edited. Lines of hosts.allow, hosts.deny and fail2ban's files
    /// are found there by their names.
    ///
    /// # Errors
    /// The first error of `place`.
    pub fn placed<E>(mut self, place: impl FnMut(&Path) -> Result<PathBuf, E>) -> Result<Self, E> {
        place_all(self.named(), place)?;
        Ok(self)
    }

    /// The files that it names.
    fn named(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::SshdConfig { source, .. }
            | Self::Unset { source, .. }
            | Self::HostKeys { source }
            | Self::LogLevel { source, .. } => source.file.iter_mut().collect(),
            Self::CommentOut { lines, source } => paths(lines).chain(&mut source.file).collect(),
            Self::WithoutUnitLines { lines } => paths(lines).collect(),
            Self::KnownHosts(of) => of.named().collect(),
            Self::Allow { .. }
            | Self::MendWrappers { .. }
            | Self::Ignore { .. }
            | Self::MendFail2ban { .. }
            | Self::PrivsepDirectory
            | Self::Service { .. } => Vec::new(),
        }
    }

    /// A keyword of sshd_config and its value.
    pub fn setting(key: &str, value: &str) -> Self {
        Self::assign(Assignment::set(key, value))
    }

    /// A wish for the new value of one sshd_config keyword.
    pub fn assign(setting: Assignment) -> Self {
        Self::SshdConfig {
            settings: vec![setting],
            drop_in: false,
            source: SshdSource::default(),
        }
    }

    /// Resets keywords of sshd_config to their defaults.
    pub fn unset(keys: &[&str]) -> Self {
        Self::Unset {
            keys: keys.iter().map(|&key| key.to_owned()).collect(),
            source: SshdSource::default(),
        }
    }

    /// Comments out lines of sshd_config.
    pub fn comment_out(lines: Vec<Origin>) -> Self {
        Self::CommentOut {
            lines,
            source: SshdSource::default(),
        }
    }

    /// A client of sshd, allowed by TCP wrappers.
    pub fn allow(pattern: impl Into<String>) -> Self {
        Self::Allow {
            patterns: vec![pattern.into()],
            remove_deny: false,
            daemon: DAEMON.to_owned(),
        }
    }

    /// Repairs a line of hosts.allow or hosts.deny.
    pub fn mend_wrappers(line: Origin) -> Self {
        Self::MendWrappers {
            lines: vec![line],
            daemon: DAEMON.to_owned(),
        }
    }

    /// An address that these jails ignore.
    pub fn ignore(address: impl Into<String>, jails: Vec<String>) -> Self {
        Self::Ignore {
            addresses: vec![address.into()],
            jails,
            until: None,
        }
    }

    /// A line of the unit, made a comment for the start of sshd.
    pub fn without_unit_line(line: Origin) -> Self {
        Self::WithoutUnitLines { lines: vec![line] }
    }

    /// The host keys of the configuration in force.
    pub fn host_keys() -> Self {
        Self::HostKeys {
            source: SshdSource::default(),
        }
    }

    /// Whether it repairs something that keeps sshd from starting.
    pub fn lets_sshd_start(&self) -> bool {
        matches!(
            self,
            Self::HostKeys { .. } | Self::PrivsepDirectory | Self::CommentOut { .. }
        )
    }

    /// The command line that asks for it.
    pub fn argv(&self) -> Vec<String> {
        let mut line = CommandLine::default();
        match self {
            Self::SshdConfig {
                settings,
                drop_in,
                source,
            } => {
                line.word("sshd-config").words(settings);
                line.flag("--drop-in", *drop_in).source(source);
            }
            Self::Unset { keys, source } => {
                line.word("sshd-config").word("--unset").words(keys);
                line.source(source);
            }
            Self::CommentOut { lines, source } => {
                line.word("sshd-config").word("--comment-out").words(lines);
                line.source(source);
            }
            Self::KnownHosts(wish) => {
                line.word("known-hosts").word(&wish.host);
                line.each("--expect-fingerprint", &wish.fingerprints);
                line.path("--key-file", wish.key_file.as_ref());
                line.option("--key-type", wish.key_type.as_ref());
                line.option("--line", wish.line.as_ref());
                for file in &wish.files {
                    line.path("--file", Some(file));
                }
                line.flag("--offline", wish.offline);
            }
            Self::Allow {
                patterns,
                remove_deny,
                daemon,
            } => {
                line.word("hosts-access").word("--allow").words(patterns);
                line.flag("--remove-deny", *remove_deny).daemon(daemon);
            }
            Self::MendWrappers { lines, daemon } => {
                line.word("hosts-access").word("--mend").words(lines);
                line.daemon(daemon);
            }
            Self::Ignore {
                addresses,
                jails,
                until,
            } => {
                line.word("fail2ban").word("--ignore").words(addresses);
                line.each("--jail", jails).option("--until", until.as_ref());
            }
            Self::MendFail2ban { lines } => {
                line.word("fail2ban").word("--mend").words(lines);
            }
            Self::HostKeys { source } => {
                line.word("host-keys").source(source);
            }
            Self::PrivsepDirectory => {
                line.word("privsep-directory");
            }
            Self::Service { restart } => {
                line.word("service").flag("--restart", *restart);
            }
            Self::WithoutUnitLines { lines } => {
                line.word("service").word("--comment-out").words(lines);
            }
            Self::LogLevel {
                level,
                lasts,
                source,
            } => {
                let time = format!("{}s", lasts.as_secs());
                line.word("log-level").word(level);
                line.option("--for", Some(&time)).source(source);
            }
        }
        line.words
    }
}

/// The repairs of earlier wishes in the same run, so that later plans do not stumble over them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mended {
    host_keys: bool,
    directory: bool,
    lines: bool,
}

impl Mended {
    /// Adds a wish that has been planned.
    pub fn add(&mut self, wish: &Wish) {
        self.host_keys |= matches!(wish, Wish::HostKeys { .. });
        self.directory |= matches!(wish, Wish::PrivsepDirectory);
        self.lines |= matches!(wish, Wish::CommentOut { .. });
    }

    /// The state of the service after these repairs.
    #[must_use]
    pub(crate) fn applied_to(self, mut service: Service) -> Service {
        service.config_test = service.config_test.map(|mut config_test| {
            // sshd itself reports whether all of the files to come were named.
            if self.lines {
                config_test.others.clear();
            }
            config_test.without(self.host_keys, self.directory)
        });
        service
    }
}

fn paths(lines: &mut [Origin]) -> impl Iterator<Item = &mut PathBuf> {
    lines.iter_mut().map(|line| &mut line.path)
}

/// A command line under construction.
struct CommandLine {
    words: Vec<String>,
}

impl Default for CommandLine {
    fn default() -> Self {
        let words = ["sshmend", "fix"].map(str::to_owned).to_vec();
        Self { words }
    }
}

impl CommandLine {
    fn word(&mut self, word: &str) -> &mut Self {
        self.words.push(word.to_owned());
        self
    }

    fn words(&mut self, words: &[impl ToString]) -> &mut Self {
        self.words.extend(words.iter().map(ToString::to_string));
        self
    }

    fn flag(&mut self, flag: &str, is_set: bool) -> &mut Self {
        if is_set {
            self.word(flag);
        }
        self
    }

    fn option(&mut self, flag: &str, value: Option<&impl ToString>) -> &mut Self {
        if let Some(value) = value {
            self.word(flag).word(&value.to_string());
        }
        self
    }

    fn each(&mut self, flag: &str, values: &[String]) -> &mut Self {
        for value in values {
            self.word(flag).word(value);
        }
        self
    }

    fn path(&mut self, flag: &str, path: Option<&PathBuf>) -> &mut Self {
        if let Some(path) = path {
            self.word(flag).word(&path.display().to_string());
        }
        self
    }

    fn daemon(&mut self, daemon: &str) -> &mut Self {
        if daemon != DAEMON {
            self.word("--daemon").word(daemon);
        }
        self
    }

    fn source(&mut self, source: &SshdSource) -> &mut Self {
        self.path("--file", source.file.as_ref());
        self.option("--pid", source.pid.map(|pid| pid.to_string()).as_ref());
        self.option("--release", source.release.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use sshmend_facts::ConfigTest;

    use super::*;

    #[test]
    fn sshd_is_considered_startable_after_a_refused_line_is_commented_out() {
        let wish = Wish::CommentOut {
            lines: vec![Origin::new("/etc/ssh/sshd_config", 9)],
            source: SshdSource::default(),
        };
        let config_test = ConfigTest {
            others: vec!["/etc/ssh/sshd_config: line 9: Bad configuration option: X".to_owned()],
            ..ConfigTest::default()
        };
        let service = Service {
            config_test: Some(config_test),
            ..Service::default()
        };
        let mut mended = Mended::default();
        let passes = |mended: Mended| {
            let config_test = mended.applied_to(service.clone()).config_test;
            config_test.is_some_and(|config_test| config_test.passed)
        };
        assert!(!passes(mended));
        mended.add(&wish);
        assert!(wish.lets_sshd_start() && passes(mended));
    }
}
