//! The lines that are commented out, in which files, and the steps that follow.

use super::*;
use sshmend_facts::{ConfigTest, Service, Sshd};
use sshmend_lossless::{Entry, fixture};

const OWN_FILE: &str = "/etc/systemd/system/ssh.service.d/tight.conf";
const PACKAGED: &str = "/usr/lib/systemd/system/ssh.service.d/20-site.conf";
const ITS_PLACE: &str = "/etc/systemd/system/ssh.service.d/20-site.conf";

fn unit(files: &[&str], active: bool) -> UnitState {
    UnitState {
        name: "ssh.service".to_owned(),
        file_state: "enabled".to_owned(),
        active,
        failed: !active,
        files: files.iter().map(PathBuf::from).collect(),
        ..UnitState::default()
    }
}

fn planned(files: &[(&str, &str)], active: bool, lines: &[(&str, usize)]) -> Result<Plan, String> {
    let mut snapshot = Snapshot::default();
    let lines: Vec<Origin> = lines
        .iter()
        .map(|(path, line)| Origin::new(*path, *line))
        .collect();
    let names: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
    let unit = unit(&names, active);
    for (path, text) in files {
        let image = FileImage {
            bytes: text.as_bytes().to_vec().into(),
            meta: Metadata::default(),
            target: path.into(),
        };
        snapshot.insert(*path, Entry::File(image));
    }
    let service = Service {
        systemd: true,
        listener: active.then_some(700),
        unit: Some(unit),
        config_test: Some(ConfigTest {
            passed: true,
            ..ConfigTest::default()
        }),
        ..Service::default()
    };
    let wish = ServiceWish {
        service: &service,
        sshd: &Sshd::default(),
        addresses: Vec::new(),
        restart: false,
    };
    let judge = |seen: &Snapshot| without_unit_lines(seen, &wish, &lines);
    let plan = fixture::look(&snapshot, judge);
    plan.map_err(|refusal| refusal.to_string())
}

fn commands(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| step.argv().join(" ")).collect()
}

fn written(plan: &Plan) -> Vec<(String, String)> {
    let text = |change: &FileChange| {
        let after = change.after.as_ref().expect("a file that stays");
        String::from_utf8_lossy(after).into_owned()
    };
    plan.files
        .iter()
        .map(|change| (change.path.display().to_string(), text(change)))
        .collect()
}

#[test]
fn a_commented_unit_line_starts_sshd_and_its_rollback_reloads_the_unit() {
    let file = "[Service]\nRestrictAddressFamilies=AF_NETLINK\nNice=5\n";
    let plan = planned(&[(OWN_FILE, file)], false, &[(OWN_FILE, 2)]).expect("a plan");
    let after = "[Service]\n#RestrictAddressFamilies=AF_NETLINK\nNice=5\n";
    assert_eq!(written(&plan), [(OWN_FILE.to_owned(), after.to_owned())]);
    assert_eq!(
        commands(&plan.activation),
        [
            "systemctl daemon-reload",
            "systemctl reset-failed ssh.service",
            "systemctl start ssh.service"
        ]
    );
    assert_eq!(
        commands(&plan.undo),
        ["systemctl daemon-reload", "systemctl stop ssh.service"]
    );
    assert_eq!(plan.lockout, Lockout::Keeps);
}

#[test]
fn a_setting_is_commented_out_with_all_its_continuation_lines() {
    let file = "[Service]\nExecStartPre=/bin/sh -c \\\n  # why\n  'exit \\\n  3'\nNice=5\n";
    let plan = planned(&[(OWN_FILE, file)], false, &[(OWN_FILE, 2)]).expect("a plan");
    let after = "[Service]\n#ExecStartPre=/bin/sh -c \\\n#  # why\n#  'exit \\\n#  3'\nNice=5\n";
    assert_eq!(written(&plan)[0].1, after);
    for inside in [4, 5] {
        let refused = planned(&[(OWN_FILE, file)], false, &[(OWN_FILE, inside)]);
        assert!(refused.unwrap_err().contains("continues the line before"));
    }
}

#[test]
fn a_packaged_unit_file_is_overridden_by_a_file_of_the_same_name() {
    let file = "[Unit]\nRequires=vault.service\n";
    let plan = planned(&[(PACKAGED, file)], false, &[(PACKAGED, 2)]).expect("a plan");
    let after = "[Unit]\n#Requires=vault.service\n";
    assert_eq!(written(&plan), [(ITS_PLACE.to_owned(), after.to_owned())]);
    assert!(
        plan.notices
            .iter()
            .any(|notice| notice.name == "unit-file-copied")
    );
    let main = "/lib/systemd/system/ssh.service";
    let plan = planned(&[(main, file)], false, &[(main, 2)]).expect("a plan");
    assert_eq!(written(&plan)[0].0, "/etc/systemd/system/ssh.service");
    // The second time the unit is read from there.
    let both = [(ITS_PLACE, after)];
    let plan = planned(&both, true, &[(PACKAGED, 2)]).expect("a plan");
    assert!(plan.changes_nothing() && plan.activation.is_empty());
}

#[test]
fn running_services_are_restarted_and_a_changed_command_line_is_a_doubt() {
    let file = "[Service]\nLimitNOFILE=9\nExecStart=/usr/sbin/sshd -D -4\n";
    let plan = |line| planned(&[(OWN_FILE, file)], true, &[(OWN_FILE, line)]).expect("a plan");
    let limit = plan(2);
    let way = ["systemctl daemon-reload", "systemctl restart ssh.service"];
    assert_eq!(commands(&limit.activation), way);
    assert_eq!(commands(&limit.undo), way);
    assert_eq!(limit.lockout, Lockout::Keeps);
    assert!(matches!(plan(3).lockout, Lockout::Unknown(_)));
    let defaults = ("/etc/default/ssh", "SSHD_OPTS=-4\n");
    let options = planned(&[defaults], true, &[(defaults.0, 1)]).expect("a plan");
    assert!(matches!(options.lockout, Lockout::Unknown(_)));
}

#[test]
fn commenting_out_a_comment_changes_nothing() {
    let file = "[Service]\n#User=nobody\n";
    let plan = planned(&[(OWN_FILE, file)], true, &[(OWN_FILE, 2)]).expect("a plan");
    assert!(plan.changes_nothing() && plan.activation.is_empty() && plan.undo.is_empty());
}

#[test]
fn lines_that_are_not_settings_of_the_unit_are_refused() {
    let file = "[Service]\nUser=nobody\n\n";
    let by_a_program = "/run/systemd/system.control/ssh.service.d/50-x.conf";
    let cases = [
        ((OWN_FILE, 1), "it is not a setting"),
        ((OWN_FILE, 3), "it is not a setting"),
        ((OWN_FILE, 9), "there is no such line"),
        (("/etc/ssh/sshd_config", 1), "is not a file of ssh.service"),
        ((by_a_program, 2), "was written by a program"),
    ];
    for (line, why) in cases {
        let files = [(OWN_FILE, file), (by_a_program, file)];
        let refused = planned(&files, false, &[line]).expect_err(why);
        assert!(refused.contains(why), "{refused}");
    }
}
