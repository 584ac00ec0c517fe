//! Which runs are made.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Only commands whose name holds this word
    #[arg(long)]
    pub(super) only: Option<String>,
    /// Only every N-th call
    #[arg(long, default_value_t = 1)]
    pub(super) stride: usize,
    /// How often each command is killed at random
    #[arg(long, default_value_t = 60)]
    pub(super) kills: u32,
    /// Only power cuts
    #[arg(long, conflicts_with = "calls")]
    pub(super) power: bool,
    /// Everything but power cuts
    #[arg(long)]
    pub(super) calls: bool,
    /// The program, instead of the debug build
    #[arg(long)]
    pub(super) sshmend: Option<PathBuf>,
}
