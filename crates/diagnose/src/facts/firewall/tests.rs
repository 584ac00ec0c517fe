use serde_json::Value as Json;

use super::packet::{Connection, Step};
use super::walk::{Block, Ruleset};
use super::{Packet, iptables, nft};

fn connection(client: &str, interface: &str) -> Connection {
    let client: std::net::IpAddr = client.parse().expect("an address");
    let interface = Some(interface.to_owned());
    Connection { v6: client.is_ipv6(), client: Some(client), server: None, port: 22, interface }
}

fn nft_rules(packet: &Packet) -> Ruleset {
    let json: Json = serde_json::from_str(include_str!("testdata/nft.json")).expect("JSON");
    nft::lower(&json, include_str!("testdata/nft.txt"), packet, &[])
}

fn iptables_rules(packet: &Packet) -> Ruleset {
    let sets = iptables::sets(include_str!("testdata/ipset.txt"));
    iptables::lower("iptables-save", include_str!("testdata/iptables.txt"), &sets, packet)
}

fn say(block: Option<Block>) -> String {
    block.map_or_else(
        || "passes".to_owned(),
        |block| {
            let how = if block.certain { "" } else { "perhaps " };
            format!("{how}{:?} by {}: {}", block.how, block.seen.place, block.seen.text)
        },
    )
}

fn check(rules: fn(&Packet) -> Ruleset, cases: &[(&str, &str, &str)]) {
    for (client, interface, expected) in cases {
        let packet = connection(client, interface).packet(Step::Opening);
        assert_eq!(&say(rules(&packet).block()), expected, "{client} by {interface}");
    }
}

#[test]
fn nftables_decide_as_the_kernel_does() {
    let limited = "perhaps Reset by inet filter input: tcp dport { 22, 2222 } ip saddr != { 10.0.0.0/8, 192.168.0.0/16 } \
        counter name \"ssh_drops\" reject with tcp reset";
    check(
        nft_rules,
        &[
            (
                "198.51.100.7",
                "eth0",
                "Refused by inet f2b-table f2b-chain: tcp dport 22 ip saddr @addr-set-sshd reject with icmp port-unreachable",
            ),
            (
                "198.51.100.8",
                "eth0",
                "Drop by inet filter input: iifname \"eth0\" meta l4proto tcp ip saddr @blocklist counter packets 0 bytes 0 drop",
            ),
            ("198.51.100.8", "eth1", limited),
            ("127.0.0.1", "lo", "passes"),
            ("10.1.0.5", "eth0", "passes"),
            ("10.9.3.3", "eth0", "Drop by inet filter sshin: ip saddr 10.9.0.0/16 drop"),
            ("192.0.2.77", "eth0", "Drop by inet filter input: ip saddr . tcp dport @conc drop"),
            ("203.0.113.1", "eth0", limited),
            (
                "2001:db8::7",
                "eth0",
                "perhaps Unreachable by inet filter input: ip6 saddr 2001:db8::/32 tcp dport 22 reject with icmpv6 admin-prohibited",
            ),
            (
                "2001:db9::7",
                "eth0",
                "perhaps Refused by inet filter input: tcp dport 22 tcp flags syn / fin,syn,rst,ack ct count over 3 reject",
            ),
        ],
    );
}

#[test]
fn iptables_decide_as_the_kernel_does() {
    check(
        iptables_rules,
        &[
            (
                "198.51.100.7",
                "eth0",
                "Refused by filter f2b-sshd: -A f2b-sshd -s 198.51.100.7/32 -j REJECT --reject-with icmp-port-unreachable",
            ),
            (
                "203.0.113.5",
                "eth0",
                "Drop by filter INPUT: -A INPUT -p tcp -m tcp --dport 22 -m set --match-set lst src -j DROP",
            ),
            (
                "192.0.2.12",
                "eth0",
                "Unreachable by filter INPUT: -A INPUT -m iprange --src-range 192.0.2.10-192.0.2.19 -m comment --comment \"a \\\"b\\\" -j ACCEPT\" -j REJECT --reject-with icmp-host-prohibited",
            ),
            (
                "192.0.2.66",
                "eth0",
                "perhaps Drop by filter INPUT: -A INPUT -s 192.0.2.66/32 -p tcp -m tcp --dport 22 -m recent --update --seconds 60 --hitcount 4 --name DEFAULT --mask 255.255.255.255 --rsource -j DROP",
            ),
            (
                "192.0.2.77",
                "eth0",
                "perhaps Reset by filter INPUT: -A INPUT -s 192.0.2.77/32 -p tcp -m tcp --dport 22 --tcp-flags FIN,SYN,RST,ACK SYN -m connlimit --connlimit-above 3 --connlimit-mask 32 --connlimit-saddr -j REJECT --reject-with tcp-reset",
            ),
            ("192.0.2.5", "eth0", "passes"),
            ("198.51.100.99", "eth0", "Drop by filter INPUT: policy DROP"),
            ("198.51.100.99", "lo", "passes"),
        ],
    );
}

#[test]
fn the_answer_is_followed_as_well() {
    let packet = connection("192.0.2.99", "eth0").packet(Step::Answer);
    let expected = "Drop by filter OUTPUT: -A OUTPUT -d 192.0.2.99/32 -p tcp -m tcp --sport 22 -j DROP";
    assert_eq!(say(iptables_rules(&packet).block()), expected);
    assert_eq!(say(iptables_rules(&connection("192.0.2.98", "eth0").packet(Step::Answer)).block()), "passes");
}

#[test]
fn a_rule_for_standing_connections_cuts_them() {
    let rules = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --syn -j ACCEPT\n\
        -A INPUT -p tcp --dport 22 -m conntrack --ctstate ESTABLISHED -j REJECT --reject-with tcp-reset\nCOMMIT\n";
    let block = |step| {
        let packet = connection("192.0.2.5", "eth0").packet(step);
        iptables::lower("iptables-save", rules, &iptables::Sets::new(), &packet).block().is_some()
    };
    assert_eq!(Step::ALL.map(block), [false, false, true, false]);
}

#[test]
fn a_rejection_by_icmp_is_for_its_family() {
    let json: Json = serde_json::from_str(
        r#"{"nftables": [{"chain": {"family": "inet", "table": "t", "name": "c", "type": "filter", "hook": "input", "prio": 0,
        "policy": "accept"}}, {"rule": {"family": "inet", "table": "t", "chain": "c", "handle": 2, "expr": [{"reject": {"type":
        "icmpv6", "expr": "port-unreachable"}}]}}]}"#,
    )
    .expect("JSON");
    let block =
        |client| nft::lower(&json, "", &connection(client, "eth0").packet(Step::Opening), &[]).block().is_some();
    assert_eq!(["192.0.2.1", "2001:db8::1"].map(block), [false, true]);
}

#[test]
fn without_a_client_only_what_turns_everyone_away_is_certain() {
    let anyone = Connection { v6: false, client: None, server: None, port: 22, interface: None };
    let closed = "*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n";
    let block = |saved: &str| {
        let packet = anyone.packet(Step::Opening);
        iptables::lower("iptables-save", saved, &iptables::Sets::new(), &packet).block().map(|block| block.certain)
    };
    assert_eq!(block(closed), Some(true));
    assert_eq!(block("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 22 -j DROP\nCOMMIT\n"), Some(true));
    assert_eq!(block("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\nCOMMIT\n"), None);
}

#[test]
fn any_text_is_survived() {
    const TOKENS: [&str; 16] = [
        "-A ",
        "INPUT ",
        "-j ",
        "DROP\n",
        "*filter\n",
        ":",
        "[1:2] ",
        "\"",
        "\\",
        "! ",
        "-m ",
        "set ",
        "--match-set ",
        "-s 1.2.3.4/99 ",
        "\u{e9}\0",
        "--dports 1:,x ",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    let packet = connection("192.0.2.1", "eth0").packet(Step::Opening);
    for _ in 0..3_000 {
        let text: String = (0..random.usize(0..20)).map(|_| TOKENS[random.usize(0..TOKENS.len())]).collect();
        let _ = iptables::lower("iptables-save", &text, &iptables::sets(&text), &packet).block();
        if let Ok(json) = serde_json::from_str(&text) {
            let _ = nft::lower(&json, &text, &packet, &[]).block();
        }
    }
}
