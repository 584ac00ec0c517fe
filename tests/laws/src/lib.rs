//! Laws for arbitrary bytes, one function for each target, which panics if a law is broken.
//!
//! `fuzz/` calls these functions with a fuzzer's inputs (`cargo xtask fuzz`); inputs that once
//! broke a law are kept in `fuzz/crashers/TARGET/` and are run by the tests of this crate.
//!
//! In targets that read several files, a byte 0x1e (record separator) ends one and begins the next.
//! A target that edits takes its wish from the first byte.

mod fail2ban;
mod glob;
mod hosts_access;
mod input;
mod journal;
mod known_hosts;
mod log;
mod seeds;
mod sshd_config;

pub use seeds::{project, seeds};

/// A law to check with arbitrary bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is also that of its program below `fuzz/fuzz_targets/`, with `_` for `-`.
    pub name: &'static str,
    /// The law.
    pub law: &'static str,
    /// Checks the law; panics if it is broken.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 12] = [
    Target {
        name: "sshd-config",
        law: "any sshd_config is read by any release, and each problem points into a file",
        run: sshd_config::read,
    },
    Target {
        name: "known-hosts",
        law: "any known_hosts is read, and its records join to the file",
        run: known_hosts::read,
    },
    Target {
        name: "hosts-access",
        law: "any hosts.allow and hosts.deny are evaluated, and their lines join to the files",
        run: hosts_access::read,
    },
    Target {
        name: "fail2ban",
        law: "any jail.local is merged, and each problem points into a file",
        run: fail2ban::read,
    },
    Target {
        name: "log",
        law: "any log is classified, the same whole or in pieces",
        run: log::classify,
    },
    Target {
        name: "transcript",
        law: "any output of a client is read, by the second time as by the first",
        run: log::transcript,
    },
    Target {
        name: "glob",
        law: "a pattern of * and ? matches what its definition says",
        run: glob::matches,
    },
    Target {
        name: "journal",
        law: "any transaction.toml is read or refused, and what was read is written and read the same",
        run: journal::read,
    },
    Target {
        name: "edit-sshd-config",
        law: "a keyword that is set is in force, and setting it again changes nothing",
        run: sshd_config::edit,
    },
    Target {
        name: "edit-known-hosts",
        law: "a removed name is gone, a pinned key is known, and no other name changes",
        run: known_hosts::edit,
    },
    Target {
        name: "edit-hosts-access",
        law: "a client that is let in is granted, and no byte outside the edits changes",
        run: hosts_access::edit,
    },
    Target {
        name: "edit-fail2ban",
        law: "an address that is to be ignored is ignored by each jail that runs",
        run: fail2ban::edit,
    },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn inputs_that_once_broke_a_law_now_keep_it() {
        for target in &TARGETS {
            let folder = project().join("fuzz/crashers").join(target.name);
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries {
                let path = entry.expect("an entry").path();
                println!("{}", path.display());
                (target.run)(&fs::read(&path).expect("a file"));
            }
        }
    }

    #[test]
    fn the_seeds_of_each_target_keep_its_law() {
        for target in &TARGETS {
            let seeds = seeds(target.name);
            assert!(!seeds.is_empty(), "{}", target.name);
            for seed in &seeds {
                (target.run)(seed);
            }
        }
    }

    #[test]
    fn every_target_has_a_program_and_every_program_a_target() {
        let mut programs: Vec<String> = fs::read_dir(project().join("fuzz/fuzz_targets"))
            .expect("the programs")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .replace('_', "-")
                    .replace(".rs", "")
            })
            .collect();
        programs.sort();
        let mut names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        names.sort_unstable();
        assert_eq!(programs, names);
    }

    #[test]
    fn a_folder_of_crashers_belongs_to_a_target() {
        let Ok(entries) = fs::read_dir(project().join("fuzz/crashers")) else {
            return;
        };
        for entry in entries {
            let name = entry.expect("an entry").file_name();
            assert!(
                target(&name.to_string_lossy()).is_some(),
                "{}",
                name.display()
            );
        }
    }
}
