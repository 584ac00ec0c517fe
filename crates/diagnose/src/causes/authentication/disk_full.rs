use sshmend_facts::Facts;

use crate::proof::Fact;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(disks) = verdict.look(facts.full_disks()) else {
        return;
    };
    for disk in &disks {
        let finding = verdict.possible(format!(
            "the file system of {} is full, which can make a login fail",
            disk.place
        ));
        finding.shown_by(&disk.command, &disk.line);
        finding.step(format!(
            "make room: `du -xh {} | sort -h | tail`",
            disk.place
        ));
    }
    verdict.exclude(
        Fact::Kernel,
        "the file systems have free space and free inodes",
    );
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
                possible: the file system of / is full, which can make a login fail
                  df -P -k / /run /tmp /var: /dev/vda1 20000 20000 0 100% /
                  - make room: `du -xh / | sort -h | tail`
            "#]],
        );
        check(
            "disk-full",
            "",
            &expect![[r#"
            excluded: the file systems have free space and free inodes
        "#]],
        );
    }
}
