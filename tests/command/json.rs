//! `--format json`: one document for every run, whatever the result, each valid by its schema.

use serde_json::Value;

use crate::disk::{Disk, Said, run};

/// A disk on which a change can be made and one command of each kind has something to say.
fn disk() -> Disk {
    Disk::new(
        "//- /etc/ssh/sshd_config\nMaxSessions 4\n//- /etc/hosts.allow\n//- /etc/hosts.deny\nsshd: 192.0.2.40\n",
    )
}

/// The document of a run, which is the whole standard output.
#[track_caller]
fn document(said: &Said) -> Value {
    let document = said.json();
    let name = document["schema"].as_str().expect("a name").to_owned();
    let schema = run(&["schema", &name], b"").json();
    assert_eq!(schema["$id"], format!("urn:{}", name.replace('.', ":")));
    let faults = faults(&document, &schema, &schema);
    assert_eq!(faults, Vec::<String>::new(), "{name}: {document:#}");
    document
}

/// The places at which a value violates its schema, as far as our schemas go.
fn faults(value: &Value, schema: &Value, root: &Value) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#'));
        return faults(value, target.expect("a definition"), root);
    }
    for choice in ["anyOf", "oneOf"] {
        let fits = |one: &Value| faults(value, &joined(schema, one), root).is_empty();
        if let Some(list) = schema[choice].as_array() {
            let none = vec![format!("none of the choices: {value}")];
            return if list.iter().any(fits) {
                Vec::new()
            } else {
                none
            };
        }
    }
    let mut found = Vec::new();
    let is = |kind: &Value| match kind.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        other => panic!("an unknown kind: {other:?}"),
    };
    match &schema["type"] {
        Value::Null => {}
        Value::Array(kinds) if kinds.iter().any(is) => {}
        kind if kind.is_string() && is(kind) => {}
        kind => found.push(format!("not {kind}: {value}")),
    }
    if let Some(wanted) = schema.get("const").filter(|wanted| *wanted != value) {
        found.push(format!("not {wanted}: {value}"));
    }
    for key in schema["required"].as_array().into_iter().flatten() {
        if value.get(key.as_str().expect("a key")).is_none() {
            found.push(format!("{key} is missing"));
        }
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(key) {
            Some(known) => found.extend(faults(inner, known, root)),
            None if schema["additionalProperties"].is_null() => {
                found.push(format!("{key} is not in the schema"));
            }
            None => {}
        }
    }
    for inner in value.as_array().into_iter().flatten() {
        if schema["items"].is_object() {
            found.extend(faults(inner, &schema["items"], root));
        }
    }
    found
}

/// One choice, with the properties beside the choices.
fn joined(schema: &Value, choice: &Value) -> Value {
    let mut joined = choice.clone();
    let (Some(properties), Some(required)) = (
        schema["properties"].as_object(),
        schema["required"].as_array(),
    ) else {
        return joined;
    };
    for (key, inner) in properties {
        joined["properties"][key] = inner.clone();
    }
    let all = joined["required"].as_array_mut().expect("required keys");
    all.extend(required.iter().cloned());
    joined
}

#[test]
fn every_failure_prints_one_document_with_its_exit_code() {
    let disk = disk();
    let lines = [
        "fix sshd-config MaxStartup=30",
        "fix sshd-config MaxStartups=many --yes",
        "fix sshd-config MaxSessions=8",
        "fix hosts-access --allow ..",
        "fix fail2ban --ignore 192.0.2.7 --jail nowhere",
        "fix known-hosts gw.example:port --offline",
        "fix log-level LOUD --dry-run",
        "show known-hosts gw.example:port",
        "show known-hosts gw.example --file /nowhere",
        "show sshd-config NoKeyword",
        "show sshd-config --connection colour=red",
        "diagnose --transcript /nowhere",
        "diagnose --log /nowhere",
        "diagnose --log /etc/ssh/sshd_config",
        "diagnose --since whenever",
        "logs /nowhere",
        "logs --cause gremlins",
        "logs --since whenever /etc/hosts.deny",
        "explain gremlins",
        "explain max-startups --value many",
        "history 2026",
        "history --state /nowhere",
        "rollback --yes",
        "rollback 1999 --yes",
        "redo --yes",
        "confirm",
        "recover --forget 1999",
        "schema gremlins",
    ];
    for line in lines {
        let said = disk.run(&format!("{line} --format json"));
        let document = document(&said);
        assert_eq!(said.code, 2, "{line}: {}", said.stderr);
        assert_eq!(document["error"]["exit_code"], 2, "{line}: {document:#}");
        let message = document["error"]["message"].as_str().expect("a message");
        assert!(!message.is_empty(), "{line}");
    }
    let nowhere = ["--root", "/nowhere", "history", "--format=json"];
    assert_eq!(document(&run(&nowhere, b""))["error"]["exit_code"], 2);
    let nothing = run(&["diagnose", "-", "--format=json"], b"all is well\n");
    assert_eq!(document(&nothing)["error"]["exit_code"], nothing.code);
}

#[test]
fn a_refused_command_line_is_answered_in_json_wherever_format_json_is_given() {
    let refused: [&[&str]; 9] = [
        &["--format", "json"],
        &["--format=json", "mend"],
        &["fix", "--dry-rum", "--format", "json"],
        &["--format", "json", "show", "hosts-access", "not-an-address"],
        &["fix", "sshd-config", "--format=json"],
        &["fix", "--confirm-within", "soon", "--format=json"],
        &["--format=json", "--format=json", "history"],
        &["--color", "pink", "history", "--format", "json"],
        &["history", "--state", "--format", "json"],
    ];
    for words in refused {
        let said = run(words, b"");
        let document = document(&said);
        assert_eq!(
            (said.code, &document["schema"]),
            (2, &"sshmend.error/1".into()),
            "{words:?}"
        );
        assert_eq!(document["error"]["exit_code"], 2);
        let message = document["error"]["message"].as_str().expect("a message");
        assert!(
            !message.starts_with("error") && !message.contains('\n'),
            "{message}"
        );
        assert!(!said.stderr.is_empty(), "a person is told too: {words:?}");
    }
    assert_eq!(run(&["fix", "--dry-rum"], b"").stdout, "");
    let hostile = run(&["fix", "--\u{1b}]0;x\u{7}\nhint: y", "--format=json"], b"");
    assert!(!hostile.stdout.contains('\u{1b}'), "{}", hostile.stdout);
    assert_eq!(document(&hostile)["error"]["exit_code"], 2);
}

#[test]
fn every_document_conforms_to_its_schema() {
    let disk = disk();
    let lines = [
        "diagnose",
        "diagnose --client 192.0.2.40",
        "fix sshd-config MaxSessions=8 --dry-run",
        "fix sshd-config MaxSessions=8 --yes",
        "fix --dry-run",
        "show sshd-config",
        "show known-hosts gw.example",
        "show hosts-access 192.0.2.40",
        "show fail2ban",
        "logs",
        "explain",
        "explain max-startups --value 5:30:60",
        "explain fd-limit",
        "explain known_hosts",
        "history",
        "rollback --dry-run",
        "recover --dry-run",
        "history --prune 0s --dry-run",
        "completions bash",
        "schema",
    ];
    for line in lines {
        document(&disk.run(&format!("{line} --format json")));
    }
    let history = disk.run("history --format json");
    assert_eq!(
        history.json()["transactions"].as_array().map(Vec::len),
        Some(1)
    );
    let root = disk.path("/");
    let root = root.to_str().expect("a plain path");
    let one = run(&["history", "2", "--root", root, "--format=json"], b"");
    assert_eq!(document(&one)["diffs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_dry_run_reports_that_it_would_change_something() {
    let disk = disk();
    let told = |line: &str| {
        let document = document(&disk.run(&format!("{line} --format json")));
        (
            document["changed"].clone(),
            document["would_change"].clone(),
        )
    };
    let change = "fix sshd-config MaxSessions=8";
    assert_eq!(
        told(&format!("{change} --dry-run")),
        (true.into(), true.into())
    );
    assert_eq!(told(&format!("{change} --yes")), (true.into(), Value::Null));
    assert_eq!(
        told(&format!("{change} --dry-run")),
        (false.into(), false.into())
    );
    assert_eq!(
        told(&format!("{change} --yes")),
        (false.into(), Value::Null)
    );
}

#[test]
fn a_schema_is_found_by_each_of_its_names() {
    let names = run(&["schema", "--format", "json"], b"").json();
    let names = names["names"].as_array().expect("a list").clone();
    assert!(names.contains(&"sshmend.error/1".into()), "{names:?}");
    let listed = run(&["schema"], b"");
    assert_eq!(listed.stdout.lines().count(), names.len());
    for name in names {
        let name = name.as_str().expect("a name");
        let word = name.trim_start_matches("sshmend.").trim_end_matches("/1");
        let schema = run(&["schema", name], b"");
        assert_eq!(
            (schema.code, &schema.json()["type"]),
            (0, &"object".into()),
            "{name}"
        );
        assert_eq!(schema.json()["properties"]["schema"]["const"], name);
        for other in [word, &format!("{word}/1"), &format!("sshmend.{word}-1")] {
            assert_eq!(
                run(&["schema", other], b"").stdout,
                schema.stdout,
                "{other}"
            );
        }
    }
}
