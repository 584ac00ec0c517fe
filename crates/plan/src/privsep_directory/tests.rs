use super::*;
use expect_test::{Expect, expect};
use sshmend_facts::ConfigTest;
use sshmend_lossless::fixture::{look, snapshot};

const MISSING: &str = "Missing privilege separation directory: /run/sshd";
const OPEN: &str = "/run/sshd must be owned by root and not group or world-writable.";

fn service(complaint: Option<&str>, unit: Option<&str>) -> Service {
    let directory = complaint.map(str::to_owned);
    let config_test = Some(ConfigTest {
        passed: complaint.is_none(),
        directory,
        ..ConfigTest::default()
    });
    let runtime_directories = unit.iter().map(|&name| name.to_owned()).collect();
    let unit = Some(UnitState {
        name: "ssh.service".into(),
        active: true,
        runtime_directories,
        ..UnitState::default()
    });
    Service {
        systemd: true,
        unit,
        config_test,
        listener: Some(700),
        ..Service::default()
    }
}

fn plan(service: &Service, text: &str) -> Result<Plan, Refusal> {
    let sshd = Sshd {
        program: Some("/usr/sbin/sshd".into()),
        ..Sshd::default()
    };
    let wish = PrivsepWish {
        service,
        sshd: &sshd,
        addresses: Vec::new(),
    };
    let judge = |seen: &Snapshot| privsep_directory(seen, &wish);
    look(&snapshot(text), judge)
}

fn check(service: &Service, text: &str, expected: &Expect) {
    let plan = match plan(service, text) {
        Ok(plan) => plan,
        Err(refusal) => return expected.assert_eq(&format!("refused: {refusal}\n")),
    };
    let mut lines: Vec<String> = plan
        .effects
        .iter()
        .map(|e| format!("{} -> {}", e.before, e.after))
        .collect();
    lines.extend(
        plan.activation
            .iter()
            .map(|step| format!("$ {}", step.title())),
    );
    lines.extend(plan.undo.iter().map(|step| format!("< {}", step.title())));
    for change in &plan.files {
        let after =
            String::from_utf8_lossy(change.after.as_deref().unwrap_or_default()).into_owned();
        lines.push(format!("{}:\n{}", change.path.display(), after.trim_end()));
    }
    lines.extend(
        plan.notices
            .iter()
            .map(|notice| format!("note: {}", notice.text)),
    );
    expected.assert_eq(
        &lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>(),
    );
}

#[test]
fn the_directory_is_unchanged_unless_sshd_names_it() {
    let keys = ConfigTest {
        host_keys: vec!["no hostkeys available".into()],
        ..ConfigTest::default()
    };
    check(
        &Service {
            config_test: Some(keys),
            ..service(None, None)
        },
        "",
        &expect![[r#"
                refused: sshd does not name a directory, because it stops earlier: no hostkeys available
            "#]],
    );
    check(
        &Service {
            config_test: None,
            ..service(None, None)
        },
        "",
        &expect![[r#"
            refused: the directory is not known
        "#]],
    );
    check(
        &service(Some(MISSING), None),
        "//- /run/sshd\na file\n",
        &expect![[r#"
                refused: /run/sshd is not a directory
            "#]],
    );
}

#[test]
fn an_unreadable_directory_is_neither_missing_nor_an_obstacle() {
    check(
        &service(Some(MISSING), None),
        "//- /run/sshd unreadable:Input/output error\n",
        &expect![[r#"
                refused: /run/sshd: Input/output error
            "#]],
    );
    check(
        &service(Some(MISSING), None),
        "//- /etc/tmpfiles.d/sshmend-privsep.conf unreadable:Input/output error\n",
        &expect![[r#"
                refused: /etc/tmpfiles.d/sshmend-privsep.conf: Input/output error
            "#]],
    );
}

#[test]
fn a_valid_privsep_directory_is_unchanged() {
    check(&service(None, None), "", &expect![[""]]);
    check(
        &service(None, Some("sshd")),
        "//- /run/sshd dir mode:0755\n",
        &expect![[""]],
    );
    check(
        &service(None, Some("sshd")),
        "//- /run/sshd dir mode:0711\n",
        &expect![[""]],
    );
}

#[test]
fn a_missing_privsep_directory_is_created_now_and_by_its_unit_at_boot() {
    check(
        &service(Some(MISSING), Some("sshd")),
        "//- /run/x\n",
        &expect![[r#"
            missing -> root's, mode 0755
            $ install -d -m 0755 -o root -g root /run/sshd
            < rmdir /run/sshd
        "#]],
    );
}

#[test]
fn the_directory_of_the_unit_is_checked_if_sshd_stops_earlier() {
    let keys = ConfigTest {
        host_keys: vec!["no hostkeys available".into()],
        ..ConfigTest::default()
    };
    let blind = Service {
        config_test: Some(keys),
        ..service(None, Some("sshd"))
    };
    check(&blind, "//- /run/sshd dir mode:0755\n", &expect![[""]]);
    assert_eq!(
        plan(&blind, "//- /run/x\n")
            .expect("a plan")
            .activation
            .len(),
        1
    );
}

#[test]
fn a_unit_that_creates_the_directory_at_its_start_needs_no_change() {
    let mut stopped = service(Some(MISSING), Some("sshd"));
    (
        stopped.listener,
        stopped.unit.as_mut().expect("a unit").active,
    ) = (None, false);
    check(
        &stopped,
        "//- /run/x\n",
        &expect![[r#"
            note: /run/sshd is missing, and is created when the unit of sshd starts
        "#]],
    );
    stopped.listener = Some(9);
    assert_eq!(
        plan(&stopped, "//- /run/x\n")
            .expect("a plan")
            .activation
            .len(),
        1
    );
}

#[test]
fn a_tmpfiles_entry_is_written_if_nothing_else_creates_the_directory() {
    let none = service(Some(MISSING), None);
    check(
        &none,
        "//- /run/x\n",
        &expect![[r#"
            missing -> root's, mode 0755
            $ install -d -m 0755 -o root -g root /run/sshd
            < rmdir /run/sshd
            /etc/tmpfiles.d/sshmend-privsep.conf:
            # sshd locks strangers into this empty directory (made by sshmend)
            d /run/sshd 0755 root root -
        "#]],
    );
    check(
        &none,
        "//- /etc/tmpfiles.d/sshmend-privsep.conf\n# emptied\n\\\n",
        &expect![[r#"
            missing -> root's, mode 0755
            $ install -d -m 0755 -o root -g root /run/sshd
            < rmdir /run/sshd
            /etc/tmpfiles.d/sshmend-privsep.conf:
            # emptied
            d /run/sshd 0755 root root -
        "#]],
    );
    for line in [
        "d /run/sshd 0755 root root -",
        "D! /var/run/sshd/ 0755",
        "d  \"/run/sshd\"",
    ] {
        let there = format!("//- /usr/lib/tmpfiles.d/openssh.conf\n{line}\n");
        assert_eq!(plan(&none, &there).expect("a plan").files, [], "{line}");
    }
    let elsewhere = service(
        Some("Missing privilege separation directory: /usr/share/empty.sshd"),
        None,
    );
    assert_eq!(plan(&elsewhere, "//- /run/x\n").expect("a plan").files, []);
}

#[test]
fn sshd_is_started_if_the_missing_directory_stopped_it() {
    let mut failed = service(Some(OPEN), Some("sshd"));
    failed.listener = None;
    failed.unit = failed.unit.map(|unit| UnitState {
        active: false,
        failed: true,
        ..unit
    });
    check(
        &failed,
        "//- /run/sshd dir mode:0775\n",
        &expect![[r#"
                of 0:0, mode 0775 -> root's, mode 0755
                failed -> running
                $ chmod 0755 /run/sshd
                $ systemctl reset-failed ssh.service
                $ systemctl start ssh.service
                < systemctl stop ssh.service
                < chmod 0775 /run/sshd
            "#]],
    );
}

#[test]
fn a_privsep_directory_that_others_can_write_to_gets_a_safe_mode() {
    check(
        &service(Some(OPEN), Some("sshd")),
        "//- /run/sshd dir mode:0777 uid:33 gid:33\n",
        &expect![[r#"
            of 33:33, mode 0777 -> root's, mode 0755
            $ chown root:root /run/sshd
            $ chmod 0755 /run/sshd
            < chmod 0777 /run/sshd
            < chown 33:33 /run/sshd
        "#]],
    );
}
