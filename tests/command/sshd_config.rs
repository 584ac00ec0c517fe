//! `show sshd-config` and `fix sshd-config`.

use expect_test::expect;

use crate::disk::Disk;

fn disk(main: &str) -> Disk {
    Disk::new(&format!(
        "//- /var/lib/dpkg/status\nPackage: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2+deb12u10\n\
         //- /etc/ssh/sshd_config\n{main}"
    ))
}

#[test]
fn the_line_that_decides_is_shown_with_those_that_lost() {
    let disk = disk(
        "Include /etc/ssh/sshd_config.d/*.conf\nMaxStartups 10:30:100\nMaxSessions 5\nMaxSessions 7\n",
    );
    disk.write(
        "/etc/ssh/sshd_config.d/50-cloud.conf",
        "MaxStartups 5:50:20\nMaxSessions 3\n",
    );
    disk.run("show sshd-config MaxStartups maxsessions LoginGraceTime")
        .check(&expect![[r#"
        exit 0
        maxstartups 10:30:100  /etc/ssh/sshd_config:2
            /etc/ssh/sshd_config.d/50-cloud.conf:1: 5:50:20 has no effect: a later line decides
        maxsessions 3  /etc/ssh/sshd_config.d/50-cloud.conf:2
            /etc/ssh/sshd_config:3: 5 has no effect: an earlier line decides
            /etc/ssh/sshd_config:4: 7 has no effect: an earlier line decides
        logingracetime 120  default
        --
    "#]]);
}

#[test]
fn a_connection_is_evaluated_with_its_match_blocks() {
    let disk = disk("MaxSessions 5\nMatch User bob Address 192.0.2.0/24\n  MaxSessions 2\n");
    let value = |spec: &str| {
        let json = disk
            .run(&format!(
                "show sshd-config maxsessions --format json --connection {spec}"
            ))
            .json();
        json["values"][0]["value"]
            .as_str()
            .expect("a value")
            .to_owned()
    };
    assert_eq!(
        value("user=bob,addr=192.0.2.9,host=h,laddr=192.0.2.1,lport=22"),
        "2"
    );
    assert_eq!(
        value("user=bob,addr=198.51.100.9,host=h,laddr=192.0.2.1,lport=22"),
        "5"
    );
}

#[test]
fn the_value_is_written_where_it_is_effective_in_this_release() {
    let disk = disk(
        "Include /etc/ssh/sshd_config.d/*.conf\nMaxStartups 10:30:100 # keep\nMatch User bob\n  X11Forwarding no\n",
    );
    disk.write("/etc/ssh/sshd_config.d/50-cloud.conf", "MaxSessions 3\n");
    disk.run("fix sshd-config MaxStartups=30:30:200 MaxSessions=20 --yes").check(&expect![[r#"
        exit 0
        --- /etc/ssh/sshd_config
        +++ /etc/ssh/sshd_config
        @@ -1,4 +1,4 @@
         Include /etc/ssh/sshd_config.d/*.conf
        -MaxStartups 10:30:100 # keep
        +MaxStartups 30:30:200 # keep
         Match User bob
           X11Forwarding no
        --- /etc/ssh/sshd_config.d/50-cloud.conf
        +++ /etc/ssh/sshd_config.d/50-cloud.conf
        @@ -1 +1 @@
        -MaxSessions 3
        +MaxSessions 20
        effect: maxsessions 3 -> 20
        effect: maxstartups 10:30:100 -> 30:30:200
        note:   MaxSessions cannot end a connection before the banner: it counts sessions inside one connection that is logged in [no-cause]
        note:   no sshd runs here: the next one to start reads the change [sshd-not-running]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    let shown = disk
        .run("show sshd-config MaxStartups MaxSessions --format json")
        .json();
    assert_eq!(
        (
            shown["values"][0]["value"].as_str(),
            shown["values"][1]["value"].as_str()
        ),
        (Some("30:30:200"), Some("20"))
    );
}

#[test]
fn a_drop_in_that_would_be_overridden_is_refused() {
    let disk = disk("Include /etc/ssh/sshd_config.d/*.conf\nMaxStartups 10:30:100\n");
    disk.run("fix sshd-config MaxStartups=30:30:200 --drop-in --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: no Include line outside the Match blocks reads /etc/ssh/sshd_config.d/00-sshmend.conf
        hint: set the value in the main file, or add an Include line at its top
    "#]]);
    let without = self::disk("MaxSessions 5\n");
    without.run("fix sshd-config MaxAuthTries=4 --drop-in --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: no Include line outside the Match blocks reads /etc/ssh/sshd_config.d/00-sshmend.conf
        hint: set the value in the main file, or add an Include line at its top
    "#]]);
}

#[test]
fn values_refused_by_this_release_are_never_written() {
    let disk = disk("Port 22\n");
    disk.run("fix sshd-config PerSourcePenalties=no --yes")
        .check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: OpenSSH 9.2 does not know PerSourcePenalties
        hint: upgrade to OpenSSH 9.8 or later
    "#]]);
    disk.run("fix sshd-config MaxStartups=10:30 --yes")
        .check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: maxstartups 10:30: invalid value "10:30"
        hint: give start:rate:full with start <= full and a rate from 1 to 100, or one number
    "#]]);
    disk.run("fix sshd-config NoSuchThing=1 --yes")
        .check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: unknown keyword "NoSuchThing"
        hint: see sshd_config(5) for the keywords
    "#]]);
    disk.run("fix sshd-config MaxSessions+=3 --yes")
        .check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: maxsessions has one value: there is no list to add to or to remove from
        hint: maxsessions=VALUE sets it; sshd itself reads +NAME and -NAME in lists of algorithms
    "#]]);
    disk.run("fix sshd-config MaxSessions --yes")
        .check(&expect![[r#"
        exit 2
        --
        error: invalid value 'MaxSessions' for '[KEY=VALUE]...': not KEY=VALUE: write MaxStartups=30:30:200, AllowUsers+=ann or Port-=2222

        For more information, try '--help'.
    "#]]);
    assert_eq!(
        disk.read("/etc/ssh/sshd_config").as_deref(),
        Some("Port 22\n")
    );
}

#[test]
fn a_match_block_with_its_own_value_is_reported() {
    let disk = disk("MaxSessions 5\nMatch Group backup\n  MaxSessions 1\n");
    let said = disk.run("fix sshd-config MaxSessions=10 --yes");
    assert!(
        said.stdout.contains("Match Group backup") && said.stdout.contains("setting-shadowed"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_value_that_refuses_every_login_is_refused() {
    let said = disk("Port 22\n").run("fix sshd-config MaxAuthTries=0 --yes");
    assert_eq!(said.code, 2);
    assert!(
        said.stderr
            .contains("this would lock you out: MaxAuthTries 0 makes every login fail"),
        "{}",
        said.stderr
    );
}

#[test]
fn an_edit_for_an_unknown_release_is_valid_in_every_release() {
    let disk = Disk::new(
        "//- /etc/ssh/sshd_config\nMaxStartups 5:50:20\nPort 22\nMaxStartups 10:30:100\n",
    );
    assert_eq!(
        disk.run("fix sshd-config MaxStartups=30:30:200 --yes").code,
        0
    );
    assert_eq!(
        disk.read("/etc/ssh/sshd_config").as_deref(),
        Some("MaxStartups 30:30:200\nPort 22\nMaxStartups 30:30:200\n")
    );
}

#[test]
fn a_rollback_restores_bytes_mode_and_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let disk = disk("");
    disk.write("/etc/ssh/real", "Port 22\r\nMaxSessions 5");
    std::fs::set_permissions(disk.path("/etc/ssh/real"), PermissionsExt::from_mode(0o640))
        .expect("a mode");
    std::fs::remove_file(disk.path("/etc/ssh/sshd_config")).expect("it was there");
    symlink("real", disk.path("/etc/ssh/sshd_config")).expect("a link");
    assert_eq!(disk.run("fix sshd-config MaxSessions=9 --yes").code, 0);
    assert_eq!(
        disk.read("/etc/ssh/real").as_deref(),
        Some("Port 22\r\nMaxSessions 9")
    );
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert_eq!(
        disk.read("/etc/ssh/real").as_deref(),
        Some("Port 22\r\nMaxSessions 5")
    );
    let meta = std::fs::symlink_metadata(disk.path("/etc/ssh/sshd_config")).expect("still there");
    assert!(meta.is_symlink());
    assert_eq!(
        std::fs::metadata(disk.path("/etc/ssh/real"))
            .expect("there")
            .permissions()
            .mode()
            & 0o777,
        0o640
    );
}

#[test]
fn a_configuration_that_sshd_refuses_is_not_edited_as_if_in_force() {
    for (main, line) in [
        ("MaxAuthTries 5\nUseDNS maybe\n", ":2:"),
        ("MaxAuthTries 5\nMaxAuthTry 4\n", ":2:"),
    ] {
        let disk = disk(main);
        let said = disk.run("fix sshd-config MaxAuthTries=4 --yes");
        assert_eq!(said.code, 2, "{main}");
        assert!(
            said.stderr.contains("sshd would not start") && said.stderr.contains(line),
            "{}",
            said.stderr
        );
        assert_eq!(disk.read("/etc/ssh/sshd_config").as_deref(), Some(main));
        assert_eq!(
            disk.run("fix sshd-config MaxAuthTries=5 --yes").code,
            2,
            "nothing to change is no better"
        );
    }
    assert_eq!(
        disk("MaxAuthTries x\n")
            .run("fix sshd-config MaxAuthTries=4 --yes")
            .code,
        0,
        "the edit itself mends it"
    );
    assert_eq!(
        Disk::new("//- /etc/hosts\n")
            .run("fix sshd-config MaxAuthTries=4 --yes")
            .code,
        2
    );
}

#[test]
fn build_dependent_values_are_noted_and_not_refused() {
    let disk = Disk::new("//- /etc/ssh/sshd_config\nGSSAPIKeyExchange yes\nMaxAuthTries 5\n");
    let shown = disk.run("show sshd-config MaxAuthTries");
    assert!(
        shown
            .stdout
            .contains("the release of sshd is unknown: read as OpenSSH 10.0"),
        "{}",
        shown.stdout
    );
    assert!(
        shown
            .stdout
            .contains("sshd may refuse this: /etc/ssh/sshd_config:1"),
        "{}",
        shown.stdout
    );
    let said = disk.run("fix sshd-config MaxAuthTries=4 --yes");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("[release-unknown]"), "{}", said.stdout);
    assert!(
        said.stdout
            .contains("sshd_config:1: sshd may refuse this line"),
        "{}",
        said.stdout
    );
}

#[test]
fn match_blocks_after_the_first_ten_are_only_counted() {
    let blocks: String = (0..40)
        .map(|user| format!("Match User u{user}\n  MaxSessions 1\n"))
        .collect();
    let said = disk(&format!("MaxSessions 5\n{blocks}"))
        .run("fix sshd-config MaxSessions=9 --yes")
        .stdout;
    assert_eq!(
        said.matches("stays 1 [setting-shadowed]").count(),
        10,
        "{said}"
    );
    assert!(
        said.contains("MaxSessions keeps its own value in 30 more Match blocks"),
        "{said}"
    );
}

#[test]
fn commenting_out_a_match_line_changes_only_its_connections() {
    let config = "Port 22\nMatch User ann\n  PasswordAuthentication no\n";
    let disk = disk(config);
    disk.run("fix sshd-config --comment-out /etc/ssh/sshd_config:3 --yes")
        .check(&expect![[r#"
            exit 0
            --- /etc/ssh/sshd_config
            +++ /etc/ssh/sshd_config
            @@ -1,3 +1,3 @@
             Port 22
             Match User ann
            -  PasswordAuthentication no
            +#  PasswordAuthentication no
            effect: passwordauthentication with "Match User ann" no -> as other lines say
            note:   no sshd runs here: the next one to start reads the change [sshd-not-running]
            --
            applied as ID; undo it with: sshmend rollback ID --root DISK
        "#]]);
    assert_eq!(
        disk.read("/etc/ssh/sshd_config").as_deref(),
        Some("Port 22\nMatch User ann\n#  PasswordAuthentication no\n")
    );
    disk.run("rollback --yes");
    assert_eq!(disk.read("/etc/ssh/sshd_config").as_deref(), Some(config));
}

#[test]
fn on_a_disk_without_a_host_key_the_plan_says_that_sshd_will_not_start() {
    let disk = Disk::new(
        "//- /usr/sbin/sshd\n//- /etc/ssh/sshd_config\nPort 22\n//- /etc/ssh/ssh_host_rsa_key\nkey\n",
    );
    let without = disk.run("fix sshd-config HostKey=/etc/ssh/lost --dry-run");
    assert!(
        without.stdout.contains("[host-keys-missing]"),
        "{}",
        without.stdout
    );
    let with = disk.run("fix sshd-config Port=23 --dry-run");
    assert!(
        !with.stdout.contains("[host-keys-missing]"),
        "{}",
        with.stdout
    );
}

#[test]
fn what_is_not_a_keyword_is_answered_with_the_command_that_was_meant() {
    let disk = Disk::new("//- /etc/ssh/sshd_config\nPort 22\n");
    let shown = disk.run("show sshd-config Port=23");
    assert_eq!(shown.code, 2);
    assert!(shown.stderr.contains("Port=23 sets it"), "{}", shown.stderr);
    let shown = disk.run("show sshd-config --release 6.0 Port");
    assert!(
        shown.stderr.contains("from 7.4 to 10.5"),
        "{}",
        shown.stderr
    );
}
