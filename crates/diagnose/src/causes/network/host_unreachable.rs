use sshmend_facts::{Facts, Reply, Unchecked};
use sshmend_ssh_log::CauseName;

use crate::evidence::probe::probe_evidence;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(client) = facts.question.client_address() else {
        return;
    };
    if let Some(refusal) = facts.way_refused() {
        let finding = verdict.certain(
            Proof::Rules,
            format!("this machine has no route back to {client}, so its answers are not sent"),
        );
        finding
            .shown_by(&refusal.source, &refusal.text)
            .following(CauseName::Fail2banBanned);
        finding.step(match refusal.removal {
            Some(command) => {
                format!("take that away, here and where it is made at boot: `{command}`")
            }
            None => format!(
                "see whether its network card is up (`ip link show`, `ip link set NAME up`); if it is, give it a route: `ip route add {client} via ROUTER`"
            ),
        });
        return;
    }
    let Some(way) = facts.way_back() else {
        verdict.unchecked.push(Unchecked::new(
            "the route back to the client",
            "`ip route get` printed no route",
        ));
        return;
    };
    let interface = facts.dead_interface().map(|(interface, line)| {
        (
            format!("the route back to {client} uses {interface}, which has no connection"),
            "ip -o link show",
            line,
        )
    });
    let neighbour = || {
        let (hop, line) = facts.silent_neighbour()?;
        let what = format!("{hop}, the next hop on the route back to {client}, does not answer");
        Some((what, "ip neigh show", line))
    };
    if let Some((what, source, line)) = interface.or_else(neighbour) {
        let finding = verdict.likely(what).shown_by(source, line);
        finding.step(match facts.own_route() {
            Some(command) => {
                format!("if that is not its way, take the route away, here and where it is made: `{command}`")
            }
            None => format!("is that its way, and is the other end up? `ip route get {client}`"),
        });
    }
    path_filter(facts, verdict);
    if let Some((hop, line)) = facts.fixed_neighbour() {
        // The kernel sends to that hardware address whether or not it exists.
        let reason = format!(
            "the hardware address of {hop} was entered by hand, which does not show that it is current: {line}"
        );
        verdict
            .unchecked
            .push(Unchecked::new("the route back to the client", reason));
    }
    verdict.exclude(
        Fact::Answer,
        format!(
            "the route back to the client uses {}",
            way.interface.unwrap_or_default()
        ),
    );
}

/// A packet of the client is dropped if it arrives by another interface than its return route uses,
/// and that interface is strict.
fn path_filter(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some((interface, shown)) = facts
        .strict_interface()
        .filter(|_| verdict.findings.is_empty())
    else {
        return;
    };
    let (Some(client), Some(way)) = (facts.question.client_address(), facts.way_back()) else {
        return;
    };
    let back = way.interface.unwrap_or_default();
    let own = facts.own_route();
    let certainty = Certainty::likely_if(own.is_some());
    let what = format!(
        "packets from {client} on {interface} are dropped because the return route uses {back} (rp_filter)"
    );
    let finding = verdict.find(certainty, what);
    for (source, text) in shown {
        finding.shown_by(source, text);
    }
    if let Some(command) = own {
        finding.step(format!(
            "if {back} is not its way, take the route away, here and where it is made: `{command}`"
        ));
    }
    finding.step(format!(
        "or let {interface} take such packets: `sysctl -w net.ipv4.conf.{interface}.rp_filter=2`, kept in /etc/sysctl.d"
    ));
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = probe_evidence(facts, verdict, |reply| {
        matches!(reply, Reply::Unreachable | Reply::Unanswered)
    }) else {
        return;
    };
    let unreachable = replied.any(|reply| *reply == Reply::Unreachable);
    let certainty = Certainty::likely_if(unreachable);
    let finding = replied.report(
        verdict,
        certainty,
        "there is no route to the host, or the host is down",
    );
    finding.led_by(facts);
    finding.step(
        "is it the right address? `getent ahosts HOST` (an entry of /etc/hosts goes first), `ssh -G DESTINATION`",
    );
    finding
        .step("see how far packets come: `tracepath HOST`; is the VPN up? `ip route get ADDRESS`");
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::from;

    use crate::testing::{check_as, check_way, refused_by, unanswered, unreachable};
    use expect_test::expect;

    #[test]
    fn strict_reverse_path_filtering_drops_packets_without_a_return_route() {
        let routes = "//$ ip route get 198.51.100.7 => 0\n198.51.100.7 dev tun0 src 10.8.0.2 uid 0\n\
            //$ ip -4 route show table all => 0\ndefault via 192.0.2.1 dev eth0\n198.51.100.0/24 dev tun0 scope link\n\
            //$ ip -o address show => 0\n1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet 192.0.2.10/24 scope global eth0\n\
            3: tun0    inet 10.8.0.2/24 scope global tun0\n//$ ip -o link show => 0\n3: tun0: <UP,LOWER_UP> mtu 1500\n";
        let filter = "//- /proc/sys/net/ipv4/conf/eth0/rp_filter\n1\n//- /proc/sys/net/ipv4/conf/all/rp_filter\n0\n";
        let dropped = |count: u32| {
            format!(
                "//- /proc/net/netstat\nTcpExt: ListenOverflows IPReversePathFilter\nTcpExt: 0 {count}\n"
            )
        };
        let asked = |machine: &str, expected: &expect_test::Expect| {
            check_as(&from("198.51.100.7"), "host-unreachable", machine, expected);
        };
        asked(
            &format!("{routes}{filter}{}", dropped(3)),
            &expect![[r#"
            likely: packets from 198.51.100.7 on eth0 are dropped because the return route uses tun0 (rp_filter)
              /proc/sys/net/ipv4/conf/eth0/rp_filter: 1, of this one or of all
              /proc/net/netstat: IPReversePathFilter 3
              - if tun0 is not its way, take the route away, here and where it is made: `ip route del 198.51.100.0/24 dev tun0`
              - or let eth0 take such packets: `sysctl -w net.ipv4.conf.eth0.rp_filter=2`, kept in /etc/sysctl.d
        "#]],
        );
        let two_ways = routes.replace("198.51.100.0/24 dev tun0 scope link\n", "");
        asked(
            &format!("{two_ways}{filter}{}", dropped(3)),
            &expect![[r#"
            possible: packets from 198.51.100.7 on eth0 are dropped because the return route uses tun0 (rp_filter)
              /proc/sys/net/ipv4/conf/eth0/rp_filter: 1, of this one or of all
              /proc/net/netstat: IPReversePathFilter 3
              - or let eth0 take such packets: `sysctl -w net.ipv4.conf.eth0.rp_filter=2`, kept in /etc/sysctl.d
        "#]],
        );
        asked(
            &format!("{routes}{filter}{}", dropped(0)),
            &expect![[r#"
            excluded: the route back to the client uses tun0
        "#]],
        );
        let loose = filter.replace("all/rp_filter\n0", "all/rp_filter\n2");
        asked(
            &format!("{routes}{loose}{}", dropped(3)),
            &expect![[r#"
            excluded: the route back to the client uses tun0
        "#]],
        );
    }

    #[test]
    fn a_manual_neighbour_entry_excludes_nothing() {
        let hop = |state: &str| {
            format!(
                "//$ ip route get 198.51.100.7 => 0\n198.51.100.7 via 192.0.2.1 dev eth0 src 192.0.2.10 uid 0\n\
                 //$ ip neigh show => 0\n192.0.2.1 dev eth0 lladdr 02:00:00:00:00:01 {state}\n"
            )
        };
        check_as(
            &from("198.51.100.7"),
            "host-unreachable",
            &hop("PERMANENT"),
            &expect![[r#"
                unchecked: the route back to the client: the hardware address of 192.0.2.1 was entered by hand, which does not show that it is current: 192.0.2.1 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT
            "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "host-unreachable",
            &hop("REACHABLE"),
            &expect![[r#"
                excluded: the route back to the client uses eth0
            "#]],
        );
    }

    #[test]
    fn a_missing_route_is_likely_and_a_missing_answer_is_possible() {
        check_way(
            "host-unreachable",
            &[unreachable()],
            &expect![[r#"
                likely: there is no route to the host, or the host is down
                  connection to 192.0.2.10:22: no route to the host
                  ssh -G: hostname 192.0.2.10, port 22
                  - is it the right address? `getent ahosts HOST` (an entry of /etc/hosts goes first), `ssh -G DESTINATION`
                  - see how far packets come: `tracepath HOST`; is the VPN up? `ip route get ADDRESS`
            "#]],
        );
        check_way(
            "host-unreachable",
            &[unanswered()],
            &expect![[r#"
                possible: there is no route to the host, or the host is down
                  connection to 192.0.2.10:22: no answer to the TCP handshake
                  ssh -G: hostname 192.0.2.10, port 22
                  - is it the right address? `getent ahosts HOST` (an entry of /etc/hosts goes first), `ssh -G DESTINATION`
                  - see how far packets come: `tracepath HOST`; is the VPN up? `ip route get ADDRESS`
            "#]],
        );
        check_way("host-unreachable", &[refused_by()], &expect![[""]]);
    }
}
