//! Chains of rules, and the path of one packet through them.

use std::collections::BTreeMap;

use crate::block::Block;
use crate::owner::Owner;
use crate::packet::{Step, Truth};
use crate::verdict::{Action, How, Seen};

/// The kernel allows this many jumps inside each other.
const DEPTH: usize = 16;

/// The most blocking rules to report for one base chain.
const PER_CHAIN: usize = 4;

/// More rules than any packet meets; the result is unknown after that.
const STEPS: usize = 1_000_000;

/// Every chain, by a name that is unique among all tables.
#[derive(Debug, Default)]
pub(crate) struct Ruleset {
    pub(crate) chains: BTreeMap<String, Chain>,
}

/// A chain, lowered for one packet.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// The hook at which the kernel enters it; `None` for a chain reached only by jumps.
    pub(crate) entry: Option<Entry>,
    pub(crate) rules: Vec<Rule>,
}

/// The hook and priority of a base chain.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// 0 at the interface, 1 before routing, 2 for this machine (or from it), 3 after routing.
    pub(crate) stage: u8,
    /// Lower ones come first.
    pub(crate) priority: i64,
    /// The action for a packet on which no rule decides; `None` lets it pass.
    pub(crate) policy: Option<Rule>,
}

/// A rule, with the part of its conditions already evaluated for the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) applies: Truth,
    pub(crate) action: Action,
    pub(crate) seen: Seen,
}

/// The result for the packet.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// The rules that block it, in the order in which it meets them, each as if those before were
    /// repaired; if there is none, the rule that most likely does.
    pub(crate) blocks: Vec<Block>,
    /// Whether a rule keeps it from connection tracking.
    pub(crate) untracked: bool,
}

enum Flow {
    Next,
    Return,
    Accept,
    Block(Block),
}

struct Walk<'a> {
    chains: &'a BTreeMap<String, Chain>,
    steps: usize,
    /// False once a rule might have changed the packet.
    same: bool,
    /// False once a rule of this base chain might have let the packet pass.
    certain: bool,
    /// The base chain.
    base: &'a str,
    /// The rules that block the packet, treated as repaired.
    mended: Vec<Seen>,
    untracked: bool,
    through: Vec<String>,
    /// Of the rules that may stop it, the most likely one.
    possible: Option<Block>,
}

impl Ruleset {
    /// Follows the packet that the rules were lowered for through all base chains.
    pub(crate) fn walk(&self) -> Walked {
        let mut entries: Vec<(&String, &Entry)> = self
            .chains
            .iter()
            .filter_map(|(name, chain)| Some((name, chain.entry.as_ref()?)))
            .collect();
        entries.sort_by_key(|(_, entry)| (entry.stage, entry.priority));
        let mut walk = Walk::new(&self.chains);
        let mut blocks = Vec::new();
        for (name, entry) in entries {
            let found = std::iter::from_fn(|| walk.enter(name, entry)).take(PER_CHAIN);
            blocks.extend(found);
        }
        if blocks.is_empty() {
            blocks.extend(walk.possible);
        }
        Walked {
            blocks,
            untracked: walk.untracked,
        }
    }
}

impl<'a> Walk<'a> {
    fn new(chains: &'a BTreeMap<String, Chain>) -> Self {
        let (base, mended, possible) = ("", Vec::new(), None);
        Self {
            chains,
            steps: STEPS,
            same: true,
            certain: true,
            base,
            mended,
            untracked: false,
            through: Vec::new(),
            possible,
        }
    }

    /// The next rule of a base chain that certainly stops the packet.
    fn enter(&mut self, name: &'a str, entry: &Entry) -> Option<Block> {
        (self.base, self.certain) = (name, self.same);
        self.through.clear();
        let flow = match self.chain(name, DEPTH) {
            Flow::Next | Flow::Return => entry
                .policy
                .as_ref()
                .map_or(Flow::Next, |rule| self.rule_if(rule, DEPTH)),
            flow => flow,
        };
        let Flow::Block(block) = flow else {
            return None;
        };
        self.mended.push(block.seen.clone());
        if block.certain {
            return Some(block);
        }
        self.may(block);
        None
    }

    /// Remembers a rule that may stop the packet: preferably one that has matched packets, then one
    /// without a counter, then one that has matched none.
    fn may(&mut self, block: Block) {
        let weight = |block: &Block| match block.seen.packets {
            Some(0) => 0,
            None => 1,
            Some(_) => 2,
        };
        if self
            .possible
            .as_ref()
            .is_none_or(|known| weight(known) < weight(&block))
        {
            self.possible = Some(block);
        }
    }

    fn chain(&mut self, name: &str, depth: usize) -> Flow {
        self.through.push(name.to_owned());
        let Some(chain) = self.chains.get(name) else {
            self.certain = false;
            return Flow::Next;
        };
        let mut may_have_returned = false;
        for rule in &chain.rules {
            self.steps = self.steps.saturating_sub(1);
            if self.steps == 0 {
                self.certain = false;
                return Flow::Next;
            }
            match (rule.applies, self.rule_if(rule, depth)) {
                (Truth::No, _) | (_, Flow::Next) => {}
                (Truth::Yes, flow) if may_have_returned => return self.either(flow),
                (Truth::Yes, flow) => return flow,
                (Truth::Maybe, Flow::Return) => may_have_returned = true,
                (Truth::Maybe, flow) => _ = self.either(flow),
            }
        }
        Flow::Next
    }

    /// Continues as if the rule had not matched, and records what it would have done.
    fn either(&mut self, flow: Flow) -> Flow {
        match flow {
            Flow::Block(block) => self.may(Block {
                certain: false,
                ..block
            }),
            Flow::Accept => self.certain = false,
            Flow::Next | Flow::Return => {}
        }
        Flow::Next
    }

    fn block(&self, how: How, seen: &Seen) -> Block {
        let owner = Owner::of(seen, self.base, self.chains.keys().map(String::as_str));
        let (seen, base, through) = (seen.clone(), self.base.to_owned(), self.through.clone());
        Block {
            how,
            step: Step::Opening,
            certain: self.certain,
            seen,
            base,
            through,
            family: None,
            owner,
        }
    }

    fn rule_if(&mut self, rule: &Rule, depth: usize) -> Flow {
        let passes = rule.applies == Truth::No || self.mended.contains(&rule.seen);
        if passes {
            Flow::Next
        } else {
            self.rule(rule, depth)
        }
    }

    fn rule(&mut self, rule: &Rule, depth: usize) -> Flow {
        match &rule.action {
            Action::Accept => Flow::Accept,
            Action::Block(how) => Flow::Block(self.block(*how, &rule.seen)),
            Action::Return => Flow::Return,
            Action::Continue => Flow::Next,
            Action::Untrack => {
                self.untracked |= rule.applies == Truth::Yes;
                Flow::Next
            }
            Action::Unknown => {
                (self.same, self.certain) = (false, false);
                Flow::Next
            }
            Action::Jump(_) | Action::Goto(_) if depth == 0 => Flow::Next,
            Action::Jump(name) => match self.chain(name, depth - 1) {
                Flow::Return => Flow::Next,
                flow => flow,
            },
            Action::Goto(name) => match self.chain(name, depth - 1) {
                Flow::Next => Flow::Return,
                flow => flow,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(applies: Truth, action: Action) -> Rule {
        let text = format!("{applies:?} {action:?}");
        Rule {
            applies,
            action,
            seen: Seen {
                text,
                ..Seen::default()
            },
        }
    }

    /// The result for a packet that meets `rules`, then a policy; the chain `inner` contains
    /// `inner`.
    fn walk(rules: Vec<Rule>, inner: Vec<Rule>, drops: bool) -> Option<(String, bool)> {
        let policy = drops.then(|| rule(Truth::Yes, Action::Block(How::Drop)));
        let base = Chain {
            entry: Some(Entry {
                stage: 2,
                priority: 0,
                policy,
            }),
            rules,
        };
        let chains = [
            ("base".to_owned(), base),
            (
                "inner".to_owned(),
                Chain {
                    entry: None,
                    rules: inner,
                },
            ),
        ];
        let block = Ruleset {
            chains: chains.into(),
        }
        .walk()
        .blocks
        .into_iter()
        .next()?;
        Some((block.seen.text, block.certain))
    }

    const DROP: Action = Action::Block(How::Drop);

    #[test]
    fn the_first_rule_that_applies_decides() {
        let accepted = vec![
            rule(Truth::No, DROP),
            rule(Truth::Yes, Action::Accept),
            rule(Truth::Yes, DROP),
        ];
        assert_eq!(walk(accepted, vec![], true), None);
        let dropped = vec![rule(Truth::Yes, Action::Continue), rule(Truth::Yes, DROP)];
        assert_eq!(
            walk(dropped, vec![], false),
            Some(("Yes Block(Drop)".to_owned(), true))
        );
    }

    #[test]
    fn a_rule_that_might_accept_makes_later_ones_uncertain() {
        let rules = vec![rule(Truth::Maybe, Action::Accept)];
        assert_eq!(
            walk(rules, vec![], true),
            Some(("Yes Block(Drop)".to_owned(), false))
        );
    }

    #[test]
    fn a_rule_that_might_drop_is_remembered() {
        let rules = vec![rule(Truth::Maybe, DROP), rule(Truth::Yes, Action::Accept)];
        assert_eq!(
            walk(rules, vec![], false),
            Some(("Maybe Block(Drop)".to_owned(), false))
        );
    }

    #[test]
    fn jumps_return_and_gotos_do_not() {
        let jump = || Action::Jump("inner".to_owned());
        let goto = || Action::Goto("inner".to_owned());
        let inner = || vec![rule(Truth::Yes, Action::Return)];
        let then = |first| vec![rule(Truth::Yes, first), rule(Truth::Yes, Action::Accept)];
        assert_eq!(walk(then(jump()), inner(), true), None);
        assert!(walk(then(goto()), inner(), true).is_some());
        assert!(walk(then(goto()), vec![], true).is_some());
    }

    #[test]
    fn a_rule_that_might_return_makes_both_continuations_possible() {
        let jump = || vec![rule(Truth::Yes, Action::Jump("inner".to_owned()))];
        let inner = |then| vec![rule(Truth::Maybe, Action::Return), rule(Truth::Yes, then)];
        assert_eq!(
            walk(jump(), inner(DROP), true),
            Some(("Yes Block(Drop)".to_owned(), true))
        );
        assert_eq!(
            walk(jump(), inner(DROP), false),
            Some(("Yes Block(Drop)".to_owned(), false))
        );
        assert_eq!(
            walk(jump(), inner(Action::Accept), true),
            Some(("Yes Block(Drop)".to_owned(), false))
        );
    }

    #[test]
    fn a_loop_of_chains_terminates() {
        let jump = || rule(Truth::Yes, Action::Jump("inner".to_owned()));
        let many = std::iter::repeat_with(jump).take(20).collect();
        assert_eq!(walk(vec![jump()], many, false), None);
    }
}
