//! The plan that raises sshd's LogLevel temporarily.

use std::time::Duration;

use sshmend_lossless::Snapshot;
use sshmend_sshd_config::{Assignment, Scope};

use crate::plan::{Plan, Refusal};
use crate::sshd_config::{SshdConfigWish, sshd_config};

/// The levels, each telling more than the one before (log.c, `log_levels`).
const LEVELS: [&str; 9] = [
    "QUIET", "FATAL", "ERROR", "INFO", "VERBOSE", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3",
];

/// The duration, and the means of undoing it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForAWhile<'a> {
    /// The duration.
    pub lasts: Duration,
    /// Whether it is the running machine, where a timer undoes it.
    pub live: bool,
    /// Where the disk is mounted that it is about otherwise.
    pub root: &'a str,
}

/// Plans the LogLevel in `wish`, its only setting, as a temporary change; an empty plan if sshd
/// already logs as much.
///
/// # Errors
/// Like [`sshd_config`], and if nothing would undo it.
pub(crate) fn log_level(
    snapshot: &Snapshot,
    wish: &SshdConfigWish<'_>,
    level: &str,
    time: ForAWhile<'_>,
) -> Result<Plan, Refusal> {
    let rank = |level: &str| {
        LEVELS
            .iter()
            .position(|known| known.eq_ignore_ascii_case(level))
    };
    let Some(wanted) = rank(level) else {
        return Err(Refusal::refused(
            format!("{level} is not a LogLevel"),
            format!("one of {}", LEVELS.join(", ")),
        ));
    };
    let tree = wish.readings.read(snapshot, wish.main, wish.overrides);
    let effective = tree.effective(Some(wish.reading), Scope::Global);
    let today = effective
        .get("loglevel")
        .and_then(|setting| rank(setting.values.first()?));
    if today >= Some(wanted) {
        return Ok(Plan {
            purpose: format!("set LogLevel={level} temporarily"),
            ..Plan::default()
        });
    }
    let settings = vec![Assignment::set("LogLevel", level.to_ascii_uppercase())];
    let plan = sshd_config(
        snapshot,
        &SshdConfigWish {
            settings,
            ..wish.clone()
        },
    )?;
    if !time.live {
        let hint = format!(
            "sshmend fix sshd-config LogLevel={level} --root {} sets it, and sshmend rollback undoes it",
            time.root
        );
        return Err(Refusal::refused("below --root nothing would undo it", hint));
    }
    Ok(plan.for_a_while(time.lasts))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use sshmend_facts::Sshd;
    use sshmend_lossless::fixture::snapshot;
    use sshmend_sshd_config::{Place, Readings, Release};

    fn plan(config: &str, level: &str, live: bool) -> Result<Plan, Refusal> {
        let seen = snapshot(&format!("//- /etc/ssh/sshd_config\n{config}"));
        let release = Release::new(9, 2);
        let wish = SshdConfigWish {
            settings: Vec::new(),
            comment_out: Vec::new(),
            unset: Vec::new(),
            place: Place::Best,
            main: Path::new("/etc/ssh/sshd_config"),
            overrides: &[],
            release: Some(release),
            reading: release,
            sshd: &Sshd::default(),
            model_alone: false,
            readings: &Readings::default(),
        };
        log_level(
            &seen,
            &wish,
            level,
            ForAWhile {
                lasts: Duration::from_secs(60),
                live,
                root: "/mnt",
            },
        )
    }

    #[test]
    fn the_log_level_is_set_with_its_end() {
        let plan = plan("Port 22\n", "verbose", true).expect("a plan");
        let after = plan.files[0].after.as_deref().unwrap_or_default();
        assert!(String::from_utf8_lossy(after).contains("LogLevel VERBOSE\n"));
        assert_eq!(plan.lasts, Some(Duration::from_secs(60)));
        let told = plan
            .notices
            .iter()
            .find(|notice| notice.name == "temporary")
            .expect("it is told");
        assert!(told.text.contains(" after 1m"), "{}", told.text);
    }

    #[test]
    fn a_level_that_logs_at_least_as_much_is_kept() {
        for config in ["LogLevel VERBOSE\n", "loglevel debug3\n"] {
            assert!(
                plan(config, "VERBOSE", false)
                    .expect("a plan")
                    .changes_nothing(),
                "{config}"
            );
        }
        assert!(
            !plan("LogLevel QUIET\n", "INFO", true)
                .expect("a plan")
                .changes_nothing()
        );
    }

    #[test]
    fn temporary_log_levels_are_refused_below_root() {
        let Err(Refusal::Refused { reason, hint }) = plan("", "VERBOSE", false) else {
            panic!("refused")
        };
        assert_eq!(reason, "below --root nothing would undo it");
        assert!(hint.is_some_and(|hint| hint.contains("LogLevel=VERBOSE --root /mnt ")));
        assert!(plan("", "LOUD", true).is_err());
    }
}
