use serde_json::Value as Json;

use crate::block::Block;
use crate::packet::{Connection, Packet, Step};
use crate::walk::Ruleset;
use crate::{iptables, nft};

impl Ruleset {
    fn block(&self) -> Option<Block> {
        self.walk().blocks.into_iter().next()
    }
}

fn connection(client: &str, interface: &str) -> Connection {
    let client: std::net::IpAddr = client.parse().expect("an address");
    let interface = Some(interface.to_owned());
    Connection {
        v6: client.is_ipv6(),
        client: Some(client),
        server: None,
        port: 22,
        interface,
        tracked: true,
        served: vec![22],
        queues: Some(vec![3]),
    }
}

fn nft_rules(packet: &Packet) -> Ruleset {
    let json: Json = serde_json::from_str(include_str!("testdata/nft.json")).expect("JSON");
    nft::lower(&json, include_str!("testdata/nft.txt"), packet, &[])
}

fn iptables_rules(packet: &Packet) -> Ruleset {
    let sets = iptables::sets(include_str!("testdata/ipset.txt"));
    iptables::lower(
        "iptables-save",
        include_str!("testdata/iptables.txt"),
        &sets,
        packet,
    )
}

fn say(block: Option<Block>) -> String {
    block.map_or_else(
        || "passes".to_owned(),
        |block| {
            let how = if block.certain { "" } else { "perhaps " };
            format!(
                "{how}{:?} by {}: {}",
                block.how, block.seen.place, block.seen.text
            )
        },
    )
}

fn check(rules: fn(&Packet) -> Ruleset, cases: &[(&str, &str, &str)]) {
    for (client, interface, expected) in cases {
        let packet = connection(client, interface).packet(Step::Opening);
        assert_eq!(
            &say(rules(&packet).block()),
            expected,
            "{client} by {interface}"
        );
    }
}

#[test]
fn a_dormant_table_is_ignored() {
    let block = |flags: &str, listing: &str| {
        let json = format!(
            r#"{{"nftables": [{{"table": {{"family": "inet", "name": "night", "handle": 1{flags}}}}},
                {{"chain": {{"family": "inet", "table": "night", "name": "way", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}}}]}}"#
        );
        let json: Json = serde_json::from_str(&json).expect("JSON");
        let packet = connection("198.51.100.7", "eth0").packet(Step::Opening);
        nft::lower(&json, listing, &packet, &[]).block().is_some()
    };
    let listing = |family: &str, flags: &str| {
        format!(
            "table {family} night {{ # handle 1\n\tflags {flags}\n\n\tset s {{\n\t\tflags interval\n\t}}\n}}\n"
        )
    };
    assert!(block("", "") && block(r#", "flags": "owner""#, &listing("inet", "owner")));
    for off in [r#""dormant""#, r#"["dormant", "persist"]"#] {
        assert!(!block(&format!(r#", "flags": {off}"#), ""), "{off}");
    }
    // As 0.9.8 and 1.0.6 print it.
    let name = r#", "flags": "night""#;
    assert!(
        !block(name, &listing("inet", "dormant"))
            && !block(name, &listing("inet", "owner,dormant"))
    );
    assert!(block(name, &listing("inet", "owner")) && block(name, &listing("ip6", "dormant")));
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
            (
                "10.9.3.3",
                "eth0",
                "Drop by inet filter sshin: ip saddr 10.9.0.0/16 drop",
            ),
            (
                "192.0.2.77",
                "eth0",
                "Drop by inet filter input: ip saddr . tcp dport @conc drop",
            ),
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
fn rules_for_the_answer_are_evaluated() {
    let packet = connection("192.0.2.99", "eth0").packet(Step::Answer);
    let expected =
        "Drop by filter OUTPUT: -A OUTPUT -d 192.0.2.99/32 -p tcp -m tcp --sport 22 -j DROP";
    assert_eq!(say(iptables_rules(&packet).block()), expected);
    assert_eq!(
        say(iptables_rules(&connection("192.0.2.98", "eth0").packet(Step::Answer)).block()),
        "passes"
    );
}

#[test]
fn a_rule_for_established_connections_blocks_them() {
    let rules = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --syn -j ACCEPT\n\
        -A INPUT -p tcp --dport 22 -m conntrack --ctstate ESTABLISHED -j REJECT --reject-with tcp-reset\nCOMMIT\n";
    let block = |step| {
        let packet = connection("192.0.2.5", "eth0").packet(step);
        iptables::lower("iptables-save", rules, &iptables::Sets::new(), &packet)
            .block()
            .is_some()
    };
    assert_eq!(Step::ALL.map(block), [false, false, true, true, false]);
}

#[test]
fn an_icmp_reject_applies_only_to_its_address_family() {
    let json: Json = serde_json::from_str(
        r#"{"nftables": [{"chain": {"family": "inet", "table": "t", "name": "c", "type": "filter", "hook": "input", "prio": 0,
        "policy": "accept"}}, {"rule": {"family": "inet", "table": "t", "chain": "c", "handle": 2, "expr": [{"reject": {"type":
        "icmpv6", "expr": "port-unreachable"}}]}}]}"#,
    )
    .expect("JSON");
    let block = |client| {
        nft::lower(
            &json,
            "",
            &connection(client, "eth0").packet(Step::Opening),
            &[],
        )
        .block()
        .is_some()
    };
    assert_eq!(["192.0.2.1", "2001:db8::1"].map(block), [false, true]);
}

#[test]
fn only_rules_that_block_everyone_are_certain_without_a_client() {
    let anyone = Connection {
        client: None,
        interface: None,
        ..connection("192.0.2.1", "eth0")
    };
    let closed = "*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n";
    let block = |saved: &str| {
        let packet = anyone.packet(Step::Opening);
        iptables::lower("iptables-save", saved, &iptables::Sets::new(), &packet)
            .block()
            .map(|block| block.certain)
    };
    assert_eq!(block(closed), Some(true));
    assert_eq!(
        block("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 22 -j DROP\nCOMMIT\n"),
        Some(true)
    );
    assert_eq!(
        block("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\nCOMMIT\n"),
        None
    );
}

#[test]
fn arbitrary_rule_text_does_not_cause_a_panic() {
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
        let text: String = (0..random.usize(0..20))
            .map(|_| TOKENS[random.usize(0..TOKENS.len())])
            .collect();
        let _ = iptables::lower("iptables-save", &text, &iptables::sets(&text), &packet).block();
        if let Ok(json) = serde_json::from_str(&text) {
            let _ = nft::lower(&json, &text, &packet, &[]).block();
        }
    }
}

/// The result for a packet with the rules of one nftables chain, each given as its statements.
fn nft_chain(hook: &str, rules: &[&str], packet: &Packet) -> Vec<String> {
    let head = format!(
        r#"{{"chain": {{"family": "inet", "table": "t", "name": "c", "type": "filter", "hook": "{hook}", "prio": 0, "policy": "accept",
        "dev": "eth0"}}}}"#
    );
    let rule = |(at, rule): (usize, &&str)| {
        format!(
            r#"{{"rule": {{"family": "inet", "table": "t", "chain": "c", "handle": {at}, "expr": [{rule}]}}}}"#
        )
    };
    let objects: Vec<String> = std::iter::once(head)
        .chain(rules.iter().enumerate().map(rule))
        .collect();
    let json: Json =
        serde_json::from_str(&format!(r#"{{"nftables": [{}]}}"#, objects.join(","))).expect("JSON");
    let walked = nft::lower(&json, "", packet, &[]).walk();
    let untracked = walked.untracked.then(|| "untracked".to_owned());
    walked
        .blocks
        .into_iter()
        .map(|block| say(Some(block)))
        .chain(untracked)
        .collect()
}

const PORT: &str = r#"{"payload": {"protocol": "tcp", "field": "dport"}}"#;

fn compared(left: &str, operator: &str, right: &str) -> String {
    format!(
        r#"{{"match": {{"op": "{operator}", "left": {left}, "right": {right}}}}}, {{"drop": null}}"#
    )
}

#[test]
fn ports_and_users_are_compared() {
    let uid = r#"{"meta": {"key": "skuid"}}"#;
    let raw = r#"{"payload": {"base": "th", "offset": 16, "len": 16}}"#;
    let every = r#"{"set": [80, "*"]}"#;
    let cases = [
        (PORT, "<", "1024", Step::Opening, true),
        (PORT, "<", "22", Step::Opening, false),
        (PORT, "<=", "22", Step::Opening, true),
        (PORT, ">", "22", Step::Opening, false),
        (PORT, ">=", "22", Step::Opening, true),
        (raw, "==", "22", Step::Opening, true),
        (raw, "==", "23", Step::Opening, false),
        (PORT, "==", every, Step::Opening, true),
        (uid, "==", "0", Step::Answer, true),
        (uid, "==", "1000", Step::Answer, false),
        (uid, "!=", "0", Step::Answer, false),
    ];
    for (left, operator, right, step, drops) in cases {
        let packet = connection("198.51.100.7", "eth0").packet(step);
        let hook = if step == Step::Answer {
            "output"
        } else {
            "input"
        };
        let found = nft_chain(hook, &[&compared(left, operator, right)], &packet);
        let expected: &[&str] = if drops {
            &["Drop by inet t c: rule with handle 0"]
        } else {
            &[]
        };
        assert_eq!(found, expected, "{left} {operator} {right}");
    }
}

#[test]
fn every_certain_block_is_reported() {
    let packet = connection("198.51.100.7", "eth0").packet(Step::Opening);
    let rules = [
        r#"{"drop": null}"#,
        r#"{"limit": {"rate": 1}}, {"drop": null}"#,
        r#"{"reject": null}"#,
    ];
    let expected = [
        "Drop by inet t c: rule with handle 0",
        "Refused by inet t c: rule with handle 2",
    ];
    assert_eq!(nft_chain("input", &rules, &packet), expected);
}

#[test]
fn the_rule_with_matched_packets_is_named_among_possible_ones() {
    let packet = connection("198.51.100.7", "eth0").packet(Step::Opening);
    let limited = |packets: u64| {
        format!(
            r#"{{"limit": {{"rate": 1}}}}, {{"counter": {{"packets": {packets}}}}}, {{"drop": null}}"#
        )
    };
    let rules = [
        &limited(0),
        r#"{"limit": {"rate": 1}}, {"drop": null}"#,
        &limited(3),
    ];
    assert_eq!(
        nft_chain("input", &rules, &packet),
        ["perhaps Drop by inet t c: rule with handle 2"]
    );
}

#[test]
fn chains_of_the_ingress_hook_come_before_all_others() {
    let by = |interface| {
        nft_chain(
            "ingress",
            &[r#"{"drop": null}"#],
            &connection("198.51.100.7", interface).packet(Step::Opening),
        )
        .len()
    };
    assert_eq!(["eth0", "eth1"].map(by), [1, 0]);
}

#[test]
fn untracked_packets_are_neither_new_nor_established() {
    let packet = connection("198.51.100.7", "eth0").packet(Step::Opening);
    assert_eq!(
        nft_chain("prerouting", &[r#"{"notrack": null}"#], &packet),
        ["untracked"]
    );
    let state = r#"{"ct": {"key": "state"}}"#;
    let of_new = compared(state, "in", r#""new""#);
    let of_none = compared(state, "in", r#""untracked""#);
    let found = |rule: &str, packet: &Packet| nft_chain("input", &[rule], packet).len();
    assert_eq!((found(&of_new, &packet), found(&of_none, &packet)), (1, 0));
    let packet = packet.untracked();
    assert_eq!((found(&of_new, &packet), found(&of_none, &packet)), (0, 1));
}

#[test]
fn a_connection_that_is_sent_elsewhere_does_not_reach_sshd() {
    let packet = connection("198.51.100.7", "eth0").packet(Step::Opening);
    let cases = [
        (
            r#"{"redirect": {"port": 2222}}"#,
            &["Diverted by inet t c: rule with handle 0"][..],
        ),
        (r#"{"redirect": {"port": 22}}"#, &[]),
        (r#"{"redirect": null}"#, &[]),
        (
            r#"{"dnat": {"addr": "10.0.0.7"}}"#,
            &["Diverted by inet t c: rule with handle 0"],
        ),
    ];
    for (rule, expected) in cases {
        assert_eq!(
            nft_chain("prerouting", &[rule], &packet),
            expected,
            "{rule}"
        );
    }
}

#[test]
fn a_queue_without_a_listener_drops_packets() {
    let packet = connection("198.51.100.7", "eth0").packet(Step::Opening);
    let cases = [
        (
            r#"{"queue": {"num": 4}}"#,
            &["Drop by inet t c: rule with handle 0"][..],
        ),
        (r#"{"queue": {"num": 3}}"#, &[]),
        (r#"{"queue": {"num": 4, "flags": "bypass"}}"#, &[]),
    ];
    for (rule, expected) in cases {
        assert_eq!(nft_chain("input", &[rule], &packet), expected, "{rule}");
    }
    let none = iptables::Sets::new();
    assert_eq!(
        iptables_chain("-j NFQUEUE --queue-num 4", &none, "198.51.100.7"),
        "blocked"
    );
    assert_eq!(
        iptables_chain(
            "-j NFQUEUE --queue-num 4 --queue-bypass",
            &none,
            "198.51.100.7"
        ),
        "passes"
    );
}

fn iptables_chain(rule: &str, sets: &iptables::Sets, client: &str) -> String {
    let saved = format!("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT {rule}\nCOMMIT\n");
    let packet = connection(client, "eth0").packet(Step::Opening);
    let block = iptables::lower("iptables-save", &saved, sets, &packet).block();
    block
        .map_or(
            "passes",
            |block| if block.certain { "blocked" } else { "perhaps" },
        )
        .to_owned()
}

#[test]
fn sets_with_several_fields_and_nomatch_members_are_read() {
    let saved = "create s hash:ip,port\nadd s 198.51.100.7,tcp:22\nadd s 198.51.100.8,udp:22\n\
        create n hash:net\nadd n 198.51.100.0/24\nadd n 198.51.100.9 nomatch\n";
    let sets = iptables::sets(saved);
    let pair = |client| iptables_chain("-m set --match-set s src,dst -j DROP", &sets, client);
    assert_eq!(
        ["198.51.100.7", "198.51.100.8"].map(pair),
        ["blocked", "passes"]
    );
    let net = |client| iptables_chain("-m set --match-set n src -j DROP", &sets, client);
    assert_eq!(
        ["198.51.100.7", "198.51.100.9"].map(net),
        ["blocked", "passes"]
    );
}

#[test]
fn addresses_not_on_the_recent_list_are_not_matched() {
    let listed =
        iptables::recent_addresses("src=198.51.100.7 ttl: 63 last_seen: 4295 oldest_pkt: 1 4295\n");
    let sets = iptables::Sets::from([("/proc/net/xt_recent/b".to_owned(), listed)]);
    let saved = "-A INPUT -m recent --rcheck --name b --rsource -j DROP";
    assert_eq!(iptables::recent_lists(saved), ["/proc/net/xt_recent/b"]);
    let check = |options: &str, client| {
        iptables_chain(
            &format!("-m recent {options} --name b --rsource -j DROP"),
            &sets,
            client,
        )
    };
    assert_eq!(check("--rcheck", "198.51.100.7"), "blocked");
    assert_eq!(check("--rcheck --seconds 60", "198.51.100.7"), "perhaps");
    assert_eq!(check("--rcheck --seconds 60", "198.51.100.8"), "passes");
    assert_eq!(
        iptables_chain(
            "-m connlimit --connlimit-above 0 -j DROP",
            &sets,
            "198.51.100.8"
        ),
        "blocked"
    );
}
