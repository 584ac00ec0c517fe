//! Which of many texts another one begins with.

use crate::start::Start;

/// A tree of texts: one walk from its root finds all those that a text begins with, however many there are.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// For each first byte the node to which it leads; 0, the root, for none.
    first: Box<[usize]>,
}

#[derive(Debug)]
struct Node {
    /// What follows the byte that led here.
    text: Start,
    /// The bytes that lead on, and the nodes to which they do.
    bytes: Vec<u8>,
    next: Vec<usize>,
    /// The texts that end here or on the way, by their place in the list, in its order.
    found: Box<[u16]>,
}

impl Tree {
    /// A tree of these texts; those behind the 65,536th are left out.
    pub(crate) fn new(texts: &[&[u8]]) -> Self {
        let mut sorted: Vec<(&[u8], u16)> = texts.iter().copied().zip(0..=u16::MAX).collect();
        sorted.sort_unstable();
        let (nodes, first) = (Vec::new(), vec![0; 256].into());
        let mut tree = Self { nodes, first };
        tree.add(&sorted, 0, 0, &[]);
        let root = &tree.nodes[0];
        for (&byte, &next) in root.bytes.iter().zip(&root.next) {
            tree.first[usize::from(byte)] = next;
        }
        tree
    }

    /// The places of the texts that this one begins with, in the order of the list.
    pub(crate) fn of(&self, text: &[u8]) -> &[u16] {
        let (mut found, mut text) = (&self.nodes[0], text);
        let mut next = text
            .first()
            .map_or(0, |byte| self.first[usize::from(*byte)]);
        while next != 0 {
            let node = &self.nodes[next];
            let Some(rest) = node.text.strip(&text[1..]) else {
                break;
            };
            (found, text) = (node, rest);
            let edge = rest
                .first()
                .and_then(|byte| node.bytes.iter().position(|known| known == byte));
            next = edge.map_or(0, |edge| node.next[edge]);
        }
        &found.found
    }

    /// Adds the node of sorted texts that are the same up to `end`, of which those up to `start` are on the way to it.
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
            // Sorted: what the first and the last have in common, all between them have.
            let (first, last) = (group[0].0, group[group.len() - 1].0);
            let same = first
                .iter()
                .zip(last)
                .take_while(|(one, other)| one == other);
            let next = self.add(group, end + 1, same.count(), &found);
            self.nodes[at].bytes.push(first[end]);
            self.nodes[at].next.push(next);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_text_begins_with_is_found_in_the_order_of_the_list() {
        let mut random = fastrand::Rng::with_seed(11);
        let mut text = |most: usize| -> Vec<u8> {
            let length = random.usize(0..=most);
            (0..length).map(|_| random.u8(b'a'..=b'c')).collect()
        };
        let mut hits = 0;
        for _ in 0..300 {
            let list: Vec<Vec<u8>> = (0..20).map(|_| text(6)).collect();
            let list: Vec<&[u8]> = list.iter().map(Vec::as_slice).collect();
            let tree = Tree::new(&list);
            for _ in 0..50 {
                let text = text(9);
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
