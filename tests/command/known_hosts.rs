//! `show known-hosts` and `fix known-hosts`.

use expect_test::expect;

use crate::disk::Disk;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP4aBMBimcXbfhLw8bXOMsIyVd8yE/EK8Z13YBo1vGvE";

fn known(lines: &str) -> Disk {
    Disk::new(&format!("//- /home/known\n{}", lines.replace("KEY", KEY)))
}

#[test]
fn the_entries_of_a_host_are_shown_with_their_fingerprints() {
    let disk = known("one.example,two.example KEY\n@cert-authority *.example KEY\n");
    disk.run("show known-hosts two.example --file /home/known").check(&expect![[r#"
        exit 0
        /home/known:1: ssh-ed25519 SHA256:+Zv8nV+av7Dlrt92JeAy7Hz5k+BTbxkHMc72yn65XFE
        /home/known:2: @cert-authority ssh-ed25519 SHA256:+Zv8nV+av7Dlrt92JeAy7Hz5k+BTbxkHMc72yn65XFE
        --
    "#]]);
    disk.run("show known-hosts three.test --file /home/known").check(&expect![[r#"
        exit 0
        three.test: no key is known
        --
    "#]]);
}

#[test]
fn one_name_goes_and_its_neighbours_stay() {
    let disk = known("# mine\none.example,two.example KEY note\ngarbage\n[two.example]:2222 KEY\n*.example KEY\n");
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
        note:   /home/known:5: it matches by a wildcard, and serves other hosts too [line-left]
        note:   the keys that two.example offers now could not be fetched [key-unverified]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    let left = "# mine\none.example KEY note\ngarbage\n[two.example]:2222 KEY\n*.example KEY\n";
    assert_eq!(disk.read("/home/known"), Some(left.replace("KEY", KEY)));
}

#[test]
fn a_line_is_taken_out_by_its_number_whatever_it_holds() {
    let disk = known("@revoked * KEY\nx KEY\n");
    let said = disk.run("fix known-hosts x --line /home/known:1 --yes");
    assert_eq!((said.code, disk.read("/home/known")), (0, Some(format!("x {KEY}\n"))));
}

#[test]
fn an_unknown_host_is_no_error_and_no_change() {
    disk_says_nothing_known(&known("a KEY\n"));
}

fn disk_says_nothing_known(disk: &Disk) {
    disk.run("fix known-hosts b --file /home/known --yes").check(&expect![[r#"
        exit 0
        nothing to change: host keys of b
        note:   none of the files holds a key for b that could be stale [nothing-known]
        note:   the keys that b offers now could not be fetched [key-unverified]
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
            error: nothing was changed: a offers no key that could be compared with the expected one
            hint: find out first why it does not answer: sshmend diagnose
        "#]],
    );
    disk.run("fix known-hosts a --file /home/known --expect-fingerprint aa:bb --yes").check(&expect![[r#"
        exit 2
        --
        error: only SHA256 fingerprints can be compared: aa:bb
        hint: on the server: ssh-keygen -l -E sha256 -f /etc/ssh/ssh_host_ed25519_key.pub
    "#]]);
    assert_eq!(disk.read("/home/known"), Some(format!("a {KEY}\n")));
}

#[test]
fn a_destination_that_could_be_an_option_is_refused() {
    let said = crate::disk::run(&["fix", "known-hosts", "--yes", "--", "-oProxyCommand=x"], b"");
    said.check(&expect![[r#"
        exit 2
        --
        error: not a host name: "-oProxyCommand=x"
        hint: write HOST, HOST:PORT, or [ADDRESS]:PORT
    "#]]);
}
