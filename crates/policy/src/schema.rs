//! The schema of a policy, from the tables by which it is parsed.

use serde_json::{Map, Value, json};
use sshmend_sshd_config::{is_list, keyword_names};

use crate::entry::{OF_ADDRESS, OF_HOST, OF_PATTERN};
use crate::sshd::{OPERATIONS, STRUCTURE, UNSET};

/// The JSON schema of a policy, valid for TOML and JSON alike. Keywords of sshd_config may also be
/// written in another case.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Policy",
        "description": "The desired state of a machine, for sshmend apply: in TOML, or in JSON on standard input.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "name": {
                "description": "The name of the policy; by default, the name of its file. An entry that is removed from a policy of this name is removed from the machine too, if sshmend had added it.",
                "type": "string"
            },
            "sshd-config": {
                "description": "Keywords of sshd_config and their values for all connections.",
                "type": "object",
                "additionalProperties": false,
                "properties": keywords()
            },
            "hosts-access": {
                "description": "Clients that TCP wrappers let in.",
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "allow": list(&pattern()),
                    "deny-removed": list(&pattern())
                }
            },
            "fail2ban": {
                "description": "Addresses that fail2ban never bans.",
                "type": "object",
                "additionalProperties": false,
                "properties": { "ignore": list(&address()) }
            },
            "known-hosts": list(&host())
        }
    })
}

fn keywords() -> Value {
    let scalar = json!({ "type": ["string", "integer", "boolean"] });
    let parts = object(&OPERATIONS, &[], |_| list(&scalar));
    let several =
        json!({ "anyOf": [scalar, { "type": "array", "items": scalar, "minItems": 1 }, parts] });
    let names = keyword_names();
    let names = names.filter(|name| !STRUCTURE.contains(&name.to_ascii_lowercase().as_str()));
    let each = names.map(|name| {
        let value = if is_list(name) { &several } else { &scalar };
        (name.to_owned(), value.clone())
    });
    let mut keywords: Map<String, Value> = each.collect();
    let unset = json!({
        "description": "Keywords that no line may set for all connections, so that their defaults are in force.",
        "anyOf": texts()["anyOf"]
    });
    keywords.insert(UNSET.to_owned(), unset);
    Value::Object(keywords)
}

fn pattern() -> Value {
    let table = object(
        &OF_PATTERN,
        &OF_PATTERN[..1],
        |_| json!({ "type": "string" }),
    );
    json!({ "anyOf": [{ "type": "string" }, table] })
}

fn address() -> Value {
    let table = object(&OF_ADDRESS, &OF_ADDRESS[..1], |key| match key {
        "jail" => texts(),
        _ => json!({ "type": "string" }),
    });
    json!({ "anyOf": [{ "type": "string" }, table] })
}

fn host() -> Value {
    object(&OF_HOST, &["host", "fingerprint"], |key| match key {
        "port" => json!({ "type": "integer", "minimum": 1, "maximum": 65535 }),
        "fingerprint" => texts(),
        _ => json!({ "type": "string" }),
    })
}

/// One text or several.
fn texts() -> Value {
    json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn object(keys: &[&str], required: &[&str], each: impl Fn(&str) -> Value) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| ((*key).to_owned(), each(key)))
        .collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}
