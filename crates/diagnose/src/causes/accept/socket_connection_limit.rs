use sshmend_facts::{Facts, Unit};
use sshmend_ssh_log::CauseName;

use crate::evidence::log::log_evidence;
use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(manager) = verdict.look(facts.manager()) else {
        return;
    };
    let Some(socket) = manager.socket().filter(|unit| unit.accepts()) else {
        if let Some(heard) = log_evidence(
            facts,
            verdict,
            CauseName::SocketConnectionLimit,
            Some(Certainty::Likely),
        ) {
            heard.report(
                verdict,
                "a program that starts sshd for each connection accepted no more",
            );
        }
        return verdict.exclude(
            Fact::Manager,
            "no socket unit starts one sshd for each connection",
        );
    };
    let number = |property: &str| socket.get(property).parse::<u64>().unwrap_or(0);
    let (now, limit, refused) = (
        number("NConnections"),
        number("MaxConnections"),
        number("NRefused"),
    );
    let finding = if limit > 0 && now >= limit {
        verdict.certain(
            Proof::Manager,
            format!(
                "{} has reached its connection limit ({limit})",
                socket.name()
            ),
        )
    } else if refused > 0 {
        verdict.likely(format!(
            "{} has closed {refused} connections because of its limits",
            socket.name()
        ))
    } else {
        return verdict.exclude(
            Fact::Manager,
            format!("{} holds {now} of {limit} connections", socket.name()),
        );
    };
    finding.shown_by(
        "systemctl show",
        format!("NConnections={now} MaxConnections={limit} NRefused={refused}"),
    );
    advise(socket, finding);
}

fn advise(socket: &Unit, finding: &mut Finding) {
    let limits_one_source = socket
        .get("MaxConnectionsPerSource")
        .parse()
        .is_ok_and(|limit: u32| limit > 0);
    let all = ["MaxConnections=256", "MaxConnectionsPerSource=64"];
    let settings = if limits_one_source {
        &all[..]
    } else {
        &all[..1]
    };
    finding.set_in_unit(socket.name(), "Socket", settings);
    finding.step(format!(
        "and open it again: `systemctl restart {}`",
        socket.name()
    ));
    finding
        .step("or let sshd listen itself: `systemctl disable --now ssh.socket && systemctl enable --now ssh.service`");
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::SHOW;

    use crate::testing::check;
    use expect_test::expect;

    fn socket(now: u32, refused: u32) -> String {
        format!(
            "{SHOW}Id=ssh.socket\nLoadState=loaded\nActiveState=active\nAccept=yes\nNConnections={now}\n\
             MaxConnections=64\nNRefused={refused}\n"
        )
    }

    #[test]
    fn the_connection_counts_of_the_unit_prove_the_cause() {
        check(
            "socket-connection-limit",
            &socket(64, 5),
            &expect![[r#"
                certain: ssh.socket has reached its connection limit (64)
                  systemctl show: NConnections=64 MaxConnections=64 NRefused=5
                  - give the unit another value by a file of your own: `mkdir -p /etc/systemd/system/ssh.socket.d`
                  - `printf '[Socket]\nMaxConnections=256\n' > /etc/systemd/system/ssh.socket.d/zz-maxconnections.conf`
                  - have systemd read it: `systemctl daemon-reload`
                  - and open it again: `systemctl restart ssh.socket`
                  - or let sshd listen itself: `systemctl disable --now ssh.socket && systemctl enable --now ssh.service`
            "#]],
        );
        check(
            "socket-connection-limit",
            &socket(2, 5),
            &expect![[r#"
                likely: ssh.socket has closed 5 connections because of its limits
                  systemctl show: NConnections=2 MaxConnections=64 NRefused=5
                  - give the unit another value by a file of your own: `mkdir -p /etc/systemd/system/ssh.socket.d`
                  - `printf '[Socket]\nMaxConnections=256\n' > /etc/systemd/system/ssh.socket.d/zz-maxconnections.conf`
                  - have systemd read it: `systemctl daemon-reload`
                  - and open it again: `systemctl restart ssh.socket`
                  - or let sshd listen itself: `systemctl disable --now ssh.socket && systemctl enable --now ssh.service`
            "#]],
        );
        check(
            "socket-connection-limit",
            &socket(2, 0),
            &expect![[r#"
            excluded: ssh.socket holds 2 of 64 connections
        "#]],
        );
        check(
            "socket-connection-limit",
            "",
            &expect![[r#"
                excluded: no socket unit starts one sshd for each connection
            "#]],
        );
    }
}
