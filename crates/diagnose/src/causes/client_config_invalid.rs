use crate::facts::Facts;
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "client-config-invalid",
    title: "ssh refuses its own configuration",
    gate: Gate::Client,
    explain: "\
An unknown keyword in `~/.ssh/config` or `/etc/ssh/ssh_config`, or a file that others may write (`Bad owner or
permissions on ~/.ssh/config`), ends ssh before it connects.

**Known for certain** by `ssh -G`, which reads the same files.

**Mended** by the line that is named; `chmod 600 ~/.ssh/config`. For keywords of newer releases `IgnoreUnknown`.

**It is not** the server.",
    server: silent,
    client: from_client,
};

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(said) = facts.refused_configuration() else { return verdict.exclude("ssh accepts its configuration") };
    let first = said.lines().next().unwrap_or_default();
    let finding = verdict.certain(format!("ssh refuses its own configuration: {first}"));
    said.lines().take(3).for_each(|line| _ = finding.shown_by("ssh -G", line));
    if said.contains("Bad owner or permissions") {
        finding.step("close the file to others: `chmod 600 FILE`, `chown YOU FILE`");
    } else {
        finding.step("correct the line that is named");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_client, works};
    use expect_test::expect;

    #[test]
    fn ssh_names_the_line() {
        let bad = "//$ ssh -G -- server => 255\n/home/alice/.ssh/config: line 3: Bad configuration option: bogus\n/home/alice/.ssh/config: terminating, 1 bad configuration options\n";
        check_client(
            "client-config-invalid",
            bad,
            &[],
            &expect![[r#"
            certain: ssh refuses its own configuration: /home/alice/.ssh/config: line 3: Bad configuration option: bogus
              ssh -G: /home/alice/.ssh/config: line 3: Bad configuration option: bogus
              ssh -G: /home/alice/.ssh/config: terminating, 1 bad configuration options
              - correct the line that is named
        "#]],
        );
        let open = "//$ ssh -G -- server => 255\nBad owner or permissions on /home/alice/.ssh/config\n";
        check_client(
            "client-config-invalid",
            open,
            &[],
            &expect![[r#"
            certain: ssh refuses its own configuration: Bad owner or permissions on /home/alice/.ssh/config
              ssh -G: Bad owner or permissions on /home/alice/.ssh/config
              - close the file to others: `chmod 600 FILE`, `chown YOU FILE`
        "#]],
        );
        check_client(
            "client-config-invalid",
            "",
            &[works()],
            &expect![[r#"
            excluded: ssh accepts its configuration
        "#]],
        );
    }
}
