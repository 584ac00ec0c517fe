use sshmend_facts::{Door, Facts, Reply};

use crate::evidence::probe::probe_evidence;
use crate::proof::{Certainty, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

/// Judges a port that another program holds, unless there is evidence that it leads to an sshd.
fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Door::Other(holder)) = facts.door() else {
        return;
    };
    if !holder.leads.is_empty() {
        return;
    }
    let (name, port) = (&holder.name, holder.socket.port);
    let finding = verdict.likely(format!("{name}, not sshd, listens on port {port}"));
    finding.shown_by("ss -Hltnp", &holder.socket.line);
    let ports: Vec<String> = facts.ports().iter().map(u16::to_string).collect();
    finding.step(format!(
        "sshd listens on port {}: the client has to come there",
        ports.join(", ")
    ));
    finding.step(format!(
        "or, if {name} is to lead to sshd, see what it is told: `ps -o args -p {}`",
        holder.pid
    ));
}

/// The beginnings of other services' first lines.
const OTHERS: [&str; 9] = [
    "HTTP/",
    "220 ",
    "220-",
    "+OK",
    "* OK",
    "RFB ",
    "\u{15}\u{3}",
    "<!DOCTYPE",
    "<html",
];

/// Whether this is what another service says.
pub(crate) fn is_known(reply: &Reply) -> bool {
    matches!(reply, Reply::OtherText(line) if OTHERS.iter().any(|start| line.starts_with(start)))
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) =
        probe_evidence(facts, verdict, |reply| matches!(reply, Reply::OtherText(_)))
    else {
        return;
    };
    let known = replied.any(is_known);
    let certainty = if known {
        Proof::Connection.certain()
    } else {
        Certainty::Likely
    };
    let finding = replied.report(
        verdict,
        certainty,
        "a service other than SSH answers on that port",
    );
    finding.led_by(facts);
    finding.step(
        "see which name and port ssh takes: `ssh -G DESTINATION | grep -E '^(hostname|port) '`",
    );
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::NOW;
    use sshmend_facts::{Question, Server, Vantage};

    use crate::testing::{check_as, check_way, says, works};
    use expect_test::expect;

    #[test]
    fn a_port_held_by_another_program_does_not_belong_to_sshd() {
        let held = "//$ ss -Hltnp => 0\nLISTEN 0 511 0.0.0.0:443 0.0.0.0:* users:((\"nginx\",pid=81,fd=3))\n\
            LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))\n//- /proc/81/cmdline\nnginx: master process /usr/sbin/nginx\n";
        let at = |port| {
            let server = Server {
                port: Some(port),
                ..Server::default()
            };
            Question {
                vantage: Vantage::Server(server),
                ..Question::server(NOW)
            }
        };
        check_as(
            &at(443),
            "wrong-service",
            held,
            &expect![[r#"
            likely: nginx, not sshd, listens on port 443
              ss -Hltnp: LISTEN 0 511 0.0.0.0:443 0.0.0.0:* users:(("nginx",pid=81,fd=3))
              - sshd listens on port 22: the client has to come there
              - or, if nginx is to lead to sshd, see what it is told: `ps -o args -p 81`
        "#]],
        );
        check_as(&at(22), "wrong-service", held, &expect![""]);
        check_as(
            &at(2022),
            "sshd-not-running",
            held,
            &expect![[r#"
            likely: nothing on this machine listens on port 2022; sshd listens on port 22
              ss -Hltnp: shows no socket on port 2022
              - let the client come to port 22, or sshd listen there as well: `sshmend fix sshd-config Port+=2022`
              - a rule may lead port 2022 elsewhere: `nft list ruleset | grep -e dnat -e redirect`
        "#]],
        );
    }

    #[test]
    fn known_services_are_certain_and_other_text_is_likely() {
        check_way(
            "wrong-service",
            &[says("HTTP/1.1 400 Bad Request\r\n")],
            &expect![[r#"
                certain: a service other than SSH answers on that port
                  connection to 192.0.2.10:22: answers "HTTP/1.1 400 Bad Request" instead of SSH
                  ssh -G: hostname 192.0.2.10, port 22
                  - see which name and port ssh takes: `ssh -G DESTINATION | grep -E '^(hostname|port) '`
            "#]],
        );
        check_way(
            "wrong-service",
            &[says("go away\r\n")],
            &expect![[r#"
                likely: a service other than SSH answers on that port
                  connection to 192.0.2.10:22: answers "go away" instead of SSH
                  ssh -G: hostname 192.0.2.10, port 22
                  - see which name and port ssh takes: `ssh -G DESTINATION | grep -E '^(hostname|port) '`
            "#]],
        );
        check_way(
            "wrong-service",
            &[works()],
            &expect![[r#"
            excluded: 192.0.2.10:22 says SSH-2.0-OpenSSH_9.2p1 Debian-2 and begins the key exchange
        "#]],
        );
    }
}
