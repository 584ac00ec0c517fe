//! The manual pages: clap's definition of a command, then examples, files, environment and exit
//! status.

use std::fmt::Write;

use clap_mangen::Man;
use sshmend::manual::{ENVIRONMENT, EXIT_STATUS, FILES, examples};

/// sshmend is for who administers a machine.
pub(crate) const SECTION: &str = "8";

/// The name of each page's file and its text: one page for the command and one for each of its commands.
pub(crate) fn pages() -> Vec<(String, String)> {
    let mut definition = sshmend::definition().disable_help_subcommand(true);
    definition.build();
    let mut commands = Vec::new();
    collect(&definition, "sshmend", &mut commands);
    let names: Vec<&str> = commands.iter().map(|(name, _)| name.as_str()).collect();
    commands
        .iter()
        .map(|(name, command)| {
            let file = format!("{}.{SECTION}", name.replace(' ', "-"));
            (file, page(name, command, &names))
        })
        .collect()
}

fn collect<'a>(
    command: &'a clap::Command,
    name: &str,
    commands: &mut Vec<(String, &'a clap::Command)>,
) {
    commands.push((name.to_owned(), command));
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        collect(sub, &format!("{name} {}", sub.get_name()), commands);
    }
}

fn page(name: &str, command: &clap::Command, names: &[&str]) -> String {
    let mut text = rendered(name, command);
    text.push_str(".SH EXAMPLES\n");
    for example in examples(name) {
        let purpose = sentence(example.purpose);
        writeln!(
            text,
            ".PP\n{purpose}:\n.PP\n.RS 4\n.nf\n\\fB{}\\fR\n.fi\n.RE",
            escaped(example.line)
        )
        .expect("writing to memory does not fail");
    }
    text.push_str(&section("FILES", FILES.iter().copied()));
    text.push_str(&section("ENVIRONMENT", ENVIRONMENT.iter().copied()));
    let codes: Vec<(String, &str)> = EXIT_STATUS
        .iter()
        .map(|(code, meaning)| (code.to_string(), *meaning))
        .collect();
    let codes = codes
        .iter()
        .map(|(code, meaning)| (code.as_str(), *meaning));
    text.push_str(&section("\"EXIT STATUS\"", codes));
    text.push_str(&see_also(name, names));
    in_ascii(&text)
}

/// The output of clap_mangen for a command.
fn rendered(name: &str, command: &clap::Command) -> String {
    let man = Man::new(command.clone())
        .title(name.replace(' ', "-").to_uppercase())
        .section(SECTION)
        .source(concat!("sshmend ", env!("CARGO_PKG_VERSION")))
        .manual("System Administration");
    let mut text = Vec::new();
    let mut render = |part: fn(&Man, &mut dyn std::io::Write) -> std::io::Result<()>| {
        part(&man, &mut text).expect("writing to memory does not fail");
    };
    render(Man::render_title);
    render(Man::render_name_section);
    render(Man::render_synopsis_section);
    render(Man::render_description_section);
    render(Man::render_options_section);
    if command.has_subcommands() {
        render(Man::render_subcommands_section);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn section<'a>(title: &str, entries: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let entries: String = entries
        .map(|(term, meaning)| format!(".TP\n\\fB{}\\fR\n{}.\n", escaped(term), sentence(meaning)))
        .collect();
    format!(".SH {title}\n{entries}")
}

/// The page of the parent command, those of the subcommands, and the manuals of the files edited.
fn see_also(name: &str, names: &[&str]) -> String {
    let others = [
        "sshd_config(5)",
        "hosts_access(5)",
        "jail.conf(5)",
        "sshd(8)",
    ];
    let above = name.rsplit_once(' ').map(|(above, _)| above);
    let related = names
        .iter()
        .filter(|other| {
            above == Some(**other)
                || other
                    .rsplit_once(' ')
                    .is_some_and(|(above, _)| above == name)
        })
        .map(|other| format!("{}({SECTION})", other.replace(' ', "-")));
    let list: Vec<String> = related.chain(others.map(str::to_owned)).collect();
    format!(".SH \"SEE ALSO\"\n{}\n", escaped(&list.join(", ")))
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase);
    escaped(
        &first
            .into_iter()
            .flatten()
            .chain(characters)
            .collect::<String>(),
    )
}

/// Text escaped so that roff prints it literally, also at the start of a line.
fn escaped(text: &str) -> String {
    let text = text
        .replace('\\', "\\(rs")
        .replace('-', "\\-")
        .replace('\'', "\\(aq");
    if text.starts_with('.') {
        format!("\\&{text}")
    } else {
        text
    }
}

/// Replaces everything beyond ASCII by its number, which groff reads in every locale.
fn in_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            write!(ascii, "\\[u{:04X}]", u32::from(character))
                .expect("writing to memory does not fail");
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_manual_page_is_ascii_in_section_8_with_the_usual_sections() {
        let pages = pages();
        assert!(pages.len() > 20, "{}", pages.len());
        for (name, text) in &pages {
            assert!(text.is_ascii(), "{name}");
            let title = name.trim_end_matches(".8").to_uppercase();
            assert!(text.contains(&format!(".TH {title} 8 ")), "{name}");
            for section in [
                "NAME",
                "SYNOPSIS",
                "OPTIONS",
                "EXAMPLES",
                "FILES",
                "ENVIRONMENT",
                "\"EXIT STATUS\"",
                "\"SEE ALSO\"",
            ] {
                assert_eq!(
                    text.matches(&format!("\n.SH {section}\n")).count(),
                    1,
                    "{name}: {section}"
                );
            }
        }
    }

    #[test]
    fn roff_prints_text_unchanged() {
        assert_eq!(escaped(".ssh isn't \\a-b"), "\\&.ssh isn\\(aqt \\(rsa\\-b");
        assert_eq!(in_ascii("SHA256:…"), "SHA256:\\[u2026]");
    }
}
