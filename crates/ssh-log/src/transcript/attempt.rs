//! What a transcript shows: its attempts to connect, and what each of them indicates.

use crate::cause::CauseName;

/// A parsed transcript.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The attempts in order.
    pub attempts: Vec<Attempt>,
    /// The number of lines in the text.
    pub lines: usize,
    /// The number of them that are about SSH and understood.
    pub understood: usize,
    /// The number of lines from sshd's own log.
    pub server_lines: usize,
}

/// One connection attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The host as named by the program that drives many at once (Ansible, pssh).
    pub label: Option<String>,
    /// The program that printed it.
    pub client: Client,
    /// The stage that the connection reached.
    pub reached: Reached,
    /// The host as the user named it.
    pub host: Option<String>,
    /// The address.
    pub address: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The account.
    pub user: Option<String>,
    /// The name under which known_hosts lists the server whose key was refused: `HOST`,
    /// `[HOST]:PORT` or an alias.
    pub known_as: Option<String>,
    /// The command that carries the connection instead of TCP; empty if there is one that is not
    /// shown.
    pub proxy: Option<String>,
    /// The software version in the server's identification.
    pub server: Option<String>,
    /// The first and the last line about it, counted from 1.
    pub lines: (usize, usize),
    /// The message with which it failed; `None` if there is none.
    pub end: Option<Ending>,
    /// The question that the text cannot decide: one sentence without full stop; `None` if the
    /// first conclusion is at least likely.
    pub undecided: Option<String>,
    /// Whether no message was recognised, so that plain words were read: all conclusions are only
    /// possible, and `end` is the line that reports a failure.
    pub by_words: bool,
    /// The conclusions, the most certain first.
    pub conclusions: Vec<Conclusion>,
    /// The causes that are excluded.
    pub excluded: Vec<Exclusion>,
    /// The next commands to run.
    pub next: Vec<Advice>,
}

/// A line of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The line, counted from 1.
    pub line: usize,
    /// The message: text of a stranger, to be escaped before it reaches a terminal.
    pub text: String,
}

/// The client program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The implementation.
    pub software: Software,
    /// Its version, as printed.
    pub version: Option<String>,
}

/// An implementation of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Software {
    /// `ssh` of OpenSSH.
    OpenSsh,
    /// PuTTY, plink, pscp, WinSCP, FileZilla.
    Putty,
    /// paramiko, so Ansible's `paramiko` connection and many Python programs.
    Paramiko,
    /// golang.org/x/crypto/ssh, so Terraform, Packer and many others.
    Go,
    /// libssh2, so curl, libgit2 and others.
    Libssh2,
    /// libssh, so KDE, and programs in PHP and Perl.
    Libssh,
    /// `dbclient` of Dropbear, so OpenWrt and BusyBox systems.
    Dropbear,
    /// AsyncSSH for Python.
    Asyncssh,
    /// ssh2 for Node.js.
    NodeSsh2,
    /// JSch, so Rundeck, Eclipse and others.
    Jsch,
    /// sshj for Java.
    Sshj,
    /// trilead-ssh2 and ganymed, so Jenkins.
    Trilead,
    /// Apache MINA SSHD, so Gerrit and others.
    Mina,
    /// SSH.NET.
    SshNet,
    /// net-ssh for Ruby, so Capistrano, Vagrant and Chef.
    NetSsh,
    /// phpseclib.
    Phpseclib,
    /// russh and thrussh for Rust.
    Russh,
    /// Bitvise SSH Client.
    Bitvise,
    /// Termius.
    Termius,
    /// Xshell and Xftp.
    Xshell,
    /// SecureCRT and SecureFX.
    SecureCrt,
    /// A program that only opens a connection and shows what comes: telnet, nc, `curl telnet://`, `openssl s_client`.
    PortTester,
    /// Unknown.
    Unknown,
}

/// The stage that a connection reached. The order is chronological.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// Nothing is known to have happened.
    Nothing,
    /// A connection was attempted.
    Connecting,
    /// TCP is established, or the proxy command runs.
    Connected,
    /// The server sent its identification.
    Identified,
    /// The key exchange began.
    KeyExchange,
    /// The key exchange waits for the server's reply to the client's key.
    KeyReply,
    /// The connection is encrypted.
    Encrypted,
    /// The server offers authentication methods.
    Authenticating,
    /// The user is logged in.
    LoggedIn,
}

/// The certainty of a conclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Only this cause gives the message.
    Certain,
    /// Other causes give the same message, but rarely.
    Likely,
    /// One of several causes that give the same message.
    Possible,
}

/// A cause that the transcript indicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// The name of the cause.
    pub cause: CauseName,
    /// The certainty.
    pub certainty: Certainty,
    /// Why.
    pub reason: &'static str,
    /// The line with the evidence, counted from 1; `None` if the evidence is the end of the
    /// transcript.
    pub line: Option<usize>,
    /// That line, or the last one: text of a stranger, to be escaped before it reaches a terminal.
    pub text: String,
}

/// Causes that the transcript excludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclusion {
    /// The names of the causes.
    pub causes: &'static [CauseName],
    /// The reason why they are excluded.
    pub reason: &'static str,
}

/// A command to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The command; words in capitals have to be replaced.
    pub argv: Vec<String>,
    /// What it will show.
    pub why: &'static str,
}

impl Attempt {
    /// The host for a person: as named by the program that drives many, else as the user named it,
    /// else the address.
    pub fn name(&self) -> Option<&str> {
        self.label.as_deref().or_else(|| self.destination())
    }

    /// The host as the user named it, else its address.
    pub fn destination(&self) -> Option<&str> {
        self.host.as_deref().or(self.address.as_deref())
    }

    /// The host with everything known about it: `app [192.0.2.10] port 2222`.
    pub fn title(&self) -> Option<String> {
        let name = self.name()?;
        let host = self.host.as_deref().filter(|host| *host != name);
        let address = self.address.as_deref().filter(|address| *address != name);
        let address = host
            .or(address)
            .map_or_else(String::new, |address| format!(" [{address}]"));
        let port = self
            .port
            .filter(|port| *port != 22)
            .map_or_else(String::new, |port| format!(" port {port}"));
        Some(format!("{name}{address}{port}"))
    }

    /// Whether any of its lines is a client's: one that names a host, or shows progress or the end.
    pub fn is_of_client(&self) -> bool {
        self.by_words
            || self.end.is_some()
            || self.reached > Reached::Nothing
            || self.name().is_some()
    }

    /// Whether it failed, for any reason.
    pub fn failed(&self) -> bool {
        self.end.is_some() || !self.conclusions.is_empty()
    }

    /// Whether the login succeeded, and nothing failed after it.
    pub fn succeeded(&self) -> bool {
        self.reached == Reached::LoggedIn && !self.failed()
    }
}

impl Software {
    /// The name of the program or library.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::OpenSsh => "OpenSSH",
            Self::Putty => "PuTTY",
            Self::Paramiko => "paramiko",
            Self::Go => "golang.org/x/crypto/ssh",
            Self::Libssh2 => "libssh2",
            Self::Libssh => "libssh",
            Self::Dropbear => "Dropbear",
            Self::Asyncssh => "AsyncSSH",
            Self::NodeSsh2 => "ssh2 for Node.js",
            Self::Jsch => "JSch",
            Self::Sshj => "sshj",
            Self::Trilead => "trilead-ssh2",
            Self::Mina => "Apache MINA SSHD",
            Self::SshNet => "SSH.NET",
            Self::NetSsh => "net-ssh",
            Self::Phpseclib => "phpseclib",
            Self::Russh => "russh",
            Self::Bitvise => "Bitvise SSH Client",
            Self::Termius => "Termius",
            Self::Xshell => "Xshell",
            Self::SecureCrt => "SecureCRT",
            Self::PortTester => "telnet or nc",
            Self::Unknown => return None,
        })
    }
}

impl Reached {
    /// The stage in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "unknown",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Identified => "identified",
            Self::KeyExchange => "key-exchange",
            Self::KeyReply => "key-reply",
            Self::Encrypted => "encrypted",
            Self::Authenticating => "authenticating",
            Self::LoggedIn => "logged-in",
        }
    }
}
