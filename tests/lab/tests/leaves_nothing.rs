//! A run that is cut off leaves nothing on this machine.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use sshmend_lab::footprint::left_by;

/// Starts a run that would take long, and waits until one of its machines is up.
fn long_run() -> Child {
    let child = lab("listener-hung").spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(300);
    while !left_by(child.id())
        .unwrap()
        .iter()
        .any(|left| left.starts_with("control group"))
    {
        assert!(Instant::now() < deadline, "no machine was started");
        thread::sleep(Duration::from_millis(100));
    }
    thread::sleep(Duration::from_secs(1));
    child
}

fn lab(case: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sshmend-lab"));
    command
        .args(["run", case, "--suite", "bookworm", "--symptom-only"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

fn can_run() -> bool {
    let can = Uid::effective().is_root() && Path::new("/usr/bin/systemd-nspawn").exists();
    assert!(
        can || std::env::var_os("CI").is_none(),
        "CI has to run this as root, with systemd-nspawn"
    );
    if !can {
        eprintln!("not run: the lab needs root and systemd-nspawn");
    }
    can
}

#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    for signal in [Signal::SIGINT, Signal::SIGTERM]
        .into_iter()
        .filter(|_| can_run())
    {
        let mut child = long_run();
        send(&child, signal);
        assert_eq!(child.wait().unwrap().code(), Some(2), "{signal}");
        assert_eq!(
            left_by(child.id()).unwrap(),
            Vec::<String>::new(),
            "{signal}"
        );
    }
}

#[test]
fn a_killed_run_leaves_no_process_and_the_next_run_clears_the_rest() {
    if !can_run() {
        return;
    }
    let mut killed = long_run();
    send(&killed, Signal::SIGKILL);
    killed.wait().unwrap();
    thread::sleep(Duration::from_secs(1));
    let left = left_by(killed.id()).unwrap();
    assert!(
        left.iter()
            .all(|left| !left.starts_with("process") && !left.starts_with("mount")),
        "{left:?}"
    );
    assert!(lab("healthy").status().unwrap().success());
    assert_eq!(left_by(killed.id()).unwrap(), Vec::<String>::new());
}
