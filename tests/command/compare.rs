//! `sshmend compare`: the differences between two trees, by their effects.

use expect_test::expect;

use crate::apply::machine;
use crate::disk::{Disk, Said, run};

fn compare(before: &Disk, after: &Disk, flags: &str) -> Said {
    let (a, b) = (before.path("/"), after.path("/"));
    let (a, b) = (a.to_str().expect("plain"), b.to_str().expect("plain"));
    let mut words = vec!["compare", a, b];
    words.extend(flags.split(' ').filter(|word| !word.is_empty()));
    let said = run(&words, b"");
    Said {
        code: said.code,
        stdout: said.stdout.replace(a, "A/").replace(b, "B/"),
        stderr: said.stderr.replace(a, "A/").replace(b, "B/"),
    }
}

#[test]
fn text_changes_without_effect_are_not_differences() {
    let (a, b) = (machine(), machine());
    b.write(
        "/etc/ssh/sshd_config",
        "# moved into a drop-in\nInclude /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nPort 22\n",
    );
    b.write(
        "/etc/ssh/sshd_config.d/10.conf",
        "MaxStartups 10:30:100\nLoginGraceTime 2m\n",
    );
    b.write("/etc/hosts.deny", "# all\nALL : ALL\n");
    compare(&a, &b, "").check(&expect![[r#"
        exit 0
        no difference in effect
        --
    "#]]);
}

#[test]
fn each_area_shows_the_change_who_is_affected_and_the_line() {
    let (a, b) = (machine(), machine());
    a.write(
        "/etc/ssh/sshd_config",
        "Port 22\nMaxStartups 10:30:100\nMatch Group sftp\n  AllowTcpForwarding no\nMatch User ci\n  MaxSessions 40\n",
    );
    b.write(
        "/etc/ssh/sshd_config",
        "Port 22\nMaxStartups 10:30:90\nMatch User ci\n  MaxSessions 2\n",
    );
    b.write("/etc/hosts.allow", "sshd: 192.0.2.32/27\n");
    b.write(
        "/etc/fail2ban/jail.d/on.local",
        "[sshd]\nenabled = true\nignoreip = 203.0.113.44\n",
    );
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFIaYTqLW0yrN4vVJfT0oYqzkFqTV5rcVAFXVF4ZnIYT";
    b.write("/etc/ssh/ssh_known_hosts", format!("git.example {key}\n"));
    compare(&a, &b, "").check(&expect![[r#"
        exit 1
        sshd-config: maxstartups 10:30:100 -> 10:30:90  A/etc/ssh/sshd_config:2 -> B/etc/ssh/sshd_config:2
        sshd-config: Match Group sftp: allowtcpforwarding no -> yes  A/etc/ssh/sshd_config:4 -> no line
        sshd-config: Match User ci: maxsessions 40 -> 2  A/etc/ssh/sshd_config:6 -> B/etc/ssh/sshd_config:4
        hosts-access: 192.0.2.32/27 at sshd denied -> granted  A/etc/hosts.deny:1 -> B/etc/hosts.allow:1
        fail2ban: jail sshd: 203.0.113.44 not exempt -> exempt  no line -> B/etc/fail2ban/jail.d/on.local:3
        known-hosts: /etc/ssh/ssh_known_hosts: git.example ssh-ed25519 unknown -> SHA256:NuS+gjiiCt1R9WWU5Zonik//mOIcg6WaHN3YbcemgAI  no line -> B/etc/ssh/ssh_known_hosts:1
        --
    "#]]);
    compare(&a, &b, "--only fail2ban").check(&expect![[r#"
        exit 1
        fail2ban: jail sshd: 203.0.113.44 not exempt -> exempt  no line -> B/etc/fail2ban/jail.d/on.local:3
        --
    "#]]);
    let document = compare(&b, &a, "--format json --only hosts-access").json();
    assert_eq!(document["schema"], "sshmend.comparison/1");
    assert_eq!(document["same"], false);
    assert_eq!(document["differences"][0]["before"]["value"], "granted");
    assert_eq!(
        document["differences"][0]["before"]["origin"]["path"],
        "/etc/hosts.allow"
    );
    assert_eq!(document["differences"][0]["after"]["value"], "denied");
}

#[test]
fn a_configuration_with_which_sshd_does_not_start_is_a_difference() {
    let (a, b) = (machine(), machine());
    for disk in [&a, &b] {
        disk.write("/etc/ssh/sshd_config", "Port 22\nMaxSessions 10\n");
    }
    let with = |line: &str| {
        b.write(
            "/etc/ssh/sshd_config",
            format!("Port 22\n{line}\nMaxSessions 10\n"),
        );
    };
    with("MaxSession 12");
    compare(&a, &b, "").check(&expect![[r#"
        exit 1
        sshd-config: configuration accepted -> refused: bad configuration option "MaxSession"  no line -> B/etc/ssh/sshd_config:2
        --
    "#]]);
    compare(&b, &a, "--only sshd-config").check(&expect![[r#"
        exit 1
        sshd-config: configuration refused: bad configuration option "MaxSession" -> accepted  A/etc/ssh/sshd_config:2 -> no line
        --
    "#]]);
    assert_eq!(compare(&b, &b, "").code, 0, "both are refused");
    std::fs::remove_file(b.path("/etc/ssh/sshd_config")).expect("it is there");
    let said = compare(&a, &b, "");
    assert!(
        said.stdout.contains("configuration accepted -> missing"),
        "{}",
        said.stdout
    );
}

#[test]
fn an_unreadable_file_is_never_called_equal() {
    let (a, b) = (machine(), machine());
    std::fs::remove_file(b.path("/etc/hosts.deny")).expect("it is there");
    std::fs::create_dir(b.path("/etc/hosts.deny")).expect("a folder");
    let said = compare(&a, &b, "--only hosts-access");
    assert_eq!(said.code, 2, "{}{}", said.stdout, said.stderr);
    assert!(
        said.stdout.contains("not read: B/etc/hosts.deny"),
        "{}",
        said.stdout
    );
    let said = run(&["compare", "/nonexistent/tree", "/"], b"");
    assert_eq!(said.code, 2);
    let empty = tempfile::tempdir().expect("a directory");
    let empty = empty.path().to_str().expect("plain");
    let said = run(&["compare", empty, empty], b"");
    assert_eq!(
        (said.code, said.stderr.contains("it does not contain etc")),
        (2, true)
    );
}

#[test]
fn the_order_of_match_blocks_matters_if_one_connection_matches_both() {
    let (a, b) = (machine(), machine());
    let write = |disk: &Disk, blocks: &[&str]| {
        disk.write(
            "/etc/ssh/sshd_config",
            format!("Port 22\n{}", blocks.concat()),
        );
    };
    let (ann, net) = (
        "Match User ann\n  PermitTTY no\n",
        "Match Address 198.51.100.0/24\n  PermitTTY yes\n",
    );
    write(&a, &[ann, net]);
    write(&b, &[net, ann]);
    compare(&a, &b, "").check(&expect![[r#"
        exit 1
        sshd-config: Match Address 198.51.100.0/24 and Match User ann: permittty no -> yes  A/etc/ssh/sshd_config:3 -> B/etc/ssh/sshd_config:3
        --
    "#]]);
    // A block that sets the common value still prevents the next one from deciding.
    write(&a, &[net, ann]);
    write(&b, &[ann]);
    assert_eq!(compare(&a, &b, "").code, 1);
    let other = "Match User ben\n  PermitTTY yes\n";
    write(&a, &[ann, other]);
    write(&b, &[other, ann]);
    assert_eq!(compare(&a, &b, "").code, 0, "nobody is both");
}

#[test]
fn a_match_block_for_more_users_changes_only_the_new_users() {
    let (a, b) = (machine(), machine());
    a.write(
        "/etc/ssh/sshd_config",
        "Port 22\nMatch User ann\n  MaxSessions 2\nMatch User ben\n  MaxSessions 3\n",
    );
    b.write(
        "/etc/ssh/sshd_config",
        "Port 22\nMatch User ann,cy\n  MaxSessions 2\nMatch User ben Address 198.51.100.7\n  MaxSessions 3\n",
    );
    compare(&a, &b, "").check(&expect![[r#"
        exit 1
        sshd-config: Match User ben: maxsessions 3 -> 10  A/etc/ssh/sshd_config:5 -> no line
        sshd-config: Match User cy: maxsessions 10 -> 2  no line -> B/etc/ssh/sshd_config:3
        --
    "#]]);
}

#[test]
fn a_different_order_or_spelling_is_not_a_difference() {
    let (a, b) = (machine(), machine());
    let keys = [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFIaYTqLW0yrN4vVJfT0oYqzkFqTV5rcVAFXVF4ZnIYT",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGIaYTqLW0yrN4vVJfT0oYqzkFqTV5rcVAFXVF4ZnIYT",
    ];
    let jail = |words: &str| format!("[sshd]\nenabled = true\nignoreip = {words}\n");
    for (disk, users, keys, words) in [
        (
            &a,
            "ann ben",
            [keys[0], keys[1]],
            "203.0.113.8 198.51.100.0/24",
        ),
        (
            &b,
            "ben ann",
            [keys[1], keys[0]],
            "198.51.100.0/24 203.0.113.8/32 198.51.100.3",
        ),
    ] {
        disk.write("/etc/ssh/sshd_config", format!("AllowUsers {users}\n"));
        disk.write(
            "/etc/ssh/ssh_known_hosts",
            format!("h.example {}\nh.example {}\n", keys[0], keys[1]),
        );
        disk.write("/etc/fail2ban/jail.d/on.local", jail(words));
    }
    compare(&a, &b, "").check(&expect![[r#"
        exit 0
        no difference in effect
        --
    "#]]);
}

#[test]
fn ban_settings_and_pattern_files_are_compared() {
    let (a, b) = (machine(), machine());
    for disk in [&a, &b] {
        disk.write("/etc/hosts.allow", "sshd: /etc/staff.hosts\n");
        disk.write("/etc/staff.hosts", "192.0.2.40\n");
    }
    b.write("/etc/staff.hosts", "192.0.2.40\n192.0.2.41\n");
    b.write(
        "/etc/fail2ban/jail.d/on.local",
        "[sshd]\nenabled = true\nbantime = 4w\nignoreself = false\nignorecommand = /usr/bin/true\n",
    );
    compare(&a, &b, "").check(&expect![[r#"
        exit 1
        hosts-access: 192.0.2.41 at sshd denied -> granted  A/etc/hosts.deny:1 -> B/etc/hosts.allow:1
        fail2ban: jail sshd: the machine itself exempt -> not exempt  no line -> B/etc/fail2ban/jail.d/on.local:4
        fail2ban: jail sshd: ignorecommand (not set) -> /usr/bin/true  no line -> B/etc/fail2ban/jail.d/on.local:5
        fail2ban: jail sshd: bantime (not set) -> 4w  no line -> B/etc/fail2ban/jail.d/on.local:3
        --
    "#]]);
}

/// For any policy: once it is applied, a dry run finds no drift, and its preview is what changed in
/// effect.
#[test]
fn applying_a_policy_makes_exactly_the_changes_of_its_dry_run() {
    let mut random = fastrand_words(3);
    for _ in 0..12 {
        let (tree, before) = (machine(), machine());
        let policy = policy(&mut random);
        tree.write("/policy.toml", &policy);
        let path = tree.path("/policy.toml");
        let root = tree.path("/");
        let (path, root) = (path.to_str().expect("plain"), root.to_str().expect("plain"));
        let apply = |flags: &[&str]| {
            run(
                &[&["apply", path, "--root", root, "--format", "json"], flags].concat(),
                b"",
            )
        };
        let dry = apply(&["--dry-run"]);
        assert!(dry.code <= 1, "{policy}{}", dry.stdout);
        assert_eq!(
            compare(&before, &tree, "").code,
            0,
            "a dry run changes nothing"
        );
        assert_eq!(apply(&["--yes"]).code, 0, "{policy}");
        assert_eq!(apply(&["--dry-run"]).code, 0, "{policy}");
        let effects = dry.json()["effects"].as_array().map(Vec::len);
        let found = compare(&before, &tree, "--format json").json();
        let found = found["differences"].as_array().map(Vec::len);
        assert_eq!(effects == Some(0), found == Some(0), "{policy}");
    }
}

/// A sequence of numbers from a seed (xorshift), so that the test needs no crate for it.
fn fastrand_words(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

fn policy(random: &mut impl FnMut(u64) -> u64) -> String {
    let mut text = String::from("[sshd-config]\n");
    for (key, value) in [
        ("MaxSessions", (random(20) + 1).to_string()),
        ("MaxStartups", format!("\"{}:30:300\"", random(40) + 5)),
        ("LoginGraceTime", (random(3) * 60).to_string()),
        ("AcceptEnv", "{ add = [\"LANG\", \"TZ\"] }".to_owned()),
        ("PermitRootLogin", "false".to_owned()),
    ] {
        if random(2) == 0 {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
    let net = random(200);
    text.push_str("[hosts-access]\nallow = [");
    for _ in 0..random(3) {
        text.push_str(&format!("\"192.0.2.{}\", ", random(250)));
    }
    text.push_str("]\n[fail2ban]\nignore = [");
    for jail in ["", ", jail = \"sshd\""]
        .into_iter()
        .take(random(3) as usize)
    {
        text.push_str(&format!("{{ address = \"198.51.{net}.0/24\"{jail} }}, "));
    }
    text + "]\n"
}
