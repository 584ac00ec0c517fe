//! The command line: the commands and their flags.

use std::net::IpAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use jiff::SignedDuration;
use sshmend_lossless::Origin;
use sshmend_sshd_config::Assignment;

use crate::cli_values::{
    address, age, assignment, client_address, daemon, duration, host_name, origin, port, process,
};

/// Names why SSH connections die before login, and mends the configuration that causes it
#[derive(Debug, Parser)]
#[command(name = "sshmend", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) general: General,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct General {
    /// Work on the disk mounted at DIR: files and state are looked up below it, none of its programs is run
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Keep transactions in DIR instead of the default state folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Output format
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

/// The two output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs; `sshmend schema` prints the schemas
    Json,
}

/// The use of colour in output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find out why a connection fails
    Diagnose(Diagnose),
    /// Show what is in force, and which line decides it
    #[command(subcommand)]
    Show(Show),
    /// Mend: show the change, rehearse it, apply it as one transaction; alone: diagnose and choose
    Fix(Fix),
    /// Bring the machine into the state that a policy describes, as one transaction
    Apply(ApplyPolicy),
    /// Compare two trees, or a tree and this machine, by effect rather than by text (exit 1 if they differ)
    Compare(Compare),
    /// Summarise the logs: causes, sources, a timeline
    Logs(Logs),
    /// Explain a cause: what it is, how to recognise it, how to mend it
    Explain(Explain),
    /// List the changes made so far, newest last
    History(History),
    /// Undo a change
    Rollback(Rollback),
    /// Repeat a change that was undone
    Redo(Redo),
    /// Keep a change that was made with --confirm-within; run it from a new connection
    Confirm(Confirm),
    /// Finish or undo transactions that were interrupted
    Recover(Recover),
    /// Print the completion script of a shell for this command
    Completions(Completions),
    /// Print the JSON schema of a document that --format json prints; alone: list them
    Schema(Schema),
}

/// `sshmend diagnose`
#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    /// Look from here, as the client, at this destination: HOST, USER@HOST:PORT, ssh://HOST, a git remote. Or what a client printed: - for standard input, or the message itself. None: this machine is the server
    #[arg(value_name = "DESTINATION|-|MESSAGE", conflicts_with_all = ["client", "log", "since"])]
    pub(crate) destination: Vec<String>,
    /// The port of the destination; without one, the port of this machine to which the client connects, which a multiplexer, a container, a tunnel or another sshd may hold
    #[arg(short = 'p', long, value_name = "PORT", value_parser = port, conflicts_with_all = ["transcript", "log"])]
    pub(crate) port: Option<NonZeroU16>,
    /// Conclude from what a client printed (ssh -vvv, PuTTY, paramiko, Ansible, …); - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["destination", "client", "user", "log", "since"])]
    pub(crate) transcript: Option<PathBuf>,
    /// Look at this machine as the server, for this client
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) client: Option<IpAddr>,
    /// … and for this user
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) user: Option<String>,
    /// With these logs instead of the journal and /var/log
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) log: Vec<PathBuf>,
    /// Only log lines from this time on: 2h, 2026-12-31, 2026-12-31T18:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// The sshd with this process id, where several listen
    #[arg(long, value_name = "PID", value_parser = process, conflicts_with_all = ["destination", "transcript"])]
    pub(crate) pid: Option<u32>,
    /// The sshd that reads this main file, where several listen
    #[arg(long, value_name = "FILE", conflicts_with_all = ["destination", "transcript"])]
    pub(crate) file: Option<PathBuf>,
    /// Also print what was ruled out and why, and which gates a connection passes
    #[arg(long, short = 'v')]
    pub(crate) verbose: bool,
}

/// `sshmend show …`
#[derive(Debug, Subcommand)]
pub(crate) enum Show {
    /// Settings of sshd: the value in force, the line that decides it, the lines that lost
    SshdConfig(ShowSshdConfig),
    /// The entries that ssh would find for a host
    KnownHosts(ShowKnownHosts),
    /// Whether TCP wrappers let a client in, and by which rule
    HostsAccess(ShowHostsAccess),
    /// The addresses that each jail ignores, as fail2ban merges its files
    Fail2ban(ShowFail2ban),
}

#[derive(Debug, Args)]
pub(crate) struct ShowSshdConfig {
    /// Keywords; none: all that are set
    #[arg(value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// Evaluate for a connection: user=U,addr=A,host=H,laddr=L,lport=P
    #[arg(long, value_name = "SPEC")]
    pub(crate) connection: Option<String>,
    #[command(flatten)]
    pub(crate) source: SshdSource,
}

/// The sshd configuration to read, and the release to read it as.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(crate) struct SshdSource {
    /// The main file, instead of the running daemon's or /etc/ssh/sshd_config
    #[arg(long = "file", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The sshd with this process id, where several listen
    #[arg(long, value_name = "PID", value_parser = process)]
    pub(crate) pid: Option<u32>,
    /// Read the files as this release of OpenSSH does (such as 9.2), instead of the one installed
    #[arg(long, value_name = "X.Y")]
    pub(crate) release: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowKnownHosts {
    #[arg(value_name = "HOST[:PORT]", help = "HOST, HOST:PORT or [HOST]:PORT")]
    pub(crate) host: String,
    /// Look in these files instead of those that ssh would read
    #[arg(long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowHostsAccess {
    /// The client's address
    #[arg(value_name = "CLIENT", value_parser = client_address)]
    pub(crate) client: IpAddr,
    /// The wrapped program
    #[arg(long, default_value = "sshd", value_parser = daemon)]
    pub(crate) daemon: String,
    /// The client's name, where it has one
    #[arg(long, value_name = "HOSTNAME", value_parser = host_name)]
    pub(crate) name: Option<String>,
    /// The client's address has no name (otherwise rules about names cannot be decided)
    #[arg(long, conflicts_with = "name")]
    pub(crate) no_name: bool,
    /// The address of this machine that the client connects to
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) server: Option<IpAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowFail2ban {
    /// Jails; none: the enabled ones
    #[arg(value_name = "JAIL")]
    pub(crate) jails: Vec<String>,
}

/// `sshmend fix …`
#[derive(Debug, Args)]
pub(crate) struct Fix {
    /// Diagnose for this client
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) client: Option<IpAddr>,
    /// … and for this user
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) user: Option<String>,
    /// Also write it into this policy, for sshmend apply; made if it is missing
    #[arg(long, global = true, value_name = "POLICY.toml")]
    pub(crate) record: Option<PathBuf>,
    /// None: what a diagnosis finds, to choose from
    #[command(flatten)]
    pub(crate) apply: Apply,
    #[command(subcommand)]
    pub(crate) what: Option<What>,
}

/// `sshmend compare`
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The folder that holds etc, such as a checkout; / for this machine
    #[arg(value_name = "A")]
    pub(crate) before: PathBuf,
    /// The tree to compare it with
    #[arg(value_name = "B")]
    pub(crate) after: PathBuf,
    /// Only this (repeatable); none: all of it
    #[arg(long, value_name = "AREA", value_enum)]
    pub(crate) only: Vec<Area>,
    /// Read sshd_config as this release of OpenSSH does (such as 9.2), instead of the one installed
    #[arg(long, value_name = "X.Y")]
    pub(crate) release: Option<String>,
}

/// The areas that `compare` covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Area {
    /// Values of sshd, for all connections and Match block by Match block
    SshdConfig,
    /// The clients that TCP wrappers allow
    HostsAccess,
    /// The addresses that fail2ban exempts
    Fail2ban,
    /// Host keys
    KnownHosts,
}

/// `sshmend apply`
#[derive(Debug, Args)]
pub(crate) struct ApplyPolicy {
    /// The policy, in TOML; - for standard input, which may also be JSON
    #[arg(value_name = "POLICY.toml|-")]
    pub(crate) policy: PathBuf,
    #[command(flatten)]
    pub(crate) apply: Apply,
}

/// Options of every command that may change something.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for changes")]
pub(crate) struct Apply {
    /// Show what would change and change nothing (exit 1 when something would)
    #[arg(long, short = 'n', global = true)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long, short = 'y', global = true)]
    pub(crate) yes: bool,
    /// Leave the running service as it is
    #[arg(long, global = true)]
    pub(crate) no_reload: bool,
    /// Apply even what would, or over SSH may, lock out the person at the keyboard or an address of --keep
    #[arg(long, global = true)]
    pub(crate) allow_lockout: bool,
    /// An address that must not lose access either (repeatable)
    #[arg(long, global = true, value_name = "ADDR", value_parser = address)]
    pub(crate) keep: Vec<IpAddr>,
    /// Undo the change after TIME (such as 2m) unless `sshmend confirm` keeps it, also when the connection is lost
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub(crate) confirm_within: Option<Duration>,
    #[command(flatten)]
    pub(crate) wait: Wait,
}

/// Options of every command that needs exclusive access to the state folder.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Wait {
    /// Wait so long (such as 30s) for another sshmend to end, instead of giving up at once
    #[arg(long = "wait", global = true, value_name = "TIME", value_parser = duration)]
    pub(crate) time: Option<Duration>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum What {
    /// Set keywords of sshd_config, where the value wins
    SshdConfig(FixSshdConfig),
    /// Drop a stale host key; pin the new one when it is verified
    KnownHosts(FixKnownHosts),
    /// Let a client through TCP wrappers
    HostsAccess(FixHostsAccess),
    /// Never ban an address, and lift its ban
    Fail2ban(FixFail2ban),
    /// Make host keys that are missing, close those that others can read
    HostKeys(FixHostKeys),
    /// Make the empty directory that sshd needs, now and at each boot
    PrivsepDirectory,
    /// Enable, start or restart sshd, once `sshd -t` accepts its configuration
    Service(FixService),
    /// Raise sshd's LogLevel temporarily; a timer restores it
    LogLevel(FixLogLevel),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FixSshdConfig {
    /// Such as MaxStartups=30:30:200. Of a list (Port, AllowUsers, AcceptEnv, …) KEY=VALUE sets the whole, KEY+=VALUE adds to it, KEY-=VALUE takes out of it
    #[arg(value_name = "KEY=VALUE", value_parser = assignment, required_unless_present_any = ["comment_out", "unset"])]
    pub(crate) settings: Vec<Assignment>,
    /// Remove every line that sets these keywords for all connections, so that their defaults are in force
    #[arg(long, value_name = "KEY", num_args = 1.., conflicts_with_all = ["settings", "drop_in", "comment_out"])]
    pub(crate) unset: Vec<String>,
    /// Comment out exactly these lines, which sshd refuses or which stand in a Match block, such as /etc/ssh/sshd_config:12
    #[arg(long, value_name = "FILE:LINE", value_parser = origin, num_args = 1.., conflicts_with_all = ["settings", "drop_in"])]
    pub(crate) comment_out: Vec<Origin>,
    /// Write sshd_config.d/00-sshmend.conf instead of the line in force; refused where it would lose
    #[arg(long)]
    pub(crate) drop_in: bool,
    #[command(flatten)]
    pub(crate) source: SshdSource,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FixKnownHosts {
    #[arg(value_name = "HOST[:PORT]", help = "HOST, HOST:PORT or [HOST]:PORT")]
    pub(crate) host: String,
    /// The fingerprint that the server's key must have, learnt out of band, not over this connection (repeatable)
    #[arg(long, value_name = "SHA256:…")]
    pub(crate) expect_fingerprint: Vec<String>,
    /// A file with the server's public key, learnt out of band
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Only keys of this type, such as ssh-ed25519
    #[arg(long, value_name = "TYPE")]
    pub(crate) key_type: Option<String>,
    /// Only this line of a file (FILE:LINE), also a wildcard or marker line
    #[arg(long, value_name = "FILE:LINE", value_parser = origin)]
    pub(crate) line: Option<Origin>,
    /// Edit these files instead of those that ssh would read
    #[arg(long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Do not ask the server which keys it offers now: every key that is recorded for it counts as stale
    #[arg(long, conflicts_with_all = ["expect_fingerprint", "key_file"])]
    pub(crate) offline: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FixHostsAccess {
    /// Addresses, networks or names to allow; nobody else's access changes
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub(crate) allow: Vec<String>,
    /// Remove rules that deny exactly the clients to be allowed, at exactly this daemon
    #[arg(long, requires = "allow")]
    pub(crate) remove_deny: bool,
    /// Mend exactly these lines, such as /etc/hosts.deny:3; without lines, list possible repairs
    #[arg(long, value_name = "FILE:LINE", value_parser = origin, num_args = 0.., conflicts_with = "allow")]
    pub(crate) mend: Option<Vec<Origin>>,
    /// The wrapped program
    #[arg(long, default_value = "sshd")]
    pub(crate) daemon: String,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FixFail2ban {
    /// An address, network or name to ignore (repeatable)
    #[arg(long, value_name = "ADDR|CIDR|NAME", required_unless_present = "mend", num_args = 1..)]
    pub(crate) ignore: Vec<String>,
    /// Only in these jails; none: in every enabled one
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) jail: Vec<String>,
    /// When this ends, such as 2026-12-31 or 2026-12-31T18:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Mend what is broken in these lines and nothing else; none: list the lines that could be mended
    #[arg(long, value_name = "FILE:LINE", value_parser = origin, num_args = 0.., conflicts_with_all = ["ignore", "jail", "until"])]
    pub(crate) mend: Option<Vec<Origin>>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FixHostKeys {
    #[command(flatten)]
    pub(crate) source: SshdSource,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FixService {
    /// Restart it even if nothing seems wrong with it
    #[arg(long)]
    pub(crate) restart: bool,
    /// Start it without these lines of its unit, which become comments, such as /etc/systemd/system/ssh.service.d/own.conf:3
    #[arg(long, value_name = "FILE:LINE", value_parser = origin, num_args = 1.., conflicts_with = "restart")]
    pub(crate) comment_out: Vec<Origin>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FixLogLevel {
    /// QUIET, FATAL, ERROR, INFO, VERBOSE, DEBUG, DEBUG1, DEBUG2 or DEBUG3
    #[arg(default_value = "VERBOSE")]
    pub(crate) level: String,
    /// For how long, such as 30m or 2h
    #[arg(long = "for", value_name = "TIME", default_value = "30m", value_parser = duration)]
    pub(crate) lasts: Duration,
    #[command(flatten)]
    pub(crate) source: SshdSource,
}

/// `sshmend logs`
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// Logs, also rotated and compressed ones (gz, xz, zst, bz2), or - for standard input; none: this machine's own
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Only lines from this time on: 2h, 2026-12-31, 2026-12-31T18:00:00Z; lines without a time count always
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// The number of causes and sources to print; without it, JSON has all of them
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<usize>,
    /// Only lines that indicate this cause
    #[arg(long, value_name = "NAME")]
    pub(crate) cause: Option<String>,
}

/// `sshmend explain`
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The name of a cause, a keyword of sshd_config, what is often blamed (MaxSessions, known_hosts, …), or a message; none: all names
    #[arg(value_name = "CAUSE|KEYWORD|MESSAGE")]
    pub(crate) cause: Vec<String>,
    /// With max-startups: the value to draw, instead of the one in force
    #[arg(long, value_name = "BEGIN:RATE:FULL")]
    pub(crate) value: Option<String>,
}

impl Diagnose {
    /// The destination or the message; a message is often pasted without quotes.
    pub(crate) fn asked(&self) -> Option<String> {
        words(&self.destination)
    }
}

impl Explain {
    /// What is to be explained; a message is often pasted without quotes.
    pub(crate) fn asked(&self) -> Option<String> {
        words(&self.cause)
    }
}

fn words(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(" "))
}

/// `sshmend history`
#[derive(Debug, Args)]
pub(crate) struct History {
    /// One transaction, in full: its name, or the beginning of it
    pub(crate) id: Option<String>,
    /// Clear transactions away that are older than AGE (such as 90d), as far as no rollback may need them
    #[arg(long, value_name = "AGE", num_args = 0..=1, default_missing_value = "365d", value_parser = age, conflicts_with = "id")]
    pub(crate) prune: Option<SignedDuration>,
    /// Show what would be cleared away and change nothing
    #[arg(long, short = 'n', requires = "prune")]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) wait: Wait,
}

/// `sshmend rollback`
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The transaction, by its name or the beginning of it; none: the newest
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) apply: Apply,
}

/// `sshmend redo`
#[derive(Debug, Args)]
pub(crate) struct Redo {
    #[command(flatten)]
    pub(crate) apply: Apply,
}

/// `sshmend confirm`
#[derive(Debug, Args)]
pub(crate) struct Confirm {
    /// The transaction, by its name or the beginning of it; none: the one that waits
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) wait: Wait,
}

/// `sshmend recover`
#[derive(Debug, Args)]
pub(crate) struct Recover {
    /// Show what would be recovered and change nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Abandon this transaction, which can be neither read nor finished: its files stay as they are
    #[arg(long, value_name = "ID")]
    pub(crate) forget: Option<String>,
    /// Recover at every start of the machine, before sshd starts: a unit of systemd; sshmend rollback undoes it
    #[arg(long, conflicts_with = "forget")]
    pub(crate) install: bool,
    /// At the start of the machine: finish or undo the files only, because daemons read them when they start
    #[arg(long, conflicts_with_all = ["forget", "install"])]
    pub(crate) boot: bool,
    /// An address that must not lose access either by what is finished (repeatable)
    #[arg(long, value_name = "ADDR", value_parser = address, conflicts_with_all = ["forget", "install", "boot"])]
    pub(crate) keep: Vec<IpAddr>,
    /// Undo or finish also what then locks out the person at the keyboard
    #[arg(long, conflicts_with_all = ["forget", "install", "boot"])]
    pub(crate) allow_lockout: bool,
    /// Undo this transaction if it is still due to end by itself: called by its timer
    #[arg(long, value_name = "ID", hide = true, conflicts_with_all = ["forget", "install", "boot"])]
    pub(crate) due: Option<String>,
    /// Leave the session and wait this many seconds first: called if there is no systemd to set a timer
    #[arg(long, value_name = "SECONDS", hide = true, requires = "due")]
    pub(crate) after: Option<u64>,
    /// Do not ask
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) wait: Wait,
}

/// `sshmend completions`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// `sshmend schema`
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// The document, such as sshmend.change/1 or change; none: all names
    pub(crate) name: Option<String>,
}
