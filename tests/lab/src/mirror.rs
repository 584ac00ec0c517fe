//! The source of Debian packages: that of this machine's apt configuration.

use std::env;
use std::process::Command;

use crate::command;
use crate::error::LabError;

/// Overrides the mirror on a machine whose apt knows no Debian: `MIRROR` or `MIRROR SECURITY-MIRROR`.
pub(crate) const VARIABLE: &str = "SSHMEND_LAB_MIRROR";

/// The two archives that a suite is installed from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mirror {
    pub(crate) main: String,
    pub(crate) security: String,
}

/// The main archive that this machine installs Debian's packages from, and the security archive.
///
/// # Errors
/// If neither the environment nor apt names one.
pub fn archives() -> Result<[String; 2], LabError> {
    Mirror::find().map(|mirror| [mirror.main, mirror.security])
}

impl Mirror {
    /// Asks the environment, then apt.
    pub(crate) fn find() -> Result<Self, LabError> {
        if let Ok(text) = env::var(VARIABLE) {
            return Self::from_words(&text).ok_or(LabError::NoMirror(VARIABLE));
        }
        let format = "$(ORIGIN)\t$(LABEL)\t$(REPO_URI)";
        let targets = command::run(
            Command::new("apt-get").args([
                "indextargets",
                "--format",
                format,
                "Created-By: Packages",
            ]),
            "",
        )?;
        Self::from_targets(&targets.stdout).ok_or(LabError::NoMirror(VARIABLE))
    }

    fn from_words(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let main = words.next()?;
        Some(Self {
            security: words.next().unwrap_or_else(|| beside(&main)),
            main,
        })
    }

    fn from_targets(text: &str) -> Option<Self> {
        let archive = |label: &str| {
            let wanted = format!("Debian\t{label}\t");
            text.lines()
                .find_map(|line| line.strip_prefix(&wanted))
                .map(|uri| uri.trim_end_matches('/').to_owned())
        };
        let main = archive("Debian")?;
        Some(Self {
            security: archive("Debian-Security").unwrap_or_else(|| beside(&main)),
            main,
        })
    }
}

/// The security archive by its usual name next to the main one.
fn beside(main: &str) -> String {
    format!("{}-security", main.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror(main: &str, security: &str) -> Option<Mirror> {
        Some(Mirror {
            main: main.to_owned(),
            security: security.to_owned(),
        })
    }

    #[test]
    fn apts_own_targets_name_both_archives() {
        let targets = "Debian\tDebian-Security\thttp://m.test/security/\nOther\tDebian\thttp://no.test\n\
                       Debian\tDebian\thttp://m.test/debian/\n";
        assert_eq!(
            Mirror::from_targets(targets),
            mirror("http://m.test/debian", "http://m.test/security")
        );
        assert_eq!(
            Mirror::from_targets("Ubuntu\tUbuntu\thttp://u.test/\n"),
            None
        );
    }

    #[test]
    fn the_security_archive_is_beside_the_main_one_unless_named() {
        assert_eq!(
            Mirror::from_words("http://m.test/debian"),
            mirror("http://m.test/debian", "http://m.test/debian-security")
        );
        assert_eq!(
            Mirror::from_words("http://a.test http://b.test"),
            mirror("http://a.test", "http://b.test")
        );
        assert_eq!(Mirror::from_words(" "), None);
    }
}
