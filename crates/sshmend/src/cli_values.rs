//! The values of options, with what to write instead of one that is none.

use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use jiff::SignedDuration;
use sshmend_lossless::Origin;
use sshmend_sshd_config::Assignment;

/// Parses `KEY=VALUE`, `KEY+=VALUE` or `KEY-=VALUE`.
pub(crate) fn assignment(text: &str) -> Result<Assignment, String> {
    let hint = "not KEY=VALUE: write MaxStartups=30:30:200, AllowUsers+=ann or Port-=2222";
    Assignment::parse(text).ok_or_else(|| hint.to_owned())
}

/// Reads `FILE:LINE`.
pub(crate) fn origin(text: &str) -> Result<Origin, String> {
    let hint = "not FILE:LINE: name a line of a file, as /etc/ssh/sshd_config:12";
    Origin::parse(text).ok_or_else(|| hint.to_owned())
}

/// Reads the address of one client.
pub(crate) fn client_address(text: &str) -> Result<IpAddr, String> {
    let hint =
        "give the address of one client, such as 192.0.2.7; its name goes with --name HOSTNAME";
    text.parse().map_err(|_| hint.to_owned())
}

/// Reads one address, of the running machine or of a client.
pub(crate) fn address(text: &str) -> Result<IpAddr, String> {
    let hint = "give one address, such as 192.0.2.7 or 2001:db8::7, without brackets, port, length and zone";
    text.parse().map_err(|_| hint.to_owned())
}

pub(crate) fn port(text: &str) -> Result<NonZeroU16, String> {
    text.parse()
        .map_err(|_| "give a number from 1 to 65535".to_owned())
}

pub(crate) fn process(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| "give the number of a process, as `pgrep -a sshd` prints it".to_owned())
}

/// Reads the name of one wrapped program.
pub(crate) fn daemon(text: &str) -> Result<String, String> {
    sshmend_hosts_access::daemon_name(text)
        .map(str::to_owned)
        .map_err(|_| "name one daemon, such as sshd".to_owned())
}

/// Reads the name that the address of a client resolves to.
pub(crate) fn host_name(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_name = !text.is_empty() && text.bytes().all(plain) && text.parse::<IpAddr>().is_err();
    is_name.then(|| text.to_owned()).ok_or_else(|| {
        "give the name that the address resolves to, such as h.example.org".to_owned()
    })
}

/// Reads `90s`, `30m`, `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text
        .parse::<SignedDuration>()
        .ok()
        .and_then(|span| Duration::try_from(span).ok());
    parsed
        .filter(|span| span.as_secs() > 0)
        .ok_or_else(|| "such as 90s, 30m or 2h".to_owned())
}

/// Reads `90d`, `12h`, `2w`.
pub(crate) fn age(text: &str) -> Result<SignedDuration, String> {
    let span: Option<jiff::Span> = text.parse().ok();
    let relative = jiff::SpanRelativeTo::days_are_24_hours();
    let parsed = span.and_then(|span| span.to_duration(relative).ok());
    parsed
        .filter(|age| !age.is_negative())
        .ok_or_else(|| "such as 90d, 12h or 2w".to_owned())
}
