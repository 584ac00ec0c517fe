//! `show known-hosts` and `fix known-hosts`.

use expect_test::expect;

use crate::disk::Disk;
use crate::live::{on_stage, says};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP4aBMBimcXbfhLw8bXOMsIyVd8yE/EK8Z13YBo1vGvE";

fn known(lines: &str) -> Disk {
    Disk::new(&format!("//- /home/known\n{}", lines.replace("KEY", KEY)))
}

#[test]
fn the_entries_of_a_host_are_shown_with_their_fingerprints() {
    let disk = known("one.example,two.example KEY\n@cert-authority *.example KEY\n");
    disk.run("show known-hosts two.example --file /home/known").check(&expect![[r#"
        exit 0
        /home/known:1: ssh-ed25519 SHA256:+Zv8nV+av7Dlrt92JeAy7Hz5k+BTbxkHMc72yn65XFE
        /home/known:2: @cert-authority ssh-ed25519 SHA256:+Zv8nV+av7Dlrt92JeAy7Hz5k+BTbxkHMc72yn65XFE (matches by a wildcard)
        --
    "#]]);
    disk.run("show known-hosts three.test --file /home/known")
        .check(&expect![[r#"
        exit 0
        three.test: no key is known
        --
    "#]]);
}

#[test]
fn one_name_is_removed_and_its_neighbours_stay() {
    let disk = known(
        "# mine\none.example,two.example KEY note\ngarbage\n[two.example]:2222 KEY\n*.example KEY\n",
    );
    disk.run("fix known-hosts two.example --file /home/known --yes").check(&expect![[r#"
        exit 0
        --- /home/known
        +++ /home/known
        @@ -1,5 +1,5 @@
         # mine
        -one.example,two.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP4aBMBimcXbfhLw8bXOMsIyVd8yE/EK8Z13YBo1vGvE note
        +one.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP4aBMBimcXbfhLw8bXOMsIyVd8yE/EK8Z13YBo1vGvE note
         garbage
         [two.example]:2222 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP4aBMBimcXbfhLw8bXOMsIyVd8yE/EK8Z13YBo1vGvE
         *.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP4aBMBimcXbfhLw8bXOMsIyVd8yE/EK8Z13YBo1vGvE
        effect: two.example ssh-ed25519 SHA256:+Zv8nV+av7Dlrt92JeAy7Hz5k+BTbxkHMc72yn65XFE (/home/known:2) -> gone: asked for
        note:   /home/known:5: it matches by a wildcard that also covers other hosts [line-left]
        note:   two.example port 22 was not asked for its keys: no connection is made below --root [key-unverified]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    let left = "# mine\none.example KEY note\ngarbage\n[two.example]:2222 KEY\n*.example KEY\n";
    assert_eq!(disk.read("/home/known"), Some(left.replace("KEY", KEY)));
}

#[test]
fn a_line_is_removed_by_its_number_whatever_it_contains() {
    let disk = known("@revoked * KEY\nx KEY\n");
    let said = disk.run("fix known-hosts x --line /home/known:1 --yes");
    assert_eq!(
        (said.code, disk.read("/home/known")),
        (0, Some(format!("x {KEY}\n")))
    );
}

#[test]
fn an_unknown_host_is_neither_an_error_nor_a_change() {
    disk_says_nothing_known(&known("a KEY\n"));
}

fn disk_says_nothing_known(disk: &Disk) {
    disk.run("fix known-hosts b --file /home/known --yes").check(&expect![[r#"
        exit 0
        nothing to change: host keys of b
        note:   no file contains a key for b that could be stale [nothing-known]
        note:   b port 22 was not asked for its keys: no connection is made below --root [key-unverified]
        --
    "#]]);
}

#[test]
fn a_fingerprint_that_cannot_be_compared_changes_nothing() {
    let disk = known("a KEY\n");
    let fingerprint = "SHA256:ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs";
    disk.run(&format!("fix known-hosts a --file /home/known --expect-fingerprint {fingerprint} --yes")).check(
        &expect![[r#"
            exit 2
            --
            error: nothing was changed: a port 22 was not asked for its keys: no connection is made below --root
            hint: pin the key on the running machine
        "#]],
    );
    disk.run("fix known-hosts a --file /home/known --expect-fingerprint aa:bb --yes")
        .check(&expect![[r#"
            exit 2
            --
            error: nothing was changed: only SHA256 fingerprints can be compared: aa:bb
            hint: on the server: ssh-keygen -l -E sha256 -f /etc/ssh/ssh_host_ed25519_key.pub
        "#]]);
    assert_eq!(disk.read("/home/known"), Some(format!("a {KEY}\n")));
}

#[test]
fn a_destination_that_could_be_an_option_is_refused() {
    let said = crate::disk::run(
        &["fix", "known-hosts", "--yes", "--", "-oProxyCommand=x"],
        b"",
    );
    said.check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: not a host name: "-oProxyCommand=x"
        hint: write HOST, HOST:PORT, or [ADDRESS]:PORT
    "#]]);
}

#[test]
fn matching_lines_and_lines_ssh_skips_are_shown() {
    let lines = "h 1024 35 99\nh ssh-rsa AAAA\n*.test,h KEY\n!h,h* KEY\n@revoked h KEY\n";
    let disk = known(lines);
    disk.run("show known-hosts h:2233 --file /home/known").check(&expect![[r#"
        exit 0
        /home/known:3: ssh-ed25519 SHA256:+Zv8nV+av7Dlrt92JeAy7Hz5k+BTbxkHMc72yn65XFE (for the host without its port: ssh can accept a key by it, but never refuses one)
        /home/known:5: @revoked ssh-ed25519 SHA256:+Zv8nV+av7Dlrt92JeAy7Hz5k+BTbxkHMc72yn65XFE (for the host without its port)
        /home/known:1: skipped: key of SSH protocol 1
        /home/known:2: skipped: the key is damaged
        /home/known:4: skipped: a negated pattern excludes the name
        --
    "#]]);
    let json = disk
        .run("show known-hosts h:2233 --file /home/known --format json")
        .json();
    let marks = json["entries"].as_array().expect("entries").iter();
    let marks: Vec<_> = marks
        .map(|e| {
            (
                e["line"].as_u64(),
                e["wildcard"] == true,
                e["without_port"] == true,
            )
        })
        .collect();
    assert_eq!(marks, [(Some(3), false, true), (Some(5), false, true)]);
    assert_eq!(json["skipped"][0]["reason"], "key of SSH protocol 1");
}

#[test]
fn the_line_without_the_port_is_skipped_if_a_key_is_known_with_it() {
    let disk = known("h KEY\n[h]:2222 KEY\n");
    disk.run("show known-hosts [h]:2222 --file /home/known").check(&expect![[r#"
        exit 0
        /home/known:2: ssh-ed25519 SHA256:+Zv8nV+av7Dlrt92JeAy7Hz5k+BTbxkHMc72yn65XFE
        /home/known:1: skipped: it is for the host without its port, which ssh uses only if no key is known with it
        --
    "#]]);
}

/// Objects in the place of a file, each with the disk that has it.
fn in_the_place_of_a_file() -> [(&'static str, Disk); 5] {
    let make = |make: &dyn Fn(&std::path::Path)| {
        let disk = Disk::new("//- /home/other\n");
        make(&disk.path("/home/known"));
        disk
    };
    let link = |to: &'static str| {
        move |path: &std::path::Path| std::os::unix::fs::symlink(to, path).expect("a link")
    };
    let pipe = |path: &std::path::Path| {
        nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    };
    let socket = |path: &std::path::Path| {
        drop(std::os::unix::net::UnixListener::bind(path).expect("a socket"));
    };
    [
        (
            "a directory",
            make(&|path| std::fs::create_dir(path).expect("a directory")),
        ),
        ("a device, socket or pipe", make(&pipe)),
        ("a device, socket or pipe", make(&socket)),
        ("a link to nothing", make(&link("nowhere"))),
        ("its links form a loop", make(&link("known"))),
    ]
}

#[test]
fn an_unreadable_file_is_never_taken_for_one_without_keys() {
    for (reason, disk) in in_the_place_of_a_file() {
        let shown =
            disk.run("show known-hosts h --file /home/known --file /home/other --format json");
        assert_eq!(shown.code, 2, "{reason}");
        let unread = &shown.json()["unread"];
        assert_eq!(unread[0]["path"], "/home/known", "{reason}");
        assert!(
            unread[0]["reason"]
                .as_str()
                .is_some_and(|said| said.contains(reason)),
            "{reason}: {unread}"
        );
        assert!(
            shown.stderr.contains(reason) && shown.stderr.contains("hint: "),
            "{reason}: {}",
            shown.stderr
        );
        let text = disk.run("show known-hosts h --file /home/known");
        assert!(
            !text.stdout.contains("no key is known"),
            "{reason}: {}",
            text.stdout
        );
        for fix in [
            "fix known-hosts h --yes",
            "fix known-hosts h --yes --dry-run",
        ] {
            let fixed = disk.run(&format!("{fix} --file /home/known --format json"));
            assert_eq!(
                (fixed.code, &fixed.json()["changed"]),
                (2, &serde_json::Value::Bool(false)),
                "{reason}"
            );
            assert!(
                fixed.json()["error"]["message"]
                    .as_str()
                    .is_some_and(|said| said.contains(reason)),
                "{reason}"
            );
        }
    }
}

#[test]
fn a_file_given_as_an_option_must_exist() {
    let disk = Disk::new("//- /etc/passwd\n");
    disk.run("show known-hosts h --file /home/known")
        .check(&expect![[r#"
        exit 2
        --
        error: /home/known: no such file
        hint: check the path
    "#]]);
    disk.run("show known-hosts h").check(&expect![[r#"
        exit 0
        h: no key is known
        --
    "#]]);
    disk.run("fix known-hosts h --file /home/known --yes")
        .check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: /home/known: no such file
        hint: check the path
    "#]]);
}

#[test]
fn a_line_that_ssh_refuses_is_named_and_files_can_be_given_instead() {
    let script = r#"
printf 'Host *\nNoSuchOption x\n' >> /etc/ssh/ssh_config
ssh-keygen -q -t ed25519 -N '' -f /home/key; printf 'h %s\n' "$(cut -d' ' -f1,2 /home/key.pub)" > /home/known
for verb in "show known-hosts h" "fix known-hosts h --yes"; do
    "$S" $verb > /dev/null 2> /home/said; echo "$verb: $?"
    grep -c 'ssh_config: line [0-9]*: Bad configuration option: nosuchoption' /home/said
done
"$S" show known-hosts h --file /home/known 2> /home/said | grep -c ed25519; cat /home/said
"#;
    let Some(text) = on_stage(script) else { return };
    says(
        &text,
        &["show known-hosts h: 2", "fix known-hosts h --yes: 2", "1"],
    );
    assert!(text.contains("the host was looked up as written"), "{text}");
    assert_eq!(
        text.lines().filter(|line| *line == "1").count(),
        3,
        "{text}"
    );
}

#[test]
fn ssh_keygen_is_asked_once_for_all_keys_of_a_host_and_decides() {
    // It stands before the real one, counts how often it is asked, and can be told to deny all.
    let script = r#"
mount -t tmpfs none /usr/local/bin
cat > /usr/local/bin/ssh-keygen <<'END'
#!/bin/sh
echo asked >> /home/asked
[ -e /home/deny ] && exit 3
exec /usr/bin/ssh-keygen "$@"
END
chmod 755 /usr/local/bin/ssh-keygen
for kind in ed25519 ecdsa rsa; do
    /usr/bin/ssh-keygen -q -t "$kind" -N '' -f "/home/$kind"
    printf 'h %s\n[other]:7 %s\n' "$(cut -d' ' -f1,2 "/home/$kind.pub")" "$(cut -d' ' -f1,2 "/home/$kind.pub")" >> /home/known
done
cp /home/known /home/kept
try() {
    rm -f /home/asked; cp /home/kept /home/known
    "$S" fix known-hosts "$1" --offline --file /home/known --state /home/state "$2" > /home/said 2>&1
    echo "$1 $2: exit $?, asked $(wc -l < /home/asked), $(grep -c 'check:.* ok$' /home/said) ok, $(wc -l < /home/known) lines"
}
try h --yes
try h --dry-run
printf 'Host alias\n  HostName other\n  Port 7\n' >> /etc/ssh/ssh_config
cp /home/kept /home/plain
sed 's/^h /alias /' /home/plain > /home/kept
try alias --yes
cp /home/plain /home/kept
touch /home/deny
try h --yes
grep -c 'nothing was changed: ssh-keygen -l -F h does not confirm the result' /home/said
"#;
    let Some(text) = on_stage(script) else { return };
    says(
        &text,
        &[
            "h --yes: exit 0, asked 1, 3 ok, 3 lines",
            "h --dry-run: exit 1, asked 1, 3 ok, 6 lines",
            // Once of the likely change, which is another one, and once of this.
            "alias --yes: exit 0, asked 2, 3 ok, 3 lines",
            "h --yes: exit 2, asked 1, 0 ok, 6 lines",
            "1",
        ],
    );
}

#[test]
fn a_file_of_another_user_is_not_taken_for_one_without_keys() {
    let script = r#"
useradd -m eve; install -d -o eve -m700 /home/eve/.ssh
install -m600 /dev/null /home/eve/.ssh/known_hosts
as_eve() { setpriv --reuid="$(id -u eve)" --regid="$(id -g eve)" --clear-groups "$S" "$@"; echo "exit $?"; }
cp "$S" /home/sshmend; S=/home/sshmend
as_eve show known-hosts h 2>&1
as_eve fix known-hosts h --offline --yes 2>&1
chown root /home/eve/.ssh
as_eve show known-hosts h 2>&1 | tail -1
"#;
    let Some(text) = on_stage(script) else { return };
    says(
        &text,
        &[
            "error: /home/eve/.ssh/known_hosts: permission denied",
            "error: nothing was changed: /home/eve/.ssh/known_hosts: permission denied",
        ],
    );
    assert_eq!(
        text.lines().filter(|line| *line == "exit 2").count(),
        3,
        "{text}"
    );
    assert!(!text.contains("no key is known"), "{text}");
}
