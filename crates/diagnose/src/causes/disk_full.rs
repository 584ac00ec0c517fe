use sshmend_facts::Facts;

use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "disk-full",
    title: "a file system has no room left",
    gate: Gate::Authentication,
    explain: "\
sshd itself writes nothing before login, so a full disk does not close a connection at its start. It ends logins later
- PAM, login records, shells that cannot write - and makes other causes: a full `/run` on which `/run/sshd` cannot be
made, a configuration or host key cut off in the middle of writing.

**Only suspected**: that a file system is full is certain, that it ends this connection is not.

**Mended** by making room.

**It is not** the reason for a connection that closes before the banner.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(disks) = verdict.look(facts.full_disks()) else {
        return;
    };
    for disk in &disks {
        let finding = verdict.possible(format!(
            "the file system of {} is full, which can end a login",
            disk.place
        ));
        finding.shown_by(&disk.command, &disk.line);
        finding.step(format!(
            "make room: `du -xh {} | sort -h | tail`",
            disk.place
        ));
    }
    verdict.exclude("the file systems have room and inodes");
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn each_full_file_system_is_named_once() {
        let full = "//$ df -P -k / /run /tmp /var => 0
Filesystem 1024-blocks Used Available Capacity Mounted on
/dev/vda1 20000 20000 0 100% /
tmpfs 200 1 199 1% /run
/dev/vda1 20000 20000 0 100% /
";
        check(
            "disk-full",
            full,
            &expect![[r#"
                possible: the file system of / is full, which can end a login
                  df -P -k / /run /tmp /var: /dev/vda1 20000 20000 0 100% /
                  - make room: `du -xh / | sort -h | tail`
            "#]],
        );
        check(
            "disk-full",
            "",
            &expect![[r#"
            excluded: the file systems have room and inodes
        "#]],
        );
    }
}
