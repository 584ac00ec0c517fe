//! The causes: one file and one page each, in a folder for each gate, declared by the list in
//! `crates/ssh-log/src/cause.rs`.

use sshmend_ssh_log::CauseName;

use crate::verdict::{Cause, Gate};

macro_rules! causes {
    ($($folder:ident $gate:ident { $($module:ident $variant:ident $text:literal,)+ })+) => {
        $(pub(crate) mod $folder {
            $(pub(crate) mod $module;)+
        })+

        /// All causes, in the order in which a connection meets them; within one gate, a cause
        /// comes before those it explains.
        pub const CAUSES: &[Cause] = &[
            $($(
                Cause {
                    name: CauseName::$variant,
                    gate: Gate::$gate,
                    page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/pages/", $text, ".md")),
                    judges: $folder::$module::JUDGES,
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
    fn causes_are_listed_in_the_order_of_the_gates() {
        assert!(CAUSES.is_sorted_by_key(|cause| cause.gate));
    }
}
