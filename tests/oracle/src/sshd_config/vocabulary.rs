//! The building blocks of random configurations.

use sshmend_sshd_config::Release;

/// A keyword with values that sshd accepts and values that it refuses.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) names: &'static [&'static str],
    pub(super) since: Release,
    pub(super) in_match: Option<Release>,
    pub(super) good: &'static [&'static str],
    pub(super) bad: &'static [&'static str],
    /// True if the whole rest of the line is the value.
    pub(super) rest: bool,
}

const OLD: Release = Release::new(7, 4);

const fn global(
    names: &'static [&'static str],
    good: &'static [&'static str],
    bad: &'static [&'static str],
) -> Sample {
    Sample {
        names,
        since: OLD,
        in_match: None,
        good,
        bad,
        rest: false,
    }
}

const fn anywhere(
    names: &'static [&'static str],
    good: &'static [&'static str],
    bad: &'static [&'static str],
) -> Sample {
    Sample {
        in_match: Some(OLD),
        ..global(names, good, bad)
    }
}

impl Sample {
    const fn since(self, major: u16, minor: u16) -> Self {
        Self {
            since: Release::new(major, minor),
            ..self
        }
    }

    const fn in_match_since(self, major: u16, minor: u16) -> Self {
        Self {
            in_match: Some(Release::new(major, minor)),
            ..self
        }
    }

    const fn rest(self) -> Self {
        Self { rest: true, ..self }
    }
}

const FLAG: &[&str] = &["yes", "no", "YES", "No"];
const NO_FLAG: &[&str] = &["maybe", "1", "true", "yes no"];
const NUMBER: &[&str] = &["0", "3", "010", "+5", "2147483647"];
const NO_NUMBER: &[&str] = &["-1", "0x10", "x", "4294967296", "5x", "1 2", "\"\""];
const TIME: &[&str] = &["0", "30", "2m", "1h30m", "1m30", "1M30s", "1w", "90S"];
const NO_TIME: &[&str] = &["none", "-1", "5x", "1.5m", "99999999999", "m", "\"\""];
const PATHS: &[&str] = &["/etc/issue", "none", "NONE", "~/file", "/a/%u"];
const FORWARDING: &[&str] = &["yes", "no", "all", "local", "REMOTE"];

/// The keywords of random trees.
#[rustfmt::skip]
pub(super) static VOCABULARY: &[Sample] = &[
    global(
        &["MaxStartups"],
        &["10:30:100", "5:77:50", "9", "1:1:1", "10:30:60x", "30"],
        &["0", "10:30", "100:30:10", "5:0:9", "5:101:9", "10: 30:60"],
    ),
    global(
        &["PerSourceMaxStartups"],
        &["none", "1", "5", "100"],
        &["-1", "x", "None", "5x"],
    )
    .since(8, 5),
    global(
        &["PerSourceNetBlockSize"],
        &["32:128", "24:64", "24", "0:0"],
        &["33", "24:129", "x", ":"],
    )
    .since(8, 5),
    global(
        &["PerSourcePenalties"],
        &[
            "no",
            "yes",
            "crash:10s",
            "authfail:5s noauth:2s",
            "max:1h min:3",
            "overflow:deny-all",
            "max-sources4:7",
            "grace-exceeded:0",
        ],
        &[
            "no crash:1s",
            "maybe",
            "crash",
            "crash:x",
            "max-sources4:x",
            "overflow:x",
        ],
    )
    .since(9, 8),
    global(
        &["PerSourcePenaltyExemptList"],
        &[
            "none",
            "10.0.0.0/8",
            "192.0.2.1,2001:db8::/32",
            "10.*,!10.1.*",
        ],
        &["10.0.0.1/8", "a,,b"],
    )
    .since(9, 8),
    global(&["LoginGraceTime"], TIME, NO_TIME),
    anywhere(&["MaxAuthTries"], NUMBER, NO_NUMBER),
    anywhere(&["MaxSessions"], NUMBER, NO_NUMBER),
    anywhere(&["ClientAliveInterval"], TIME, NO_TIME),
    anywhere(&["ClientAliveCountMax"], NUMBER, NO_NUMBER),
    anywhere(
        &["LogLevel"],
        &["INFO", "debug", "DEBUG1", "Verbose", "quiet", "DEBUG3"],
        &["NOISY", "wrong_value"],
    ),
    global(&["SyslogFacility"], &["AUTH", "authpriv", "LOCAL7", "daemon"], &["KERN", "x"]),
    anywhere(
        &["PermitRootLogin"],
        &[
            "yes",
            "no",
            "prohibit-password",
            "without-password",
            "Forced-Commands-Only",
        ],
        &["maybe", "without_password"],
    ),
    anywhere(&["PasswordAuthentication"], FLAG, NO_FLAG),
    anywhere(&["PubkeyAuthentication"], FLAG, NO_FLAG),
    global(&["PubkeyAuthentication", "DSAAuthentication"], FLAG, NO_FLAG),
    anywhere(&["KbdInteractiveAuthentication"], FLAG, NO_FLAG),
    global(&["KbdInteractiveAuthentication", "ChallengeResponseAuthentication"], FLAG, NO_FLAG),
    anywhere(
        &["ChallengeResponseAuthentication", "SkeyAuthentication"],
        FLAG,
        NO_FLAG,
    )
    .since(8, 7)
    .in_match_since(8, 7),
    global(&["UsePAM"], FLAG, NO_FLAG),
    global(&["UseDNS"], FLAG, NO_FLAG),
    global(&["TCPKeepAlive", "KeepAlive"], FLAG, NO_FLAG),
    global(&["StrictModes"], FLAG, NO_FLAG),
    global(&["PrintMotd"], FLAG, NO_FLAG),
    global(&["Compression"], &["yes", "no", "delayed"], &["maybe"]),
    anywhere(&["GatewayPorts"], &["yes", "no", "clientspecified"], &["x"]),
    anywhere(&["AllowTcpForwarding"], FORWARDING, &["x"]),
    anywhere(&["AllowStreamLocalForwarding"], FORWARDING, &["x"]),
    anywhere(&["X11Forwarding"], FLAG, NO_FLAG),
    anywhere(&["X11DisplayOffset"], NUMBER, NO_NUMBER),
    anywhere(&["PermitTunnel"], &["yes", "no", "ethernet", "point-to-point"], &["Yes", "x"]),
    anywhere(&["PermitTTY"], FLAG, NO_FLAG),
    anywhere(&["PermitUserRC"], FLAG, NO_FLAG),
    anywhere(&["X11UseLocalhost"], FLAG, NO_FLAG),
    anywhere(&["AllowAgentForwarding"], FLAG, NO_FLAG),
    anywhere(&["StreamLocalBindUnlink"], FLAG, NO_FLAG),
    anywhere(&["ExposeAuthInfo"], FLAG, NO_FLAG).since(7, 6),
    anywhere(&["HostbasedAuthentication"], FLAG, NO_FLAG),
    anywhere(&["HostbasedUsesNameFromPacketOnly"], FLAG, NO_FLAG),
    global(&["IgnoreUserKnownHosts"], FLAG, NO_FLAG),
    global(&["PrintLastLog"], FLAG, NO_FLAG),
    anywhere(&["PermitEmptyPasswords"], FLAG, NO_FLAG),
    anywhere(&["DisableForwarding"], FLAG, NO_FLAG),
    anywhere(&["IgnoreRhosts"], &["yes", "no", "shosts-only"], &["x"])
        .since(8, 3)
        .in_match_since(8, 3),
    anywhere(&["RefuseConnection"], FLAG, NO_FLAG).since(9, 9),
    anywhere(&["Banner"], PATHS, &["\"\""]),
    global(&["PidFile"], PATHS, &["\"\""]),
    global(&["ModuliFile"], PATHS, &["\"\""]).since(8, 6),
    global(
        &["SecurityKeyProvider"],
        &["internal", "/usr/lib/sk.so", "none"],
        &["\"\""],
    )
    .since(8, 2),
    anywhere(&["RevokedKeys"], PATHS, &["\"\""]),
    anywhere(&["TrustedUserCAKeys"], PATHS, &["\"\"", "/a /b"]),
    anywhere(
        &["ForceCommand"],
        &[
            "/bin/date",
            "none",
            "internal-sftp -d /x",
            "echo \"a  b\"",
            "sh -c 'x # y'",
        ],
        &["\"open"],
    )
    .rest(),
    anywhere(
        &["ChrootDirectory"],
        &["/srv", "none", "/home/%u", "\"/with space\""],
        &["\"\"", "/a b"],
    ),
    anywhere(
        &["AuthorizedKeysFile"],
        &[".ssh/a", ".ssh/a .ssh/b", "/etc/%u", "~/x", "none"],
        &["\"\"", "a \"\""],
    ),
    anywhere(&["AuthorizedPrincipalsFile"], &["/etc/p", "%h/p", "~/p"], &["\"\"", "a b"]),
    anywhere(
        &["AuthorizedKeysCommand"],
        &["none", "/bin/keys %u", "/bin/keys"],
        &["bin/keys"],
    )
    .rest(),
    anywhere(&["AuthorizedKeysCommandUser"], &["nobody", "root"], &["\"\"", "a b"]),
    anywhere(&["AuthorizedPrincipalsCommand"], &["none", "/bin/principals"], &["x"]).rest(),
    anywhere(&["AuthorizedPrincipalsCommandUser"], &["nobody"], &["\"\""]),
    anywhere(
        &["AuthenticationMethods"],
        &[
            "any",
            "publickey",
            "publickey,password password",
            "keyboard-interactive:pam",
            "password",
        ],
        &["any publickey", "nonsense", "publickey,"],
    ),
    anywhere(
        &["AllowUsers"],
        &["bob", "bob alice@10.0.0.0/8", "*@192.0.2.*", "root"],
        &["bob@10.0.0.1/8", "bob@"],
    ),
    anywhere(&["DenyUsers"], &["eve", "eve mallory"], &["eve@a,,b"]),
    anywhere(&["AllowGroups"], &["staff", "wheel sudo"], &[]),
    anywhere(&["DenyGroups"], &["guests", "guests games"], &[]),
    anywhere(&["AcceptEnv"], &["LANG LC_*", "XMODIFIERS", "A B C"], &["A=b"]),
    anywhere(&["SetEnv"], &["A=b", "A=b C=d", "A=b A=c", "\"A=b c\""], &["A"]).since(7, 8),
    anywhere(
        &["PermitOpen"],
        &["any", "none", "10.0.0.1:22", "[::1]:80 host:*", "*:22"],
        &["host", "host:0", "[::1", "host:70000"],
    ),
    anywhere(
        &["PermitListen"],
        &["any", "none", "8080", "localhost:8080 22"],
        &["host:x y", "0"],
    )
    .since(7, 8),
    anywhere(
        &["RekeyLimit"],
        &["1G", "512M 1h", "default none", "default 30m", "1.5k", "0"],
        &["1", "x", "1G x", "1GB"],
    ),
    anywhere(
        &["IPQoS"],
        &[
            "af21",
            "cs0 cs1",
            "none",
            "0x10",
            "ef 8",
            "lowdelay throughput",
        ],
        &["x", "256", "af21 x"],
    ),
    anywhere(&["StreamLocalBindMask"], &["0177", "077", "0"], &["999", "x", "1000"]),
    global(&["FingerprintHash"], &["sha256", "md5", "SHA512"], &["x"]),
    global(&["Port"], &["22", "2222", "65535"], &["0", "65536", "-1", "22 23"]),
    global(
        &["ListenAddress"],
        &["0.0.0.0", "127.0.0.1:2022", "::1", "[::1]:2022", "10.0.0.1"],
        &["127.0.0.1:0", "[::1"],
    ),
    anywhere(
        &["PubkeyAuthOptions"],
        &["none", "touch-required", "touch-required none"],
        &["x"],
    )
    .since(8, 2),
    anywhere(
        &["LogVerbose"],
        &["none", "a.c:*:*", "a.c:f:1 b.c:*:2"],
        &["none a", "a none"],
    )
    .since(8, 5),
    anywhere(
        &["ChannelTimeout"],
        &["none", "session=1h", "x11=5m session=0"],
        &["session", "none a=1", "=1", "a=x"],
    )
    .since(9, 2),
    anywhere(&["UnusedConnectionTimeout"], &["none", "5m", "0", "None"], &["x", "-1"]).since(9, 2),
    anywhere(&["RequiredRSASize"], &["1024", "2048", "0"], NO_NUMBER).since(9, 1),
    global(&["PermitUserEnvironment"], &["yes", "no", "LANG,LC_*"], &["\"\""]),
    global(&["VersionAddendum"], &["none", "hello", "a b c", "None"], &[]).rest(),
    global(
        &["Subsystem"],
        &["sftp internal-sftp", "sftp /usr/lib/sftp-server -l INFO"],
        &["sftp", "\"\" x"],
    )
    .in_match_since(9, 5),
    global(&["HostCertificate"], &["/etc/ssh/cert.pub"], &[]),
    global(&["UseLogin", "Protocol", "ServerKeyBits"], &["1", "no", "2,1"], &[]),
    global(&["UsePrivilegeSeparation"], &["yes", "sandbox"], &[]),
    anywhere(&["RSAAuthentication"], FLAG, &[]),
    global(&["AddressFamily"], &["any", "inet"], &["x"]),
    global(&["NoSuchKeyword"], &[], &["x"]),
];

/// Match criteria: since when, the text, and whether sshd accepts it.
pub(super) static CONDITIONS: &[(Release, &str, bool)] = &[
    (OLD, "all", true),
    (OLD, "User bob", true),
    (OLD, "User !bob,*", true),
    (OLD, "User root,daemon", true),
    (OLD, "user *", true),
    (OLD, "Group daemon", true),
    (OLD, "Group !root,*", true),
    (OLD, "Address 192.0.2.0/24", true),
    (OLD, "Address 10.0.0.0/8,!10.1.0.0/16", true),
    (OLD, "Address 192.0.2.*", true),
    (OLD, "Address 2001:db8::/32", true),
    (OLD, "Host *.example.org", true),
    (OLD, "Host !gw.example.org,*.EXAMPLE.org", true),
    (OLD, "LocalAddress 127.0.0.1", true),
    (OLD, "LocalPort 2222", true),
    (Release::new(10, 0), "User=bob", true),
    (Release::new(10, 0), "version OpenSSH_10.*", true),
    (Release::new(10, 0), "version OpenSSH_9.*", true),
    (Release::new(10, 0), "invalid-user", true),
    (OLD, "Address 10.0.0.1/8", false),
    (OLD, "LocalPort x", false),
    (OLD, "Unknown x", false),
    (OLD, "User", false),
    (OLD, "all User bob", false),
];

/// Bytes that a hostile tree has in the middle of a line.
pub(super) static HOPELESS: &[&[u8]] = &[
    b"\0",
    b"\r",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\"",
    b"'",
    b"\\",
    b"#",
    b"=",
    b"\x0c",
    b"\x0b",
    b"\x1b[31m",
    b"\\\"",
    b"\t\t",
];

/// Keywords that are not in random trees, by the reason.
#[cfg(test)]
const LEFT_OUT: &[(&str, &[&str])] = &[
    ("the trees have them by themselves", &["Match", "Include"]),
    (
        "the sandbox has host keys and helper programs of its own",
        &[
            "HostKey",
            "HostDSAKey",
            "HostKeyAgent",
            "SshdSessionPath",
            "SshdAuthPath",
        ],
    ),
    (
        "its default depends on the build, so that it is not compared",
        &["XAuthLocation"],
    ),
    (
        "builds differ in the algorithms that they know",
        &[
            "Ciphers",
            "MACs",
            "KexAlgorithms",
            "CASignatureAlgorithms",
            "HostKeyAlgorithms",
            "HostbasedAcceptedAlgorithms",
            "HostbasedAcceptedKeyTypes",
            "PubkeyAcceptedAlgorithms",
            "PubkeyAcceptedKeyTypes",
        ],
    ),
    (
        "builds without PAM, Kerberos, GSSAPI or routing domains ignore them or refuse them",
        &[
            "PAMServiceName",
            "KerberosAuthentication",
            "KerberosOrLocalPasswd",
            "KerberosTicketCleanup",
            "KerberosGetAFSToken",
            "GSSAPIAuthentication",
            "GSSAPICleanupCredentials",
            "GSSAPIDelegateCredentials",
            "GSSAPIStrictAcceptorCheck",
            "RDomain",
        ],
    ),
    (
        "patches of Debian",
        &[
            "DebianBanner",
            "PermitBlacklistedKeys",
            "GSSAPIKeyExchange",
            "GSSAPIStoreCredentialsOnRekey",
            "GSSAPIKexAlgorithms",
        ],
    ),
    (
        "sshd ignores them, as it does those of the sample with Protocol",
        &[
            "PAMAuthenticationViaKbdInt",
            "KeyRegenerationInterval",
            "RhostsAuthentication",
            "RhostsRSAAuthentication",
            "CheckMail",
            "VerifyReverseMapping",
            "ReverseMappingCheck",
            "AuthorizedKeysFile2",
            "KerberosTgtPassing",
            "AFSTokenPassing",
        ],
    ),
];

#[test]
fn every_keyword_is_in_random_trees_or_left_out_for_a_reason() {
    let sampled = VOCABULARY.iter().flat_map(|sample| sample.names);
    let left_out = LEFT_OUT.iter().flat_map(|(_, names)| *names);
    let there: Vec<&str> = sampled.chain(left_out).copied().collect();
    let missing: Vec<&str> = sshmend_sshd_config::keyword_names()
        .filter(|name| !there.contains(name))
        .collect();
    assert!(missing.is_empty(), "without a sample: {missing:?}");
}
