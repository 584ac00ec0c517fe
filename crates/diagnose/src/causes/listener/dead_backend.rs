use sshmend_facts::{Door, Facts, Holder, Lead, Reply, Socket};

use crate::evidence::probe::{ask_the_server, probe_evidence};
use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

/// For a port that another program holds: whether anything listens at its destination.
fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    match facts.door() {
        Some(Door::Other(holder)) => behind(facts, &holder, verdict),
        Some(Door::Tunnel(socket)) => tunnel(&socket, verdict),
        Some(Door::Sshd | Door::Nobody) | None => {}
    }
}

fn behind(facts: &Facts<'_>, holder: &Holder, verdict: &mut Verdict) {
    if holder.leads.is_empty() {
        return;
    }
    let answers: Vec<Option<bool>> = holder
        .leads
        .iter()
        .map(|lead| facts.answers_at(lead))
        .collect();
    let (name, port) = (&holder.name, holder.socket.port);
    let places: Vec<String> = holder.leads.iter().map(Lead::text).collect();
    let places = places.join(", ");
    let who = format!(
        "{name} (process {}) holds port {port} and forwards to {places}",
        holder.pid
    );
    let finding = if answers.iter().all(|answer| *answer == Some(true)) {
        return verdict.exclude(Fact::Sockets, format!("{who}, where something listens"));
    } else if answers.iter().all(|answer| *answer == Some(false)) {
        verdict.certain(Proof::Sockets, format!("{who}, where nothing listens"))
    } else if answers.contains(&Some(false)) {
        verdict.likely(format!("{who}, and nothing listens at one of them"))
    } else {
        verdict.possible(format!("{who}, which is another machine: examine its sshd"))
    };
    finding.shown_by("ss -Hltnp", &holder.socket.line);
    for (lead, answer) in holder.leads.iter().zip(answers) {
        let found = match answer {
            Some(true) => "something listens there",
            Some(false) => "nothing listens there",
            None => "cannot be checked from here",
        };
        finding.shown_by(&lead.source, format!("{}: {found}", lead.text()));
    }
    advise(facts, holder, finding);
}

fn advise(facts: &Facts<'_>, holder: &Holder, finding: &mut Finding) {
    let dead = |lead: &&Lead| facts.answers_at(lead) == Some(false);
    if let Some(lead) = holder.leads.iter().find(dead) {
        if matches!(facts.listener(), Ok(None)) {
            finding.step("start sshd, if it is the one behind it: `sshmend fix service`");
        } else {
            let port = lead.port;
            finding.step(format!(
                "if it is to lead to sshd, let sshd listen there as well: `sshmend fix sshd-config Port+={port}`"
            ));
            let ports: Vec<String> = facts.ports().iter().map(u16::to_string).collect();
            finding.step(format!(
                "or let {} lead to where sshd listens, which is port {}: {}",
                holder.name,
                ports.join(", "),
                lead.source
            ));
        }
    }
    let away = |lead: &&Lead| facts.answers_at(lead).is_none();
    for lead in holder.leads.iter().filter(away) {
        finding.step(format!("look at it: `sshmend diagnose {}`", lead.text()));
    }
}

fn tunnel(socket: &Socket, verdict: &mut Verdict) {
    let port = socket.port;
    let finding = verdict.likely(format!(
        "port {port} is a remote forwarding (ssh -R) of a logged-in user: it ends at that client"
    ));
    finding.shown_by("ss -Hltnp", &socket.line);
    for (_, pid) in &socket.holders {
        finding.step(format!(
            "see whose it is: `ps -o user,args -p {pid}`; what answers, or does not, stands at its other end"
        ));
    }
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = probe_evidence(facts, verdict, |reply| {
        matches!(reply, Reply::ClosedAtOnce { .. } | Reply::ClosedLate(_))
    }) else {
        return;
    };
    if !replied.always() {
        let what = format!(
            "{} closed without a message: one of several machines behind the address may be down",
            replied.share()
        );
        let finding = replied.report(verdict, Certainty::Possible, what);
        finding.step("is it the address of a load balancer? look at each machine behind it");
        return;
    }
    let late = replied.any(|reply| matches!(reply, Reply::ClosedLate(_)));
    let when = if late { "later" } else { "at once" };
    let what = format!(
        "every connection is accepted and closed {when} without a message, as by a forwarder without a working server behind it"
    );
    let finding = replied.report(verdict, Certainty::Possible, what);
    finding.step("is the port forwarded (container, virtual machine, load balancer)? look at what stands behind it");
    ask_the_server(finding);
}

#[cfg(test)]
mod tests {
    use sshmend_facts::{Question, Server, Vantage, fixture::from};

    use crate::testing::{check_as, check_way, closed, works};
    use expect_test::expect;

    fn at(port: u16) -> Question {
        let server = Server {
            client: from("198.51.100.7").client_address(),
            port: Some(port),
            ..Server::default()
        };
        Question {
            vantage: Vantage::Server(server),
            ..Question::server(sshmend_facts::fixture::NOW)
        }
    }

    fn held(by: &str, line: &str, sshd: &str) -> String {
        let words = line.replace(' ', "\0");
        format!(
            "//$ ss -Hltnp => 0\nLISTEN 0 64 0.0.0.0:443 0.0.0.0:* users:((\"{by}\",pid=81,fd=3))\n\
             LISTEN 0 128 {sshd} 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))\n//- /proc/81/cmdline\n{words}\n"
        )
    }

    #[test]
    fn the_backend_of_a_forwarding_program_is_found() {
        let line = "sslh --listen 0.0.0.0:443 --ssh 127.0.0.1:2022";
        check_as(
            &at(443),
            "dead-backend",
            &held("sslh", line, "127.0.0.1:2022"),
            &expect![[r#"
                excluded: sslh (process 81) holds port 443 and forwards to 127.0.0.1:2022, where something listens
            "#]],
        );
        check_as(
            &at(443),
            "dead-backend",
            &held("sslh", line, "127.0.0.1:22"),
            &expect![[r#"
                certain: sslh (process 81) holds port 443 and forwards to 127.0.0.1:2022, where nothing listens
                  ss -Hltnp: LISTEN 0 64 0.0.0.0:443 0.0.0.0:* users:(("sslh",pid=81,fd=3))
                  /proc/81/cmdline: 127.0.0.1:2022: nothing listens there
                  - if it is to lead to sshd, let sshd listen there as well: `sshmend fix sshd-config Port+=2022`
                  - or let sslh lead to where sshd listens, which is port 22: /proc/81/cmdline
            "#]],
        );
        let away = "docker-proxy -host-port 443 -container-ip 172.18.0.3 -container-port 22";
        check_as(
            &at(443),
            "dead-backend",
            &held("docker-proxy", away, "0.0.0.0:22"),
            &expect![[r#"
                possible: docker-proxy (process 81) holds port 443 and forwards to 172.18.0.3:22, which is another machine: examine its sshd
                  ss -Hltnp: LISTEN 0 64 0.0.0.0:443 0.0.0.0:* users:(("docker-proxy",pid=81,fd=3))
                  /proc/81/cmdline: 172.18.0.3:22: cannot be checked from here
                  - look at it: `sshmend diagnose 172.18.0.3:22`
            "#]],
        );
        check_as(
            &at(443),
            "dead-backend",
            &held("sshd", "sshd: anna", "0.0.0.0:22"),
            &expect![[r#"
                likely: port 443 is a remote forwarding (ssh -R) of a logged-in user: it ends at that client
                  ss -Hltnp: LISTEN 0 64 0.0.0.0:443 0.0.0.0:* users:(("sshd",pid=81,fd=3))
                  - see whose it is: `ps -o user,args -p 81`; what answers, or does not, stands at its other end
            "#]],
        );
        check_as(
            &at(22),
            "dead-backend",
            &held("sslh", line, "0.0.0.0:22"),
            &expect![""],
        );
    }

    #[test]
    fn findings_of_sshd_are_not_certain_behind_a_forwarding_program() {
        let line = "sslh --listen 0.0.0.0:443 --ssh 127.0.0.1:22";
        let denied = format!(
            "{}//- /etc/hosts.deny\nsshd: 198.51.100.7\n",
            held("sslh", line, "0.0.0.0:22")
        );
        let certain = |port: u16| {
            let found = crate::diagnose(&sshmend_facts::fixture::machine(&denied), &at(port));
            let mut findings = found.findings.iter();
            findings.any(|finding| finding.certainty.is_certain())
        };
        assert!(certain(22), "sshd itself is asked");
        assert!(!certain(443), "sshd sees the address of sslh");
    }

    #[test]
    fn silent_closes_of_all_and_of_some_connections_are_distinguished() {
        check_way(
            "dead-backend",
            &[closed(), closed(), closed()],
            &expect![[r#"
                possible: every connection is accepted and closed at once without a message, as by a forwarder without a working server behind it
                  connection to 192.0.2.10:22: connected, then closed at once without a message (3 of 3 connections)
                  - is the port forwarded (container, virtual machine, load balancer)? look at what stands behind it
                  - ask the server, from its console: `sudo sshmend diagnose --client YOUR-ADDRESS`
            "#]],
        );
        check_way(
            "dead-backend",
            &[closed(), works(), closed()],
            &expect![[r#"
                possible: 2 of 3 connections closed without a message: one of several machines behind the address may be down
                  connection to 192.0.2.10:22: connected, then closed at once without a message (2 of 3 connections)
                  - is it the address of a load balancer? look at each machine behind it
            "#]],
        );
    }
}
