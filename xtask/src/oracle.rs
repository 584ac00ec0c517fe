//! `cargo xtask oracle …`: our models against the real programs.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use sshmend_oracle::{Report, fail2ban, hosts_access, known_hosts, logs, sshd_config};

use crate::packages;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Compare with what was recorded of every item in a corpus
    Corpus {
        /// The folder with index.json
        directory: PathBuf,
    },
    #[command(flatten)]
    Random(Random),
}

#[derive(Subcommand)]
enum Random {
    /// Random trees against `sshd -T`
    SshdConfig(Amount),
    /// Random files against `ssh-keygen -F` and `-l`
    KnownHosts(Amount),
    /// Random tables against libwrap
    HostsAccess(Amount),
    /// Random trees against `fail2ban-client -d`
    Fail2ban(Amount),
    /// Hostile names against the log of a real sshd
    Logs(Amount),
}

#[derive(Args)]
struct Amount {
    /// How many inputs to make
    #[arg(long, default_value_t = 5_000)]
    cases: u64,
    /// Where the random numbers begin
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The formats that have an oracle.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    SshdConfig,
    KnownHosts,
    HostsAccess,
    Fail2ban,
    Logs,
}

impl Format {
    const ALL: [Self; 5] = [
        Self::SshdConfig,
        Self::KnownHosts,
        Self::HostsAccess,
        Self::Fail2ban,
        Self::Logs,
    ];

    /// Compares `cases` random inputs with the program of this machine.
    pub(crate) fn random(self, cases: u64, seed: u64) -> Result<(), String> {
        let (name, report) = match self {
            Self::SshdConfig => ("sshd-config", sshd_config::random(cases, seed)),
            Self::KnownHosts => ("known-hosts", known_hosts::random(cases, seed)),
            Self::HostsAccess => ("hosts-access", hosts_access::random(cases, seed)),
            Self::Fail2ban => ("fail2ban", fail2ban::random(cases, seed)),
            Self::Logs => ("logs", logs::random(cases, seed)),
        };
        conclude(name, &report)
    }

    fn corpus(self, directory: &Path) -> Result<(), String> {
        let (name, report) = match self {
            Self::SshdConfig => ("sshd-config", sshd_config::corpus(directory)),
            Self::KnownHosts => ("known-hosts", known_hosts::corpus(directory)),
            Self::HostsAccess => ("hosts-access", hosts_access::corpus(directory)),
            Self::Fail2ban => ("fail2ban", fail2ban::corpus(directory)),
            Self::Logs => ("logs", logs::corpus(directory)),
        };
        conclude(name, &report)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    packages::install(packages::TESTS)?;
    match &arguments.what {
        What::Corpus { directory } => corpus(directory),
        What::Random(random) => {
            let (format, amount) = match random {
                Random::SshdConfig(amount) => (Format::SshdConfig, amount),
                Random::KnownHosts(amount) => (Format::KnownHosts, amount),
                Random::HostsAccess(amount) => (Format::HostsAccess, amount),
                Random::Fail2ban(amount) => (Format::Fail2ban, amount),
                Random::Logs(amount) => (Format::Logs, amount),
            };
            format.random(amount.cases, amount.seed)
        }
    }
}

fn corpus(directory: &Path) -> Result<(), String> {
    let failed: Vec<String> = Format::ALL
        .into_iter()
        .filter_map(|format| format.corpus(directory).err())
        .collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("; "))
    }
}

fn conclude(name: &str, report: &Report) -> Result<(), String> {
    println!("{name}: {report}");
    if report.passed() {
        Ok(())
    } else {
        Err(format!(
            "{name}: the model and the program disagree, or nothing ran"
        ))
    }
}
