//! The meaning of `sshd_config` to sshd, release by release, and edits that do not lose a byte.
//!
//! A [`Tree`] is the main file and everything it includes, as captured in a
//! [`Snapshot`](sshmend_lossless::Snapshot); missing files are requested while it is read. Nothing
//! is parsed before a question is asked, because every question names a [`Release`], and releases
//! differ: in how they split a line, in which keywords they know and where, in which of two lines
//! decides. [`Tree::effective`] returns the values in force, with the line that decides and the
//! lines that lost; [`Tree::problems`] returns what sshd would reject; [`Tree::set_all`] returns
//! edits whose result has been parsed again and compared, or a [`Refusal`]. If the answer depends
//! on how sshd was built, it is reported as unknown.
//!
//! The rules are those of servconf.c, misc.c, match.c and addr.c of the releases 7.4 to 10.5;
//! differences from the manual page are listed in `docs/formats/sshd_config.md`.
//!
//! This crate touches no machine, and does not ask sshd: `tests/oracle` compares the two. Begin with
//! `tree.rs`, and with `table.rs`, the keywords.
//!
//! ```
//! use std::path::Path;
//! use sshmend_lossless::fixture::snapshot;
//! use sshmend_sshd_config::{Place, Release, Scope, Tree};
//!
//! let seen = snapshot("//- /etc/ssh/sshd_config\nMaxStartups 5\nMaxStartups 10:30:100 # enough\n");
//! let tree = Tree::read(&seen, Path::new("/etc/ssh/sshd_config"), &[]);
//! let release = Release::parse("OpenSSH_9.2p1 Debian-2+deb12u10");
//! let effective = tree.effective(release, Scope::Global);
//! let setting = effective.get("MaxStartups").expect("it has a default");
//! assert_eq!(setting.values, ["10:30:100"]);
//! assert_eq!(setting.origin.as_ref().map(|origin| origin.line), Some(2));
//!
//! let edited = tree.set("MaxStartups", "30:30:200", release, Place::Best)?;
//! let edits = &edited.edits[Path::new("/etc/ssh/sshd_config")];
//! assert_eq!(edits.apply(b"MaxStartups 5\nMaxStartups 10:30:100 # enough\n"), b"MaxStartups 30:30:200\nMaxStartups 30:30:200 # enough\n");
//! # Ok::<(), sshmend_sshd_config::Refusal>(())
//! ```

mod address;
mod assignment;
mod change;
mod check;
mod comment_out;
mod complaint;
mod connection;
mod criteria;
mod directives;
mod draft;
mod edited;
mod effective;
mod elements;
mod intention;
mod keyword;
mod line;
mod list;
mod listen;
mod logical;
mod look_up;
mod overrides;
mod owner;
mod pattern;
mod place;
mod problem;
mod readings;
mod refusal;
mod refuse;
mod release;
mod set;
mod shadowed;
mod startups;
mod steps;
mod store;
mod table;
mod targets;
#[cfg(test)]
mod tests;
mod tree;
mod user;
mod value;
mod walk;
mod words;
mod write;

pub use assignment::{Assignment, Operator};
pub use connection::{BadConnection, Connection};
pub use edited::{Edited, Note, Place};
pub use effective::{Effective, Scope, Setting};
pub use look_up::{
    is_list, is_octal, is_word_list, keyword_key, keyword_named, keyword_names, nearest_keyword,
    separator,
};
pub use overrides::{COMMAND_LINE, Override};
pub use owner::Foreign;
pub use problem::{Problem, StartVerdict, Unseen};
pub use readings::Readings;
pub use refusal::Refusal;
pub use release::Release;
pub use shadowed::{Shadowed, ShadowedLines, Why};
pub use startups::MaxStartups;
pub use tree::{MatchOverride, Tree, main_file};
pub use user::user_matches;
