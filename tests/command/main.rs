//! The command as a person or a script meets it: exit code, standard output and standard error, on a disk of our own.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test makes files and runs the command"
)]
#![expect(
    clippy::print_stdout,
    reason = "what a machine said is shown when its test fails"
)]

mod apply;
mod apply_leaving;
mod apply_unset;
mod attack;
mod client;
mod compare;
mod confirm;
mod disk;
mod fail2ban;
mod fix_alone;
mod fix_service;
mod history;
mod hosts_access;
mod json;
mod known_hosts;
mod live;
mod live_apply;
mod live_attack;
mod live_handshake;
mod live_judges;
mod live_limits;
mod live_lockout;
mod live_service;
mod live_several;
mod logs;
mod policy_page;
mod readme;
mod record;
mod screens;
mod sshd_config;
mod sshd_config_lists;
mod terminal;
