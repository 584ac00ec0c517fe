use std::net::IpAddr;

use sshmend_facts::{Facts, Reply, Socket, Tried};
use sshmend_plan::Wish;
use sshmend_sshd_config::{Assignment, Operator};

use crate::edit;
use crate::finding::Finding;
use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(sockets) = verdict.look(facts.ssh_sockets()) else {
        return;
    };
    if sockets.is_empty() {
        return;
    }
    let client = facts.question.client_address();
    if let Some(addresses) = facts.lost_addresses(&sockets) {
        let finding = verdict.certain(
            Proof::Sockets,
            format!(
                "sshd listens only on {}, which is no longer an address of this machine",
                addresses.join(", ")
            ),
        );
        return explain(facts, &sockets, finding);
    }
    if facts.was_let_in_from_inside() {
        return verdict.exclude(
            Fact::Login,
            "the account has logged in since sshd began to listen there",
        );
    }
    if client.is_none_or(|client| !client.is_loopback()) && sockets.iter().all(Socket::is_inside) {
        let what = "sshd listens only on loopback addresses: a client can reach it only through a proxy or a tunnel";
        let led = facts.outside_holders();
        let finding = if led.is_empty() {
            verdict.likely(what)
        } else {
            verdict.possible(what)
        };
        for socket in &led {
            finding.shown_by("ss -Hltnp", &socket.line);
        }
        return explain(facts, &sockets, finding);
    }
    if let Some(unit) = elsewhere(facts, &sockets) {
        let (ports, wanted) = (list(&facts.ports()), list(&facts.configured_ports()));
        let what = format!(
            "{unit} listens on port {ports}; nothing listens on port {wanted}, which sshd_config sets"
        );
        let finding = verdict.possible(what);
        return explain(facts, &sockets, finding);
    }
    let Some(client) = client else { return };
    let family = |v6| if v6 { "IPv6" } else { "IPv4" };
    if !sockets.iter().any(|socket| socket.serves(client.is_ipv6())) {
        let (own, other) = (family(client.is_ipv6()), family(!client.is_ipv6()));
        let finding = verdict.certain(
            Proof::Sockets,
            format!("sshd listens only on {other}, and {client} connects by {own}"),
        );
        return explain(facts, &sockets, finding);
    }
    if other_address(facts, client, &sockets, verdict) {
        return;
    }
    verdict.exclude(Fact::Sockets, "sshd listens on the client's address family");
}

/// Addresses of this machine on which sshd does not listen: which one the client dials is not known here. Whether that was said, or
/// cannot be told.
fn other_address(
    facts: &Facts<'_>,
    client: IpAddr,
    sockets: &[Socket],
    verdict: &mut Verdict,
) -> bool {
    let unserved = facts.unserved_addresses(sockets, client.is_ipv6());
    let Some(first) = unserved.first() else {
        return false;
    };
    if facts.has_logged_in(client) {
        verdict.exclude(
            Fact::Login,
            format!("{client} has logged in since sshd began to listen there"),
        );
        return true;
    }
    let own: Vec<String> = sockets
        .iter()
        .filter(|socket| socket.serves(client.is_ipv6()))
        .filter_map(|socket| Some(socket.address?.to_string()))
        .collect();
    let (own, others) = (own.join(", "), joined(&unserved));
    let finding = verdict.possible(format!(
        "sshd listens on {own} and not on {others}, which this machine also has: connections to it are refused"
    ));
    for socket in sockets {
        finding.shown_by("ss -Hltnp", &socket.line);
    }
    for address in &unserved {
        finding.shown_by("ip -o address show", address.to_string());
    }
    finding.step(format!("let the client dial {own}"));
    // The address itself: sshd cannot listen on all addresses beside one of them.
    let wish = Wish::assign(Assignment::new(
        "ListenAddress",
        Operator::Add,
        first.to_string(),
    ));
    let by_file = facts.setting("listenaddress").ok().flatten();
    if let Some(setting) = by_file.filter(|setting| setting.origin.is_some()) {
        finding.shown_by_setting(facts, setting);
        finding.step(format!(
            "or have sshd listen there as well: `{}`",
            edit::command(&wish)
        ));
    }
    true
}

fn joined(addresses: &[IpAddr]) -> String {
    addresses
        .iter()
        .map(IpAddr::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The socket unit that listens, on ports other than those in sshd_config: in that case sshd
/// ignores `Port`.
fn elsewhere(facts: &Facts<'_>, sockets: &[Socket]) -> Option<String> {
    let wanted = facts.configured_ports();
    if sockets
        .iter()
        .any(|socket| !by_unit(socket) || wanted.contains(&socket.port))
    {
        return None;
    }
    Some(facts.manager().ok()?.socket()?.name().to_owned())
}

fn by_unit(socket: &Socket) -> bool {
    socket.holders.iter().any(|(name, _)| name == "systemd")
}

/// An empty `ListenStream=` undoes those before it (systemd.socket(5)).
fn open(unit: &str, ports: &[u16], finding: &mut Finding) {
    let streams: String = ports
        .iter()
        .map(|port| format!("ListenStream={port}\\n"))
        .collect();
    let directory = format!("/etc/systemd/system/{unit}.d");
    finding.step(format!(
        "let it listen for everyone: `mkdir -p {directory}`"
    ));
    finding.step(format!(
        "by a file of your own: `printf '[Socket]\\nListenStream=\\n{streams}BindIPv6Only=both\\nBindToDevice=\\n' > \
         {directory}/zz-listen.conf`"
    ));
    let service = unit.replace(".socket", ".service");
    finding.step(format!(
        "and open it again: `systemctl daemon-reload; systemctl stop {service}; systemctl restart {unit}`"
    ));
}

/// Makes sshd listen where clients connect, by one value that sshmend can set.
fn listen(facts: &Facts<'_>, finding: &mut Finding, sockets: &[Socket]) {
    let set = |key| matches!(facts.setting(key), Ok(Some(setting)) if setting.origin.is_some());
    let by_file = |key| matches!(facts.setting(key), Ok(Some(setting)) if setting.origin.as_ref().is_some_and(|origin| origin.path.is_absolute()));
    let of_all = match facts.question.client_address() {
        Some(client) if client.is_ipv6() => "::",
        _ => "0.0.0.0",
    };
    if by_file("listenaddress") && !set("addressfamily") {
        // An address that serves nobody outside is replaced; one that serves others stays beside
        // the new one.
        let useless =
            facts.lost_addresses(sockets).is_some() || sockets.iter().all(Socket::is_inside);
        let operator = if useless {
            Operator::Set
        } else {
            Operator::Add
        };
        let wish = Wish::assign(Assignment::new("ListenAddress", operator, of_all));
        finding.step(format!(
            "have it listen on all addresses of the machine: `{}`; or name one of them there",
            edit::command(&wish)
        ));
        return;
    }
    if set("addressfamily") && !set("listenaddress") {
        finding.mended_by(
            Wish::setting("AddressFamily", "any"),
            "makes sshd listen on both address families",
        );
    } else {
        finding.step("change AddressFamily or ListenAddress, then `systemctl restart ssh`");
    }
}

fn list(ports: &[u16]) -> String {
    ports
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" and ")
}

fn explain(facts: &Facts<'_>, sockets: &[Socket], finding: &mut Finding) {
    for socket in sockets {
        finding.shown_by("ss -Hltnp", &socket.line);
    }
    let settings = ["addressfamily", "listenaddress"]
        .iter()
        .filter_map(|key| facts.setting(key).ok()?);
    let written: Vec<_> = settings
        .filter(|setting| setting.origin.is_some())
        .collect();
    for setting in &written {
        finding.shown_by_setting(facts, setting);
    }
    if written.is_empty() && sockets.iter().any(Socket::is_of_sshd) {
        let what =
            "makes sshd read its files, which set no address and no family; sessions stay open";
        finding.mended_by(Wish::Service { restart: true }, what);
        return;
    }
    let unit = facts
        .manager()
        .ok()
        .and_then(|manager| manager.socket().map(|unit| unit.name().to_owned()));
    match unit.filter(|_| sockets.iter().any(by_unit)) {
        Some(unit) => open(&unit, &facts.configured_ports(), finding),
        None => listen(facts, finding, sockets),
    }
}

/// Seen from the client: one family gets through and the other does not.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let tried = facts.tried();
    let works = |tried: &Tried| {
        tried
            .replies
            .iter()
            .any(|reply| matches!(reply, Reply::Works(_)))
    };
    let (good, bad): (Vec<&Tried>, Vec<&Tried>) = tried.iter().partition(|tried| works(tried));
    let (Some(good), Some(bad)) = (good.first(), bad.first()) else {
        return;
    };
    let (family, flag) = if bad.to.is_ipv6() {
        ("IPv6", "-4")
    } else {
        ("IPv4", "-6")
    };
    let finding = verdict.certain(
        Proof::Connection,
        format!("the server can be reached, but not by {family}"),
    );
    for one in [bad, good] {
        for reply in &one.replies {
            finding.shown_by(format!("connection to {}", one.to), reply.text());
        }
    }
    finding.step(format!(
        "go the other way: `ssh {flag} DESTINATION`, or `AddressFamily` in ~/.ssh/config"
    ));
    finding.step(
        "on the server let sshd, TCP wrappers and the firewall know both families, or take the address out of the DNS",
    );
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, SHOW, from};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    const V4: &str =
        "//$ ss -Hltnp => 0\nLISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))\n";

    #[test]
    fn an_unserved_address_family_is_named() {
        let set = format!("{V4}//- /etc/ssh/sshd_config\nAddressFamily inet\n");
        check_as(
            &from("2001:db8::7"),
            "address-family",
            &set,
            &expect![[r#"
                certain: sshd listens only on IPv4, and 2001:db8::7 connects by IPv6
                  ss -Hltnp: LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))
                  /etc/ssh/sshd_config:1: AddressFamily inet
                  $ sshmend fix sshd-config AddressFamily=any  # makes sshd listen on both address families
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
    fn a_loopback_socket_serves_no_remote_client() {
        let inside = V4.replace("0.0.0.0:22", "127.0.0.1:22");
        check(
            "address-family",
            &inside,
            &expect![[r#"
                likely: sshd listens only on loopback addresses: a client can reach it only through a proxy or a tunnel
                  ss -Hltnp: LISTEN 0 128 127.0.0.1:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))
                  $ sshmend fix service --restart  # makes sshd read its files, which set no address and no family; sessions stay open
            "#]],
        );
        check("address-family", "", &expect![[""]]);
        check(
            "address-family",
            &V4.replace("0.0.0.0:22", "0.0.0.0%lo:22"),
            &expect![[r#"
                likely: sshd listens only on loopback addresses: a client can reach it only through a proxy or a tunnel
                  ss -Hltnp: LISTEN 0 128 0.0.0.0%lo:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))
                  $ sshmend fix service --restart  # makes sshd read its files, which set no address and no family; sessions stay open
            "#]],
        );
    }

    #[test]
    fn an_address_without_a_listener_is_a_possible_cause_until_the_client_logs_in() {
        let of_one = V4.replace("0.0.0.0:22", "192.0.2.30:22");
        let addresses = "//$ ip -o address show => 0\n1: lo    inet 127.0.0.1/8 scope host lo\n\
            2: eth0    inet 192.0.2.10/24 scope global eth0\n2: eth0    inet 192.0.2.30/24 scope global eth0\n\
            2: eth0    inet6 2001:db8::10/64 scope global\n2: eth0    inet6 fe80::1/64 scope link\n";
        let set = "//- /etc/ssh/sshd_config\nListenAddress 192.0.2.30\n";
        let machine = format!("{of_one}{addresses}{set}");
        let client = from("198.51.100.7");
        check_as(
            &client,
            "address-family",
            &machine,
            &expect![[r#"
            possible: sshd listens on 192.0.2.30 and not on 192.0.2.10, which this machine also has: connections to it are refused
              ss -Hltnp: LISTEN 0 128 192.0.2.30:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))
              ip -o address show: 192.0.2.10
              /etc/ssh/sshd_config:1: ListenAddress 192.0.2.30
              - let the client dial 192.0.2.30
              - or have sshd listen there as well: `sshmend fix sshd-config ListenAddress+=192.0.2.10`
        "#]],
        );
        let login = "2026-11-20T17:59:30+00:00 server sshd[813]: Accepted publickey for alice from 198.51.100.7 port 4711 ssh2\n";
        let let_in = format!("{machine}{LOG}{login}");
        check_as(
            &client,
            "address-family",
            &let_in,
            &expect![[r#"
            excluded: 198.51.100.7 has logged in since sshd began to listen there
        "#]],
        );
        let of_all = format!("{V4}{addresses}");
        check_as(
            &client,
            "address-family",
            &of_all,
            &expect![[r#"
            excluded: sshd listens on the client's address family
        "#]],
        );
    }

    #[test]
    fn a_socket_unit_for_ipv6_alone_or_another_port_is_named() {
        let unit = |listen: &str, port: u16| {
            format!(
                "//- /proc/700/cmdline missing\n{SHOW}Id=ssh.socket\nLoadState=loaded\nActiveState=active\nListen=[::]:{port} (Stream)\n\
                 //$ ss -Hltnp => 0\nLISTEN 0 128 {listen} *:* users:((\"systemd\",pid=1,fd=3))\n"
            )
        };
        check_as(
            &from("198.51.100.7"),
            "address-family",
            &unit("[::]:22", 22),
            &expect![[r#"
                certain: sshd listens only on IPv6, and 198.51.100.7 connects by IPv4
                  ss -Hltnp: LISTEN 0 128 [::]:22 *:* users:(("systemd",pid=1,fd=3))
                  - let it listen for everyone: `mkdir -p /etc/systemd/system/ssh.socket.d`
                  - by a file of your own: `printf '[Socket]\nListenStream=\nListenStream=22\nBindIPv6Only=both\nBindToDevice=\n' > /etc/systemd/system/ssh.socket.d/zz-listen.conf`
                  - and open it again: `systemctl daemon-reload; systemctl stop ssh.service; systemctl restart ssh.socket`
            "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "address-family",
            &unit("*:22", 22),
            &expect![[r#"
            excluded: sshd listens on the client's address family
        "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "address-family",
            &unit("*:2222", 2222),
            &expect![[r#"
                possible: ssh.socket listens on port 2222; nothing listens on port 22, which sshd_config sets
                  ss -Hltnp: LISTEN 0 128 *:2222 *:* users:(("systemd",pid=1,fd=3))
                  - let it listen for everyone: `mkdir -p /etc/systemd/system/ssh.socket.d`
                  - by a file of your own: `printf '[Socket]\nListenStream=\nListenStream=22\nBindIPv6Only=both\nBindToDevice=\n' > /etc/systemd/system/ssh.socket.d/zz-listen.conf`
                  - and open it again: `systemctl daemon-reload; systemctl stop ssh.service; systemctl restart ssh.socket`
            "#]],
        );
    }
}
