//! The running sshd: querying, reloading and reaching it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use sshmend_facts::{CauseName, Sshd};
use sshmend_lossless::{Step, UnitVerb};
use sshmend_sshd_config::Effective;

use crate::check::{Check, Expect, Proof};
use crate::plan::{Notice, Plan};

/// The step that reloads the running sshd, and its name; `None` if none is running.
pub fn reload_sshd(sshd: &Sshd) -> Option<(Step, String)> {
    if let Some(unit) = &sshd.unit {
        let reload = Step::Systemctl(UnitVerb::Reload, vec![unit.clone()]);
        return Some((reload, unit.clone()));
    }
    let pid = sshd.pid?;
    Some((Step::HangUp(pid), format!("sshd (process {pid})")))
}

/// The step that starts an sshd that ended when it was reloaded; `None` if its program is unknown.
pub fn restart_sshd(sshd: &Sshd) -> Option<Step> {
    if let Some(unit) = &sshd.unit {
        return Some(Step::Systemctl(UnitVerb::Restart, vec![unit.clone()]));
    }
    Some(Step::StartSshd(sshd.program.clone()?, sshd.options.clone()))
}

/// Reloads the running sshd and proves that it still answers at these addresses. Returns false if
/// no sshd is running, or none whose config test can be run first.
pub(crate) fn put_into_force(plan: &mut Plan, sshd: &Sshd, addresses: Vec<SocketAddr>) -> bool {
    let Some((reload, name)) = reload_sshd(sshd) else {
        if let Some(why) = &sshd.unseen {
            let text = format!(
                "whether an sshd runs here is not known ({why}): none is reloaded, and the next one to start reads the change"
            );
            plan.notices.push(Notice::new("not-reloaded", text));
            plan.unseen = Some(why.clone());
            return false;
        }
        let text = "no sshd runs here: the next one to start reads the change";
        plan.notices
            .push(Notice::new(CauseName::SshdNotRunning.as_str(), text));
        return false;
    };
    let Some(restart) = restart_sshd(sshd).filter(|_| sshd.program.is_some()) else {
        let text = format!(
            "{name} is not reloaded: its program is not known, so it cannot test its configuration first"
        );
        plan.notices.push(Notice::new("not-reloaded", text));
        return false;
    };
    plan.restart.push(restart);
    plan.activation.push(reload);
    plan.reloaded.push(name);
    plan.proof.extend(sshd.unit.as_deref().map(is_active));
    plan.proof.extend(addresses.into_iter().map(Proof::Banner));
    true
}

/// The proof that systemd considers a unit active.
pub(crate) fn is_active(unit: &str) -> Proof {
    Proof::Check(Check::success(
        &format!("{unit} is active"),
        &["systemctl", "is-active", unit],
    ))
}

/// A question to sshd itself, with the options of the running one.
pub(crate) fn question(
    sshd: &Sshd,
    question: &[&str],
    title: &str,
    expect: Expect,
) -> Option<Check> {
    let program = sshd.program.as_deref()?;
    let options = sshd.options.iter().map(String::as_str);
    let argv: Vec<&str> = std::iter::once(program)
        .chain(question.iter().copied())
        .chain(options)
        .collect();
    Some(Check::new(title, &argv, expect))
}

/// The addresses on which sshd listens, as reached from this machine.
pub fn listen_addresses(effective: &Effective) -> Vec<SocketAddr> {
    let values = effective
        .get("listenaddress")
        .map(|setting| setting.values.clone())
        .unwrap_or_default();
    values
        .iter()
        .filter_map(|value| value.parse().ok())
        .map(reachable)
        .collect()
}

/// Proofs that sshd listens where it did not before. Of the wildcards of a port one is enough,
/// because a machine may have a single family. An address that replaces a wildcard counts as new:
/// the machine may not have it.
pub(crate) fn new_addresses(before: &Effective, after: &Effective) -> Vec<Proof> {
    let sockets = |effective: &Effective| -> Vec<SocketAddr> {
        let values = effective
            .get("listenaddress")
            .map(|setting| setting.values.clone());
        let values = values.unwrap_or_default();
        values
            .iter()
            .filter_map(|value| value.parse().ok())
            .collect()
    };
    let (known, later) = (sockets(before), sockets(after));
    let is_new = |socket: &SocketAddr| {
        let everywhere = |known: &SocketAddr| {
            let same_family = known.is_ipv4() == socket.is_ipv4();
            known.ip().is_unspecified() && same_family && later.contains(known)
        };
        !known
            .iter()
            .any(|known| known.port() == socket.port() && (known == socket || everywhere(known)))
    };
    let new: Vec<SocketAddr> = later.iter().copied().filter(is_new).collect();
    let (wildcards, others): (Vec<SocketAddr>, Vec<SocketAddr>) = new
        .into_iter()
        .partition(|socket| socket.ip().is_unspecified());
    let mut proofs: Vec<Proof> = others
        .into_iter()
        .map(|socket| Proof::NewBanner(vec![socket]))
        .collect();
    let ports: std::collections::BTreeSet<u16> = wildcards.iter().map(SocketAddr::port).collect();
    proofs.extend(ports.into_iter().map(|port| {
        let of_port = wildcards.iter().filter(|socket| socket.port() == port);
        Proof::NewBanner(of_port.copied().map(reachable).collect())
    }));
    proofs
}

/// The address under which a wildcard address is reached from here.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
