//! The causes: one file and one page each, made of the list in `crates/ssh-log/src/cause.rs`.

pub(crate) mod claimed;
pub(crate) mod heard;
mod hosts_remedy;
mod key_places;
mod listens_elsewhere;
mod missing_files;
mod never_started;
mod refused_account;
mod refused_by_pam;
mod refused_keys;
mod refused_state;
mod replied;
mod user_lists;

use sshmend_ssh_log::CauseName;

use crate::verdict::{Cause, Gate};

macro_rules! causes {
    ($($gate:ident { $($module:ident $variant:ident $text:literal,)+ })+) => {
        $($(mod $module;)+)+

        /// Every cause, in the order in which a connection meets them; within one gate, what explains another stands before it.
        pub const CAUSES: &[Cause] = &[
            $($(
                Cause {
                    name: CauseName::$variant,
                    gate: Gate::$gate,
                    page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/pages/", $text, ".md")),
                    judges: $module::JUDGES,
                },
            )+)+
        ];
    };
}

sshmend_ssh_log::each_cause!(causes);

/// The cause of this name.
pub fn cause(name: &str) -> Option<&'static Cause> {
    CAUSES.iter().find(|cause| cause.name.as_str() == name)
}

#[cfg(test)]
mod tests {
    use super::CAUSES;

    #[test]
    fn the_list_is_in_the_order_of_the_gates() {
        assert!(CAUSES.is_sorted_by_key(|cause| cause.gate));
    }
}
