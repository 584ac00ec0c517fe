//! Identifies the current boot of the machine.

use std::fs;

/// An identifier that differs after each boot, also in a container that shares its kernel with
/// others. State that only processes held is lost between two boots.
pub fn boot() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let first = fs::read("/proc/1/stat").unwrap_or_default();
    format!("{} {}", kernel.trim(), started(&first).unwrap_or_default())
}

/// The start time of a process, in ticks since boot: the 22nd field of /proc/PID/stat (proc(5));
/// the second may contain blanks and parentheses.
fn started(stat: &[u8]) -> Option<u64> {
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    let fields = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    fields.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_found_after_a_process_name_with_parentheses() {
        let stat = b"1 (a) (b c) S 0 1 1 0 -1 4194560 9 9 9 9 9 9 9 9 20 0 1 0 4711 9 9";
        assert_eq!(started(stat), Some(4711));
        assert_eq!(started(b"1 (init"), None);
        assert_eq!(boot(), boot());
    }
}
