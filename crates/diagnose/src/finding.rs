//! Conclusions: findings, their evidence and their remedies.

use sshmend_facts::{Facts, ListLine, LogLine};
use sshmend_lossless::Origin;
use sshmend_packet_filter::Block;
use sshmend_plan::Wish;
use sshmend_ssh_log::CauseName;
use sshmend_sshd_config::Setting;

use crate::edit;
use crate::proof::Certainty;

/// Evidence keeps this many characters of a hostile line.
const EVIDENCE_LIMIT: usize = 400;

/// The number of log entries shown.
const LINES_SHOWN: usize = 3;

/// One cause that the facts point at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the cause.
    pub cause: CauseName,
    /// The certainty.
    pub certainty: Certainty,
    /// True when it does no harm yet: it strikes at the next restart, reload or upgrade.
    pub latent: bool,
    /// The cause of this one; if both are found, that one comes first.
    pub follows: Option<CauseName>,
    /// One sentence, without full stop; may hold text from the machine: escape it for a terminal.
    pub summary: String,
    /// The evidence.
    pub evidence: Vec<Evidence>,
    /// The command of sshmend that repairs it.
    pub remedy: Option<Remedy>,
    /// Steps to take by hand, or through others, in order.
    pub steps: Vec<String>,
    /// The reason why a client's text indicates it, if there is no other evidence: the end of the
    /// summary.
    pub reason: Option<&'static str>,
    /// The attempts of a paste that it is about, as indices into [`Diagnosis::attempts`](crate::Diagnosis::attempts).
    pub attempts: Vec<usize>,
    /// The hosts of these attempts, if they are named, each once.
    pub hosts: Vec<String>,
}

/// One thing seen that a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// A path, a command line, or `journal`.
    pub source: String,
    /// The line in it, counted from 1.
    pub line: Option<usize>,
    /// The text, shortened; hostile text.
    pub text: String,
    /// The place of the fault in the line, if known.
    pub mark: Option<Mark>,
}

/// A place in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The complete line of the file, shortened; hostile text.
    pub line: String,
    /// The first character that is meant, counted from 1.
    pub column: usize,
    /// The number of characters marked.
    pub length: usize,
    /// What is wrong with them.
    pub label: String,
}

/// A repair that sshmend can make for a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// The wish that requests it.
    pub wish: Wish,
    /// Its effect, in one line.
    pub summary: String,
}

/// What sshd needs after the cause has been repaired by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It does not run.
    Start,
    /// A restart, because it keeps what it was started with.
    Restart,
}

impl Finding {
    /// A finding without evidence yet.
    pub(crate) fn new(cause: CauseName, certainty: Certainty, summary: impl Into<String>) -> Self {
        let (evidence, steps) = (Vec::new(), Vec::new());
        Self {
            cause,
            certainty,
            latent: false,
            follows: None,
            summary: summary.into(),
            evidence,
            remedy: None,
            steps,
            reason: None,
            attempts: Vec::new(),
            hosts: Vec::new(),
        }
    }

    /// Adds the output of a program or the content of a whole file.
    pub(crate) fn shown_by(&mut self, source: impl AsRef<str>, text: impl AsRef<str>) -> &mut Self {
        self.shown_on(source.as_ref(), None, text.as_ref())
    }

    /// Adds a line of a file.
    pub(crate) fn shown_at(&mut self, origin: &Origin, text: impl AsRef<str>) -> &mut Self {
        let source = origin.path.display().to_string();
        self.shown_on(&source, Some(origin.line), text.as_ref())
    }

    /// Marks the place of the fault in the line that was added last.
    pub(crate) fn marked(&mut self, mark: Option<Mark>) -> &mut Self {
        if let Some(last) = self.evidence.last_mut() {
            last.mark = mark;
        }
        self
    }

    /// Adds a line of something that has lines.
    pub(crate) fn shown_on(&mut self, source: &str, line: Option<usize>, text: &str) -> &mut Self {
        self.evidence.push(Evidence {
            source: source.to_owned(),
            line,
            text: shorten(text),
            mark: None,
        });
        self
    }

    /// Whether this line of the transcript is shown already.
    pub(crate) fn shows(&self, line: usize) -> bool {
        self.evidence.iter().any(|one| one.line == Some(line))
    }

    /// Adds the line of the configuration that decides a value; of a default the value.
    pub(crate) fn shown_by_setting(&mut self, facts: &Facts<'_>, setting: &Setting) -> &mut Self {
        match &setting.origin {
            Some(origin) if origin.path.is_absolute() => {
                let line = facts.line(&origin.path, origin.line);
                self.shown_at(origin, line)
            }
            Some(origin) => {
                self.shown_by(
                    origin.path.to_string_lossy(),
                    format!("{} {}", setting.key, setting.values.join(" ")),
                );
                match facts.line_of_start(&setting.key) {
                    Some(place) => self.shown_at(&place, facts.line(&place.path, place.line)),
                    None => self,
                }
            }
            None => self.shown_by(
                "sshd_config",
                format!("{} {} (the default)", setting.key, setting.values.join(" ")),
            ),
        }
    }

    /// Adds the last lines of a log.
    pub(crate) fn shown_by_lines(&mut self, lines: &[&LogLine]) -> &mut Self {
        for line in lines.iter().skip(lines.len().saturating_sub(LINES_SHOWN)) {
            self.shown_on(&line.source, line.number_in_file, &line.text);
        }
        self
    }

    /// Adds the host and port to which ssh resolves the destination, if they differ from its name.
    pub(crate) fn led_by(&mut self, facts: &Facts<'_>) -> &mut Self {
        if let Some(elsewhere) = facts.led_elsewhere() {
            self.shown_by("ssh -G", elsewhere);
        }
        self
    }

    /// Adds a rule of the firewall.
    pub(crate) fn shown_by_rule(&mut self, block: &Block) -> &mut Self {
        let (source, text) = block.evidence();
        self.shown_by(source, text)
    }

    /// Shows the entry in an owner's list that makes the rule its own.
    pub(crate) fn shown_by_list(&mut self, line: &ListLine) -> &mut Self {
        self.shown_on(&line.source, line.line, &line.text)
    }

    /// Sets the remedy.
    pub(crate) fn mended_by(&mut self, wish: Wish, summary: impl Into<String>) -> &mut Self {
        self.remedy = Some(Remedy {
            wish,
            summary: summary.into(),
        });
        self
    }

    /// Adds the command that sets a keyword to another value; if the command line of sshd decides,
    /// the step for that.
    pub(crate) fn mended_by_setting(
        &mut self,
        facts: &Facts<'_>,
        key: &str,
        value: &str,
        summary: impl Into<String>,
    ) -> &mut Self {
        let Some(place) = facts.decided_by_command_line(key) else {
            return self.mended_by(Wish::setting(key, value), summary);
        };
        let unit = facts
            .start()
            .map_or_else(|| "ssh.service".to_owned(), |start| start.unit);
        let line = facts.line_of_start(&key.to_lowercase());
        let command = line.and_then(|line| edit::replace_after(&line, &format!("{key}="), value));
        let by = command.map_or_else(String::new, |command| format!(": {command}"));
        self.step(format!(
            "no file of sshd can change it, for sshd is started with it: write {key}={value} in {place}{by}"
        ));
        self.step(format!(
            "then `systemctl daemon-reload && systemctl restart {unit}` (sessions stay)"
        ))
    }

    /// Adds the step for a line of the unit: what to do with it; systemd has to read its files again then.
    pub(crate) fn step_in_unit(&mut self, what: impl std::fmt::Display) -> &mut Self {
        self.step(format!("{what}; then `systemctl daemon-reload`"))
    }

    /// Adds the steps that give settings of a unit other values by a file of the administrator's own, which comes last.
    pub(crate) fn set_in_unit(
        &mut self,
        unit: &str,
        section: &str,
        settings: &[&str],
    ) -> &mut Self {
        let directory = format!("/etc/systemd/system/{unit}.d");
        let key = settings.first().and_then(|first| first.split('=').next());
        let name = key.unwrap_or(section).to_ascii_lowercase();
        let lines: String = settings.iter().map(|one| format!("{one}\\n")).collect();
        self.step(format!(
            "give the unit another value by a file of your own: `mkdir -p {directory}`"
        ));
        self.step(format!(
            "`printf '[{section}]\\n{lines}' > {directory}/zz-{name}.conf`"
        ));
        self.step("have systemd read it: `systemctl daemon-reload`")
    }

    /// Names the command that starts or restarts sshd without certain lines of its unit, which
    /// someone has written on purpose.
    pub(crate) fn mended_without(&mut self, lines: &[Origin]) -> &mut Self {
        let wish = Wish::WithoutUnitLines {
            lines: lines.to_vec(),
        };
        self.mended_by(wish, "comments it out and starts sshd without it")
            .step("it was written on purpose: ask who did, and mend what it asks for if it has to stay")
    }

    /// Adds the last step: sshd is started, or restarted, by the command that asks `sshd -t` first.
    pub(crate) fn then(&mut self, then: Then) -> &mut Self {
        self.step(match then {
            Then::Start => "then `sshmend fix service`",
            Then::Restart => "then `sshmend fix service --restart`",
        })
    }

    /// Adds a step to do by hand.
    pub(crate) fn step(&mut self, step: impl Into<String>) -> &mut Self {
        self.steps.push(step.into());
        self
    }

    /// Adds the step that removes the line of ssh's own files which sets a keyword, given in lower
    /// case; nothing if no such line is known.
    pub(crate) fn without_client_line(
        &mut self,
        facts: &Facts<'_>,
        key: &str,
        when: &str,
    ) -> &mut Self {
        match facts.client_line(key) {
            Some(line) => self.step(format!(
                "{when}, make a comment of its line: {}",
                edit::comment_out(&line)
            )),
            None => self,
        }
    }

    /// Sets the cause of this one.
    pub(crate) fn following(&mut self, cause: CauseName) -> &mut Self {
        self.follows = Some(cause);
        self
    }

    /// Marks it as harmless for now, if so.
    pub(crate) fn latent_if(&mut self, latent: bool) -> &mut Self {
        self.latent = latent;
        self
    }
}

impl Mark {
    /// Marks the word of a line that begins at byte `column`, counted from 1, or after the blanks
    /// there; `None` if the line is unknown.
    pub(crate) fn word(line: &str, column: usize, label: impl Into<String>) -> Option<Self> {
        let start = column.saturating_sub(1);
        let (before, rest) = line.split_at_checked(start).filter(|_| !line.is_empty())?;
        let word = rest.trim_start();
        let blanks = rest.len() - word.len();
        let word = word.split([' ', '\t']).next().unwrap_or_default();
        Some(Self {
            line: shorten_end(line),
            column: before.chars().count() + blanks + 1,
            length: word.chars().count(),
            label: label.into(),
        })
    }
}

fn shorten(text: &str) -> String {
    shorten_end(text.trim())
}

/// Shortens only the end: the blanks at the beginning are kept, because columns count them.
fn shorten_end(text: &str) -> String {
    match text.char_indices().nth(EVIDENCE_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_after_the_blanks_is_marked() {
        let mark = Mark::word("sshd: ALL : spwan x", 12, "meant?").expect("a line");
        assert_eq!((mark.column, mark.length), (13, 5));
        let mark = Mark::word("ALL :", 6, "empty").expect("a line");
        assert_eq!((mark.column, mark.length), (6, 0));
    }

    #[test]
    fn long_evidence_is_cut_between_characters() {
        let mut finding = Finding::new(CauseName::MaxStartups, Certainty::Likely, "s");
        finding.shown_by("journal", "é".repeat(1_000));
        assert_eq!(finding.evidence[0].text.chars().count(), EVIDENCE_LIMIT + 1);
    }
}
