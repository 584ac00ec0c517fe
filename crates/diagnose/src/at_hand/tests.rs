use super::*;

#[track_caller]
fn check(at_hand: &AtHand, cases: &[(&str, &str)]) {
    for (step, expected) in cases {
        assert_eq!(at_hand.render(step), *expected, "{step}");
    }
}

fn supervised_by(supervisor: Supervisor) -> AtHand {
    AtHand {
        supervisor: Some(supervisor),
        listener: Some(700),
        sshd: Some("/usr/sbin/sshd -p 2200".to_owned()),
        ..AtHand::default()
    }
}

#[test]
fn steps_name_only_the_package_manager_of_this_system() {
    let both = "reinstall it: `apt install --reinstall x`, `dnf reinstall x`; then look";
    let of = |packages| AtHand {
        packages,
        ..AtHand::default()
    };
    check(
        &of(Some("apt-get")),
        &[
            (both, "reinstall it: `apt install --reinstall x`; then look"),
            ("ask `dnf provides x`", "ask `dnf provides x`"),
        ],
    );
    check(
        &of(Some("dnf")),
        &[(both, "reinstall it: `dnf reinstall x`; then look")],
    );
    check(&of(None), &[(both, both)]);
}

#[test]
fn steps_name_the_port_and_the_unit_of_this_server() {
    let at_hand = AtHand {
        port: Some(2222),
        unit: Some("sshd.service".to_owned()),
        client: "203.0.113.7".parse().ok(),
        supervisor: Some(Supervisor::Systemd),
        ..AtHand::default()
    };
    check(
        &at_hand,
        &[
            (
                "see them: `ss -tn state established '( sport = :ssh )'`",
                "see them: `ss -tn state established '( sport = :2222 )'`",
            ),
            (
                "`systemctl daemon-reload && systemctl restart ssh` (sessions stay)",
                "`systemctl daemon-reload && systemctl restart sshd.service` (sessions stay)",
            ),
            (
                "`journalctl -u ssh.service -n 50`",
                "`journalctl -u sshd.service -n 50`",
            ),
            (
                "`tcpdump -nv 'tcp port 22 and host CLIENT'`",
                "`tcpdump -nv 'tcp port 2222 and host 203.0.113.7'`",
            ),
            ("systemctl restart ssh, HOST", "systemctl restart ssh, HOST"),
        ],
    );
}

#[test]
fn steps_stay_generic_if_the_machine_is_unknown() {
    for step in [
        "`tracepath HOST`; `ip route get ADDRESS`",
        "`systemctl restart ssh.service`",
        "`ss -tn state established '( sport = :ssh )'`",
        "a lone ` backtick",
        "`sshd -T -C user=NAME,addr=ADDRESS`, `sshmend diagnose --user NAME`",
        "`[Socket]`, `MaxConnections=256`",
    ] {
        assert_eq!(AtHand::default().render(step), step);
    }
}

#[test]
fn steps_without_systemd_use_the_service_manager_that_is_there() {
    let restart = "`systemctl daemon-reload && systemctl restart ssh.service`";
    let cases = [
        (Supervisor::OpenRc, "`rc-service sshd restart`"),
        (Supervisor::Runit("sshd".to_owned()), "`sv restart sshd`"),
        (
            Supervisor::Script("/etc/init.d/ssh"),
            "`/etc/init.d/ssh restart`",
        ),
        (
            Supervisor::None,
            "`kill 700; sleep 1; /usr/sbin/sshd -p 2200`",
        ),
    ];
    for (supervisor, expected) in cases {
        let at_hand = supervised_by(supervisor);
        check(&at_hand, &[(restart, expected)]);
        for verb in ["reload", "restart", "start", "stop", "enable"] {
            let step = format!("`systemctl {verb} sshguard`");
            assert!(!at_hand.render(&step).contains("systemctl"), "{step}");
        }
        check(&at_hand, &[("`journalctl -k -g type=1326`", "`dmesg`")]);
    }
    check(
        &supervised_by(Supervisor::None),
        &[(
            "`sshd -t && systemctl reload ssh.service`",
            "`sshd -t && kill -HUP 700`",
        )],
    );
}

#[test]
fn steps_for_a_mounted_disk_do_not_act_on_this_machine() {
    let at_hand = AtHand {
        disk: Some("/mnt".to_owned()),
        ..AtHand::default()
    };
    check(
        &at_hand,
        &[
            ("then `rm /etc/nologin`", "then `rm /mnt/etc/nologin`"),
            ("`[Socket]`, `Port 22`", "`[Socket]`, `Port 22`"),
            (
                "see who: `ss -tn`; else `rm /x`",
                "once it runs: see who: `ss -tn`; else `rm /x`",
            ),
            (
                "`systemctl daemon-reload && systemctl enable ssh.service`",
                "`systemctl --root=/mnt enable ssh.service`",
            ),
        ],
    );
    let steps = [
        "write it; then `systemctl daemon-reload`",
        "read it: `systemctl daemon-reload`",
    ];
    let rendered = said_once(steps.iter().map(|step| at_hand.render(step)));
    assert_eq!(rendered, ["write it"]);
}

#[test]
fn steps_name_the_connection_in_question() {
    let at_hand = AtHand {
        user: Some("bob".to_owned()),
        client: "203.0.113.7".parse().ok(),
        destination: Some("-p 2222 build".to_owned()),
        ..AtHand::default()
    };
    check(
        &at_hand,
        &[
            (
                "`sshd -T -C user=NAME,host=NAME,addr=ADDRESS | grep -i authentication`",
                "`sshd -T -C user=bob,host=NAME,addr=203.0.113.7 | grep -i authentication`",
            ),
            (
                "`sudo sshmend diagnose --client ADDRESS --user NAME`",
                "`sudo sshmend diagnose --client 203.0.113.7 --user bob`",
            ),
            (
                "`ssh -S none DESTINATION`, `ssh -p PORT DESTINATION`",
                "`ssh -S none -p 2222 build`, `ssh -p PORT build`",
            ),
        ],
    );
}

#[test]
fn steps_name_the_destination_and_the_address_of_the_server() {
    let at_hand = AtHand {
        port: Some(2222),
        destination: Some("-p 2222 carol@build".to_owned()),
        host: Some("build.example".to_owned()),
        address: "192.0.2.55".parse().ok(),
        ..AtHand::default()
    };
    check(
        &at_hand,
        &[
            (
                "`tracepath HOST`; `ip route get ADDRESS`",
                "`tracepath build.example`; `ip route get 192.0.2.55`",
            ),
            (
                "`ssh -G DESTINATION`, `getent ahosts HOST`",
                "`ssh -G -p 2222 carol@build`, `getent ahosts build.example`",
            ),
            (
                "`sudo sshmend diagnose --client ADDRESS`",
                "`sudo sshmend diagnose --client ADDRESS`",
            ),
            (
                "`sshmend fix known-hosts [build.example]:2222`",
                "`sshmend fix known-hosts '[build.example]:2222'`",
            ),
        ],
    );
}

#[test]
fn hostile_text_never_becomes_part_of_a_command() {
    for word in ["-oProxyCommand=x", "a;b", "a b", "$(x)", "`x`", ""] {
        assert!(!is_plain(word), "{word}");
    }
}
