//! The README shows the real output of the command; `UPDATE_EXPECT=1` updates it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, Said, run};

/// The pages that show samples, below the root of the project.
const PAGES: [&str; 4] = [
    "README.md",
    "docs/ja/README.md",
    "docs/fr/README.md",
    "docs/ru/README.md",
];

/// A server that was too busy in the night.
const SERVER: &str = "\
//- /etc/passwd
root:x:0:0:root:/root:/bin/bash
sshd:x:101:65534::/run/sshd:/usr/sbin/nologin
//- /var/lib/dpkg/status
Package: openssh-server
Status: install ok installed
Version: 1:9.2p1-2+deb12u10
//- /usr/sbin/sshd
//- /etc/ssh/sshd_config
Port 22
PasswordAuthentication no
#MaxStartups 10:30:100
MaxStartups 10:30:60
//- /var/log/auth.log
Nov 29 03:14:07 gate sshd[812]: drop connection #10 from [203.0.113.5]:40122 on [192.0.2.10]:22 past MaxStartups
";

const REFUSED: &str = "ssh: connect to host build.example port 22: Connection refused\n\
                       fatal: Could not read from remote repository.\n";

/// The text between the marks of each sample.
fn samples() -> Vec<(&'static str, String)> {
    let server = Disk::new(SERVER);
    for kind in ["rsa", "ecdsa", "ed25519"] {
        let path = format!("/etc/ssh/ssh_host_{kind}_key");
        server.write(&path, "");
        fs::set_permissions(server.path(&path), Permissions::from_mode(0o600)).expect("a file");
    }
    let diagnosed = server.run("diagnose");
    let fixed = server.run("fix sshd-config MaxStartups=100:30:200 --dry-run --release 9.2");
    let message = run(&["diagnose", "-"], REFUSED.as_bytes());
    assert_eq!((diagnosed.code, fixed.code, message.code), (1, 1, 1));
    vec![
        (
            "diagnose",
            shown("sudo sshmend diagnose --root /mnt", &diagnosed),
        ),
        (
            "fix",
            shown(
                "sudo sshmend fix sshd-config MaxStartups=100:30:200 --root /mnt --dry-run",
                &fixed,
            ),
        ),
        (
            "message",
            shown("git push 2>&1 | sshmend diagnose -", &message),
        ),
    ]
}

/// The command and the first part of its output, as on a terminal.
fn shown(command: &str, said: &Said) -> String {
    let printed = said.stdout.replace("DISK", "/mnt");
    let first = printed.split("\n\n").next().unwrap_or_default().trim_end();
    let rest = if printed.trim_end() == first {
        ""
    } else {
        "…\n"
    };
    format!("```console\n$ {command}\n{first}\n{rest}```\n")
}

/// The page with these samples between their marks, and the number of marks found.
fn filled(page: &str, samples: &[(&str, String)]) -> (String, usize) {
    const END: &str = "<!-- end of sample -->";
    let mut text = page.to_owned();
    let mut count = 0;
    for (name, sample) in samples {
        let mark = format!("<!-- sample: {name} -->\n");
        if let Some(start) = text.find(&mark).map(|at| at + mark.len()) {
            let end = start + text[start..].find(END).expect("a sample ends");
            text.replace_range(start..end, sample);
            count += 1;
        }
    }
    (text, count)
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_samples_of_the_readme_match_the_output() {
    let samples = samples();
    for page in PAGES {
        let path = project().join(page);
        let text = fs::read_to_string(&path).expect("the page is there");
        let (wanted, count) = filled(&text, &samples);
        assert_eq!(count, samples.len(), "{page} has every sample");
        if text != wanted && std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, &wanted).expect("the page can be written");
        } else {
            assert_eq!(text, wanted, "{page}: UPDATE_EXPECT=1 writes it");
        }
    }
}

#[test]
fn every_readme_states_the_number_of_causes() {
    let causes = fs::read_dir(project().join("docs/causes")).expect("the pages are there");
    let count = causes.count().to_string();
    for page in PAGES {
        let text = fs::read_to_string(project().join(page)).expect("the page is there");
        let mut links = text.split('[').filter(|link| link.contains("causes)"));
        assert!(
            links.any(|link| link.starts_with(&count)),
            "{page}: {count}"
        );
    }
}

#[test]
fn a_sample_is_replaced_only_between_its_marks() {
    let page = "a\n<!-- sample: x -->\nold\n<!-- end of sample -->\nb\n";
    let (text, count) = filled(page, &[("x", "new\n".to_owned()), ("y", String::new())]);
    assert_eq!(
        (text.as_str(), count),
        ("a\n<!-- sample: x -->\nnew\n<!-- end of sample -->\nb\n", 1)
    );
}

/// Every file that a page links to, by a path below the project.
#[test]
fn links_of_the_pages_have_a_target() {
    let pages = ["README.md", "guide.md"].into_iter().flat_map(|name| {
        let above = if name == "README.md" { "" } else { "docs/" };
        ["ja", "fr", "ru"]
            .map(|language| format!("docs/{language}/{name}"))
            .into_iter()
            .chain([format!("{above}{name}")])
    });
    for page in pages {
        let path = project().join(&page);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}"));
        let targets: Vec<&str> = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', '#']).next())
            .filter(|target| !target.is_empty() && !target.contains("://"))
            .collect();
        assert!(!targets.is_empty(), "{page} links to something");
        for target in targets {
            let there = path.parent().expect("a folder").join(target).exists();
            assert!(there, "{page}: {target}");
        }
    }
}
