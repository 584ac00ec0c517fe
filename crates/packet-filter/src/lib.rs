//! The rule of nftables or iptables that blocks a connection, and the change that allows it.
//!
//! A [`Filter`] holds the output of the machine's own programs: `nft -j list ruleset`,
//! `iptables-save -c` of every variant, `ipset save`. [`Filter::blocks`] follows the first packets
//! of a [`Connection`] through all of it, by hook and priority, as the kernel does; what cannot be
//! known - a rate, a mark, the client - makes an answer uncertain. A [`Block`] identifies the
//! program that wrote its rule, and so the command that repairs it.
//!
//! This crate runs none of these programs and changes no rule: it prints commands for a person.
//! Begin with `filter.rs`, and with `walk.rs`, which follows a packet.
//!
//! ```
//! use sshmend_packet_filter::{Connection, Filter};
//!
//! let mut filter = Filter::default();
//! filter.add_iptables("iptables-save", "*filter\n:INPUT ACCEPT [0:0]\n[3:180] -A INPUT -s 192.0.2.0/24 -j DROP\nCOMMIT\n");
//! let connection = Connection { client: Some("192.0.2.7".parse()?), ..Connection::to(22) };
//! let blocks = filter.blocks(&connection);
//! assert_eq!(blocks[0].effect(), "no answer comes, so the client times out");
//! assert_eq!(blocks[0].removal(connection.client).as_deref(), Some("take it out: `iptables -D INPUT -s 192.0.2.0/24 -j DROP`"));
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

mod block;
mod filter;
mod iptables;
mod mend;
mod nft;
mod owner;
mod packet;
#[cfg(test)]
mod tests;
mod value;
mod verdict;
mod walk;

pub use block::Block;
pub use filter::Filter;
pub use iptables::recent_lists;
pub use owner::Owner;
pub use packet::{Connection, Step, in_network_text};
pub use verdict::{How, Seen};
