//! `sshmend diagnose HOST`, against a server of our own on loopback.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::disk::run;

/// A server that begins the key exchange with those connections that `works` says, and drops the others.
fn serve(works: fn(usize) -> bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            // The test is about the client's reaction, not about how the server hangs up.
            thread::spawn(move || _ = answer(stream, works(number)));
        }
    });
    port
}

fn answer(mut stream: TcpStream, works: bool) -> io::Result<()> {
    if !works {
        return stream.write_all(b"Exceeded MaxStartups\r\n");
    }
    stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n")?;
    let mut heard = [0; 512];
    while !heard.contains(&b'\n') {
        if stream.read(&mut heard)? == 0 {
            return Ok(());
        }
    }
    stream.write_all(b"\0\0\x01\x04\x06\x14")?;
    stream.read(&mut heard).map(|_| ())
}

#[test]
fn dropped_connections_are_reported_although_the_first_one_works() {
    let port = serve(|number| number % 2 == 0);
    let destination = format!("127.0.0.1:{port}");
    let json = run(&["diagnose", &destination, "--format", "json"], b"").json();
    assert_eq!(json["findings"][0]["cause"], "max-startups", "{json}");
    assert_eq!(json["connections"]["made"], 5);
    let excluded = json["excluded"].as_array().expect("a list");
    assert!(excluded.iter().all(|one| one["cause"] != "max-startups"));
}

/// An address of a link without the name of the link: the system refuses it before a packet is sent.
#[test]
fn an_unexplained_failure_is_not_reported_as_success() {
    let said = run(&["diagnose", "fe80::7", "--format", "json"], b"");
    let json = said.json();
    assert_eq!(json["connections"]["worked"], 0, "{json}");
    assert_ne!(said.code, 0, "{json}");
    if json["findings"].as_array().is_some_and(Vec::is_empty) {
        assert_eq!(said.code, 2);
        assert_eq!(json["error"]["exit_code"], 2, "{json}");
    }
}
