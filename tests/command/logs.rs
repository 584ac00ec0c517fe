//! `sshmend logs`.

use expect_test::expect;

use crate::disk::{Disk, run};

const LOG: &str = "Nov 20 10:00:00 gw sshd[7]: refused connect from 192.0.2.1 (192.0.2.1)\n\
                   Nov 20 10:00:05 gw sshd[8]: refused connect from 192.0.2.1 (192.0.2.1)\n\
                   Nov 20 11:00:00 gw sshd[1]: error: beginning MaxStartups throttling\n\
                   Nov 20 11:00:00 gw sshd[1]: drop connection #10 from [203.0.113.5]:4000 on [192.0.2.9]:22 past MaxStartups\n";

#[test]
fn causes_sources_and_times_are_counted() {
    let json = run(&["logs", "-", "--format", "json"], LOG.as_bytes()).json();
    let causes: Vec<_> = json["causes"].as_array().expect("a list").iter().map(|c| c["cause"].clone()).collect();
    assert_eq!(causes, ["hosts-access-denied", "max-startups"]);
    assert_eq!(json["sources"][0]["source"], "192.0.2.1");
}

#[test]
fn logs_of_a_mounted_disk_are_read_with_the_rotated_ones() {
    let disk = Disk::new("//- /var/log/syslog\nx\n");
    disk.write("/var/log/auth.log", LOG);
    disk.write("/var/log/auth.log.1", LOG);
    let json = disk.run("logs --format json").json();
    assert_eq!(json["causes"][0]["connections"], 4);
}

#[test]
fn a_log_that_says_nothing_is_no_finding() {
    run(&["logs", "-"], b"Nov 20 10:00:00 gw cron[1]: hello\n").check(&expect![[r#"
        exit 0
        nothing in the logs speaks for a cause
        --
    "#]]);
    run(&["logs", "/nonexistent"], b"").check(&expect![[r#"
        exit 2
        --
        error: /nonexistent: no such file
    "#]]);
}
