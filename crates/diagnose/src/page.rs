//! The page of a cause: `docs/causes/NAME.md`, which people write and read, built into the program.

use crate::verdict::Cause;

/// Where a page names its sources, which `sshmend explain` leaves out.
const SOURCES: &str = "\n## Sources\n";

impl Cause {
    /// The title of its page: one line without full stop.
    pub fn title(&self) -> &'static str {
        let (heading, _) = self.page.split_once('\n').unwrap_or((self.page, ""));
        let title = heading.split_once(": ").map(|(_, title)| title);
        title.unwrap_or(heading)
    }

    /// The text of its page, Markdown without the sources: what it is, how it is known, how it is mended, what it is not.
    pub fn explain(&self) -> &'static str {
        let (_, text) = self.page.split_once('\n').unwrap_or_default();
        let (text, _) = text.split_once(SOURCES).unwrap_or((text, ""));
        text.trim()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sshmend_ssh_log::CauseName;

    use crate::{CAUSES, Gate, cause};

    #[expect(clippy::disallowed_methods, reason = "the pages beside the source")]
    #[test]
    fn every_page_is_that_of_a_cause() {
        for page in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/pages")).unwrap() {
            let page = page.unwrap().file_name().into_string().unwrap();
            let name = page.strip_suffix(".md").unwrap_or_else(|| panic!("{page}"));
            assert!(cause(name).is_some(), "{page}");
        }
    }

    #[test]
    fn every_page_begins_with_the_name_and_the_title() {
        for cause in CAUSES {
            let heading = format!("# {}: {}\n\n", cause.name, cause.title());
            assert!(cause.page.starts_with(&heading), "{}", cause.name);
            assert!(!cause.title().is_empty(), "{}", cause.name);
            assert!(!cause.title().ends_with('.'), "{}", cause.name);
        }
    }

    #[test]
    fn every_page_says_how_the_cause_is_known_mended_and_told_apart() {
        const KNOWN: [&str; 5] = [
            "**Known",
            "**Certain",
            "**Likely",
            "**Suspected",
            "**Only suspected",
        ];
        for cause in CAUSES {
            let text = cause.explain();
            assert!(
                KNOWN.iter().any(|word| text.contains(word)),
                "{}",
                cause.name
            );
            assert!(text.contains("**Mended"), "{}", cause.name);
            assert!(text.contains("**It is no"), "{}", cause.name);
        }
    }

    #[test]
    fn what_is_blamed_without_cause_brings_about_later_causes_only() {
        for negative in sshmend_plan::NEGATIVES {
            for name in negative.causes {
                let cause = CAUSES.iter().find(|cause| cause.name == *name).unwrap();
                let later = cause.gate > Gate::Wrappers || *name == CauseName::EvidenceHidden;
                assert!(later, "{name} cannot act before the banner");
            }
        }
    }
}
