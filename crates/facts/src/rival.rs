//! An sshd that holds the port for which the one of the service manager could not start.

use sshmend_ssh_log::CauseName;

use crate::daemon::Daemon;
use crate::{Facts, Listener, Socket};

/// Two sshd for one port: the one that listens, and the unit that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    /// The one that listens.
    pub listener: Listener,
    /// The socket on which it listens.
    pub socket: Socket,
    /// The unit that could not start.
    pub unit: String,
    /// Whether it was started with other options than the unit has, so that it reads other files.
    pub is_other: bool,
    /// Whether the log says that the port was taken when the unit was started.
    pub is_logged: bool,
    /// Whether somebody was let in since the one that listens was started.
    pub serves: bool,
}

impl Facts<'_> {
    /// The sshd for which the unit of sshd could not start: that of a container or an appliance, or one started by hand. `None`
    /// where a certain sshd is asked about.
    pub fn rival(&self) -> Option<Rival> {
        if self.question.sshd.is_some() {
            return None;
        }
        let unit = self.service_unit()?;
        if !unit.failed() && !unit.fails_again() {
            return None;
        }
        let lines = self.log_lines(CauseName::PortInUse).unwrap_or_default();
        let logged = lines.iter().rev().find_map(|line| port_of(&line.text));
        let sockets = self.sockets().ok()?;
        let holds = |socket: &&Socket, pid: u32| {
            logged.is_none_or(|port| socket.port == port)
                && socket.holders.iter().any(|(_, holder)| *holder == pid)
        };
        let (listener, socket) = self.listeners().ok()?.into_iter().find_map(|listener| {
            let socket = sockets.iter().find(|socket| holds(socket, listener.pid))?;
            Some((listener, socket.clone()))
        })?;
        let options = |argv: &[String]| Daemon::from_argv(argv).options;
        let of_unit = self.start().map(|start| options(&start.argv));
        Some(Rival {
            is_other: of_unit.is_none_or(|own| own != options(&listener.argv)),
            is_logged: logged.is_some(),
            serves: self.somebody_was_let_in_by(listener.pid),
            unit: unit.name().to_owned(),
            listener,
            socket,
        })
    }
}

/// The port in `Bind to port 22 on 0.0.0.0 failed: Address already in use.` (sshd.c, listen_on_addrs).
fn port_of(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("Bind to port ")?;
    rest.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{LOG, NOW, SHOW, machine};
    use crate::question::Question;

    const FAILED: &str = "Id=ssh.service\nLoadState=loaded\nActiveState=failed\nResult=exit-code\nMainPID=0\n\
        ExecStart={ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D ; ignore_errors=no }\n";
    const IN_USE: &str = "2026-11-20T17:00:00+00:00 server sshd[690]: error: Bind to port 22 on 0.0.0.0 failed: Address already in use.\n";

    fn rival(title: &str, unit: &str, log: &str) -> Option<(bool, bool, bool)> {
        // Started 89,000 seconds ago.
        let stat = "//- /proc/700/stat\n700 (sshd) S 1 700 700 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 100000\n";
        let machine = machine(&format!(
            "{stat}//- /proc/700/cmdline\n{title}\n{SHOW}{unit}{LOG}{log}\n"
        ));
        let question = Question::server(NOW);
        let rival = Facts::new(&machine, &question).rival()?;
        assert_eq!((rival.listener.pid, rival.socket.port), (700, 22));
        Some((rival.is_other, rival.is_logged, rival.serves))
    }

    #[test]
    fn a_rival_sshd_is_distinguished_from_the_listener_of_the_unit() {
        let own = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups";
        let other =
            "sshd: /usr/sbin/sshd -D -f /srv/git/sshd_config [listener] 0 of 10-100 startups";
        assert_eq!(rival(other, FAILED, IN_USE), Some((true, true, false)));
        assert_eq!(rival(own, FAILED, IN_USE), Some((false, true, false)));
        let login = "2026-11-20T17:10:00+00:00 server sshd[813]: Accepted publickey for git from 203.0.113.7 port 4711 ssh2\n";
        assert_eq!(rival(other, FAILED, login), Some((true, false, true)));
        let runs = FAILED.replace("failed", "active");
        assert_eq!(rival(other, &runs, IN_USE), None);
    }
}
