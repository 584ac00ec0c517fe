//! What a client printed, pasted by somebody who cannot log in.
//!
//! The output of `ssh -vvv` in the words of every era (up to 7.9, 8.0 to 9.4, from 9.5 on), the event log of PuTTY, and
//! the error messages of paramiko, Go, libssh2 and JSch: how far the connection came, what that proves and excludes, and
//! what to run next.

mod claims;
mod conclude;
mod facts;
mod noise;
mod openssh;
mod others;
mod signs;

use facts::Facts;

/// A transcript understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// The program that printed it.
    pub client: Client,
    /// How far the connection came.
    pub reached: Reached,
    /// The host as the user named it, else its address.
    pub destination: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The name by which known_hosts knows the server whose key was refused: `HOST`, `[HOST]:PORT` or an alias.
    pub known_as: Option<String>,
    /// The command that carries the connection instead of TCP; an empty text when there is one that is not shown.
    pub proxy: Option<String>,
    /// The software that the server says it is.
    pub server: Option<String>,
    /// What is concluded, the most certain first.
    pub conclusions: Vec<Conclusion>,
    /// What cannot have been the cause.
    pub excluded: Vec<Exclusion>,
    /// What to run next.
    pub next: Vec<Advice>,
}

/// The client program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Which implementation.
    pub software: Software,
    /// Its version, as it prints it.
    pub version: Option<String>,
}

/// An implementation of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Software {
    /// `ssh` of OpenSSH.
    OpenSsh,
    /// PuTTY, plink, pscp.
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
    /// JSch, so Jenkins, Eclipse and others.
    Jsch,
    /// Not told.
    Unknown,
}

/// How far a connection came. The order is that of time.
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
    /// The server offers ways to authenticate.
    Authenticating,
    /// The user is logged in.
    LoggedIn,
}

/// How sure a conclusion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Nothing else says this.
    Certain,
    /// Other causes say this too, rarely.
    Likely,
    /// One of several that say this.
    Possible,
}

/// A cause that the transcript speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// The name of the cause.
    pub cause: &'static str,
    /// How sure it is.
    pub certainty: Certainty,
    /// Why.
    pub reason: &'static str,
    /// The line that says so, counted from 1; `None` when it is that the transcript ends.
    pub line: Option<usize>,
    /// That line, or the last one: text of a stranger, to be escaped before a terminal sees it.
    pub text: String,
}

/// Causes that the transcript excludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclusion {
    /// The names of the causes.
    pub causes: &'static [&'static str],
    /// Why they are excluded.
    pub reason: &'static str,
}

/// Something to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The command; words in capitals have to be replaced.
    pub argv: Vec<String>,
    /// Where to run it.
    pub place: Place,
    /// What it will tell.
    pub why: &'static str,
}

/// A machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The machine that printed the transcript.
    Client,
    /// The machine that was to be reached, on its console.
    Server,
}

/// Understands what a client printed. Anything can be read; of a text that is no transcript nothing is concluded.
pub fn read(text: &[u8]) -> Transcript {
    let mut facts = Facts::default();
    for (at, line) in noise::lines(text).iter().enumerate() {
        facts.line(at + 1, line);
    }
    conclude::conclude(facts)
}
