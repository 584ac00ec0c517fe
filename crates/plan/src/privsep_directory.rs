//! The plan that makes the empty directory into which sshd locks strangers, now and at each boot.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sshmend_facts::{Service, Sshd, UnitState};
use sshmend_lossless::{Edit, EditSet, FileChange, Kind, Metadata, Snapshot, Step};

use crate::check::{Expect, Proof};
use crate::plan::{Effect, Notice, Plan, Refusal};
use crate::reload::question;
use crate::service::start_failed;

/// Where builds for systemd have it; `RuntimeDirectory=sshd` of a unit makes it.
const DEBIAN: &str = "/run/sshd";

/// Emptied at each boot.
const VOLATILE: &str = "/run";

/// Where systemd-tmpfiles reads what is to be made at boot (tmpfiles.d(5)); a file of an earlier one replaces its
/// namesakes.
const TMPFILES: [&str; 3] = ["/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/lib/tmpfiles.d"];

/// The file that is written where none of them has it made.
const ENTRY: &str = "/etc/tmpfiles.d/sshmend-privsep.conf";

/// What is to be known of the machine.
#[derive(Debug, Clone)]
pub(crate) struct PrivsepWish<'a> {
    /// How the service stands, and what `sshd -t` says today.
    pub service: &'a Service,
    /// The daemon.
    pub sshd: &'a Sshd,
    /// Where sshd listens by its configuration, as this machine reaches it.
    pub addresses: Vec<SocketAddr>,
}

/// Plans the change.
///
/// # Errors
/// When it is not known which directory it is, or something else stands there.
pub(crate) fn privsep_directory(
    snapshot: &Snapshot,
    wish: &PrivsepWish<'_>,
) -> Result<Plan, Refusal> {
    let mut plan = Plan {
        purpose: "make the privilege separation directory of sshd".to_owned(),
        ..Plan::default()
    };
    let Some(path) = directory(wish.service) else {
        return unknown(wish, plan);
    };
    let unit = wish.service.unit.as_ref();
    let comes_with_start = unit.is_some_and(|unit| !unit.active && makes(unit, &path))
        && wish.service.listener.is_none();
    let effect = |before: String| Effect {
        what: path.clone(),
        before,
        after: "root's, mode 0755".to_owned(),
    };
    let found = snapshot
        .metadata(Path::new(&path))
        .map_err(|why| Refusal::unread(Path::new(&path), &why))?;
    match found {
        None if comes_with_start => {
            let text = format!("{path} is missing, and is made when the unit of sshd starts");
            plan.notices.push(Notice::new("made-at-start", text));
        }
        None => {
            let make = Step::MakeDirectory(path.clone());
            plan.undo.extend(make.undo());
            plan.activation.push(make);
            plan.effects.push(effect("missing".to_owned()));
        }
        Some(meta) if meta.kind == Kind::Directory => {
            close(&path, meta, &mut plan);
            let state = format!("of {}:{}, mode {:04o}", meta.uid, meta.gid, meta.mode);
            plan.effects
                .extend((!plan.activation.is_empty()).then(|| effect(state)));
        }
        Some(_) => {
            return Err(Refusal::refused(
                format!("{path} is not a directory"),
                format!("move it away: mv {path} {path}.old"),
            ));
        }
    }
    if wish.service.systemd && !unit.is_some_and(|unit| makes(unit, &path)) {
        plan.files.extend(at_boot(snapshot, &path)?);
    }
    if !plan.activation.is_empty() {
        let check = question(
            wish.sshd,
            &["-t"],
            &format!("sshd -t: no word of {path}"),
            Expect::NoWordOf(path),
        );
        plan.proof.extend(check.map(Proof::Check));
        return Ok(start_failed(
            plan,
            wish.service,
            wish.sshd,
            wish.addresses.clone(),
        ));
    }
    Ok(plan)
}

/// The directory that sshd names, else the one that its unit is to make.
fn directory(service: &Service) -> Option<String> {
    let line = service
        .config_test
        .as_ref()
        .and_then(|config_test| config_test.directory.as_deref());
    let named = line.and_then(|line| {
        let missing = line.strip_prefix("Missing privilege separation directory: ");
        missing.or_else(|| {
            line.strip_suffix(" must be owned by root and not group or world-writable.")
        })
    });
    let of_unit = service
        .unit
        .as_ref()
        .is_some_and(|unit| makes(unit, DEBIAN))
        .then_some(DEBIAN);
    named
        .or(of_unit)
        .filter(|path| path.starts_with('/'))
        .map(str::to_owned)
}

/// Without a word of sshd about it, there is nothing to mend; while sshd stops at something else, it says none.
fn unknown(wish: &PrivsepWish<'_>, plan: Plan) -> Result<Plan, Refusal> {
    match &wish.service.config_test {
        Some(config_test) if config_test.passed => Ok(plan),
        Some(config_test) => {
            let first = config_test
                .others
                .first()
                .or(config_test.host_keys.first())
                .map_or("nothing", String::as_str);
            let reason = format!("sshd names no directory, it stops earlier: {first}");
            Err(Refusal::refused(
                reason,
                "sshmend diagnose tells what to mend first",
            ))
        }
        None => Err(Refusal::refused(
            "which directory it is cannot be known",
            "run it with sudo, on the running machine",
        )),
    }
}

fn makes(unit: &UnitState, path: &str) -> bool {
    let below = path
        .strip_prefix(VOLATILE)
        .map(|rest| rest.trim_start_matches('/'));
    unit.runtime_directories
        .iter()
        .any(|name| Some(name.as_str()) == below)
}

/// sshd wants it owned by root, and written to by nobody else.
fn close(path: &str, meta: &Metadata, plan: &mut Plan) {
    let path = || path.to_owned();
    if meta.uid != 0 {
        plan.activation
            .push(Step::GiveTo("root:root".to_owned(), path()));
        let owner = format!("{}:{}", meta.uid, meta.gid);
        plan.undo.push(Step::GiveTo(owner, path()));
    }
    if meta.mode & 0o022 != 0 {
        plan.activation.push(Step::SetMode(0o755, path()));
        plan.undo.insert(0, Step::SetMode(meta.mode, path()));
    }
}

/// The files of systemd-tmpfiles, as far as their directories are known.
fn entries(snapshot: &Snapshot) -> Vec<PathBuf> {
    let files = TMPFILES
        .iter()
        .filter_map(|directory| snapshot.glob(&Path::new(directory).join("*.conf")).ok());
    files.flat_map(|found| found.paths).collect()
}

/// The entry that has it made at each boot, where it is needed and none does.
///
/// Another entry that cannot be read may make it as well; a second one does no harm, so that is not a reason to refuse.
fn at_boot(snapshot: &Snapshot, path: &str) -> Result<Option<FileChange>, Refusal> {
    let makes = |file: &PathBuf| matches!(snapshot.read(file), Ok(Some(image)) if makes_at_boot(&image.bytes, path));
    if entries(snapshot).iter().any(makes) || !path.starts_with("/run/") {
        return Ok(None);
    }
    let line = format!("d {path} 0755 root root -\n");
    let own = snapshot
        .read(Path::new(ENTRY))
        .map_err(|why| Refusal::unread(Path::new(ENTRY), &why))?;
    Ok(Some(match own {
        None => {
            let text = format!(
                "# sshd locks strangers into this empty directory (made by sshmend)\n{line}"
            );
            FileChange::create(
                ENTRY,
                text.into_bytes(),
                Metadata {
                    mode: 0o644,
                    ..Metadata::default()
                },
            )
        }
        Some(image) => {
            let complete = if image.bytes.last().is_none_or(|&byte| byte == b'\n') {
                ""
            } else {
                "\n"
            };
            let edit = Edit::insert(image.bytes.len(), format!("{complete}{line}"));
            FileChange::edit(
                ENTRY,
                image.clone(),
                EditSet::new([edit]).expect("one edit overlaps with no other"),
            )
        }
    }))
}

/// `d PATH …` and `D PATH …`, with modifiers behind the letter (tmpfiles.d(5)); `/var/run` is `/run`.
fn makes_at_boot(bytes: &[u8], path: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().any(|line| {
        let mut words = line.split_whitespace();
        let kind = words
            .next()
            .is_some_and(|word| word.starts_with(['d', 'D']));
        let made = words
            .next()
            .map(|word| word.trim_matches(['"', '\'']).trim_end_matches('/'));
        kind && made.is_some_and(|made| {
            made.strip_prefix("/var")
                .filter(|rest| rest.starts_with(VOLATILE))
                .unwrap_or(made)
                == path
        })
    })
}

#[cfg(test)]
mod tests {
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
    fn without_a_word_of_sshd_nothing_is_touched() {
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
                refused: sshd names no directory, it stops earlier: no hostkeys available
            "#]],
        );
        check(
            &Service {
                config_test: None,
                ..service(None, None)
            },
            "",
            &expect![[r#"
            refused: which directory it is cannot be known
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
    fn a_good_directory_is_left_alone() {
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
    fn a_missing_one_is_made_and_its_unit_makes_it_at_boot() {
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
    fn while_sshd_stops_earlier_the_directory_of_the_unit_is_looked_at() {
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
    fn a_unit_that_makes_it_when_it_starts_is_waited_for() {
        let mut stopped = service(Some(MISSING), Some("sshd"));
        (
            stopped.listener,
            stopped.unit.as_mut().expect("a unit").active,
        ) = (None, false);
        check(
            &stopped,
            "//- /run/x\n",
            &expect![[r#"
            note: /run/sshd is missing, and is made when the unit of sshd starts
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
    fn a_tmpfiles_entry_is_written_if_nothing_makes_the_directory() {
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
    fn one_that_others_can_write_to_is_closed() {
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
}
