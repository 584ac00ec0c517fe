//! Finds which of many texts another one begins with.

use crate::start::Start;

/// A tree of texts: one walk from its root finds all those that a text begins with, for any number
/// of texts.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// For each first byte the index of its node; 0, the root, for none.
    first: Box<[usize]>,
    eights: Eights,
}

/// The nodes that texts with the same first eight bytes go on from: most texts are found by these at once, and walk only the
/// last steps. A table of twice as many slots as there are nodes in it, or more, each at its hash or behind it.
#[derive(Debug, Default)]
struct Eights(Vec<Option<(u64, usize)>>);

impl Eights {
    fn new(nodes: &[(u64, usize)]) -> Self {
        let mut table = Self(vec![None; (2 * nodes.len()).next_power_of_two()]);
        for &(bytes, node) in nodes {
            let mut slot = table.slot(bytes);
            while table.0[slot].is_some() {
                slot = table.behind(slot);
            }
            table.0[slot] = Some((bytes, node));
        }
        table
    }

    #[inline]
    fn get(&self, bytes: u64) -> Option<usize> {
        let mut slot = self.slot(bytes);
        loop {
            match self.0[slot] {
                Some((known, node)) if known == bytes => return Some(node),
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
        let mut sorted: Vec<(&[u8], u16)> = texts.iter().copied().zip(0..=u16::MAX).collect();
        sorted.sort_unstable();
        let mut tree = Self {
            nodes: Vec::with_capacity(2 * texts.len()),
            first: vec![0; 256].into(),
            eights: Eights::default(),
        };
        tree.add(&sorted, 0, 0, &[]);
        let root = &tree.nodes[0];
        for (&byte, &next) in root.bytes.iter().zip(&root.next) {
            tree.first[usize::from(byte)] = next;
        }
        tree.eights = tree.add_eights(&sorted);
        tree
    }

    /// Adds the nodes that texts with the same first eight bytes begin at.
    fn add_eights(&mut self, sorted: &[(&[u8], u16)]) -> Eights {
        let longer: Vec<_> = sorted
            .iter()
            .copied()
            .filter(|(text, _)| text.len() >= EIGHT)
            .collect();
        let groups = longer.chunk_by(|(one, _), (other, _)| one[..EIGHT] == other[..EIGHT]);
        let nodes = groups.filter_map(|group| {
            let start = group[0].0.first_chunk::<EIGHT>()?;
            // One byte less, because the texts of eight bytes are in the group.
            let shorter = self.walk_from_root(&start[..EIGHT - 1]).to_vec();
            let node = self.add(group, EIGHT, in_common(group), &shorter);
            Some((u64::from_le_bytes(*start), node))
        });
        Eights::new(&nodes.collect::<Vec<_>>())
    }

    /// The indices of the texts that this one begins with, in the order of the list.
    pub(crate) fn of(&self, text: &[u8]) -> &[u16] {
        let begins = text.first().map(|byte| self.first[usize::from(*byte)]);
        if matches!(begins, None | Some(0)) {
            return &self.nodes[0].found;
        }
        let start = text.split_first_chunk::<EIGHT>();
        let at_once = start.and_then(|(start, rest)| {
            let node = &self.nodes[self.eights.get(u64::from_le_bytes(*start))?];
            Some((node, node.text.strip(rest)?))
        });
        if let Some((node, rest)) = at_once {
            return self.walk(node, rest, node.next_of(rest));
        }
        self.walk_from_root(text)
    }

    fn walk_from_root(&self, text: &[u8]) -> &[u16] {
        let next = text.first().map(|byte| self.first[usize::from(*byte)]);
        self.walk(&self.nodes[0], text, next.unwrap_or(0))
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
    fn add(&mut self, texts: &[(&[u8], u16)], start: usize, end: usize, before: &[u16]) -> usize {
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
fn in_common(texts: &[(&[u8], u16)]) -> usize {
    // What the first and the last have in common, all between them have.
    let (first, last) = (texts[0].0, texts[texts.len() - 1].0);
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
