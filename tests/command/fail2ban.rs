//! `show fail2ban` and `fix fail2ban`.

use expect_test::expect;

use crate::disk::Disk;

const JAILS: &str = "//- /etc/fail2ban/fail2ban.conf\n[Definition]\n//- /etc/fail2ban/jail.conf\n[DEFAULT]\nbantime = 10m\n[sshd]\nport = ssh\nfilter = sshd\nlogpath = /l\n\
                     [recidive]\nfilter = recidive\nlogpath = /l\n//- /etc/fail2ban/filter.d/sshd.conf\n[Definition]\n\
                     //- /etc/fail2ban/filter.d/recidive.conf\n[Definition]\n//- /etc/fail2ban/jail.d/admin.local\n";

fn jails(admin: &str) -> Disk {
    Disk::new(&format!("{JAILS}{admin}"))
}

#[test]
fn each_jail_is_shown_with_its_ignoreip_and_the_deciding_line() {
    let disk = jails("[sshd]\nenabled = true\nignoreip = 192.0.2.1 # office\n");
    disk.run("show fail2ban").check(&expect![[r##"
        exit 0
        jail sshd: exempt: 192.0.2.1 # office (/etc/fail2ban/jail.d/admin.local:3); ignoreself: default
        note: /etc/fail2ban/jail.d/admin.local:3:22: it means something else
              ignoreip = 192.0.2.1 # office
                                   ^ "# office" is not a comment: its words are entries of the list
              begin it with a semicolon after a blank, or give it a line of its own
        --
    "##]]);
}

#[test]
fn an_exemption_extends_the_list_that_decides() {
    let disk = jails("[sshd]\nenabled = true\nignoreip = 192.0.2.1\n");
    disk.run("fix fail2ban --ignore 203.0.113.7 --yes")
        .check(&expect![[r#"
        exit 0
        --- /etc/fail2ban/jail.d/admin.local
        +++ /etc/fail2ban/jail.d/admin.local
        @@ -1,3 +1,3 @@
         [sshd]
         enabled = true
        -ignoreip = 192.0.2.1
        +ignoreip = 192.0.2.1 203.0.113.7
        effect: ignoreip of jail sshd 192.0.2.1 -> 192.0.2.1 203.0.113.7
        note:   jail sshd has an ignoreip of its own, which replaces that of [DEFAULT] [own-list]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    let shown = disk.run("show fail2ban sshd --format json").json();
    assert_eq!(
        shown["jails"][0]["ignoreip"],
        serde_json::json!(["192.0.2.1", "203.0.113.7"])
    );
    let again = disk.run("fix fail2ban --ignore 203.0.113.7 --yes --format json");
    assert_eq!(
        (again.code, again.json()["changed"].as_bool()),
        (0, Some(false))
    );
}

#[test]
fn files_of_a_package_are_never_edited() {
    let disk = jails("[sshd]\nenabled = true\n");
    let before = disk.read("/etc/fail2ban/jail.conf");
    assert_eq!(
        disk.run("fix fail2ban --ignore 203.0.113.0/24 --yes").code,
        0
    );
    assert_eq!(disk.read("/etc/fail2ban/jail.conf"), before);
    assert!(disk.run("show fail2ban").stdout.contains("203.0.113.0/24"));
}

#[test]
fn an_end_is_recorded_and_a_past_one_is_refused() {
    let disk = jails("[sshd]\nenabled = true\n");
    assert_eq!(
        disk.run("fix fail2ban --ignore 203.0.113.7 --until 2999-12-31T00:00:00Z --yes")
            .code,
        0
    );
    disk.run("fix fail2ban --ignore 203.0.113.8 --until 2001-01-01 --yes")
        .check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: 2001-01-02T00:00:00Z is in the past
    "#]]);
    let files = [
        "/etc/fail2ban/jail.d/admin.local",
        "/etc/fail2ban/jail.d/zz-sshmend.local",
    ];
    let text: String = files.iter().filter_map(|path| disk.read(path)).collect();
    assert!(
        text.contains("# sshmend: until 2999-12-31T00:00:00Z 203.0.113.7"),
        "{text}"
    );
}

#[test]
fn exempting_everyone_or_an_unknown_jail_is_refused() {
    let disk = jails("[sshd]\nenabled = true\n");
    disk.run("fix fail2ban --ignore 0.0.0.0/0 --yes")
        .check(&expect![[r#"
            exit 2
            --
            error: nothing was changed: "0.0.0.0/0" is every address: fail2ban would ban nobody
            hint: stop fail2ban, or disable its jails, if that is meant
        "#]]);
    disk.run("fix fail2ban --ignore 192.0.2.1 --jail sshh --yes")
        .check(&expect![[r#"
            exit 2
            --
            error: nothing was changed: there is no jail "sshh"
            hint: did you mean sshd?
        "#]]);
}

#[test]
fn other_settings_that_affect_bans_are_shown_with_the_list() {
    let disk = jails(
        "[DEFAULT]\nignorecache = key=\"<ip>\"\n[sshd]\nenabled = true\nignoreself = no\n\
         ignorecommand = /usr/local/bin/known <ip>\n[recidive]\nenabled = true\n",
    );
    disk.run("show fail2ban").check(&expect![[r#"
        exit 0
        jail sshd: no address is exempt; ignoreself: no (/etc/fail2ban/jail.d/admin.local:5); ignorecommand: /usr/local/bin/known <ip> (/etc/fail2ban/jail.d/admin.local:6); ignorecache: key="<ip>" (/etc/fail2ban/jail.d/admin.local:2)
        jail recidive: no address is exempt; ignoreself: default; ignorecache: key="<ip>" (/etc/fail2ban/jail.d/admin.local:2)
        --
    "#]]);
    let shown = disk.run("show fail2ban --format json").json();
    assert_eq!(shown["jails"][0]["ignoreself"]["value"], "false");
    assert_eq!(
        shown["jails"][0]["ignorecommand"]["value"],
        "/usr/local/bin/known <ip>"
    );
    assert_eq!(
        shown["jails"][1]["ignoreself"]["origin"],
        serde_json::Value::Null
    );
}

#[test]
fn repairs_of_broken_lines_are_offered_and_made_only_by_name() {
    let text =
        "[sshd]\nenabled = true\nmaxretry = 4\n[recidive]\nenabled = true\n[sshd]\nport = 2222\n";
    let disk = jails(text);
    disk.run("fix fail2ban --ignore 203.0.113.7 --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: fail2ban does not start with this configuration: /etc/fail2ban/jail.d/admin.local:6: a second [sshd] section; the first is in line 1
        hint: merge both: a section may occur only once in a file; `sshmend fix fail2ban --root DISK --mend /etc/fail2ban/jail.d/admin.local:6` does it
    "#]]);
    disk.run("fix fail2ban --mend").check(&expect![[r#"
        exit 0
        nothing to change: list possible repairs
        note:   /etc/fail2ban/jail.d/admin.local:6: a second [sshd] section; the first is in line 1: fail2ban does not start; `sshmend fix fail2ban --root DISK --mend /etc/fail2ban/jail.d/admin.local:6` mends it [offer]
        --
    "#]]);
    assert_eq!(
        disk.read("/etc/fail2ban/jail.d/admin.local").as_deref(),
        Some(text)
    );
    disk.run("fix fail2ban --mend /etc/fail2ban/jail.d/admin.local:3 --yes").check(&expect![[r#"
        exit 0
        nothing to change: mend /etc/fail2ban/jail.d/admin.local:3
        note:   /etc/fail2ban/jail.d/admin.local:3: there is nothing to mend in this line [nothing-to-mend]
        note:   /etc/fail2ban/jail.d/admin.local:6: a second [sshd] section; the first is in line 1: fail2ban does not start; `sshmend fix fail2ban --root DISK --mend /etc/fail2ban/jail.d/admin.local:6` mends it [offer]
        --
    "#]]);
    disk.run("fix fail2ban --mend /etc/fail2ban/jail.d/admin.local:6 --yes").check(&expect![[r#"
        exit 0
        --- /etc/fail2ban/jail.d/admin.local
        +++ /etc/fail2ban/jail.d/admin.local
        @@ -1,7 +1,6 @@
         [sshd]
         enabled = true
         maxretry = 4
        +port = 2222
         [recidive]
         enabled = true
        -[sshd]
        -port = 2222
        effect: fail2ban does not start -> starts
        note:   /etc/fail2ban/jail.d/admin.local:6: a second [sshd] section; the first is in line 1 [mended]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    assert_eq!(disk.run("fix fail2ban --ignore 203.0.113.7 --yes").code, 0);
    assert_eq!(
        disk.run("fix fail2ban --mend --ignore 203.0.113.7 --yes")
            .code,
        2
    );
}

#[test]
fn an_exemption_offers_the_repair_of_misread_entries_but_does_not_make_it() {
    let disk = jails("[sshd]\nenabled = true\nignoreip = 192.0.2.1 # the office\n");
    disk.run("fix fail2ban --ignore 203.0.113.7 --dry-run").check(&expect![[r##"
        exit 1
        --- /etc/fail2ban/jail.d/admin.local
        +++ /etc/fail2ban/jail.d/admin.local
        @@ -1,3 +1,3 @@
         [sshd]
         enabled = true
        -ignoreip = 192.0.2.1 # the office
        +ignoreip = 192.0.2.1 203.0.113.7 # the office
        effect: ignoreip of jail sshd 192.0.2.1 # the office -> 192.0.2.1 203.0.113.7 # the office
        note:   jail sshd has an ignoreip of its own, which replaces that of [DEFAULT] [own-list]
        note:   /etc/fail2ban/jail.d/admin.local:3: "# the office" is not a comment: its words are entries of the list: it means something else; `sshmend fix fail2ban --root DISK --mend /etc/fail2ban/jail.d/admin.local:3` mends it [offer]
        --
    "##]]);
}

#[test]
fn a_percent_sign_in_a_time_is_refused_with_its_line() {
    let text = "[sshd]\nenabled = true\nfindtime = 50%\n";
    let disk = jails(text);
    disk.run("fix fail2ban --ignore 203.0.113.7 --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: fail2ban does not start with this configuration: /etc/fail2ban/jail.d/admin.local:3: a single % in findtime of [sshd]
        hint: write a number or a time, such as 3600 or 1h, without a percent sign
    "#]]);
    assert_eq!(
        disk.run("fix fail2ban --mend /etc/fail2ban/jail.d/admin.local:3 --yes")
            .code,
        2
    );
    assert_eq!(
        disk.read("/etc/fail2ban/jail.d/admin.local").as_deref(),
        Some(text)
    );
}

#[test]
fn a_pipe_among_the_files_leaves_the_jails_unknown() {
    let disk = jails("[sshd]\nenabled = true\n");
    let pipe = disk.path("/etc/fail2ban/jail.local");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    disk.run("show fail2ban").check(&expect![[r#"
        exit 2
        --
        error: /etc/fail2ban/jail.local: not a regular file, but a device, socket or pipe
        hint: put a regular file in its place, or name another file
    "#]]);
    assert!(disk.run("show fail2ban --format json").json()["unread"][0]["reason"].is_string());
    disk.run("fix fail2ban --ignore 203.0.113.7 --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: /etc/fail2ban/jail.local: not a regular file, but a device, socket or pipe
        hint: put a regular file in its place, or name another file
    "#]]);
    disk.run("fix fail2ban --mend").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: /etc/fail2ban/jail.local: not a regular file, but a device, socket or pipe
        hint: put a regular file in its place, or name another file
    "#]]);
}

#[test]
fn a_file_generated_by_nixos_is_overridden_and_its_owner_is_named() {
    let disk = jails("[sshd]\nenabled = true\n");
    let store = disk.path("/nix/store/0abc-jail.local");
    std::fs::create_dir_all(store.parent().expect("a folder")).expect("a folder");
    std::fs::write(&store, "[DEFAULT]\nignoreip = 192.0.2.9\n").expect("a file");
    std::os::unix::fs::symlink(
        "/nix/store/0abc-jail.local",
        disk.path("/etc/fail2ban/jail.local"),
    )
    .expect("a link");
    disk.run("fix fail2ban --ignore 203.0.113.7 --yes").check(&expect![[r#"
        exit 0
        --- /dev/null
        +++ /etc/fail2ban/jail.d/zz-sshmend.local
        @@ -0,0 +1,4 @@
        +# Addresses that are never banned.
        +
        +[DEFAULT]
        +ignoreip = 192.0.2.9 203.0.113.7
        effect: ignoreip of jail sshd 192.0.2.9 -> 192.0.2.9 203.0.113.7
        note:   /etc/fail2ban/jail.local:2: this list is copied: later additions to it have no effect [copied]
        note:   /etc/fail2ban/jail.local:2: NixOS builds it from the system's configuration: it is not edited, the new line overrides it [file-owned-by]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    assert_eq!(
        disk.read("/nix/store/0abc-jail.local").as_deref(),
        Some("[DEFAULT]\nignoreip = 192.0.2.9\n")
    );
}

#[test]
fn a_file_that_a_manager_writes_is_written_and_the_manager_is_named() {
    let disk = jails("# Managed by Puppet\n[sshd]\nenabled = true\nignoreip = 192.0.2.1\n");
    let run = disk.run("fix fail2ban --ignore 203.0.113.7 --dry-run");
    assert!(
        run.stdout.contains("Puppet writes this file"),
        "{}",
        run.stdout
    );
}
