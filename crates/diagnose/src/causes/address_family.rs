use crate::facts::{Facts, Socket};
use crate::facts::{Reply, Tried};
use crate::finding::Finding;
use crate::verdict::{Cause, Gate, Verdict};

pub(super) const CAUSE: Cause = Cause {
    name: "address-family",
    title: "sshd does not listen where the client knocks: the other address family, or only inside",
    gate: Gate::Listener,
    explain: "\
`ListenAddress` and `AddressFamily` (or the socket unit) say where sshd listens. A name with an IPv4 and an IPv6
address leads the client to the IPv6 one first: when sshd, a rule of TCP wrappers or of the firewall knows IPv4 only,
that half of the tries fails, `ssh -4` works and `ssh -6` does not. A `ListenAddress 127.0.0.1` serves nobody outside.

**Known for certain** by the sockets of sshd and the address of the client; from the client by trying both families.

**Mended** by the line that is named, then a restart (`sshmend fix service`): a reload does not open new addresses
under a socket unit.

**It is not** the firewall when nothing listens on that family.",
    server: judge,
    client: from_client,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(sockets) = verdict.look(facts.ssh_sockets()) else { return };
    if sockets.is_empty() {
        return;
    }
    let client = facts.question.client_address();
    let inside = |socket: &Socket| socket.address.is_some_and(|address| address.is_loopback());
    if client.is_none_or(|client| !client.is_loopback()) && sockets.iter().all(inside) {
        let finding = verdict.certain("sshd listens inside this machine only: no client can reach it from outside");
        return explain(facts, &sockets, finding);
    }
    let Some(client) = client else { return };
    if sockets.iter().any(|socket| serves(socket, client.is_ipv6())) {
        return verdict.exclude("sshd listens on the client's address family");
    }
    let (family, other) = if client.is_ipv6() { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") };
    let finding = verdict.certain(format!("sshd listens on {other} only, and {client} comes by {family}"));
    explain(facts, &sockets, finding);
}

/// `::` takes IPv4 as well unless told otherwise (ipv6(7), IPV6_V6ONLY); sshd tells it so, systemd does not.
fn serves(socket: &Socket, v6: bool) -> bool {
    let by_sshd = socket.is_of_sshd();
    socket.address.is_none_or(|address| address.is_ipv6() == v6 || (!v6 && address.is_unspecified() && !by_sshd))
}

fn explain(facts: &Facts<'_>, sockets: &[Socket], finding: &mut Finding) {
    sockets.iter().for_each(|socket| _ = finding.shown_by("ss -Hltnp", &socket.line));
    let settings = ["addressfamily", "listenaddress"].iter().filter_map(|key| facts.setting(key).ok()?);
    let written: Vec<_> = settings.filter(|setting| setting.origin.is_some()).collect();
    written.iter().for_each(|setting| _ = finding.shown_by_setting(facts, setting));
    if written.is_empty() && sockets.iter().any(Socket::is_of_sshd) {
        let what = "has sshd read its files, which name no address and no family; sessions stay";
        finding.mended_by(&["fix", "service", "--restart"], what);
        return;
    }
    finding.step("change AddressFamily or ListenAddress (in a socket unit ListenStream), then `sshmend fix service`");
}

/// Seen from the client: one family gets through and the other does not.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let tried = facts.tried();
    let works = |tried: &Tried| tried.replies.iter().any(|reply| matches!(reply, Reply::Works(_)));
    let (good, bad): (Vec<&Tried>, Vec<&Tried>) = tried.iter().partition(|tried| works(tried));
    let (Some(good), Some(bad)) = (good.first(), bad.first()) else { return };
    let (family, flag) = if bad.to.is_ipv6() { ("IPv6", "-4") } else { ("IPv4", "-6") };
    let finding = verdict.certain(format!("the server can be reached, but not by {family}"));
    for one in [bad, good] {
        one.replies.iter().for_each(|reply| _ = finding.shown_by(format!("connection to {}", one.to), reply.text()));
    }
    finding.step(format!("go the other way: `ssh {flag} …`, or `AddressFamily` in ~/.ssh/config"));
    finding.step(
        "on the server let sshd, TCP wrappers and the firewall know both families, or take the address out of the DNS",
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, check_as, from};
    use expect_test::expect;

    const V4: &str = "//$ ss -Hltnp => 0\nLISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))\n";

    #[test]
    fn a_family_that_nobody_serves_is_named() {
        let set = format!("{V4}//- /etc/ssh/sshd_config\nAddressFamily inet\n");
        check_as(
            &from("2001:db8::7"),
            "address-family",
            &set,
            &expect![[r#"
            certain: sshd listens on IPv4 only, and 2001:db8::7 comes by IPv6
              ss -Hltnp: LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))
              /etc/ssh/sshd_config:1: AddressFamily inet
              - change AddressFamily or ListenAddress (in a socket unit ListenStream), then `sshmend fix service`
        "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "address-family",
            &set,
            &expect![[r#"
            excluded: sshd listens on the client's address family
        "#]],
        );
    }

    #[test]
    fn a_loopback_socket_serves_nobody_outside() {
        let inside = V4.replace("0.0.0.0:22", "127.0.0.1:22");
        check(
            "address-family",
            &inside,
            &expect![[r#"
                certain: sshd listens inside this machine only: no client can reach it from outside
                  ss -Hltnp: LISTEN 0 128 127.0.0.1:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))
                  $ sshmend fix service --restart  # has sshd read its files, which name no address and no family; sessions stay
            "#]],
        );
        check("address-family", "", &expect![[""]]);
    }
}
