//! The page of a cause: `docs/causes/NAME.md`, which people write and read, built into the program.
//!
//! A page may give the sources of its claims: a marker such as `[1]` in the text, and an entry of
//! the same number below `## Sources`. `sshmend explain` shows neither.

use crate::verdict::Cause;

/// The end of a page's text and the beginning of its sources.
const SOURCES: &str = "\n## Sources\n";

impl Cause {
    /// The title of its page: one line without full stop.
    pub fn title(&self) -> &'static str {
        let (heading, _) = self.page.split_once('\n').unwrap_or((self.page, ""));
        let title = heading.split_once(": ").map(|(_, title)| title);
        title.unwrap_or(heading)
    }

    /// The text of its page, Markdown without sources and markers: what it is, how it is known, how
    /// it is repaired, what it is not.
    pub fn explain(&self) -> String {
        let mut text = String::new();
        let mut rest = self.text();
        while let Some((before, after)) = next_marker(rest) {
            text.push_str(before);
            rest = after;
        }
        text + rest
    }

    /// The paragraphs of its page that name no source.
    pub fn unsourced(&self) -> impl Iterator<Item = &'static str> {
        self.text()
            .split("\n\n")
            .filter(|paragraph| next_marker(paragraph).is_none())
    }

    /// The text of its page with the markers.
    fn text(&self) -> &'static str {
        let (_, text) = self.page.split_once('\n').unwrap_or_default();
        let (text, _) = text.split_once(SOURCES).unwrap_or((text, ""));
        text.trim()
    }
}

/// The text before and after the first marker; the blank before the marker is removed with it.
fn next_marker(text: &str) -> Option<(&str, &str)> {
    for (at, _) in text.match_indices('[') {
        let Some(end) = text[at..].find(']') else {
            continue;
        };
        let number = &text[at + 1..at + end];
        if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some((text[..at].trim_end(), &text[at + end + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sshmend_ssh_log::CauseName;

    use super::{SOURCES, next_marker};
    use crate::{CAUSES, Gate, cause};

    #[test]
    fn every_paragraph_names_its_source() {
        for cause in CAUSES {
            let unsourced: Vec<&str> = cause.unsourced().collect();
            assert!(unsourced.is_empty(), "{}: {unsourced:?}", cause.name);
        }
    }

    #[test]
    fn every_marker_has_a_source_and_every_source_has_a_marker() {
        for cause in CAUSES {
            let (text, sources) = cause.page.split_once(SOURCES).unwrap_or((cause.page, ""));
            for number in 1..20 {
                let marker = format!("[{number}]");
                let listed = sources.contains(&format!("- {marker} "));
                assert_eq!(text.contains(&marker), listed, "{} {marker}", cause.name);
            }
        }
    }

    #[test]
    fn an_explanation_shows_neither_markers_nor_sources() {
        for cause in CAUSES {
            let text = cause.explain();
            assert!(next_marker(&text).is_none(), "{}", cause.name);
            assert!(!text.contains("## "), "{}", cause.name);
        }
        assert_eq!(
            next_marker("see [a] and x [12]."),
            Some(("see [a] and x", "."))
        );
    }

    #[expect(clippy::disallowed_methods, reason = "the pages beside the source")]
    #[test]
    fn every_page_belongs_to_a_cause() {
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
    fn every_page_says_how_to_recognise_repair_and_distinguish_the_cause() {
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
    fn settings_that_are_often_blamed_act_only_after_the_banner() {
        for negative in sshmend_plan::NEGATIVES {
            for name in negative.causes {
                let cause = CAUSES.iter().find(|cause| cause.name == *name).unwrap();
                let later = cause.gate > Gate::Wrappers || *name == CauseName::EvidenceHidden;
                assert!(later, "{name} cannot act before the banner");
            }
        }
    }
}
