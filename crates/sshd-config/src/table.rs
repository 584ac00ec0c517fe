//! The keywords of `sshd_config`: one row each (servconf.c and servconf.h of the releases 7.4 to 10.5).
//!
//! Defaults that depend on how sshd was built (algorithms, paths, GSSAPI, IPQoS) are left out.

use crate::keyword::{Keyword, Name, Rule};
use crate::release::Release;
use crate::value::{Choice, Family, Kind};

const ALWAYS: Release = Release::ALWAYS;

const fn named(text: &'static str, major: u16, minor: u16) -> Name {
    Name {
        text,
        since: Release::new(major, minor),
        before: None,
        global: false,
        debian: false,
    }
}

const fn name(text: &'static str) -> Name {
    named(text, 0, 0)
}

impl Name {
    const fn before(self, major: u16, minor: u16) -> Self {
        Self {
            before: Some(Release::new(major, minor)),
            ..self
        }
    }

    const fn debian(self) -> Self {
        Self {
            debian: true,
            ..self
        }
    }

    const fn global(self) -> Self {
        Self {
            global: true,
            ..self
        }
    }
}

/// A keyword for the global section, decided by its first line.
const fn keyword(names: &'static [Name], kind: Kind) -> Keyword {
    Keyword {
        names,
        in_match: None,
        rule: Rule::First,
        kind,
        defaults: &[],
        optional: false,
    }
}

impl Keyword {
    const fn in_match(self) -> Self {
        Self {
            in_match: Some(ALWAYS),
            ..self
        }
    }

    const fn in_match_since(self, major: u16, minor: u16) -> Self {
        Self {
            in_match: Some(Release::new(major, minor)),
            ..self
        }
    }

    const fn rule(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    const fn default(self, defaults: &'static [(Release, &'static str)]) -> Self {
        Self { defaults, ..self }
    }

    const fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }
}

const YES: &[(Release, &str)] = &[(ALWAYS, "yes")];
const NO: &[(Release, &str)] = &[(ALWAYS, "no")];
const NONE: &[(Release, &str)] = &[(ALWAYS, "none")];
const ANY: &[(Release, &str)] = &[(ALWAYS, "any")];

const fn choice(written: &'static str, printed: &'static str) -> Choice {
    Choice {
        written,
        printed,
        since: ALWAYS,
    }
}

const ROOT_LOGIN: Kind = Kind::Choice(&[
    choice("prohibit-password", "without-password"),
    choice("without-password", "without-password"),
    choice("forced-commands-only", "forced-commands-only"),
    choice("yes", "yes"),
    choice("no", "no"),
]);
const RHOSTS: Kind = Kind::Choice(&[
    choice("yes", "yes"),
    choice("no", "no"),
    Choice {
        written: "shosts-only",
        printed: "shosts-only",
        since: Release::new(8, 3),
    },
]);
const FAMILY: Kind = Kind::Choice(&[
    choice("inet", "inet"),
    choice("inet6", "inet6"),
    choice("any", "any"),
]);
const COMPRESSION: Kind = Kind::Choice(&[
    choice("yes", "yes"),
    choice("delayed", "yes"),
    choice("no", "no"),
]);
const GATEWAY: Kind = Kind::Choice(&[
    choice("clientspecified", "clientspecified"),
    choice("yes", "yes"),
    choice("no", "no"),
]);
const FORWARDING: Kind = Kind::Choice(&[
    choice("yes", "yes"),
    choice("all", "yes"),
    choice("no", "no"),
    choice("remote", "remote"),
    choice("local", "local"),
]);
const TUNNEL: Kind = Kind::ExactChoice(&["no", "point-to-point", "ethernet", "yes"]);

/// All keywords, in the order in which `sshd -T` prints them if it does.
#[rustfmt::skip]
pub(crate) static TABLE: &[Keyword] = &[
    keyword(&[name("Port")], Kind::Port).rule(Rule::All).default(&[(ALWAYS, "22")]),
    keyword(&[name("AddressFamily")], FAMILY).default(ANY),
    keyword(&[name("ListenAddress")], Kind::ListenAddress).rule(Rule::All),
    keyword(&[name("UsePAM")], Kind::Flag).default(NO).optional(),
    keyword(&[named("PAMServiceName", 9, 8)], Kind::Word).in_match_since(9, 8).optional(),
    keyword(&[name("LoginGraceTime")], Kind::Time).default(&[(ALWAYS, "120")]),
    keyword(&[name("X11DisplayOffset")], Kind::Integer).in_match().default(&[(ALWAYS, "10")]),
    keyword(&[name("MaxAuthTries")], Kind::Integer).in_match().default(&[(ALWAYS, "6")]),
    keyword(&[name("MaxSessions")], Kind::Integer).in_match().default(&[(ALWAYS, "10")]),
    keyword(&[name("ClientAliveInterval")], Kind::Time)
        .in_match_since(7, 4)
        .default(&[(ALWAYS, "0")]),
    keyword(&[name("ClientAliveCountMax")], Kind::Integer)
        .in_match_since(7, 4)
        .default(&[(ALWAYS, "3")]),
    keyword(&[named("RequiredRSASize", 9, 1)], Kind::Integer)
        .in_match()
        .default(&[(ALWAYS, "1024")]),
    keyword(&[named("StreamLocalBindMask", 6, 7)], Kind::Octal)
        .in_match()
        .rule(Rule::Last)
        .default(&[(ALWAYS, "0177")]),
    keyword(&[named("UnusedConnectionTimeout", 9, 2)], Kind::TimeOrNone)
        .in_match()
        .rule(Rule::FirstOrNone)
        .default(NONE),
    keyword(&[name("PermitRootLogin")], ROOT_LOGIN)
        .in_match()
        .default(&[
            (ALWAYS, "without-password"),
            (Release::new(10, 1), "prohibit-password"),
        ]),
    keyword(&[name("IgnoreRhosts")], RHOSTS).in_match_since(8, 3).default(YES),
    keyword(&[name("IgnoreUserKnownHosts")], Kind::Flag).default(NO),
    keyword(&[name("HostbasedAuthentication")], Kind::Flag).in_match().default(NO),
    keyword(&[name("HostbasedUsesNameFromPacketOnly")], Kind::Flag).in_match().default(NO),
    keyword(
        &[
            name("PubkeyAuthentication"),
            name("DSAAuthentication").global(),
        ],
        Kind::Flag,
    )
    .in_match()
    .default(YES),
    keyword(&[name("KerberosAuthentication")], Kind::Flag).in_match().optional(),
    keyword(&[name("KerberosOrLocalPasswd")], Kind::Flag).optional(),
    keyword(&[name("KerberosTicketCleanup")], Kind::Flag).optional(),
    keyword(&[name("KerberosGetAFSToken")], Kind::Flag).optional(),
    keyword(
        &[
            name("GSSAPIAuthentication").before(10, 4),
            named("GSSAPIAuthentication", 10, 5),
        ],
        Kind::Flag,
    )
    .in_match()
    .optional(),
    keyword(
        &[
            name("GSSAPICleanupCredentials").before(10, 4),
            named("GSSAPICleanupCredentials", 10, 5),
        ],
        Kind::Flag,
    )
    .optional(),
    keyword(
        &[
            named("GSSAPIDelegateCredentials", 10, 3).before(10, 4),
            named("GSSAPIDelegateCredentials", 10, 5),
        ],
        Kind::Flag,
    )
    .optional(),
    keyword(
        &[
            named("GSSAPIStrictAcceptorCheck", 6, 9).before(10, 4),
            named("GSSAPIStrictAcceptorCheck", 10, 5),
        ],
        Kind::Flag,
    )
    .optional(),
    keyword(&[name("GSSAPIKeyExchange").debian()], Kind::Flag).optional(),
    keyword(&[name("GSSAPIStoreCredentialsOnRekey").debian()], Kind::Flag).optional(),
    keyword(&[name("GSSAPIKexAlgorithms").debian()], Kind::Algorithms(Family::Gss)).optional(),
    keyword(&[name("PasswordAuthentication")], Kind::Flag).in_match().default(YES),
    keyword(
        &[
            name("KbdInteractiveAuthentication"),
            named("ChallengeResponseAuthentication", 8, 7),
            named("SkeyAuthentication", 8, 7),
        ],
        Kind::Flag,
    )
    .in_match()
    .default(YES),
    keyword(
        &[
            name("ChallengeResponseAuthentication").before(8, 7),
            name("SkeyAuthentication").before(7, 8),
        ],
        Kind::Flag,
    )
    .default(YES),
    keyword(&[name("PrintMotd")], Kind::Flag).default(YES),
    keyword(&[name("PrintLastLog")], Kind::Flag).default(YES).optional(),
    keyword(&[name("X11Forwarding")], Kind::Flag).in_match().default(NO),
    keyword(&[name("X11UseLocalhost")], Kind::Flag).in_match().default(YES),
    keyword(&[named("PermitTTY", 6, 5)], Kind::Flag).in_match().default(YES),
    keyword(&[named("PermitUserRC", 6, 7)], Kind::Flag).in_match().default(YES),
    keyword(&[name("StrictModes")], Kind::Flag).default(YES),
    keyword(&[name("TCPKeepAlive"), name("KeepAlive")], Kind::Flag).default(YES),
    keyword(&[name("PermitEmptyPasswords")], Kind::Flag).in_match().default(NO),
    keyword(&[name("Compression")], COMPRESSION).default(YES),
    keyword(&[name("GatewayPorts")], GATEWAY).in_match().default(NO),
    keyword(&[name("UseDNS")], Kind::Flag).default(&[(ALWAYS, "yes"), (Release::new(6, 8), "no")]),
    keyword(&[name("AllowTcpForwarding")], FORWARDING).in_match().default(YES),
    keyword(&[name("AllowAgentForwarding")], Kind::Flag).in_match().default(YES),
    keyword(&[named("DisableForwarding", 7, 4)], Kind::Flag).in_match().default(NO),
    keyword(&[named("AllowStreamLocalForwarding", 6, 7)], FORWARDING).in_match().default(YES),
    keyword(&[named("StreamLocalBindUnlink", 6, 7)], Kind::Flag).in_match().default(NO),
    keyword(&[named("FingerprintHash", 6, 8)], Kind::Digest)
        .rule(Rule::Last)
        .default(&[(ALWAYS, "SHA256")]),
    keyword(&[named("ExposeAuthInfo", 7, 6)], Kind::Flag).in_match().default(NO),
    keyword(&[named("RefuseConnection", 9, 9)], Kind::Flag).in_match().default(NO),
    keyword(&[name("DebianBanner").debian()], Kind::Flag).default(YES),
    keyword(&[name("PidFile")], Kind::Path),
    keyword(&[named("ModuliFile", 8, 6)], Kind::Path),
    keyword(&[name("XAuthLocation")], Kind::Path),
    keyword(&[name("Ciphers")], Kind::Algorithms(Family::Cipher)),
    keyword(&[name("MACs")], Kind::Algorithms(Family::Mac)),
    keyword(&[name("Banner")], Kind::Path).in_match().default(NONE),
    keyword(&[name("ForceCommand")], Kind::Rest).in_match().default(NONE),
    keyword(&[name("ChrootDirectory")], Kind::Word).in_match().default(NONE),
    keyword(&[name("TrustedUserCAKeys")], Kind::Path).in_match().default(NONE),
    keyword(&[name("RevokedKeys")], Kind::PathsSince103).in_match().default(NONE),
    keyword(
        &[named("SecurityKeyProvider", 8, 2)],
        Kind::PathOr("internal"),
    )
    .default(&[(ALWAYS, "internal")]),
    keyword(&[name("AuthorizedPrincipalsFile")], Kind::HomePath).in_match().default(NONE),
    keyword(&[named("VersionAddendum", 6, 1)], Kind::Addendum).default(NONE),
    keyword(&[named("AuthorizedKeysCommand", 6, 2)], Kind::Command).in_match().default(NONE),
    keyword(&[named("AuthorizedKeysCommandUser", 6, 2)], Kind::Word).in_match().default(NONE),
    keyword(&[named("AuthorizedPrincipalsCommand", 6, 9)], Kind::Command)
        .in_match()
        .rule(Rule::PrincipalsCommand)
        .default(NONE),
    keyword(&[named("AuthorizedPrincipalsCommandUser", 6, 9)], Kind::Word).in_match().default(NONE),
    keyword(&[named("HostKeyAgent", 6, 3)], Kind::PathOr("SSH_AUTH_SOCK")).default(NONE),
    keyword(&[name("KexAlgorithms")], Kind::Algorithms(Family::Kex)),
    keyword(
        &[named("CASignatureAlgorithms", 7, 9)],
        Kind::Algorithms(Family::Signature),
    )
    .in_match(),
    keyword(
        &[
            named("HostbasedAcceptedAlgorithms", 8, 5),
            named("HostbasedAcceptedKeyTypes", 6, 8),
        ],
        Kind::Algorithms(Family::Signature),
    )
    .in_match(),
    keyword(&[named("HostKeyAlgorithms", 7, 0)], Kind::Algorithms(Family::Signature)),
    keyword(
        &[
            named("PubkeyAcceptedAlgorithms", 8, 5),
            named("PubkeyAcceptedKeyTypes", 6, 8),
        ],
        Kind::Algorithms(Family::Signature),
    )
    .in_match(),
    keyword(&[named("RDomain", 7, 7)], Kind::RoutingDomain).in_match(),
    keyword(&[named("SshdSessionPath", 9, 8)], Kind::Path),
    keyword(&[named("SshdAuthPath", 10, 0)], Kind::Path),
    keyword(&[named("PerSourcePenaltyExemptList", 9, 8)], Kind::Addresses).default(NONE),
    keyword(&[name("LogLevel")], Kind::LogLevel).in_match_since(7, 6).default(&[(ALWAYS, "INFO")]),
    keyword(&[name("SyslogFacility")], Kind::Facility).default(&[(ALWAYS, "AUTH")]),
    keyword(&[name("AuthorizedKeysFile")], Kind::HomePaths)
        .in_match()
        .default(&[(ALWAYS, ".ssh/authorized_keys .ssh/authorized_keys2")]),
    keyword(&[name("HostKey"), name("HostDSAKey")], Kind::Path).rule(Rule::All),
    keyword(&[name("HostCertificate")], Kind::Path).rule(Rule::All),
    keyword(&[name("AllowUsers")], Kind::Users).in_match().rule(Rule::All),
    keyword(&[name("DenyUsers")], Kind::Users).in_match().rule(Rule::All),
    keyword(&[name("AllowGroups")], Kind::Groups).in_match().rule(Rule::All),
    keyword(&[name("DenyGroups")], Kind::Groups).in_match().rule(Rule::All),
    keyword(&[name("AcceptEnv")], Kind::EnvNames).in_match().rule(Rule::All),
    keyword(&[named("SetEnv", 7, 8)], Kind::Environment).in_match(),
    keyword(&[named("AuthenticationMethods", 6, 2)], Kind::Methods).in_match().default(ANY),
    keyword(&[named("LogVerbose", 8, 5)], Kind::Words).in_match(),
    keyword(&[named("ChannelTimeout", 9, 2)], Kind::ChannelTimeouts).in_match().default(NONE),
    keyword(&[name("Subsystem")], Kind::Subsystem).in_match_since(9, 5).rule(Rule::FirstOfName),
    keyword(&[name("MaxStartups")], Kind::MaxStartups)
        .rule(Rule::LastBefore(Release::new(10, 1)))
        .default(&[(ALWAYS, "10:30:100")]),
    keyword(&[named("PerSourceMaxStartups", 8, 5)], Kind::IntegerOrNone)
        .rule(Rule::LastBefore(Release::new(9, 5)))
        .default(NONE),
    keyword(&[named("PerSourceNetBlockSize", 8, 5)], Kind::NetBlockSize)
        .rule(Rule::LastBefore(Release::new(10, 1)))
        .default(&[(ALWAYS, "32:128")]),
    keyword(&[name("PermitTunnel")], TUNNEL).in_match().default(NO),
    keyword(&[name("IPQoS")], Kind::IpQos).in_match().rule(Rule::LastBefore(Release::new(10, 3))),
    keyword(&[named("RekeyLimit", 6, 3)], Kind::RekeyLimit)
        .in_match()
        .rule(Rule::FirstOfPart)
        .default(&[(ALWAYS, "0 0")]),
    keyword(&[name("PermitOpen")], Kind::Destinations).in_match().default(ANY),
    keyword(&[named("PermitListen", 7, 8)], Kind::Listeners).in_match().default(ANY),
    keyword(&[name("PermitUserEnvironment")], Kind::UserEnvironment).default(NO),
    keyword(&[named("PubkeyAuthOptions", 8, 2)], Kind::PubkeyOptions).in_match().default(NONE),
    keyword(&[named("PerSourcePenalties", 9, 8)], Kind::Penalties).rule(Rule::Penalties),
    keyword(&[name("Match")], Kind::Structure).in_match(),
    keyword(&[named("Include", 8, 2)], Kind::Structure).in_match(),
    keyword(&[name("PAMAuthenticationViaKbdInt").before(10, 4)], Kind::Ignored),
    keyword(&[name("PermitBlacklistedKeys").debian()], Kind::Ignored),
    keyword(&[name("ServerKeyBits")], Kind::Ignored),
    keyword(&[name("KeyRegenerationInterval")], Kind::Ignored),
    keyword(&[name("RhostsAuthentication")], Kind::Ignored),
    keyword(&[name("RhostsRSAAuthentication")], Kind::Ignored).in_match(),
    keyword(&[name("RSAAuthentication")], Kind::Ignored).in_match(),
    keyword(&[name("CheckMail")], Kind::Ignored),
    keyword(&[name("UseLogin")], Kind::Ignored),
    keyword(&[name("VerifyReverseMapping")], Kind::Ignored),
    keyword(&[name("ReverseMappingCheck")], Kind::Ignored),
    keyword(&[name("AuthorizedKeysFile2")], Kind::Ignored).in_match(),
    keyword(&[name("UsePrivilegeSeparation")], Kind::Ignored),
    keyword(&[name("KerberosTgtPassing")], Kind::Ignored),
    keyword(&[name("AFSTokenPassing")], Kind::Ignored),
    keyword(&[name("Protocol")], Kind::Ignored),
    keyword(&[named("SkeyAuthentication", 7, 8).before(8, 7)], Kind::Ignored),
];
