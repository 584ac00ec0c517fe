//! The counters and limits of the kernel: files, processes, tracked connections, queues, disks.

use crate::Facts;
use crate::known::Known;

const CONNTRACK: [&str; 2] = [
    "/proc/sys/net/netfilter/nf_conntrack_count",
    "/proc/sys/net/netfilter/nf_conntrack_max",
];
const FILES: &str = "/proc/sys/fs/file-nr";
const NETSTAT: &str = "/proc/net/netstat";
const ABORT_ON_OVERFLOW: &str = "/proc/sys/net/ipv4/tcp_abort_on_overflow";
const LOAD: &str = "/proc/loadavg";
const PID_MAX: &str = "/proc/sys/kernel/pid_max";
const THREADS_MAX: &str = "/proc/sys/kernel/threads-max";
/// The places that identify a file system if there is no complete mount table.
const PLACES: [&str; 4] = ["/", "/run", "/tmp", "/var"];

/// The usage of a limited resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The amount in use.
    pub used: u64,
    /// The limit.
    pub limit: u64,
    /// The files that show it.
    pub source: String,
}

/// A file system that is full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullDisk {
    /// The command that shows it.
    pub command: String,
    /// Its line.
    pub line: String,
    /// The mount point.
    pub place: String,
}

fn df(what: &'static str) -> Vec<&'static str> {
    ["df", "-P", what].into_iter().chain(PLACES).collect()
}

impl Facts<'_> {
    /// Tracked connections; `None` if connection tracking is off.
    pub fn conntrack(&self) -> Known<Option<Usage>> {
        let [used, limit] = CONNTRACK.map(|path| self.number(path));
        Ok(used?.zip(limit?).map(|(used, limit)| Usage {
            used,
            limit,
            source: CONNTRACK[0].to_owned(),
        }))
    }

    /// Open files of the whole machine.
    pub fn open_files(&self) -> Known<Option<Usage>> {
        let text = self.text(FILES)?.unwrap_or_default();
        let numbers: Vec<u64> = text
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        let [used, _, limit] = numbers[..] else {
            return Ok(None);
        };
        Ok(Some(Usage {
            used,
            limit,
            source: FILES.to_owned(),
        }))
    }

    /// Open files of one process; root only.
    pub fn open_files_of(&self, pid: u32) -> Known<Option<Usage>> {
        let source = format!("/proc/{pid}/limits");
        let text = self.text(&source)?.unwrap_or_default();
        let limit = text
            .lines()
            .find_map(|line| line.strip_prefix("Max open files"));
        let limit = limit.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        let used = self.names(format!("/proc/{pid}/fd"))?.len() as u64;
        Ok(limit.map(|limit| Usage {
            used,
            limit,
            source,
        }))
    }

    /// Processes and threads of the whole machine.
    pub fn processes(&self) -> Known<Option<Usage>> {
        let text = self.text(LOAD)?.unwrap_or_default();
        let used = text
            .split_whitespace()
            .nth(3)
            .and_then(|part| part.split_once('/')?.1.parse().ok());
        // systemd raises pid_max to four million, so that threads-max is reached first.
        let limits = [self.number(PID_MAX)?, self.number(THREADS_MAX)?];
        let limit = limits.into_iter().flatten().min();
        Ok(used.zip(limit).map(|(used, limit)| Usage {
            used,
            limit,
            source: LOAD.to_owned(),
        }))
    }

    /// Processes in the control group of a process; `None` if it has no limit.
    pub fn processes_of_group(&self, pid: u32) -> Known<Option<Usage>> {
        let Some(group) = self.pids_group(pid)? else {
            return Ok(None);
        };
        let source = format!("{group}/pids.max");
        let (used, limit) = (
            self.number(&format!("{group}/pids.current"))?,
            self.number(&source)?,
        );
        Ok(used.zip(limit).map(|(used, limit)| Usage {
            used,
            limit,
            source,
        }))
    }

    /// The number of forks refused in the control group.
    pub fn forks_refused(&self, pid: u32) -> Known<u64> {
        let Some(group) = self.pids_group(pid)? else {
            return Ok(0);
        };
        let text = self
            .text(format!("{group}/pids.events"))?
            .unwrap_or_default();
        let count = text
            .lines()
            .find_map(|line| line.strip_prefix("max ")?.trim().parse().ok());
        Ok(count.unwrap_or(0))
    }

    /// The directory that counts the processes of a control group: in the hierarchy `pids` of
    /// version 1 if there is one, else in version 2.
    fn pids_group(&self, pid: u32) -> Known<Option<String>> {
        let text = self
            .text(format!("/proc/{pid}/cgroup"))?
            .unwrap_or_default();
        let of = |start: &str, root: &str| {
            let path = text
                .lines()
                .find_map(|line| line.split_once(start).filter(|(id, _)| !id.contains(':')))?
                .1;
            (path.len() > 1).then(|| format!("{root}{path}"))
        };
        Ok(of(":pids:", "/sys/fs/cgroup/pids").or_else(|| of("::", "/sys/fs/cgroup")))
    }

    /// The system unit to which a process belongs; `None` if a person started it, or if it may not
    /// be seen.
    pub fn unit_of(&self, pid: u32) -> Option<String> {
        let text = self.text(format!("/proc/{pid}/cgroup")).ok()??;
        let (_, unit) = text
            .lines()
            .find_map(|line| line.rsplit_once("/system.slice/"))?;
        let is_plain = unit.ends_with(".service")
            && unit
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.@:".contains(c));
        is_plain.then(|| unit.to_owned())
    }

    /// A counter of the TCP stack since boot, such as `ListenOverflows`.
    pub fn tcp_counter(&self, name: &str) -> Known<Option<u64>> {
        let text = self.text(NETSTAT)?.unwrap_or_default();
        let mut rows = text
            .lines()
            .filter_map(|line| line.strip_prefix("TcpExt: "));
        let (Some(names), Some(values)) = (rows.next(), rows.next()) else {
            return Ok(None);
        };
        let mut pairs = names.split(' ').zip(values.split(' '));
        Ok(pairs
            .find(|(key, _)| *key == name)
            .and_then(|(_, value)| value.parse().ok()))
    }

    /// Whether an overflowing queue answers with a reset instead of silence.
    pub fn resets_on_overflow(&self) -> Known<bool> {
        Ok(self.number(ABORT_ON_OVERFLOW)? == Some(1))
    }

    /// The file systems at the usual places that have no free block or no free inode.
    pub fn full_disks(&self) -> Known<Vec<FullDisk>> {
        let mut full: Vec<FullDisk> = Vec::new();
        for command in [df("-k"), df("-i")] {
            for line in self.run(&command)?.text().lines().skip(1) {
                if let Some(place) = full_place(line) {
                    if !full.iter().any(|disk| disk.place == place) {
                        full.push(FullDisk {
                            command: command.join(" "),
                            line: line.to_owned(),
                            place: place.to_owned(),
                        });
                    }
                }
            }
        }
        Ok(full)
    }

    fn number(&self, path: &str) -> Known<Option<u64>> {
        Ok(self.text(path)?.and_then(|text| text.trim().parse().ok()))
    }
}

impl Usage {
    /// Whether it is used up.
    pub fn exhausted(&self) -> bool {
        self.used >= self.limit
    }

    /// `used of limit`, for evidence.
    pub fn text(&self) -> String {
        format!("{} of {}", self.used, self.limit)
    }
}

/// The mount point of a line of `df -P` that shows 100 %.
fn full_place(line: &str) -> Option<&str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let percent = words.len().checked_sub(2)?;
    (words[percent] == "100%").then(|| words[percent + 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_file_systems_are_recognised_by_their_percentage() {
        assert_eq!(full_place("tmpfs 204800 204800 0 100% /run"), Some("/run"));
        assert_eq!(
            full_place("/dev/vda 264212084 14616436 80669452 16% /"),
            None
        );
        assert_eq!(full_place("/run"), None);
    }
}
