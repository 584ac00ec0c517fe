//! What SELinux and AppArmor forbade sshd: in the kernel's log, or in that of auditd where it runs.

use super::Facts;
use crate::ask::Ask;
use crate::verdict::Known;

const AUDIT: &str = "/var/log/audit/audit.log";

pub(super) fn ask(ask: &mut Ask<'_>) {
    ask.read(AUDIT);
}

impl Facts<'_> {
    /// Denials that were enforced, each with its source, oldest first.
    pub(crate) fn access_denied(&self) -> Known<Vec<(&'static str, String)>> {
        let kernel = self.kernel_lines(&["comm=\"sshd"]);
        let audit = self.text(AUDIT)?.unwrap_or_default();
        let kernel = kernel.map(|lines| lines.into_iter().map(|line| ("dmesg", line)).collect::<Vec<_>>());
        let mut lines = if audit.is_empty() { kernel? } else { kernel.unwrap_or_default() };
        lines.extend(audit.lines().map(|line| (AUDIT, line.to_owned())));
        lines.retain(|(_, line)| is_denial(line));
        Ok(lines)
    }
}

fn is_denial(line: &str) -> bool {
    let denied = line.contains("avc:  denied") || line.contains("apparmor=\"DENIED\"");
    denied && line.contains("comm=\"sshd") && !line.contains("permissive=1")
}
