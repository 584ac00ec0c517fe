//! `cargo xtask test`: everything that has to hold, on this machine.

use std::time::Instant;

use clap::Args;

use crate::oracle::Format;
use crate::{ansible, audit, dist, docs, fuzz, lab, packages, portable, run};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Everything: five times the random inputs, and each case of the lab on every suite
    #[arg(long)]
    all: bool,
    /// Random inputs for each oracle
    #[arg(long)]
    cases: Option<u64>,
    /// Random trees for sshd, which takes longest
    #[arg(long)]
    sshd_trees: Option<u64>,
}

/// A connection takes as long as many cases of the other oracles.
const CASES_A_CONNECTION: u64 = 20;

type Step<'a> = (&'a str, Box<dyn Fn() -> Result<(), String> + 'a>);

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    packages::install(packages::TESTS)?;
    let steps = steps(arguments);
    let failed: Vec<String> = steps
        .iter()
        .filter_map(|(name, step)| timed(name, step))
        .collect();
    println!(
        "{} passed, {} failed",
        steps.len() - failed.len(),
        failed.len()
    );
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("\n       "))
    }
}

fn steps(arguments: &Arguments) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = vec![
        (
            "the command, built",
            Box::new(|| {
                run::run(&mut run::cargo(&[
                    "build",
                    "--release",
                    "--quiet",
                    "-p",
                    "sshmend",
                ]))
            }),
        ),
        (
            "unit and command tests",
            Box::new(|| run::run(&mut run::cargo(&["test", "--quiet", "--workspace"]))),
        ),
    ];
    steps.push((
        "the .deb, made and listed",
        Box::new(|| dist::rehearse(&run::command())),
    ));
    steps.push(("generated documents", Box::new(docs::check)));
    let collection: fn() -> Result<(), String> = if arguments.all {
        ansible::all
    } else {
        ansible::quick
    };
    steps.push(("the Ansible collection", Box::new(collection)));
    steps.push((
        "the pure crates, for WebAssembly and Windows",
        Box::new(portable::check),
    ));
    steps.push((
        "licences, sources and versions of the dependencies",
        Box::new(audit::dependencies),
    ));
    steps.push(if arguments.all {
        ("the targets of the fuzzer, built", Box::new(fuzz::whole))
    } else {
        ("the targets of the fuzzer, checked", Box::new(fuzz::check))
    });
    steps.extend(comparisons(arguments));
    let (every_suite, lab) = (
        arguments.all,
        if arguments.all {
            "the lab, on every suite"
        } else {
            "the lab"
        },
    );
    steps.push((lab, Box::new(move || lab::test(every_suite))));
    if every_suite {
        steps.push(("faults at random, on real daemons", Box::new(lab::faults)));
    }
    steps
}

/// Our models beside the real programs, on random inputs.
fn comparisons(arguments: &Arguments) -> Vec<Step<'_>> {
    let random = if arguments.all { 5_000 } else { 1_000 };
    let (cases, trees) = (
        arguments.cases.unwrap_or(random),
        arguments.sshd_trees.unwrap_or(random),
    );
    let mut steps: Vec<Step<'_>> = vec![(
        "random trees against sshd -T",
        Box::new(move || Format::SshdConfig.random(trees, 1)),
    )];
    for (name, format) in [
        ("random files against ssh-keygen", Format::KnownHosts),
        ("random tables against libwrap", Format::HostsAccess),
        ("random trees against fail2ban", Format::Fail2ban),
    ] {
        steps.push((name, Box::new(move || format.random(cases, 1))));
    }
    let connections = cases / CASES_A_CONNECTION;
    steps.push((
        "hostile names against the log of a real sshd",
        Box::new(move || Format::Logs.random(connections, 1)),
    ));
    steps
}

fn timed(name: &str, step: &dyn Fn() -> Result<(), String>) -> Option<String> {
    println!("== {name}");
    let start = Instant::now();
    let failed = step().err();
    println!(
        "== {name}: {} in {:.0?}",
        if failed.is_some() { "FAILED" } else { "ok" },
        start.elapsed()
    );
    failed
}
