//! Chains of rules, and the way of one packet through them.

use std::collections::BTreeMap;

use super::owner::Owner;
use super::packet::{Step, Truth};

/// The kernel allows this many jumps inside each other.
const DEPTH: usize = 16;

/// More rules than any packet meets; what is left then stays unknown.
const STEPS: usize = 1_000_000;

/// Every chain, by a name that is unique among all tables.
#[derive(Debug, Default)]
pub(crate) struct Ruleset {
    pub(crate) chains: BTreeMap<String, Chain>,
}

/// A chain, lowered for one packet.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// Where the kernel enters it; none for a chain that is only jumped to.
    pub(crate) entry: Option<Entry>,
    pub(crate) rules: Vec<Rule>,
}

/// How the kernel enters a base chain.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// 0 before routing, 1 for this machine (or from it).
    pub(crate) stage: u8,
    /// Lower ones come first.
    pub(crate) priority: i64,
    /// What befalls a packet that no rule decides on; `None` lets it pass.
    pub(crate) policy: Option<Rule>,
}

/// A rule, with what is already known of the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) applies: Truth,
    pub(crate) action: Action,
    pub(crate) seen: Seen,
}

/// Where a rule stands, for evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The command that showed it.
    pub(crate) source: String,
    /// Table and chain.
    pub(crate) place: String,
    /// The rule as its program writes it.
    pub(crate) text: String,
    /// How many packets it has met.
    pub(crate) packets: Option<u64>,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Accept,
    Block(How),
    Jump(String),
    Goto(String),
    Return,
    /// It looks or counts; the next rule follows.
    Continue,
    /// It does something that cannot be followed here, such as rewriting the destination.
    Unknown,
}

/// How a packet is turned away, and so what the client sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Nothing comes back: the client times out.
    Drop,
    /// A reset comes back: `Connection refused`.
    Reset,
    /// An ICMP message that clients read as `Connection refused`.
    Refused,
    /// An ICMP message that clients read as `No route to host`.
    Unreachable,
}

/// The rule that turns a packet away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) how: How,
    /// Which packet of the connection it meets.
    pub(crate) step: Step,
    /// False where it depends on something that is not known.
    pub(crate) certain: bool,
    pub(crate) seen: Seen,
    pub(crate) owner: Owner,
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
    /// The first rule that might turn it away.
    possible: Option<Block>,
}

impl Ruleset {
    /// Follows the packet that the rules were lowered for: the rule that turns it away, if any does or might.
    pub(crate) fn block(&self) -> Option<Block> {
        let mut entries: Vec<(&String, &Chain, &Entry)> =
            self.chains.iter().filter_map(|(name, chain)| Some((name, chain, chain.entry.as_ref()?))).collect();
        entries.sort_by_key(|(_, _, entry)| (entry.stage, entry.priority));
        let mut walk = Walk { chains: &self.chains, steps: STEPS, same: true, certain: true, possible: None };
        for (name, _, entry) in entries {
            walk.certain = walk.same;
            if let Some(block) = walk.enter(name, entry) {
                return Some(block);
            }
        }
        walk.possible
    }
}

impl Walk<'_> {
    fn enter(&mut self, name: &str, entry: &Entry) -> Option<Block> {
        let flow = match self.chain(name, DEPTH) {
            Flow::Next | Flow::Return => entry.policy.as_ref().map_or(Flow::Next, |rule| self.rule(rule, DEPTH)),
            flow => flow,
        };
        match flow {
            Flow::Block(block) if block.certain => Some(block),
            Flow::Block(block) => {
                self.possible.get_or_insert(block);
                None
            }
            _ => None,
        }
    }

    fn chain(&mut self, name: &str, depth: usize) -> Flow {
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

    /// Goes on as if the rule had not applied, and remembers what it would have done.
    fn either(&mut self, flow: Flow) -> Flow {
        match flow {
            Flow::Block(block) => _ = self.possible.get_or_insert(Block { certain: false, ..block }),
            Flow::Accept => self.certain = false,
            Flow::Next | Flow::Return => {}
        }
        Flow::Next
    }

    fn block(&self, how: How, seen: &Seen) -> Block {
        let owner = Owner::of(seen, self.chains.keys().map(String::as_str));
        Block { how, step: Step::Opening, certain: self.certain, seen: seen.clone(), owner }
    }

    fn rule_if(&mut self, rule: &Rule, depth: usize) -> Flow {
        if rule.applies == Truth::No { Flow::Next } else { self.rule(rule, depth) }
    }

    fn rule(&mut self, rule: &Rule, depth: usize) -> Flow {
        match &rule.action {
            Action::Accept => Flow::Accept,
            Action::Block(how) => Flow::Block(self.block(*how, &rule.seen)),
            Action::Return => Flow::Return,
            Action::Continue => Flow::Next,
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
        Rule { applies, action, seen: Seen { text, ..Seen::default() } }
    }

    /// What becomes of a packet that meets `rules`, then a policy; the chain `inner` holds `inner`.
    fn walk(rules: Vec<Rule>, inner: Vec<Rule>, drops: bool) -> Option<(String, bool)> {
        let policy = drops.then(|| rule(Truth::Yes, Action::Block(How::Drop)));
        let base = Chain { entry: Some(Entry { stage: 1, priority: 0, policy }), rules };
        let chains = [("base".to_owned(), base), ("inner".to_owned(), Chain { entry: None, rules: inner })];
        let block = Ruleset { chains: chains.into() }.block()?;
        Some((block.seen.text, block.certain))
    }

    const DROP: Action = Action::Block(How::Drop);

    #[test]
    fn the_first_rule_that_applies_decides() {
        let accepted = vec![rule(Truth::No, DROP), rule(Truth::Yes, Action::Accept), rule(Truth::Yes, DROP)];
        assert_eq!(walk(accepted, vec![], true), None);
        let dropped = vec![rule(Truth::Yes, Action::Continue), rule(Truth::Yes, DROP)];
        assert_eq!(walk(dropped, vec![], false), Some(("Yes Block(Drop)".to_owned(), true)));
    }

    #[test]
    fn a_rule_that_might_accept_makes_later_ones_uncertain() {
        let rules = vec![rule(Truth::Maybe, Action::Accept)];
        assert_eq!(walk(rules, vec![], true), Some(("Yes Block(Drop)".to_owned(), false)));
    }

    #[test]
    fn a_rule_that_might_drop_is_remembered() {
        let rules = vec![rule(Truth::Maybe, DROP), rule(Truth::Yes, Action::Accept)];
        assert_eq!(walk(rules, vec![], false), Some(("Maybe Block(Drop)".to_owned(), false)));
    }

    #[test]
    fn jumps_come_back_and_gotos_do_not() {
        let jump = || Action::Jump("inner".to_owned());
        let goto = || Action::Goto("inner".to_owned());
        let inner = || vec![rule(Truth::Yes, Action::Return)];
        let then = |first| vec![rule(Truth::Yes, first), rule(Truth::Yes, Action::Accept)];
        assert_eq!(walk(then(jump()), inner(), true), None);
        assert!(walk(then(goto()), inner(), true).is_some());
        assert!(walk(then(goto()), vec![], true).is_some());
    }

    #[test]
    fn a_rule_that_might_return_leaves_both_ways_open() {
        let jump = || vec![rule(Truth::Yes, Action::Jump("inner".to_owned()))];
        let inner = |then| vec![rule(Truth::Maybe, Action::Return), rule(Truth::Yes, then)];
        assert_eq!(walk(jump(), inner(DROP), true), Some(("Yes Block(Drop)".to_owned(), true)));
        assert_eq!(walk(jump(), inner(DROP), false), Some(("Yes Block(Drop)".to_owned(), false)));
        assert_eq!(walk(jump(), inner(Action::Accept), true), Some(("Yes Block(Drop)".to_owned(), false)));
    }

    #[test]
    fn a_loop_ends() {
        let jump = || rule(Truth::Yes, Action::Jump("inner".to_owned()));
        let many = std::iter::repeat_with(jump).take(20).collect();
        assert_eq!(walk(vec![jump()], many, false), None);
    }
}
