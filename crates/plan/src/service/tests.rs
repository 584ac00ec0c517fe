//! Each state of the service, and the plan for it.

use super::*;
use expect_test::{Expect, expect};

fn unit(name: &str) -> UnitState {
    let runtime_directories = vec!["sshd".to_owned()];
    UnitState {
        name: name.to_owned(),
        file_state: "enabled".to_owned(),
        runtime_directories,
        ..UnitState::default()
    }
}

fn running() -> Service {
    let config_test = Some(ConfigTest {
        passed: true,
        ..ConfigTest::default()
    });
    let unit = Some(UnitState {
        active: true,
        ..unit("ssh.service")
    });
    Service {
        systemd: true,
        unit,
        listener: Some(700),
        config_test,
        ..Service::default()
    }
}

fn stopped() -> Service {
    Service {
        unit: Some(unit("ssh.service")),
        listener: None,
        ..running()
    }
}

fn told(service: &Service, restart: bool) -> String {
    let sshd = Sshd {
        program: Some("/usr/sbin/sshd".to_owned()),
        ..Sshd::default()
    };
    let addresses = ["127.0.0.1:22", "[::1]:22", "127.0.0.1:2222"]
        .map(|text| text.parse().expect("an address"));
    let plan = super::service(&ServiceWish {
        service,
        sshd: &sshd,
        addresses: addresses.into(),
        restart,
    });
    let plan = match plan {
        Ok(plan) => plan,
        Err(Refusal::Refused { reason, hint }) => {
            return format!("refused: {reason}\nhint: {}\n", hint.unwrap_or_default());
        }
    };
    let mut lines: Vec<String> = plan
        .effects
        .iter()
        .map(|e| format!("{} -> {}", e.before, e.after))
        .collect();
    lines.extend(
        plan.rehearsal
            .iter()
            .map(|check| format!("? {}", check.title)),
    );
    lines.extend(
        plan.activation
            .iter()
            .map(|step| format!("$ {}", step.argv().join(" "))),
    );
    lines.extend(
        plan.undo
            .iter()
            .map(|step| format!("< {}", step.argv().join(" "))),
    );
    lines.extend(plan.proof.iter().map(|proof| match proof {
        Proof::Check(check) | Proof::CheckAfter { check, .. } => format!("! {}", check.title),
        Proof::NewBanner(addresses) => format!("proof {addresses:?}"),
        Proof::Banner(address) => format!("! {address}"),
        Proof::Answer(addresses) => format!("! {addresses:?}"),
    }));
    lines.extend(
        plan.notices
            .iter()
            .map(|notice| format!("note: {}", notice.text)),
    );
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn check(service: &Service, expected: &Expect) {
    expected.assert_eq(&told(service, false));
}

#[test]
fn a_service_that_would_not_start_is_refused() {
    let config_test = |config_test: ConfigTest| Service {
        config_test: Some(config_test),
        ..stopped()
    };
    let lines = |text: &str| vec![text.to_owned()];
    check(
        &config_test(ConfigTest {
            others: lines("/etc/ssh/sshd_config line 3: bad"),
            ..ConfigTest::default()
        }),
        &expect![[r#"
            refused: sshd would not start: /etc/ssh/sshd_config line 3: bad
            hint: sshmend diagnose names what to mend first
        "#]],
    );
    check(
        &config_test(ConfigTest {
            host_keys: lines("no hostkeys available"),
            ..ConfigTest::default()
        }),
        &expect![[r#"
            refused: sshd would not start: no hostkeys available
            hint: sshmend fix host-keys mends that first
        "#]],
    );
    let open = Some("/run/sshd must be owned by root".to_owned());
    check(
        &config_test(ConfigTest {
            directory: open,
            ..ConfigTest::default()
        }),
        &expect![[r#"
            refused: sshd would not start: /run/sshd must be owned by root
            hint: sshmend fix privsep-directory mends that first
        "#]],
    );
    check(
        &Service {
            config_test: None,
            ..stopped()
        },
        &expect![[r#"
            refused: whether sshd would start is not known
            hint: run it with sudo
        "#]],
    );
    check(
        &Service {
            forbidden: Some("/etc/ssh/sshd_not_to_be_run"),
            ..stopped()
        },
        &expect![[r#"
            refused: /etc/ssh/sshd_not_to_be_run forbids starting sshd
            hint: someone put it there on purpose: ask, then rm /etc/ssh/sshd_not_to_be_run
        "#]],
    );
}

#[test]
fn a_working_service_is_unchanged() {
    let socket = UnitState {
        active: true,
        ..unit("ssh.socket")
    };
    let waiting = Service {
        socket: Some(socket.clone()),
        ..stopped()
    };
    let each = Service {
        socket: Some(UnitState {
            accepts: true,
            ..socket
        }),
        ..stopped()
    };
    let alone = Service {
        systemd: false,
        unit: None,
        ..running()
    };
    let by_hand = Service {
        listener: Some(9),
        ..stopped()
    };
    for service in [running(), waiting, each, alone, by_hand] {
        check(&service, &expect![[""]]);
    }
}

#[test]
fn a_restricting_line_of_the_unit_is_named_before_the_start() {
    let confined = Some((
        sshmend_lossless::Origin::new("/etc/systemd/system/ssh.service.d/own.conf", 2),
        "SystemCallFilter=@basic-io".to_owned(),
    ));
    let service = Service {
        confined,
        ..stopped()
    };
    let told = told(&service, false);
    assert!(
        told.contains(
            "note: the unit restricts sshd: SystemCallFilter=@basic-io; if the start fails"
        ),
        "{told}"
    );
}

#[test]
fn a_stopped_unit_is_started_and_a_disabled_one_enabled() {
    check(
        &stopped(),
        &expect![[r#"
            stopped -> running
            ? sshd -t
            $ systemctl start ssh.service
            < systemctl stop ssh.service
            ! ssh.service is active
            ! [127.0.0.1:22, [::1]:22]
            ! [127.0.0.1:2222]
        "#]],
    );
    let disabled = UnitState {
        file_state: "disabled".into(),
        failed: true,
        changed_on_disk: true,
        ..unit("sshd.service")
    };
    check(
        &Service {
            unit: Some(disabled),
            ..stopped()
        },
        &expect![[r#"
            failed -> running
            ? sshd -t
            $ systemctl daemon-reload
            $ systemctl reset-failed sshd.service
            $ systemctl enable sshd.service
            $ systemctl start sshd.service
            < systemctl stop sshd.service
            < systemctl disable sshd.service
            ! sshd.service is active
            ! [127.0.0.1:22, [::1]:22]
            ! [127.0.0.1:2222]
        "#]],
    );
    let masked = UnitState {
        file_state: "masked".into(),
        ..unit("ssh.service")
    };
    check(
        &Service {
            unit: Some(masked),
            ..stopped()
        },
        &expect![[r#"
            stopped -> running
            ? sshd -t
            $ systemctl unmask ssh.service
            $ systemctl enable ssh.service
            $ systemctl start ssh.service
            < systemctl stop ssh.service
            < systemctl mask ssh.service
            ! ssh.service is active
            ! [127.0.0.1:22, [::1]:22]
            ! [127.0.0.1:2222]
            note: ssh.service is masked, which is done on purpose: ask who did it
        "#]],
    );
}

#[test]
fn a_directory_that_the_start_creates_does_not_prevent_the_start() {
    let told = |directory_comes: bool| {
        let missing = Some("Missing privilege separation directory: /run/sshd".to_owned());
        let config_test = Some(ConfigTest {
            directory: missing,
            directory_comes,
            ..ConfigTest::default()
        });
        let service = Service {
            config_test,
            ..stopped()
        };
        told(&service, false)
    };
    assert!(told(true).contains("$ systemctl start ssh.service"));
    assert!(told(false).starts_with("refused: "));
}

#[test]
fn a_listener_with_a_restart_reason_is_restarted() {
    let replaced = Some(RestartReason::Replaced("/usr/sbin/sshd".to_owned()));
    check(
        &Service {
            restart_reason: replaced.clone(),
            ..running()
        },
        &expect![[r#"
            process 700: its program /usr/sbin/sshd has been replaced since -> running
            ? sshd -t
            $ systemctl restart ssh.service
            < systemctl restart ssh.service
            ! ssh.service is active
            ! [127.0.0.1:22, [::1]:22]
            ! [127.0.0.1:2222]
            note: open sessions stay
        "#]],
    );
    assert!(told(&running(), true).contains("$ systemctl restart ssh.service"));
    let alone = Service {
        systemd: false,
        unit: None,
        ..running()
    };
    assert!(
        told(
            &Service {
                restart_reason: replaced.clone(),
                ..alone.clone()
            },
            false
        )
        .contains("$ kill -HUP 700")
    );
    let hung = told(
        &Service {
            restart_reason: Some(RestartReason::Stopped),
            ..alone
        },
        false,
    );
    assert!(
        hung.starts_with("refused: it is stopped, and process 700 has no service manager"),
        "{hung}"
    );
    let by_hand = told(
        &Service {
            restart_reason: replaced,
            listener: Some(9),
            ..stopped()
        },
        false,
    );
    assert!(
        by_hand.starts_with("refused: process 9 listens for SSH"),
        "{by_hand}"
    );
}

#[test]
fn a_failed_socket_unit_listens_again() {
    let listen = "[::]:22".parse().ok();
    let socket = UnitState {
        failed: true,
        listen,
        ..unit("ssh.socket")
    };
    let failed = UnitState {
        failed: true,
        file_state: "disabled".into(),
        ..unit("ssh.service")
    };
    check(
        &Service {
            unit: Some(failed.clone()),
            socket: Some(socket.clone()),
            ..stopped()
        },
        &expect![[r#"
            failed -> running
            ? sshd -t
            $ systemctl reset-failed ssh.service
            $ systemctl reset-failed ssh.socket
            $ systemctl start ssh.socket
            < systemctl stop ssh.socket
            ! ssh.socket is active
            ! [127.0.0.1:22, [::1]:22]
        "#]],
    );
    let listening = UnitState {
        failed: false,
        active: true,
        ..socket.clone()
    };
    let behind = told(
        &Service {
            unit: Some(failed),
            socket: Some(listening.clone()),
            ..stopped()
        },
        false,
    );
    assert!(
        behind.contains("$ systemctl reset-failed ssh.service\n$ systemctl start ssh.service\n"),
        "{behind}"
    );
    let each = UnitState {
        accepts: true,
        ..listening
    };
    let instances = told(
        &Service {
            socket: Some(each),
            failed_instances: true,
            ..stopped()
        },
        false,
    );
    assert!(
        instances.contains("$ systemctl reset-failed ssh@*.service sshd@*.service\n"),
        "{instances}"
    );
}

#[test]
fn without_systemd_the_script_or_the_program_itself_is_started() {
    let none = Service {
        systemd: false,
        unit: None,
        ..stopped()
    };
    check(
        &Service {
            script: Some("/etc/init.d/ssh"),
            ..none.clone()
        },
        &expect![[r#"
            stopped -> running
            ? sshd -t
            $ /etc/init.d/ssh start
            < /etc/init.d/ssh stop
            ! [127.0.0.1:22, [::1]:22]
            ! [127.0.0.1:2222]
        "#]],
    );
    check(
        &none,
        &expect![[r#"
            stopped -> running
            ? sshd -t
            $ /usr/sbin/sshd
            ! [127.0.0.1:22, [::1]:22]
            ! [127.0.0.1:2222]
        "#]],
    );
    let missing = service(&ServiceWish {
        service: &none,
        sshd: &Sshd::default(),
        addresses: Vec::new(),
        restart: false,
    });
    assert!(missing.is_err());
}
