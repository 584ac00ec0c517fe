//! Whether a packet is in an ipset (ipset(8)).

use super::SPARED;
use super::compare::{in_list, port_in_list};
use super::reader::Reader;
use crate::packet::Truth;

impl Reader<'_> {
    /// Looks at one part of the packet for each direction, as in `src,dst`; sets in the set count as well.
    pub(super) fn in_set(&self, name: &str, direction: &str) -> Truth {
        let Some(members) = self.table.sets.get(name) else {
            return Truth::Maybe;
        };
        let within = |member: &str| match self.table.sets.get(member) {
            Some(_) if member != name => self.in_set(member, direction),
            _ => self.is_member(member, direction),
        };
        let (spared, members): (Vec<_>, Vec<_>) = members
            .iter()
            .partition(|member| member.starts_with(SPARED));
        let spared = Truth::any(
            spared
                .iter()
                .filter_map(|member| member.strip_prefix(SPARED))
                .map(within),
        );
        Truth::any(members.iter().map(|member| within(member))).and(!spared)
    }

    /// `198.51.100.7,tcp:22` for `src,dst`: one part a direction.
    fn is_member(&self, member: &str, direction: &str) -> Truth {
        let (parts, directions): (Vec<&str>, Vec<&str>) =
            (member.split(',').collect(), direction.split(',').collect());
        if parts.len() > directions.len() {
            return Truth::Maybe;
        }
        Truth::all(
            parts
                .iter()
                .zip(&directions)
                .map(|(part, direction)| self.is_part(part, *direction == "src")),
        )
    }

    fn is_part(&self, part: &str, source: bool) -> Truth {
        let packet = self.packet;
        let (address, port) = if source {
            (packet.source, packet.source_port)
        } else {
            (packet.destination, packet.destination_port)
        };
        match part.split_once(':') {
            Some(("tcp", ports)) => port_in_list(port, &ports.replace('-', ":")),
            Some(("udp" | "sctp" | "icmp" | "icmpv6", _)) => Truth::No,
            _ if part.parse::<u16>().is_ok() => port_in_list(port, part),
            _ => in_list(address, part),
        }
    }
}
