//! Output on screens of every kind: narrow, without colour, without characters beyond ASCII,
//! without a terminal.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use expect_test::expect;

use crate::disk::{Disk, Said, run, run_with};

/// A server that dropped connections, and whose drop-in has a slip in it.
fn server() -> Disk {
    let disk = Disk::new(
        "//- /etc/passwd\nroot:x:0:0:root:/root:/bin/bash\nsshd:x:102:65534::/run/sshd:/usr/sbin/nologin\n\
         //- /usr/sbin/sshd\n//- /etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\nPort 22\nMaxStartups 8:40:50\n\
         //- /var/log/auth.log\n\
         Nov 29 02:10:07 edge sshd[412]: drop connection #9 from [198.51.100.20]:50122 on [192.0.2.4]:22 past MaxStartups\n\
         //- /var/lib/dpkg/status\nPackage: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2+deb12u10\n",
    );
    for kind in ["rsa", "ecdsa", "ed25519"] {
        let path = format!("/etc/ssh/ssh_host_{kind}_key");
        disk.write(&path, "");
        fs::set_permissions(disk.path(&path), Permissions::from_mode(0o600)).expect("ours");
    }
    disk
}

/// The screen of a terminal with this many columns after the command has run.
fn on_terminal(words: &str, columns: usize, variables: &[(&str, &str)]) -> String {
    let command = format!(
        "stty cols {columns}; {} {words}",
        env!("CARGO_BIN_EXE_sshmend")
    );
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", "/nonexistent")
        .env("TZ", "UTC")
        .env("SHELL", "/bin/sh")
        .envs(variables.iter().copied())
        .output()
        .expect("util-linux has script");
    String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n")
}

fn diagnosed(disk: &Disk) -> String {
    format!("diagnose --root {}", disk.path("/").display())
}

/// The columns of a line of ASCII, without what colours it.
fn width(line: &str) -> usize {
    let mut width = 0;
    let mut colours = false;
    for character in line.chars() {
        match character {
            '\x1b' => colours = true,
            'm' if colours => colours = false,
            _ if !colours => width += 1,
            _ => {}
        }
    }
    width
}

#[test]
fn lines_on_a_narrow_screen_break_between_words_and_never_within_a_command() {
    let disk = server();
    let root = disk.path("/").display().to_string();
    for columns in [40, 80] {
        let shown = on_terminal(&diagnosed(&disk), columns, &[("TERM", "xterm")]);
        let too_long = |line: &&str| width(line) > columns && width(line.trim()) > columns;
        for line in shown.lines().filter(too_long) {
            let is_command = line.contains("sshmend fix ") || line.contains('`');
            let is_word = !line.trim().contains(' ');
            assert!(is_command || is_word, "{columns}: {line:?}");
        }
        let command = format!("sshmend fix sshd-config MaxStartups=100:30:200 --root {root}");
        assert!(shown.contains(command.trim_end_matches('/')), "{shown}");
    }
}

/// Each line fits on the screen, or is one word or command that does not.
#[track_caller]
fn check_fits(shown: &str, columns: usize) {
    for line in shown.lines().filter(|line| width(line) > columns) {
        let text = line.trim();
        let is_command = text.starts_with("sshmend ");
        assert!(
            is_command || !text.contains(' '),
            "{columns}: {line:?}\n{shown}"
        );
    }
}

#[test]
fn the_undo_command_is_never_broken_on_a_narrow_screen() {
    for columns in [40, 80] {
        let disk = server();
        disk.write("/etc/ssh/sshd_config", "MaxStartups 8:40:50\n");
        let root = disk.path("/").display().to_string();
        let fix = format!("fix sshd-config MaxStartups=100:30:200 --yes --root {root}");
        let shown = on_terminal(&fix, columns, &[("TERM", "dumb"), ("LC_ALL", "C")]);
        check_fits(&shown, columns);
        let undo = shown
            .lines()
            .find(|line| line.trim().starts_with("sshmend rollback 2"));
        assert!(undo.is_some_and(|line| line.contains("--root")), "{shown}");
        let again = on_terminal(&fix, columns, &[("TERM", "dumb")]);
        assert!(again.starts_with("nothing to change:"), "{again}");
        check_fits(&again, columns);
    }
}

#[test]
fn every_list_fits_the_screen() {
    let disk = server();
    let other = Disk::new("//- /etc/ssh/sshd_config\nPort 2222\nDenyUsers alice bob carol\n");
    let [root, other] = [&disk, &other].map(|disk| disk.path("/").display().to_string());
    let fix = disk.run("fix sshd-config MaxStartups=100:30:200 --yes");
    assert_eq!(fix.code, 0, "{}", fix.stderr);
    for columns in [40, 80] {
        let on_disk = [
            format!("history --root {root}"),
            format!("compare {root} {other}"),
        ];
        let lists = ["schema", "explain MaxSessions", "explain MaxStartups"];
        for words in on_disk.iter().map(String::as_str).chain(lists) {
            let variables = [("TERM", "dumb"), ("PAGER", "cat")];
            check_fits(&on_terminal(words, columns, &variables), columns);
        }
    }
    // It has no rows either, as a serial line.
    for words in ["--help", "fix --help", "fix sshd-config --help"] {
        check_fits(&on_terminal(words, 80, &[("TERM", "dumb")]), 80);
    }
}

#[test]
fn colour_is_used_only_on_a_terminal_that_wants_it() {
    type Variables = &'static [(&'static str, &'static str)];
    let disk = server();
    let words = diagnosed(&disk);
    let cases: [(Variables, bool); 5] = [
        (&[("TERM", "xterm")], true),
        (&[("TERM", "dumb")], false),
        (&[("TERM", "xterm"), ("NO_COLOR", "1")], false),
        (&[("TERM", "xterm"), ("CLICOLOR", "0")], false),
        (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], true),
    ];
    for (variables, expected) in cases {
        let shown = on_terminal(&words, 80, variables);
        assert_eq!(shown.contains("\x1b["), expected, "{variables:?}");
    }
    let piped = |variables: &[(&str, &str)]| -> Said {
        let words: Vec<&str> = words.split(' ').collect();
        run_with(&words, b"", variables)
    };
    assert!(!piped(&[("TERM", "xterm")]).stdout.contains('\x1b'));
    assert!(piped(&[("CLICOLOR_FORCE", "1")]).stdout.contains("\x1b["));
    let both = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
    assert!(!piped(&both).stdout.contains('\x1b'));
}

#[test]
fn an_error_is_coloured_if_colour_is_used() {
    let shown = on_terminal(
        "rollback 2026 --state /nonexistent",
        80,
        &[("TERM", "xterm")],
    );
    assert!(shown.contains("\x1b[1m\x1b[31merror:\x1b[0m"), "{shown:?}");
}

#[test]
fn output_in_the_c_locale_is_ascii() {
    let disk = server();
    disk.write(
        "/etc/ssh/sshd_config.d/a.conf",
        "# Zürich\nBannner /etc/höhle\n",
    );
    let diagnose = diagnosed(&disk);
    let lists = [
        "explain",
        "explain max-startups --value 10:30:100",
        "--help",
        "fix --help",
        &diagnose,
    ];
    for words in lists {
        let words: Vec<&str> = words.split(' ').collect();
        for locale in [&[][..], &[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]] {
            let said = run_with(&words, b"", locale);
            assert!(said.stdout.is_ascii(), "{words:?}: {}", said.stdout);
            assert!(said.stderr.is_ascii(), "{words:?}: {}", said.stderr);
        }
    }
    let plot = ["explain", "max-startups", "--value", "10:30:100"];
    assert!(run_with(&plot, b"", &[]).stdout.contains("####"));
    assert!(
        run_with(&plot, b"", &[("LANG", "C.UTF-8")])
            .stdout
            .contains('█')
    );
}

#[test]
fn a_serial_line_without_a_known_width_has_80_columns() {
    let disk = server();
    let shown = on_terminal(&diagnosed(&disk), 0, &[("TERM", "vt100")]);
    let prose = shown
        .lines()
        .filter(|line| !line.contains("sshmend fix ") && !line.contains('`'));
    let widest = prose.map(width).max().expect("lines");
    assert!((60..=80).contains(&widest), "{widest}\n{shown}");
}

#[test]
fn lines_are_folded_without_a_terminal_only_if_columns_is_set() {
    let disk = server();
    let words = diagnosed(&disk);
    let words: Vec<&str> = words.split(' ').collect();
    let whole = run_with(&words, b"", &[]).stdout;
    assert!(whole.lines().any(|line| width(line) > 100), "{whole}");
    let broken = run_with(&words, b"", &[("COLUMNS", "60")]).stdout;
    assert!(broken.lines().count() > whole.lines().count());
}

#[test]
fn a_line_that_sshd_refuses_is_shown_with_its_place_and_the_command_that_removes_it() {
    let disk = server();
    disk.write(
        "/etc/ssh/sshd_config.d/a.conf",
        "# ours\n  Bannner /etc/issue\n",
    );
    let said = disk.run("diagnose");
    let first = said.stdout.split("\n\n").next().unwrap_or_default();
    expect![[r#"
        likely: sshd does not accept its configuration: /etc/ssh/sshd_config.d/a.conf:2: bad configuration option "Bannner" [sshd-config-invalid]
          /etc/ssh/sshd_config.d/a.conf:2:
                Bannner /etc/issue
                ^^^^^^^ bad configuration option "Bannner"; did you mean Banner?
          mend: sshmend fix sshd-config --comment-out /etc/ssh/sshd_config.d/a.conf:2 --root DISK
                comments out that line, which sshd refuses
          do:   or correct it by hand: put `Banner` in the place of `Bannner` in line 2 of /etc/ssh/sshd_config.d/a.conf
    "#]]
    .assert_eq(&format!("{first}\n"));
    let mended = disk.run("fix sshd-config --comment-out /etc/ssh/sshd_config.d/a.conf:2 --yes");
    assert_eq!(mended.code, 0, "{}", mended.stderr);
    assert!(!disk.run("diagnose").stdout.contains("sshd-config-invalid"));
}

#[test]
fn misspelt_restrictions_are_corrected_rather_than_commented_out() {
    let disk = server();
    disk.write("/etc/ssh/sshd_config.d/a.conf", "AllowUsres carol\n");
    let said = disk.run("diagnose").stdout;
    assert!(said.contains("did you mean AllowUsers?"), "{said}");
    assert!(!said.contains("--comment-out"), "{said}");
}

#[test]
fn ruled_out_causes_take_one_line_and_are_listed_with_verbose() {
    let disk = server();
    let short = disk.run("diagnose").stdout;
    let line = short.lines().find(|line| line.starts_with("ruled out: "));
    assert!(
        line.is_some_and(|line| line.ends_with(" causes (-v lists them)")),
        "{short}"
    );
    let long = disk.run("diagnose -v").stdout;
    assert!(long.contains("\nruled out\n  "), "{long}");
    assert!(long.contains("\nthe path of a connection\n"), "{long}");
    assert!(long.contains("STOPS HERE: max-startups"), "{long}");
    assert_eq!(long.lines().next(), short.lines().next());
}

#[test]
fn nearly_correct_names_are_corrected() {
    let disk = server();
    let cases = [
        (
            "fix sshd-config MaxStartup=30:30:200 --dry-run",
            "did you mean MaxStartups?",
        ),
        ("show sshd-config MaxSesions", "did you mean MaxSessions?"),
        ("explain max-startup", "did you mean max-startups?"),
        ("explain AlowUsers", "did you mean AllowUsers?"),
        (
            "logs /var/log/auth.log --cause maxstartups",
            "did you mean max-startups?",
        ),
    ];
    for (words, hint) in cases {
        let said = disk.run(words);
        assert_eq!(said.code, 2, "{words}");
        assert!(said.stderr.contains(hint), "{words}: {}", said.stderr);
    }
}

#[test]
fn a_message_needs_no_quotes() {
    let message = "kex_exchange_identification: read: Connection reset by peer";
    let words: Vec<&str> = message.split(' ').collect();
    for command in ["diagnose", "explain"] {
        let whole = run(&[command, message], b"");
        let split = run(&[&[command], words.as_slice()].concat(), b"");
        assert_eq!((split.code, &split.stdout), (whole.code, &whole.stdout));
        assert!(whole.stdout.contains("max-startups"), "{}", whole.stdout);
    }
}

#[test]
fn a_word_leads_to_the_causes_that_speak_of_it() {
    for (word, cause) in [
        ("kex_exchange_identification", "max-startups"),
        ("fail2ban", "fail2ban-banned"),
        ("hosts.deny", "hosts-access-denied"),
    ] {
        let said = run(&["explain", word], b"");
        assert_eq!(said.code, 0, "{word}: {}", said.stderr);
        assert!(said.stdout.contains(cause), "{word}: {}", said.stdout);
    }
}

#[test]
fn a_cause_or_a_message_in_place_of_a_command_gets_its_own_hint() {
    let diagnose = "hint: for a connection to a server: `sshmend diagnose";
    let message = "hint: for what ssh, git or ansible printed: `sshmend diagnose \"MESSAGE\"`";
    let cases: [(&[&str], &str); 6] = [
        (
            &["fix", "max-startups"],
            "hint: max-startups is a cause: `sshmend diagnose` names the command",
        ),
        (
            &["kex_exchange_identification: Connection reset by peer"],
            message,
        ),
        (
            &["kex_exchange_identification:", "Connection", "reset"],
            message,
        ),
        (&["gate.example"], &format!("{diagnose} gate.example`")),
        (&["alice@gate"], &format!("{diagnose} alice@gate`")),
        (
            &["[2001:db8::7]:2222"],
            &format!("{diagnose} '[2001:db8::7]:2222'`"),
        ),
    ];
    for (words, hint) in cases {
        let said = run_with(words, b"", &[]);
        assert_eq!(said.code, 2, "{words:?}");
        assert!(said.stderr.contains(hint), "{words:?}: {}", said.stderr);
    }
    let slip = run_with(&["diagnos"], b"", &[]);
    assert!(!slip.stderr.contains("hint:"), "{}", slip.stderr);
}

#[test]
fn a_port_behind_an_address_without_brackets_is_part_of_it() {
    let disk = server();
    let note = "note: 2001:db8::7:22 is one address; with a port it is [2001:db8::7]:22";
    let said = disk.run("show known-hosts 2001:db8::7:22");
    assert!(said.stderr.contains(note), "{}", said.stderr);
    for host in ["2001:db8::7", "[2001:db8::7]:22", "2001:db8::7:ab"] {
        let said = disk.run(&format!("show known-hosts {host}"));
        assert_eq!(said.stderr, "", "{host}");
    }
}

#[test]
fn ambiguous_input_is_refused() {
    let disk = server();
    let cases = [
        "show sshd-config Port --connection addr=192.0.2.300",
        "show sshd-config Port --release 77.1",
        "show sshd-config Port --file /etc/ssh/none",
        "show hosts-access gate.example",
        "show hosts-access 192.0.2.0/24",
        "explain max-auth-tries --value 1:2:3",
        "diagnose https://forge.example/team/tool",
    ];
    for words in cases {
        let said = disk.run(words);
        assert_eq!((said.code, said.stdout.as_str()), (2, ""), "{words}");
    }
}

#[test]
fn a_keyword_and_a_message_lead_to_their_causes() {
    let keyword = run_with(&["explain", "maxstartups"], b"", &[]).stdout;
    assert!(
        keyword.starts_with("MaxStartups is involved in\n  max-startups "),
        "{keyword}"
    );
    let message = "ssh: connect to host a.example port 22: Connection refused";
    let causes = run_with(&["explain", message], b"", &[]).stdout;
    assert!(
        causes.contains(" causes end with this message\n"),
        "{causes}"
    );
    assert!(causes.contains("  sshd-not-running "), "{causes}");
    let page = run_with(&["explain", "max-startups", "--value", "9"], b"", &[]).stdout;
    for heading in ["How it is known", "How it is mended", "What it is not"] {
        assert!(page.lines().any(|line| line == heading), "{page}");
    }
    assert!(
        !page.contains("**") && page.lines().all(|line| line.chars().count() <= 110),
        "{page}"
    );
}

#[test]
fn a_long_text_is_shown_in_the_configured_pager() {
    let pager = [("TERM", "xterm"), ("PAGER", "sed s/^/PAGED:/")];
    let paged = on_terminal("explain", 80, &pager);
    assert!(paged.contains("PAGED:"), "{paged}");
    let off = [("TERM", "xterm"), ("PAGER", "")];
    assert!(on_terminal("explain", 80, &off).contains("max-startups"));
    let none = [("TERM", "xterm"), ("PAGER", "/nonexistent/pager")];
    assert!(on_terminal("explain", 80, &none).contains("max-startups"));
    let piped = run_with(&["explain"], b"", &pager).stdout;
    assert!(!piped.contains("PAGED:"));
}

#[test]
fn only_a_single_word_may_be_wider_than_a_narrow_screen() {
    let log: String = (1..=9)
        .map(|hour| {
            format!(
                "Nov 20 0{hour}:00:00 gw sshd[7]: drop connection #10 from [203.0.113.{hour}]:4000 on [192.0.2.9]:22 past MaxStartups\n"
            )
        })
        .collect();
    let narrow = [("COLUMNS", "40")];
    let logs = run_with(&["logs", "-"], log.as_bytes(), &narrow).stdout;
    let startups = run_with(
        &["explain", "max-startups", "--value", "5:30:20"],
        b"",
        &narrow,
    )
    .stdout;
    let list = run_with(&["explain"], b"", &narrow).stdout;
    for (name, text) in [("logs", &logs), ("startups", &startups), ("list", &list)] {
        for line in text.lines() {
            let is_word = !line.trim().contains(' ') || line.contains('`');
            assert!(width(line) <= 40 || is_word, "{name}: {line}");
            assert_eq!(line, line.trim_end(), "{name}");
        }
    }
    assert!(
        logs.contains("      lines source\n            connections by cause\n"),
        "{logs}"
    );
    assert!(
        list.contains("\n  max-startups\n    too many unauthenticated"),
        "{list}"
    );
    assert!(
        startups.contains("\n     20    100% #######################\n"),
        "{startups}"
    );
}

#[test]
fn code_on_a_page_is_coloured_or_between_backticks() {
    let plain = run_with(&["explain", "max-startups"], b"", &[]).stdout;
    assert!(plain.contains("`LoginGraceTime`"), "{plain}");
    let coloured = run_with(&["explain", "max-startups", "--color", "always"], b"", &[]).stdout;
    assert!(
        !coloured.contains('`') && !coloured.contains("**"),
        "{coloured}"
    );
    assert!(coloured.contains("\x1b[32mLoginGraceTime"), "{coloured}");
}

#[test]
fn on_a_mounted_disk_a_pasted_step_acts_on_the_disk() {
    let disk = server();
    disk.write("/etc/nologin", "");
    disk.write("/etc/ssh/sshd_not_to_be_run", "");
    let root = disk.path("/").display().to_string();
    let root = root.trim_end_matches('/');
    let said = run_with(
        &[
            "diagnose",
            "--root",
            root,
            "--user",
            "bob",
            "--client",
            "203.0.113.5",
        ],
        b"",
        &[],
    );
    for step in [
        format!("`rm {root}/etc/nologin`"),
        format!("`rm {root}/etc/ssh/sshd_not_to_be_run`"),
        format!("`chroot {root} adduser bob`"),
        "once it runs: see who holds the places".to_owned(),
    ] {
        assert!(said.stdout.contains(&step), "{step}\n{}", said.stdout);
    }
}

#[test]
fn what_is_not_a_destination_is_answered_with_what_to_write() {
    let directory = tempfile::tempdir().expect("a directory");
    let log = directory.path().join("auth.log").display().to_string();
    fs::write(&log, "hello\n").expect("a file");
    let table = [
        (vec!["diagnose", "10.0.0.0/24"], "name one address of it"),
        (vec!["diagnose", "1.2.3.400"], "from 0 to 255"),
        (vec!["diagnose", "*.example.org"], "name one host"),
        (vec!["diagnose", "@h"], "write USER@HOST"),
        (vec!["diagnose", &log], "--log"),
        (
            vec!["diagnose", "--log", &log, "HOST"],
            "every word behind it",
        ),
        (vec!["diagnose", "--log", "/"], "name a file"),
        (vec!["diagnose", "-p", "ssh", "h"], "from 1 to 65535"),
        (
            vec!["diagnose", "--client", "1.2.3.0/24"],
            "give one address",
        ),
        (vec!["diagnose", "--since", "2999-01-01"], "in the past"),
        (vec!["diagnose", "--user", ""], "--user"),
        (vec!["diagnose", "--pid", "x"], "pgrep"),
        (
            vec!["show", "known-hosts", "10.0.0.0/24"],
            "name one address of it",
        ),
        (
            vec!["show", "hosts-access", "192.0.2.1", "--daemon", ""],
            "such as sshd",
        ),
        (
            vec!["show", "hosts-access", "192.0.2.1", "--name", "a b"],
            "h.example.org",
        ),
        (vec!["show", "sshd-config", "--file", "/"], "name the file"),
    ];
    for (words, hint) in table {
        let said = run_with(&words, b"", &[]);
        assert_eq!(said.code, 2, "{words:?}: {}", said.stdout);
        assert!(said.stderr.contains(hint), "{words:?}: {}", said.stderr);
    }
}

#[test]
fn a_message_alone_is_answered_with_the_next_command() {
    let table = [
        (
            "fatal: Could not read from remote repository.",
            "`git ls-remote 2>&1 | sshmend diagnose -`",
        ),
        (
            "Permissions 0644 for '/home/bob/.ssh/id' are too open.",
            "`chmod 600 /home/bob/.ssh/id`",
        ),
        (
            "Load key \"/tmp/$(x) y\": bad permissions",
            "`chmod 600 '/tmp/$(x) y'`",
        ),
        (
            "Unable to negotiate with 10.0.0.5 port 22: no matching host key type found. Their offer: ssh-rsa,ssh-dss",
            "`ssh -o HostKeyAlgorithms=+ssh-rsa 10.0.0.5`",
        ),
        (
            "Resolver error: the server failed to start",
            "`ssh -vvv HOST 2>&1 | sshmend diagnose -`",
        ),
    ];
    for (message, step) in table {
        let said = run_with(&["diagnose", message], b"", &[]);
        assert!(said.stdout.contains(step), "{message}: {}", said.stdout);
    }
}
