//! Messages of programs that carry a connection for ssh: proxy commands, tunnels, port forwarders,
//! and the shell that runs them.

use super::sign::Scope::Anywhere;
use super::sign::{Row, Sign, Symptom};

/// For a program that carries only SSH.
const fn own(pattern: &'static str) -> Row {
    (pattern, Sign::Symptom(Symptom::ProxyError), Anywhere)
}

/// For a program that carries other connections too.
const fn aside(pattern: &'static str) -> Row {
    (pattern, Sign::Aside, Anywhere)
}

const fn forward(pattern: &'static str) -> Row {
    (pattern, Sign::Symptom(Symptom::ForwardError), Anywhere)
}

pub(super) const ROWS: &[Row] = &[
    own("(gcloud.compute.start-iap-tunnel) {}"),
    own("Error while connecting [{n}: {}"),
    own("An error occurred ({}) when calling the StartSession operation{}"),
    own("SessionManagerPlugin is not found{}"),
    own("failed to find Access application at {}"),
    own("failed to connect to origin error={}"),
    own("Proxy could not open connnection to {}"),
    own("Proxy could not open connection to {}"),
    own("ssh_proxy_connect: {}"),
    aside("websocket: bad handshake{}"),
    aside("Ncat: {}"),
    aside("nc: {}"),
    aside("netcat: {}"),
    aside("socat[{n}] {}"),
    aside("corkscrew: {}"),
    aside("FATAL: Unable to connect to relay host{}"),
    aside("FATAL: failed to connect to {}"),
    aside("Proxy error: {}"),
    aside("HTTP return code: {n} {}"),
    aside("HTTP/1.0 4{}"),
    aside("HTTP/1.1 4{}"),
    aside("HTTP/1.0 5{}"),
    aside("HTTP/1.1 5{}"),
    aside("error: unexpected EOF"),
    // The shell that should run the proxy.
    aside("sh: line {n}: {}: No such file or directory"),
    aside("sh: line {n}: {}: not found"),
    aside("sh: line {n}: {}: command not found"),
    aside("bash: line {n}: {}: No such file or directory"),
    aside("bash: line {n}: {}: command not found"),
    aside("bash: {}: command not found"),
    aside("sh: {}: command not found"),
    aside("zsh: command not found: {}"),
    aside("fish: Unknown command: {}"),
    aside("is not recognized as an internal or external command"),
    aside("sh: {n}: {}: not found"),
    aside("sh: {}: not found"),
    aside("dash: {n}: {}: not found"),
    aside("zsh:{n}: command not found: {}"),
    // kubectl port-forward, iproxy, adb, docker-proxy.
    forward("an error occurred forwarding {n} -> {n}: {}"),
    forward("error forwarding port {n} to pod {}"),
    forward("Error connecting to device: {}"),
];
