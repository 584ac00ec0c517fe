use sshmend_facts::{Complaint, Facts};
use sshmend_lossless::quoted;
use sshmend_plan::Wish;

use crate::evidence::probe::always_closed_at_once;
use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Some(config_test)) = verdict.look(facts.test_output()) else {
        return;
    };
    if config_test.passed {
        return verdict.exclude(Fact::Answer, "`sshd -t` accepts the directory");
    }
    let Some(line) = config_test.about(Complaint::PrivsepDirectory).next() else {
        return;
    };
    let missing = line.starts_with("Missing");
    if missing && facts.runtime_directory_comes_with_service() {
        return verdict.exclude(
            Fact::Manager,
            "the unit or script that starts sshd creates the directory",
        );
    }
    let finding = if missing {
        verdict.certain(
            Proof::Answer,
            "the privilege separation directory is missing, so sshd cannot serve connections",
        )
    } else {
        verdict.certain(Proof::Answer, "the privilege separation directory is not owned by root or is writable by others, so sshd refuses to use it")
    };
    finding.shown_by(&config_test.command, line);
    let path = line
        .rsplit(": ")
        .next()
        .filter(|path| missing && path.starts_with('/'));
    if let Some(path) = path.filter(|path| matches!(facts.meta(path), Ok(Some(_)))) {
        finding.shown_by(path, "exists, but is not a directory");
        finding.step(format!(
            "move it away: `mv {} {}`; then `sshmend fix privsep-directory`",
            quoted(path),
            quoted(&format!("{path}.old"))
        ));
        return;
    }
    finding.mended_by(
        Wish::PrivsepDirectory,
        "creates the directory (0755, owned by root) now and at each boot",
    );
    finding.latent_if(!missing && facts.keeps_its_host_keys());
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let what = "the server may have lost its privilege separation directory: each connection then ends at once";
    always_closed_at_once(facts, verdict, what);
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::SHOW;

    use crate::testing::check;
    use expect_test::expect;

    const MISSING: &str =
        "//$ /usr/sbin/sshd -t => 255\nMissing privilege separation directory: /run/sshd\n";

    #[test]
    fn a_file_in_place_of_the_directory_must_be_moved_first() {
        let said = "//$ /usr/sbin/sshd -t => 255\nMissing privilege separation directory: /run/sshd\n//- /run/sshd\n";
        check(
            "privsep-directory",
            said,
            &expect![[r#"
            certain: the privilege separation directory is missing, so sshd cannot serve connections
              /usr/sbin/sshd -t: Missing privilege separation directory: /run/sshd
              /run/sshd: exists, but is not a directory
              - move it away: `mv /run/sshd /run/sshd.old`; then `sshmend fix privsep-directory`
        "#]],
        );
    }

    #[test]
    fn a_missing_privsep_directory_ends_every_connection() {
        check(
            "privsep-directory",
            MISSING,
            &expect![[r#"
            certain: the privilege separation directory is missing, so sshd cannot serve connections
              /usr/sbin/sshd -t: Missing privilege separation directory: /run/sshd
              $ sshmend fix privsep-directory  # creates the directory (0755, owned by root) now and at each boot
        "#]],
        );
    }

    #[test]
    fn a_privsep_directory_that_others_can_write_to_is_refused() {
        let open = "//$ /usr/sbin/sshd -t => 255\n/run/sshd must be owned by root and not group or world-writable.\n";
        check(
            "privsep-directory",
            open,
            &expect![[r#"
            certain: the privilege separation directory is not owned by root or is writable by others, so sshd refuses to use it
              /usr/sbin/sshd -t: /run/sshd must be owned by root and not group or world-writable.
              $ sshmend fix privsep-directory  # creates the directory (0755, owned by root) now and at each boot
        "#]],
        );
    }

    #[test]
    fn a_stopped_unit_that_creates_the_directory_excludes_the_cause() {
        let unit =
            "Id=ssh.service\nLoadState=loaded\nActiveState=inactive\nRuntimeDirectory=sshd\n";
        let stopped = format!("//- /proc/700/cmdline missing\n{MISSING}{SHOW}{unit}");
        check(
            "privsep-directory",
            &stopped,
            &expect![[r#"
            excluded: the unit or script that starts sshd creates the directory
        "#]],
        );
        let masked = "Id=ssh.service\nLoadState=masked\nActiveState=inactive\n";
        check(
            "privsep-directory",
            &format!("//- /proc/700/cmdline missing\n{MISSING}{SHOW}{masked}"),
            &expect![[r#"
            excluded: the unit or script that starts sshd creates the directory
        "#]],
        );
        let script = "//- /run/systemd/system missing\n//- /etc/init.d/ssh\n";
        check(
            "privsep-directory",
            &format!("//- /proc/700/cmdline missing\n{MISSING}{script}"),
            &expect![[r#"
            excluded: the unit or script that starts sshd creates the directory
        "#]],
        );
    }
}
