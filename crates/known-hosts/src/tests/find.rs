use crate::tests::text::expand;
use crate::{KnownHosts, Name, Role};

/// One line for each line found or skipped: its number, its kind, how it matches.
fn find(file: &str, names: &[Name]) -> String {
    let file = expand(file);
    let lookup = KnownHosts::parse(file.as_bytes()).find(names);
    let found = lookup.found.iter().map(|found| {
        let how: Vec<String> = found
            .matches
            .iter()
            .map(|m| format!("{:?}", m.how))
            .collect();
        let marker = found.marker.map_or("", |marker| marker.as_str());
        format!(
            "{} {marker} {} {}",
            found.line,
            found.key.key_type(),
            how.join(" ")
        )
    });
    let passed = lookup
        .passed_over
        .iter()
        .map(|passed| format!("{} - {:?}", passed.line, passed.reason));
    found
        .chain(passed)
        .map(|line| line.replace("  ", " "))
        .collect::<Vec<_>>()
        .join("\n")
}

fn check(file: &str, name: &str, expected: &str) {
    assert_eq!(
        find(file, &[Name::host(name)]),
        expected,
        "{name} in\n{file}"
    );
}

#[test]
fn lines_that_ssh_skips_are_skipped_with_the_reason() {
    check("@revokd h ED1\n", "h", "");
    check("@revoked\th ED1\n", "h", "");
    check("@revoked @revoked h ED1\n", "h", "");
    check("h\n", "h", "1 - Ignored(NoKey)");
    check("h ssh-ed25519\n", "h", "1 - Ignored(NoKey)");
    check("h ssh-ed25519 # gone\n", "h", "1 - Ignored(NoKey)");
    check("h 1024 35 1234\n", "h", "1 - Ignored(Ssh1)");
    check("h ssh-future AAAA\n", "h", "1 - Ignored(UnknownKeyType)");
    check("h Ed25519 AAAA\n", "h", "1 - Ignored(UnknownKeyType)");
    check(
        "h ssh-rsa AAAAetc=\n",
        "h",
        "1 - UnreadableKey(KeyType { plain: \"ssh-rsa\", certificate: false }, Malformed)",
    );
    check(
        "h ssh-rsa !!!!\n",
        "h",
        "1 - UnreadableKey(KeyType { plain: \"ssh-rsa\", certificate: false }, NotBase64)",
    );
    check(
        "<<<<<<< HEAD\nh ED1\n=======\n",
        "h",
        "2 ssh-ed25519 Exact(0)",
    );
}

#[test]
fn a_key_must_be_of_the_type_in_the_line() {
    let ed1 = expand("ED1");
    let blob = ed1.strip_prefix("ssh-ed25519 ").expect("a key");
    let file = format!("h ssh-rsa {blob}\n");
    assert!(find(&file, &[Name::host("h")]).ends_with("OtherType)"));
    let rsa1 = expand("h RSA1").replace("ssh-rsa ", "rsa-sha2-512 ");
    check(&rsa1, "h", "1 ssh-rsa Exact(0)");
}

#[test]
fn names_are_compared_as_text_without_regard_to_case() {
    check("H.Example ED1\n", "h.example", "1 ssh-ed25519 Exact(0)");
    check("h.example ED1\n", "H.EXAMPLE", "1 ssh-ed25519 Exact(0)");
    check("[h]:22 ED1\nh:22 ED1\n[h]:2222 ED1\n", "h", "");
    check("2001:db8::1 ED1\n", "2001:db8:0::1", "");
    check("[h]:2222 ED1\n", "[h]:2222", "1 ssh-ed25519 Exact(0)");
    check("192.0.2.0/24 ED1\n", "192.0.2.1", "");
}

#[test]
fn wildcards_lists_and_negated_names_match_as_in_ssh() {
    check("a,h?,*.x ED1\n", "h1", "1 ssh-ed25519 Wildcard(1)");
    check("a,h?,h1 ED1\n", "h1", "1 ssh-ed25519 Exact(2)");
    check(
        "*,!h1 ED1\nh1 RSA1\n",
        "h1",
        "2 ssh-rsa Exact(0)\n1 - Negated(1)",
    );
    check("h1, h2 ED1\n", "h2", "");
    check("h1, ED1\n", "h1", "1 ssh-ed25519 Exact(0)");
}

#[test]
fn hashed_names_match_alone_and_exactly() {
    check("H(h) ED1\n", "H", "1 ssh-ed25519 Hashed");
    check("H(*) ED1\n", "h", "");
    check("h,H(h) ED1\n", "h", "1 ssh-ed25519 Exact(0)");
    check("H(x),h ED1\n", "h", "1 - Ignored(MalformedHash)");
    check("H([h]:2222) ED1\n", "[h]:2222", "1 ssh-ed25519 Hashed");
}

#[test]
fn blanks_tabs_and_carriage_returns_do_not_matter() {
    check(
        " \th\t ED1\r\n\r\n#h ED1\r\n",
        "h",
        "1 ssh-ed25519 Exact(0)",
    );
    check("h ED1", "h", "1 ssh-ed25519 Exact(0)");
    check(
        "@revoked h ED1\n@cert-authority * RSA1\n",
        "h",
        "1 @revoked ssh-ed25519 Exact(0)\n2 @cert-authority ssh-rsa Wildcard(0)",
    );
}

#[test]
fn a_nul_byte_ends_the_line_and_a_byte_order_mark_hides_the_first_name() {
    check("h ED1 comment\0 x\n", "h", "1 ssh-ed25519 Exact(0)");
    check("h ssh-ed25519 \0AAAA\n", "h", "1 - Ignored(NoKey)");
    check("\u{feff}h,i ED1\nh RSA1\n", "h", "2 ssh-rsa Exact(0)");
}

#[test]
fn a_line_with_many_names_is_found_once() {
    let names = [
        Name::with_port("h", 2222, Role::Host),
        Name::new("h", Role::WithoutPort),
    ];
    let expected = "1 ssh-ed25519 Exact(1) Exact(0)\n2 ssh-rsa Exact(0)";
    assert_eq!(find("h,[h]:2222 ED1\nh RSA1\n", &names), expected);
}

#[test]
fn fingerprints_equal_those_of_ssh_keygen() {
    let file = expand("h ED1\nh RSA1\nh ECDSA1\nh DSA1\nh CERT1\n");
    let lookup = KnownHosts::parse(file.as_bytes()).find(&[Name::host("h")]);
    let fingerprints: Vec<String> = lookup
        .found
        .iter()
        .map(|found| found.key.fingerprint().to_string())
        .collect();
    let expected = [
        "SHA256:KSaXqxN8Y0JDPLYhRXvJx7e5Z0nXAF3hDfhmd+3G8Is",
        "SHA256:D0GGeKoTsbizRkypSXIsKQ8yeGXLMJXnlnXAHk2ud1Q",
        "SHA256:/ZS6n6G9uHS74iEnqppWKM4jiFBd21fAQ+lCzXLoYfQ",
        "SHA256:7/5dvLden6dNkLe94gyVzr9Ht3ODc5y/G40fqIYrRZM",
        "SHA256:KSaXqxN8Y0JDPLYhRXvJx7e5Z0nXAF3hDfhmd+3G8Is",
    ];
    assert_eq!(fingerprints, expected);
    assert_eq!(
        lookup.found[4].key.key_type().to_string(),
        "ssh-ed25519-cert-v01@openssh.com"
    );
}

#[test]
fn a_large_hashed_file_is_searched_in_one_pass() {
    let key = expand("ED1");
    let salt = |n: u32| {
        let mut salt = [0; 20];
        salt[..4].copy_from_slice(&n.to_be_bytes());
        salt
    };
    let field =
        |n: u32| crate::hashed::HashedName::new(salt(n), format!("host{n}").as_bytes()).to_field();
    let file: String = (0..2_000)
        .map(|n| format!("{} {key}\n", field(n)))
        .collect();
    let lookup = KnownHosts::parse(file.as_bytes()).find(&[Name::host("host1999")]);
    assert_eq!(
        lookup
            .found
            .iter()
            .map(|found| found.line)
            .collect::<Vec<_>>(),
        [2_000]
    );
}
