//! Finds which of many texts another one begins with.

use std::ops::Range;
use std::sync::OnceLock;

use crate::start::Start;

/// A tree of texts: one walk finds all those that a text begins with, for any number of texts. A branch is made when it is
/// first walked: a log has the messages of a few of them.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Sorted, each with its index in the list.
    texts: Vec<Text>,
    eights: Eights,
    /// For texts that begin with none of the eights.
    whole: OnceLock<Whole>,
    /// The bytes that any text begins with.
    begins: Box<[bool]>,
}

type Text = (Box<[u8]>, u16);

/// The branches of texts with the same first eight bytes: most texts are found by these at once, and walk only the last steps.
/// A table of twice as many slots as there are branches, or more, each at its hash or behind it.
#[derive(Debug)]
struct Eights(Vec<Option<Eight>>);

#[derive(Debug)]
struct Eight {
    bytes: u64,
    /// The texts that begin with them.
    texts: Range<usize>,
    branch: OnceLock<Branch>,
}

/// The nodes for some of the texts, the first of which is that of all of them.
#[derive(Debug, Default)]
struct Branch {
    nodes: Vec<Node>,
}

/// The branch of all texts.
#[derive(Debug)]
struct Whole {
    branch: Branch,
    /// For each first byte the index of its node; 0, the root, for none.
    first: Box<[usize]>,
}

#[derive(Debug)]
struct Node {
    /// The text after the byte that led here.
    text: Start,
    /// The bytes that continue from here, and their nodes.
    bytes: Vec<u8>,
    next: Vec<usize>,
    /// The texts that end here or on the path, by their index in the list, in its order.
    found: Box<[u16]>,
}

impl Tree {
    /// A tree of these texts; those after the 65,536th are left out.
    pub(crate) fn new(texts: &[&[u8]]) -> Self {
        let texts = texts.iter().map(|&text| text.into());
        let mut texts: Vec<Text> = texts.zip(0..=u16::MAX).collect();
        texts.sort_unstable();
        let mut begins: Box<[bool]> = vec![false; 256].into();
        for (text, _) in &texts {
            match text.first() {
                Some(&byte) => begins[usize::from(byte)] = true,
                // Every text begins with this one.
                None => begins.fill(true),
            }
        }
        Self {
            eights: Eights::new(&texts),
            texts,
            whole: OnceLock::new(),
            begins,
        }
    }

    /// The indices of the texts that this one begins with, in the order of the list.
    #[inline(always)]
    pub(crate) fn of(&self, text: &[u8]) -> &[u16] {
        let begins = text.first().map(|&byte| self.begins[usize::from(byte)]);
        if begins == Some(false) {
            return &[];
        }
        let start = text.split_first_chunk::<EIGHT>();
        let at_once = start.and_then(|(start, rest)| {
            let branch = self.branch(self.eights.get(u64::from_le_bytes(*start))?);
            let node = branch.nodes.first()?;
            Some((branch, node, node.text.strip(rest)?))
        });
        match at_once {
            Some((branch, node, rest)) => branch.walk(node, rest, node.next_of(rest)),
            None => self.walk_whole(text),
        }
    }

    fn branch<'a>(&self, eight: &'a Eight) -> &'a Branch {
        eight.branch.get_or_init(|| {
            let start = eight.bytes.to_le_bytes();
            let shorter = |(text, _): &&Text| text.len() < EIGHT && start.starts_with(text);
            let shorter = self.texts.iter().filter(shorter);
            let shorter: Vec<u16> = shorter.map(|&(_, place)| place).collect();
            let texts = &self.texts[eight.texts.clone()];
            Branch::new(texts, EIGHT, in_common(texts), &shorter)
        })
    }

    #[inline(never)]
    fn walk_whole(&self, text: &[u8]) -> &[u16] {
        let whole = self.whole.get_or_init(|| Whole::new(&self.texts));
        let next = text.first().map(|&byte| whole.first[usize::from(byte)]);
        let branch = &whole.branch;
        branch.walk(&branch.nodes[0], text, next.unwrap_or(0))
    }
}

impl Eights {
    fn new(texts: &[Text]) -> Self {
        let start = |(text, _): &Text| text.first_chunk::<EIGHT>().copied();
        let groups = texts.chunk_by(|one, other| start(one) == start(other));
        let mut end = 0;
        let eights: Vec<Eight> = groups
            .filter_map(|group| {
                end += group.len();
                Some(Eight {
                    bytes: u64::from_le_bytes(start(&group[0])?),
                    texts: end - group.len()..end,
                    branch: OnceLock::new(),
                })
            })
            .collect();
        let slots = (2 * eights.len()).next_power_of_two();
        let mut table = Self((0..slots).map(|_| None).collect());
        for eight in eights {
            let mut slot = table.slot(eight.bytes);
            while table.0[slot].is_some() {
                slot = table.behind(slot);
            }
            table.0[slot] = Some(eight);
        }
        table
    }

    #[inline]
    fn get(&self, bytes: u64) -> Option<&Eight> {
        let mut slot = self.slot(bytes);
        loop {
            match &self.0[slot] {
                Some(known) if known.bytes == bytes => return Some(known),
                Some(_) => slot = self.behind(slot),
                None => return None,
            }
        }
    }

    fn slot(&self, bytes: u64) -> usize {
        let hash = bytes.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        hash as usize & (self.0.len() - 1)
    }

    fn behind(&self, slot: usize) -> usize {
        (slot + 1) & (self.0.len() - 1)
    }
}

impl Whole {
    fn new(texts: &[Text]) -> Self {
        let branch = Branch::new(texts, 0, 0, &[]);
        let mut first: Box<[usize]> = vec![0; 256].into();
        let root = &branch.nodes[0];
        for (&byte, &next) in root.bytes.iter().zip(&root.next) {
            first[usize::from(byte)] = next;
        }
        Self { branch, first }
    }
}

impl Branch {
    /// That of sorted texts that agree up to `end`; the walk has come to `start`, and found those `before`.
    fn new(texts: &[Text], start: usize, end: usize, before: &[u16]) -> Self {
        let mut branch = Self::default();
        branch.add(texts, start, end, before);
        branch
    }

    /// What is found on the way from a node to the next one, and so on; 0 stands for none.
    #[inline]
    fn walk<'a>(&'a self, from: &'a Node, text: &[u8], next: usize) -> &'a [u16] {
        let (mut found, mut text, mut next) = (from, text, next);
        while next != 0 {
            let node = &self.nodes[next];
            let Some(rest) = node.text.strip(&text[1..]) else {
                break;
            };
            (found, text, next) = (node, rest, node.next_of(rest));
        }
        &found.found
    }

    /// Adds the node for sorted texts that agree up to `end`; those up to `start` are on the path
    /// to it.
    fn add(&mut self, texts: &[Text], start: usize, end: usize, before: &[u16]) -> usize {
        let ending = texts
            .iter()
            .take_while(|(text, _)| text.len() == end)
            .count();
        let (ending, longer) = texts.split_at(ending);
        let mut found = before.to_vec();
        found.extend(ending.iter().map(|(_, place)| place));
        found.sort_unstable();
        let at = self.nodes.len();
        self.nodes.push(Node {
            text: Start::new(texts.first().map_or(&[], |(text, _)| &text[start..end])),
            bytes: Vec::new(),
            next: Vec::new(),
            found: found.as_slice().into(),
        });
        for group in longer.chunk_by(|(one, _), (other, _)| one[end] == other[end]) {
            let next = self.add(group, end + 1, in_common(group), &found);
            self.nodes[at].bytes.push(group[0].0[end]);
            self.nodes[at].next.push(next);
        }
        at
    }
}

impl Node {
    /// The node to which the first byte of a text leads on; 0 for none.
    #[inline]
    fn next_of(&self, text: &[u8]) -> usize {
        let edge = text
            .first()
            .and_then(|byte| self.bytes.iter().position(|known| known == byte));
        edge.map_or(0, |edge| self.next[edge])
    }
}

/// So many bytes are compared at once at the beginning of a text.
const EIGHT: usize = 8;

/// How many bytes sorted texts have in common at their beginning.
fn in_common(texts: &[Text]) -> usize {
    // What the first and the last have in common, all between them have.
    let (first, last) = (&texts[0].0, &texts[texts.len() - 1].0);
    let same = first
        .iter()
        .zip(last)
        .take_while(|(one, other)| one == other);
    same.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_matching_prefixes_are_found_in_list_order() {
        let mut random = fastrand::Rng::with_seed(11);
        let mut text = |most: usize| -> Vec<u8> {
            let length = random.usize(0..=most);
            (0..length).map(|_| random.u8(b'a'..=b'c')).collect()
        };
        let mut hits = 0;
        for round in 0..300 {
            // Some are longer than what is compared at once.
            let most = if round % 2 == 0 { 6 } else { 12 };
            let list: Vec<Vec<u8>> = (0..20).map(|_| text(most)).collect();
            let list: Vec<&[u8]> = list.iter().map(Vec::as_slice).collect();
            let tree = Tree::new(&list);
            for _ in 0..50 {
                let mut any = text(9);
                if any.len() % 2 == 0 {
                    any.splice(0..0, list[any.len()].iter().copied());
                }
                let text = any;
                let places = (0..)
                    .zip(&list)
                    .filter(|(_, known)| text.starts_with(known));
                let expected: Vec<u16> = places.map(|(place, _)| place).collect();
                assert_eq!(tree.of(&text), expected, "{text:?} in {list:?}");
                hits += expected.len();
            }
        }
        assert!(hits > 10_000, "{hits}");
        assert!(Tree::new(&[]).of(b"a").is_empty());
    }
}
