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
fn each_jail_is_shown_with_what_it_ignores_and_why() {
    let disk = jails("[sshd]\nenabled = true\nignoreip = 192.0.2.1 # office\n");
    disk.run("show fail2ban").check(&expect![[r##"
        exit 0
        sshd ignores 192.0.2.1 # office, and the machine itself  /etc/fail2ban/jail.d/admin.local:3
        note: /etc/fail2ban/jail.d/admin.local:3:22: "# office" is no comment: its words are entries of the list: it means something else; begin it with a semicolon after a blank, or give it a line of its own
        --
    "##]]);
}

#[test]
fn an_exemption_extends_the_list_that_decides() {
    let disk = jails("[sshd]\nenabled = true\nignoreip = 192.0.2.1\n");
    disk.run("fix fail2ban --ignore 203.0.113.7 --yes").check(&expect![[r#"
        exit 0
        --- /etc/fail2ban/jail.d/admin.local
        +++ /etc/fail2ban/jail.d/admin.local
        @@ -1,3 +1,3 @@
         [sshd]
         enabled = true
        -ignoreip = 192.0.2.1
        +ignoreip = 192.0.2.1 203.0.113.7
        effect: ignoreip of jail sshd 192.0.2.1 -> 192.0.2.1 203.0.113.7
        note:   jail sshd has an ignoreip of its own, which replaces that of [DEFAULT] [mended]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    let shown = disk.run("show fail2ban sshd --format json").json();
    assert_eq!(shown["jails"][0]["ignoreip"], serde_json::json!(["192.0.2.1", "203.0.113.7"]));
    let again = disk.run("fix fail2ban --ignore 203.0.113.7 --yes --format json");
    assert_eq!((again.code, again.json()["changed"].as_bool()), (0, Some(false)));
}

#[test]
fn what_a_package_owns_is_never_edited() {
    let disk = jails("[sshd]\nenabled = true\n");
    let before = disk.read("/etc/fail2ban/jail.conf");
    assert_eq!(disk.run("fix fail2ban --ignore 203.0.113.0/24 --yes").code, 0);
    assert_eq!(disk.read("/etc/fail2ban/jail.conf"), before);
    assert!(disk.run("show fail2ban").stdout.contains("203.0.113.0/24"));
}

#[test]
fn an_end_is_recorded_and_a_past_one_is_refused() {
    let disk = jails("[sshd]\nenabled = true\n");
    assert_eq!(disk.run("fix fail2ban --ignore 203.0.113.7 --until 2999-12-31T00:00:00Z --yes").code, 0);
    disk.run("fix fail2ban --ignore 203.0.113.8 --until 2001-01-01 --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: 2001-01-02T00:00:00Z lies in the past
    "#]]);
    let files = ["/etc/fail2ban/jail.d/admin.local", "/etc/fail2ban/jail.d/zz-sshmend.local"];
    let text: String = files.iter().filter_map(|path| disk.read(path)).collect();
    assert!(text.contains("# sshmend: until 2999-12-31T00:00:00Z 203.0.113.7"), "{text}");
}

#[test]
fn everybody_is_not_ignored_and_an_unknown_jail_is_named() {
    let disk = jails("[sshd]\nenabled = true\n");
    disk.run("fix fail2ban --ignore 0.0.0.0/0 --yes").check(&expect![[r#"
        exit 2
        --
        error: "0.0.0.0/0" is every address: fail2ban would ban nobody
        hint: stop fail2ban, or disable its jails, if that is meant
    "#]]);
    disk.run("fix fail2ban --ignore 192.0.2.1 --jail sshh --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: there is no jail "sshh"
        hint: the jails are sshd, recidive
    "#]]);
}
