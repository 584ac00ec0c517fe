//! The matches of one rule, read from the left.

use super::compare::{flags, in_list, in_range, interface, port_in_list};
use super::table::{Table, recent_list};
use crate::packet::{Packet, Step, Truth};
use crate::verdict::Action;

/// The words of one rule, read from the left.
pub(super) struct Reader<'a> {
    pub(super) table: &'a Table<'a>,
    pub(super) packet: &'a Packet,
    pub(super) words: &'a [String],
}

impl<'a> Reader<'a> {
    /// Whether the rule applies to the packet, and what it does then.
    pub(super) fn read(mut self) -> (Truth, Action) {
        let (mut applies, mut action, mut negated) = (Truth::Yes, Action::Continue, false);
        while let Some(word) = self.next() {
            if word == "!" {
                negated = true;
                continue;
            }
            let truth = match word {
                "-j" | "-g" => {
                    let target = self.next().unwrap_or_default();
                    action = self.target(target, word == "-g");
                    Truth::Yes
                }
                _ => self.option(word),
            };
            applies = applies.and(if negated { !truth } else { truth });
            negated = false;
        }
        (applies, action)
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn value(&mut self) -> &'a str {
        self.next().unwrap_or_default()
    }

    /// One option with its values. Options that only describe others hold; those of unknown matches may.
    fn option(&mut self, word: &str) -> Truth {
        let packet = self.packet;
        match word {
            "-s" => in_list(packet.source, self.value()),
            "-d" => in_list(packet.destination, self.value()),
            "-p" => matches!(self.value(), "tcp" | "6" | "all").into(),
            "-i" => interface(packet.comes_in_by(), self.value()),
            "-o" => interface(packet.goes_out_by(), self.value()),
            "--dport" | "--dports" | "--destination-ports" => {
                port_in_list(packet.destination_port, self.value())
            }
            "--sport" | "--sports" | "--source-ports" => {
                port_in_list(packet.source_port, self.value())
            }
            "--ports" => {
                let ports = self.value();
                port_in_list(packet.destination_port, ports)
                    .or(port_in_list(packet.source_port, ports))
            }
            "--src-range" => in_range(packet.source, self.value()),
            "--dst-range" => in_range(packet.destination, self.value()),
            "--state" | "--ctstate" => {
                let states = self.value();
                let has = |state: &str| {
                    states
                        .split(',')
                        .any(|word| word.eq_ignore_ascii_case(state))
                };
                packet.state.map_or(Truth::Maybe, |state| has(state).into())
            }
            "--uid-owner" | "--gid-owner" => self.by_root(),
            "--socket-exists" => packet.step.is_reply().into(),
            "-f" => Truth::No,
            "--tcp-flags" => {
                let (mask, set) = (self.value(), self.value());
                flags(packet, mask, set)
            }
            "--match-set" => {
                let (name, direction) = (self.value(), self.value());
                self.in_set(name, direction)
            }
            "-m" => self.module(),
            _ => self.unknown(),
        }
    }

    /// The result of a match module that is given alone, without its options, which follow.
    fn module(&mut self) -> Truth {
        let name = self.value();
        match name {
            "tcp" | "multiport" | "conntrack" | "state" | "set" | "iprange" | "owner" => Truth::Yes,
            "udp" | "icmp" | "icmp6" | "sctp" => Truth::No,
            "addrtype" => self.address_type(),
            "comment" => self.skip_to(Truth::Yes),
            "recent" => self.recent(),
            "string" if !matches!(self.packet.step, Step::Saying | Step::Speaking) => {
                self.skip_to(Truth::No)
            }
            "connlimit"
                if self
                    .words
                    .starts_with(&["--connlimit-above".to_owned(), "0".to_owned()]) =>
            {
                self.skip_to(Truth::Yes)
            }
            // The packet arrives by the interface to which its answer is routed.
            "rpfilter" if self.words.iter().take(3).any(|word| word == "--invert") => {
                self.skip_to(Truth::No)
            }
            _ => self.skip_to(Truth::Maybe),
        }
    }

    /// Root has opened the socket that answers.
    fn by_root(&mut self) -> Truth {
        let ids = self.value();
        let (low, _) = ids.split_once('-').unwrap_or((ids, ids));
        (self.packet.step.is_reply() && matches!(low, "0" | "root")).into()
    }

    /// A list of recently seen addresses: an address that is not on it does not match; one that is
    /// may match, depending on a time or a count.
    fn recent(&mut self) -> Truth {
        let options = self.words;
        let has = |word: &str| {
            options
                .iter()
                .take_while(|word| !matches!(word.as_str(), "-j" | "-g"))
                .any(|w| w == word)
        };
        let name = options
            .iter()
            .skip_while(|word| *word != "--name")
            .nth(1)
            .map_or("DEFAULT", String::as_str);
        let listed = self
            .table
            .sets
            .get(&recent_list(name))
            .zip(self.packet.source);
        let listed = listed
            .filter(|_| !has("--rdest"))
            .map(|(list, source)| list.contains(&source.to_string()));
        let also = if has("--seconds") || has("--hitcount") {
            Truth::Maybe
        } else {
            Truth::Yes
        };
        self.skip_to(match listed {
            _ if has("--set") => Truth::Yes,
            Some(listed) => Truth::from(listed).and(also),
            None => Truth::Maybe,
        })
    }

    /// The packet is for this machine; no other type of address applies.
    fn address_type(&mut self) -> Truth {
        let (option, kind) = (self.words.first().cloned(), self.words.get(1).cloned());
        match (option.as_deref(), kind.as_deref()) {
            (Some("--dst-type"), Some(kind)) if !self.packet.step.is_reply() => {
                self.skip_to(Truth::from(kind == "LOCAL"))
            }
            _ => self.skip_to(Truth::Maybe),
        }
    }

    /// Skips an option that is not known, with its values: it describes a rule that may apply.
    fn unknown(&mut self) -> Truth {
        while self
            .words
            .first()
            .is_some_and(|word| !word.starts_with('-') && word != "!")
        {
            self.next();
        }
        Truth::Maybe
    }

    /// Skips the options of a module that is judged as a whole.
    fn skip_to(&mut self, truth: Truth) -> Truth {
        while self
            .words
            .first()
            .is_some_and(|word| !matches!(word.as_str(), "-m" | "-j" | "-g"))
        {
            self.next();
        }
        truth
    }
}
