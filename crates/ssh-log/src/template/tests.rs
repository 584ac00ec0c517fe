use super::*;

fn shown(pattern: &'static str, message: &str) -> Option<String> {
    let fields = Template::new(pattern).fields(message.as_bytes())?;
    let text = |bytes: Option<&[u8]>| {
        bytes
            .map(|b| String::from_utf8_lossy(b).into_owned())
            .unwrap_or_default()
    };
    let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
    Some(format!(
        "{}|{}|{}|{}|{}",
        text(fields.addr),
        number(fields.port.map(u64::from)),
        text(fields.user),
        number(fields.number),
        text(fields.detail)
    ))
}

#[test]
fn a_user_name_extends_to_the_last_possible_position() {
    let pattern = "Invalid user {user} from {addr} port {port}";
    let says = |message, expected: &str| {
        assert_eq!(shown(pattern, message).as_deref(), Some(expected));
    };
    says(
        "Invalid user bob from 192.0.2.1 port 22",
        "192.0.2.1|22|bob||",
    );
    says("Invalid user  from 192.0.2.1 port 22", "192.0.2.1|22|||");
    says(
        "Invalid user a from 192.0.2.9 port 1 from ::1 port 2",
        "::1|2|a from 192.0.2.9 port 1||",
    );
    assert_eq!(
        shown(pattern, "Invalid user bob from 192.0.2.1 port 22 x"),
        None
    );
    assert_eq!(shown(pattern, "Invalid user bob from port 22"), None);
}

#[test]
fn a_colon_after_an_address_is_not_part_of_it() {
    let pattern = "Received disconnect from {addr}: {n}: {detail}";
    let says = |message, expected: &str| {
        assert_eq!(shown(pattern, message).as_deref(), Some(expected));
    };
    says(
        "Received disconnect from 192.0.2.1: 11: Bye: from 192.0.2.9: 11: x",
        "192.0.2.1|||11|Bye: from 192.0.2.9: 11: x",
    );
    says("Received disconnect from ::1: 11: ", "::1|||11|");
}

#[test]
fn a_user_name_ends_before_a_colon() {
    let pattern = "Failed key for {user} from {addr} port {port} ssh2: {detail}";
    let says = |message, expected: &str| {
        assert_eq!(shown(pattern, message).as_deref(), Some(expected));
    };
    says(
        "Failed key for bob from ::1 port 2 ssh2: ID x",
        "::1|2|bob||ID x",
    );
    says(
        "Failed key for a from 192.0.2.8 port 9 from ::1 port 2 ssh2: x",
        "::1|2|a from 192.0.2.8 port 9||x",
    );
    says(
        "Failed key for bob from ::1 port 2 ssh2: x from ::9 port 3 ssh2: y",
        "::1|2|bob||x from ::9 port 3 ssh2: y",
    );
}

#[test]
fn matching_is_linear_on_long_hostile_lines() {
    let template = Template::new("Invalid user {user} from {addr} port {port}");
    let line = [b"Invalid user ".as_slice(), &b" from 1".repeat(100_000)].concat();
    assert_eq!(template.fields(&line), None);
}

#[test]
fn random_bytes_do_not_panic() {
    let template = Template::new("a{user} {addr}: {n} {word}{port}: {detail}x{any}y");
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let text: Vec<u8> = (0..random.usize(0..40))
            .map(|_| *random.choice(b"a: 1xy.\xff\0").expect("not empty"))
            .collect();
        let _ = template.fields(&text);
    }
}

/// The template with each gap that is read from the end of a message matched from the front instead.
fn from_front(pattern: &'static str) -> Template {
    let mut template = Template::new(pattern);
    template.tokens();
    for token in template.tokens.get_mut().into_iter().flatten() {
        if let Token::Gap(_, reach @ Reach::Only) = token {
            *reach = Reach::Last;
        }
    }
    template
}

#[test]
fn matching_from_the_end_agrees_with_matching_from_the_beginning() {
    let patterns = [
        "user {user} from {addr} port {port}",
        "user {user} {addr} port {port}",
        "user {user} from {addr} port {port} ssh2",
        "user {user} from {addr}",
        "{any} [{addr}] failed",
        "user {user} uid={n}",
        "user {host} is {n}]",
    ];
    let words = [
        "user ",
        " from ",
        " port ",
        " ",
        "bob",
        "a:b",
        "192.0.2.7",
        "2001:db8::1",
        "gw-1",
        "4711",
        "65536",
        "99999999999999999999",
        "7.5",
        "***",
        "xx",
        " ssh2",
        " [",
        "] failed",
        ".",
        " uid=",
        " is ",
        "-",
        "",
    ];
    let mut random = fastrand::Rng::with_seed(17);
    let mut matched = 0;
    for pattern in patterns {
        let (template, front) = (Template::new(pattern), from_front(pattern));
        assert_ne!(template.tokens(), front.tokens(), "{pattern}");
        for _ in 0..4_000 {
            // Half of them are of the pattern's own form, with fields that may be anything.
            let mut message = String::new();
            if random.bool() {
                for part in pattern.split_inclusive(['{', '}']) {
                    match part.strip_suffix('}') {
                        Some(_) => message.push_str(random.choice(&words).unwrap()),
                        None => message.push_str(part.trim_end_matches('{')),
                    }
                }
            }
            for _ in 0..random.usize(0..3) {
                message.push_str(random.choice(&words).unwrap());
            }
            let fields = template.fields(message.as_bytes());
            assert_eq!(
                fields,
                front.fields(message.as_bytes()),
                "{pattern}: {message}"
            );
            matched += usize::from(fields.is_some());
        }
    }
    assert!(matched > 1_000, "{matched}");
}
