//! Programs run with a clean environment, a time limit and a size limit.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::time::{Duration, Instant};

use sshmend_host::{RunError, Runner};
use sshmend_lossless::CommandOutput;

fn run(runner: &Runner, script: &str) -> Result<CommandOutput, RunError> {
    runner.run(&["sh".to_owned(), "-c".to_owned(), script.to_owned()])
}

#[test]
fn both_outputs_and_the_exit_code_are_returned() {
    let output = run(&Runner::default(), "echo out; echo err >&2; exit 3").unwrap();
    let expected = CommandOutput {
        code: Some(3),
        stdout: b"out\n".to_vec(),
        stderr: b"err\n".to_vec(),
    };
    assert_eq!(output, expected);
}

#[test]
fn a_program_that_a_signal_ended_has_no_exit_code() {
    assert_eq!(run(&Runner::default(), "kill -9 $$").unwrap().code, None);
}

#[test]
fn the_environment_is_clean_and_standard_input_empty() {
    let output = run(
        &Runner::default(),
        "env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort; cat",
    )
    .unwrap();
    assert_eq!(
        output.text(),
        "LC_ALL=C\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
    );
}

/// Anybody's process may claim that this is its program.
#[test]
fn a_program_that_another_user_could_have_put_there_is_not_run() {
    if !nix::unistd::geteuid().is_root() {
        assert!(
            std::env::var_os("CI").is_none(),
            "CI has to run this as root"
        );
        println!("not tested: this takes root");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    let answer = || Runner::default().run(&[program.display().to_string()]);
    let give = |path: &Path, uid: u32, mode: u32| {
        chown(path, Some(uid), Some(uid)).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    fs::write(&program, "#!/bin/sh\necho ran\n").unwrap();
    for (owner, mode, of_folder) in [(61234, 0o755, 0), (0, 0o757, 0), (0, 0o755, 61234)] {
        give(&program, owner, mode);
        give(folder.path(), of_folder, 0o755);
        let error = answer().unwrap_err().to_string();
        assert!(error.starts_with("not safe to run: "), "{error}");
    }
    give(folder.path(), 0, 0o755);
    give(&program, 0, 0o755);
    assert_eq!(answer().unwrap().text(), "ran\n");
}

#[test]
fn a_missing_program_is_reported() {
    let error = Runner::default()
        .run(&["/nonexistent/program".to_owned()])
        .unwrap_err();
    assert_eq!(error.to_string(), "No such file or directory");
    assert!(Runner::default().run(&[]).is_err());
}

#[test]
fn a_program_that_takes_too_long_is_killed_with_its_children() {
    let runner = Runner {
        deadline: Duration::from_millis(200),
        ..Runner::default()
    };
    let started = Instant::now();
    let marker = tempfile::tempdir().unwrap();
    let file = marker.path().join("alive");
    let script = format!("(sleep 1; touch {}) & sleep 30", file.display());
    assert_eq!(
        run(&runner, &script).unwrap_err(),
        RunError::TimedOut(runner.deadline)
    );
    assert!(started.elapsed() < Duration::from_secs(2));
    std::thread::sleep(Duration::from_millis(1200));
    assert!(!file.exists(), "the child of the killed program went on");
}

#[test]
fn a_program_that_prints_too_much_is_killed() {
    let runner = Runner {
        limit: 100_000,
        ..Runner::default()
    };
    assert_eq!(run(&runner, "yes").unwrap_err(), RunError::TooMuch(100_000));
}

#[test]
fn a_child_that_keeps_the_output_open_does_not_block() {
    let started = Instant::now();
    let output = run(&Runner::default(), "echo done; sleep 3 &").unwrap();
    assert_eq!(output.stdout, b"done\n");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn long_output_on_both_streams_does_not_block() {
    let output = run(
        &Runner::default(),
        "for i in 1 2 3 4; do seq 20000; seq 20000 >&2; done",
    )
    .unwrap();
    assert_eq!(
        (output.stdout.len(), output.stderr.len()),
        (4 * 108_894, 4 * 108_894)
    );
}

#[test]
fn stdin_larger_than_the_pipe_buffer_does_not_deadlock() {
    let argv = [
        "sh".to_owned(),
        "-c".to_owned(),
        "head -c 3; sleep 0.1".to_owned(),
    ];
    let long = vec![b'x'; 1_000_000];
    assert_eq!(Runner::default().feed(&argv, &long).unwrap().stdout, b"xxx");
    let all = Runner::default().feed(&["cat".to_owned()], &long).unwrap();
    assert_eq!(all.stdout.len(), long.len());
}
