//! The seeds of a fuzzer: small inputs of each kind, and the data of the project's own tests.

use std::fs;
use std::path::{Path, PathBuf};

/// The root folder of the project.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate lies in tests/")
}

/// The initial inputs.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = written(target)
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .collect();
    for path in folders(target)
        .iter()
        .flat_map(|folder| texts(&project().join(folder)))
    {
        seeds.extend(fs::read(path));
    }
    // A target that edits takes its wish from the first byte.
    if let Some(parser) = target.strip_prefix("edit-") {
        let wishes = [0, 1, 2, 133, 255];
        let files = self::seeds(parser);
        seeds.extend(
            files
                .iter()
                .flat_map(|file| wishes.map(|wish| [&[wish], &file[..]].concat())),
        );
    }
    seeds
}

/// Folders of the project with data for the target.
fn folders(target: &str) -> &'static [&'static str] {
    match target {
        "log" => &[
            "crates/ssh-log/tests/messages",
            "crates/ssh-log/tests/journal",
        ],
        "transcript" => &["crates/ssh-log/tests/transcripts"],
        _ => &[],
    }
}

/// The files in a folder and those below it, in the order of their paths.
fn texts(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) =
        paths.into_iter().partition(|path| path.is_dir());
    files
        .into_iter()
        .chain(folders.iter().flat_map(|folder| texts(folder)))
        .collect()
}

fn written(target: &str) -> &'static [&'static str] {
    match target {
        "sshd-config" => &[
            "Include /etc/ssh/sshd_config.d/*.conf\nMaxStartups 10:30:100 # enough\nMaxSessions 3\n\x1eMaxSessions 5\n",
            "Port 22\nMatch User bob Address 192.0.2.0/24,!192.0.2.9\n  MaxSessions \"4\"\nMatch all\nLogLevel=VERBOSE\r\n",
            "PerSourcePenalties crash:1s max:2m\nRekeyLimit 1G 1h\nAllowUsers a@10.0.0.1/8,!b\nSubsystem sftp internal-sftp\n",
        ],
        "known-hosts" => &[
            "h,192.0.2.7 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINsjdeTeX5cztgr5BEXX/rb+4mwNcqB4r5UOtQn8W3RF note\n",
            "@revoked * ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAhW60hG/kZXI0G1ca3AiHeCIc1AiwVgNue0w2wn7Rx6\n[h]:2222 ssh-rsa AAAA\r\n",
            "|1|BMY/Gko8lHO4zYuz4OO/pwlFIj4=|wtRbDfM0gdAUyhSPoPHGs4aFa7k= ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINsjdeTeX5cztgr5BEXX/rb+4mwNcqB4r5UOtQn8W3RF\n",
            "h,!i,h* 1024 35 99\n@cert-authority *.example,fe80::1%lo ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBC7zDChFfhbLOwER+f3tFnDyzf+S63yivS6IFvyIkPXktswShLrmUB/PFU5QJphkWSswT6SBvnMjy3tlWrY2L7s=\n",
        ],
        "hosts-access" => &[
            "sshd: 192.0.2.0/24 [2001:db8::]/32 : allow\n# note\nALL: LOCAL EXCEPT .example.org\n\x1eALL: ALL\n",
            "sshd: ALL: deny\nftpd, sshd@10.1.: 10.1. EXCEPT 10.1.2.3 \\\n  : spawn x : deny\n\x1esshd: 10.1.2.3/24 # no\n",
            "sshd:2001:db8::1:allow\n\x1eALL: PARANOID\nsshd: /etc/f @g u@h\nsshd: ALL",
        ],
        "fail2ban" => &[
            "[DEFAULT]\nignoreip = 127.0.0.1/8 ::1\n[sshd]\nenabled = true\n",
            "[sshd]\nenabled = yes\nignoreip =\n    192.0.2.1\n    %(default/ignoreip)s\n\x1e[DEFAULT]\nignoreip = %(known/ignoreip)s ; home\n",
            "[web]\nenabled: 1\nbantime = 100%\n[web]\nignoreip = 192.0.2.1 # office\n\x1e  192.0.2.77\n[INCLUDES]\nbefore = x.local\n",
        ],
        "log" => &[
            "\x40Nov 20 15:52:43 gw sshd[8]: Invalid user bob from 192.0.2.7 port 4711\nNov 20 15:52:44 gw sshd[8]: drop connection #10 from [192.0.2.7]:4711 on [192.0.2.1]:22 past MaxStartups\n",
            "\x702026-11-20T17:59:00+00:00 srv sshd-session[812]: Connection closed by 192.0.2.7 port 4711 [preauth]\n",
            "\x10{\"MESSAGE\":\"Timeout before authentication for 192.0.2.7\",\"_PID\":\"9\",\"__REALTIME_TIMESTAMP\":\"1795197600000000\"}\n",
        ],
        "transcript" => &[
            "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 192.0.2.7 port 22\n",
            "debug1: Connecting to h [192.0.2.7] port 22.\ndebug1: Connection established.\nssh_exchange_identification: Connection closed by remote host\n",
        ],
        "glob" => &[
            "*.conf\x1ea.conf",
            "a*b?c**\x1eaXXbXc",
            "[a-c]*[!d]\\*\x1eb1e*",
            "[[:alpha:]]?.d/*\x1ed.d",
        ],
        "journal" => &[RECORD],
        _ => &[],
    }
}

const RECORD: &str = r#"version = 1
id = "20261120T185545.752881Z"
state = "done"
when = "2026-11-20T18:55:45.752881Z"
why = "MaxSessions 5"
argv = ["sshmend", "fix", "sshd-config", "MaxSessions=5"]
directories = ["/etc/ssh/sshd_config.d"]

[who]
uid = 0
sudo_user = "alice"

[aftermath]
judges = [["sshd", "-t"]]
activation = [["systemctl", "reload", "ssh"], { step = "hang-up", with = 4711 }]
units = ["ssh.service"]

[[file]]
path = "/etc/ssh/sshd_config"
target = "/etc/ssh/sshd_config"

[file.before]
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
size = 0
mode = "0644"
uid = 0
gid = 0

[file.before.xattrs]
"user.note" = "a\\x00b"
"#;
