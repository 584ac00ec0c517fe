//! The answer of libwrap for a client, by the first rule that matches (hosts_access and
//! process_options).

use sshmend_lossless::{Origin, Unread};

use crate::answer::{Answer, Doubt, Need};
use crate::client::Client;
use crate::connection::Connection;
use crate::logical::Fault;
use crate::options::{Decision, Step};
use crate::rule::Rule;
use crate::steps;
use crate::table::{State, Table, TableLine, Tables, Which};

/// May the client in?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// libwrap allows it.
    Granted,
    /// libwrap refuses it, or hands the connection to a command instead of the daemon.
    Denied,
    /// It depends on something that neither the tables nor the description of the client determine.
    Unknown,
}

/// The answer for one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Granted, denied or unknown.
    pub access: Access,
    /// The first physical line of the rule that decides, or on which it hangs; `None` when no rule matches.
    pub origin: Option<Origin>,
    /// The last physical line of that rule.
    pub last_line: Option<usize>,
    /// The rule, joined and trimmed.
    pub rule: Option<String>,
    /// Why, as a sentence fragment.
    pub reason: String,
    /// The information needed to be sure which rule decides. The access depends on it only if the
    /// access is unknown.
    pub doubts: Vec<Doubt>,
}

impl Tables {
    /// The answer of libwrap for this client.
    ///
    /// A rule that may or may not match makes the answer unknown only if it matters: if all
    /// possibilities lead to the same access, that is the answer.
    pub fn evaluate(&self, client: &Client) -> Verdict {
        let mut course = Course {
            tables: self,
            connection: Connection::new(client, &self.files),
            ends: Vec::new(),
            doubts: Vec::new(),
        };
        let exit = course.walk(&self.allow, false);
        let failed = exit.command_failed && course.walk(&self.deny, true).end;
        let passed = exit.end && course.walk(&self.deny, false).end;
        if failed || passed {
            course.ends.push(End::default_grant());
        }
        course.verdict()
    }
}

/// All ways that one evaluation can take.
struct Course<'a> {
    tables: &'a Tables,
    connection: Connection<'a>,
    ends: Vec<End<'a>>,
    doubts: Vec<(Doubt, Place<'a>)>,
}

/// One possibility, with its result.
struct End<'a> {
    access: Access,
    place: Option<Place<'a>>,
    reason: String,
}

#[derive(Clone, Copy)]
struct Place<'a> {
    table: &'a Table,
    line: Option<&'a TableLine>,
}

/// One way in which the walk through a table can end undecided.
#[derive(Default)]
struct Exit {
    /// The end of the table may be reached without a match.
    end: bool,
    /// A rule may match whose `aclexec` command fails: the rest of the table is skipped.
    command_failed: bool,
}

impl End<'_> {
    fn default_grant() -> Self {
        Self {
            access: Access::Granted,
            place: None,
            reason: "no rule matches, so access is granted".to_owned(),
        }
    }
}

impl<'a> Course<'a> {
    /// Walks through one table; `command_failed` if an `aclexec` of the other one failed before.
    fn walk(&mut self, table: &'a Table, command_failed: bool) -> Exit {
        let mut exit = Exit::default();
        if let State::Unknown(why) = &table.state {
            self.unreadable(table, why);
            return exit;
        }
        for (line, rule) in table.live_rules() {
            steps::add(1);
            let place = Place {
                table,
                line: Some(line),
            };
            match rule.matches(&self.connection) {
                Answer::No => continue,
                Answer::Yes => {
                    exit.command_failed |= self.run(place, rule, command_failed);
                    return exit;
                }
                Answer::Maybe(doubt) => {
                    self.doubts.push((doubt, place));
                    exit.command_failed |= self.run(place, rule, command_failed);
                }
            }
        }
        match table.fault().filter(|_| table.which == Which::Deny) {
            Some(line) => self.broken(table, line),
            None => exit.end = true,
        }
        exit
    }

    /// Runs the options of a rule that matches; true when it can end with a failed command and no decision.
    fn run(&mut self, place: Place<'a>, rule: &Rule, command_failed: bool) -> bool {
        let mut asked = None;
        for option in &rule.options {
            match option.step(&self.tables.accounts) {
                Step::Next => {}
                Step::Ask(command) => asked = Some(command),
                Step::Doubtful(doubt) => {
                    self.end(
                        place,
                        Access::Denied,
                        format!("libwrap denies, depending on {}", doubt.text),
                    );
                    self.doubts.push((doubt, place));
                }
                Step::Decide(decision) => {
                    self.decided(place, rule, decision);
                    return false;
                }
            }
        }
        let granted = place.table.which == Which::Allow;
        let open = granted && asked.is_some();
        match asked {
            Some(command) => self.asked(place, rule, &command),
            None if command_failed && !rule.options.is_empty() => {
                let reason = "an aclexec command of hosts.allow failed, which turns a denial with options into a grant";
                self.end(place, Access::Granted, reason.to_owned());
            }
            None => self.matched(place, rule, granted),
        }
        open
    }

    fn asked(&mut self, place: Place<'a>, rule: &Rule, command: &str) {
        let doubt = Doubt::new(
            Need::Command(command.to_owned()),
            format!("whether `{command}` succeeds"),
        );
        self.doubts.push((doubt, place));
        self.matched(place, rule, place.table.which == Which::Allow);
        if place.table.which == Which::Deny {
            self.end(
                place,
                Access::Granted,
                format!("the rule denies only when `{command}` succeeds"),
            );
        }
    }

    fn matched(&mut self, place: Place<'a>, rule: &Rule, granted: bool) {
        let (access, what) = if granted {
            (Access::Granted, "grants")
        } else {
            (Access::Denied, "denies")
        };
        self.end(
            place,
            access,
            format!("the rule matches {} and {what}", self.who(rule)),
        );
    }

    fn decided(&mut self, place: Place<'a>, rule: &Rule, decision: Decision) {
        let who = self.who(rule);
        let (access, what) = match decision {
            Decision::Allow => (Access::Granted, " and its option allow grants".to_owned()),
            Decision::Deny => (Access::Denied, " and its option deny denies".to_owned()),
            Decision::HandOver(command) => (
                Access::Denied,
                format!(" and twist hands the connection to `{command}`"),
            ),
            Decision::Refuse(error) => (Access::Denied, format!(", but {error}: libwrap denies")),
        };
        self.end(place, access, format!("the rule matches {who}{what}"));
    }

    fn who(&self, rule: &Rule) -> String {
        let word = rule.matching_word(&self.connection);
        word.map_or_else(|| "perhaps".to_owned(), |word| format!("by `{word}`"))
    }

    fn broken(&mut self, table: &'a Table, line: &'a TableLine) {
        let why = match line.line.fault {
            Some(Fault::TooLong) => "is longer than 2047 bytes",
            _ => "has no newline at its end",
        };
        let reason = format!(
            "the line {why}: libwrap stops there and denies every client that no earlier rule allows"
        );
        self.end(
            Place {
                table,
                line: Some(line),
            },
            Access::Denied,
            reason,
        );
    }

    fn unreadable(&mut self, table: &'a Table, why: &Unread) {
        let place = Place { table, line: None };
        let doubt = Doubt::new(
            Need::File(table.path.clone()),
            format!("{}, which cannot be read: {why}", table.path.display()),
        );
        self.doubts.push((doubt, place));
        for access in [Access::Granted, Access::Denied] {
            self.end(place, access, String::new());
        }
    }

    fn end(&mut self, place: Place<'a>, access: Access, reason: String) {
        self.ends.push(End {
            access,
            place: Some(place),
            reason,
        });
    }

    /// All ways agree, or it is unknown.
    fn verdict(mut self) -> Verdict {
        let agreed = self
            .ends
            .windows(2)
            .all(|pair| pair[0].access == pair[1].access);
        let first_doubt = self.doubts.first().map(|(_, place)| *place);
        let mut doubts: Vec<Doubt> = self.doubts.into_iter().map(|(doubt, _)| doubt).collect();
        doubts.sort();
        doubts.dedup();
        match self.ends.pop() {
            Some(end) if agreed => verdict(end.access, end.place, end.reason, doubts),
            _ => {
                let texts: Vec<&str> = doubts.iter().map(|doubt| doubt.text.as_str()).collect();
                let reason = format!("it depends on {}", texts.join(", "));
                verdict(Access::Unknown, first_doubt, reason, doubts)
            }
        }
    }
}

fn verdict(
    access: Access,
    place: Option<Place<'_>>,
    reason: String,
    doubts: Vec<Doubt>,
) -> Verdict {
    let line = place.and_then(|place| place.line);
    Verdict {
        access,
        origin: place.and_then(|place| place.line.map(|line| place.table.origin(line))),
        last_line: line.map(|line| line.line.last),
        rule: line.map(TableLine::shown),
        reason,
        doubts,
    }
}
