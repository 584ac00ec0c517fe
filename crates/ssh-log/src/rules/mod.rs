//! The messages that are known, one table for each family.

mod auth;
mod broken;
mod connection;
mod kernel;
mod libwrap;
mod listener;
mod pam;
mod systemd;
mod table;
mod tools;

use std::sync::LazyLock;

use crate::event::Stage;
use crate::kind::Kind;
use crate::program::{Program, is_ssh_unit};
use crate::template::Fields;
use table::Table;

/// A message that is known: its text, what it reports, and the cause it speaks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    template: &'static str,
    kind: Kind,
    cause: Option<&'static str>,
}

/// A message understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict<'a> {
    pub(crate) kind: Kind,
    pub(crate) cause: Option<&'static str>,
    pub(crate) stage: Stage,
    pub(crate) fields: Fields<'a>,
}

const fn rule(template: &'static str, kind: Kind) -> Rule {
    Rule { template, kind, cause: None }
}

const fn of(cause: &'static str, template: &'static str, kind: Kind) -> Rule {
    Rule { template, kind, cause: Some(cause) }
}

const SSHD: &[&[Rule]] = &[auth::RULES, connection::RULES, listener::RULES, libwrap::RULES, broken::RULES, pam::RULES];
const FAMILIES: &[&[Rule]] =
    &[kernel::RULES, systemd::RULES, systemd::XINETD, tools::FAIL2BAN, tools::SSHGUARD, tools::OTHERS];

static SSHD_TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(SSHD));
static KERNEL: LazyLock<Table> = LazyLock::new(|| Table::new(&[kernel::RULES]));
static SYSTEMD: LazyLock<Table> = LazyLock::new(|| Table::new(&[systemd::RULES]));
static XINETD: LazyLock<Table> = LazyLock::new(|| Table::new(&[systemd::XINETD]));
static FAIL2BAN: LazyLock<Table> = LazyLock::new(|| Table::new(&[tools::FAIL2BAN]));
static SSHGUARD: LazyLock<Table> = LazyLock::new(|| Table::new(&[tools::SSHGUARD]));
static OTHERS: LazyLock<Table> = LazyLock::new(|| Table::new(&[tools::OTHERS]));

/// Understands a message of a program; `None` when it is not known.
pub(crate) fn classify(program: Program, message: &[u8]) -> Option<Verdict<'_>> {
    match program {
        Program::Sshd | Program::SshdSession | Program::SshdAuth | Program::Bare => sshd(message),
        Program::Kernel | Program::Audit => kernel::verdict(&KERNEL, message),
        Program::Systemd => systemd::verdict(&SYSTEMD, message),
        Program::Xinetd => XINETD.verdict(message),
        Program::Fail2ban => FAIL2BAN.verdict(tools::without_level(message)),
        Program::Sshguard => SSHGUARD.verdict(message),
        Program::DenyHosts | Program::CrowdSec | Program::Lfd => OTHERS.verdict(tools::without_level(message)),
        Program::Other => None,
    }
}

/// All names of causes that a line can speak for, sorted.
pub fn causes() -> Vec<&'static str> {
    let mut causes: Vec<_> = SSHD.iter().chain(FAMILIES).copied().flatten().filter_map(|rule| rule.cause).collect();
    causes.sort_unstable();
    causes.dedup();
    causes
}

/// sshd puts its level before a message, and `[preauth]` behind one of its unprivileged half (log.c, monitor.c).
fn sshd(message: &[u8]) -> Option<Verdict<'_>> {
    let message = message.trim_ascii();
    let (message, stage) = match (message.strip_suffix(b" [preauth]"), message.strip_suffix(b" [postauth]")) {
        (Some(message), _) => (message, Stage::BeforeLogin),
        (None, Some(message)) => (message, Stage::AfterLogin),
        (None, None) => (message, Stage::Unknown),
    };
    let message = LEVELS.iter().find_map(|level| message.strip_prefix(*level)).unwrap_or(message);
    let verdict = SSHD_TABLE.verdict(message.trim_ascii_end())?;
    Some(Verdict { stage, ..verdict })
}

const LEVELS: &[&[u8]] = &[b"error: ", b"fatal: ", b"debug1: ", b"debug2: ", b"debug3: "];
