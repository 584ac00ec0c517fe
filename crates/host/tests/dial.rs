//! How connections end, tested against small servers on the loopback interface.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first surprise, also in its helpers"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;
use sshmend_host::Machine;
use sshmend_lossless::{Dial, DialEnd, Dialled, Request, Snapshot};

const DEADLINE: Duration = Duration::from_millis(500);

/// Dials a server that handles its one connection with `serve`.
fn dial(say: &[u8], serve: impl FnOnce(TcpStream) + Send + 'static) -> Dialled {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap();
    let server = thread::spawn(move || serve(listener.accept().unwrap().0));
    let dialled = dial_to(to, say);
    server.join().unwrap();
    dialled
}

fn dial_to(to: SocketAddr, say: &[u8]) -> Dialled {
    let dial = Dial {
        to,
        say: say.to_vec(),
        deadline: DEADLINE,
    };
    let mut seen = Snapshot::default();
    Machine::live().answer(&Request::Dial(dial.clone()), &mut seen);
    seen.dialled(&dial)[0].clone()
}

#[test]
fn reading_stops_after_the_banner() {
    let dialled = dial(b"", move |mut peer| {
        peer.write_all(b"Not yet\r\n").unwrap();
        thread::sleep(Duration::from_millis(50));
        peer.write_all(b"SSH-2.0-test\r\n").unwrap();
        let _ = peer.read(&mut [0]);
    });
    assert_eq!(
        (dialled.end.clone(), dialled.bytes()),
        (DialEnd::Enough, b"Not yet\r\nSSH-2.0-test\r\n".to_vec())
    );
    assert!(dialled.connected_after.is_some());
    let times: Vec<Duration> = dialled.received.iter().map(|(time, _)| *time).collect();
    assert!(
        times.len() == 2 && times[1] >= Duration::from_millis(45),
        "{times:?}"
    );
}

#[test]
fn the_identification_is_sent_after_the_first_line() {
    let dialled = dial(b"SSH-2.0-us\r\n", |mut peer| {
        peer.write_all(b"SSH-2.0-test\r\n").unwrap();
        let mut heard = [0; 12];
        peer.read_exact(&mut heard).unwrap();
        peer.write_all(&heard).unwrap();
    });
    assert_eq!(
        (dialled.end.clone(), dialled.bytes()),
        (DialEnd::Enough, b"SSH-2.0-test\r\nSSH-2.0-us\r\n".to_vec())
    );
}

#[test]
fn a_silent_close_is_distinguished_from_one_after_a_line() {
    let dialled = dial(b"", drop);
    assert_eq!(
        (dialled.end.clone(), dialled.bytes()),
        (DialEnd::Closed, Vec::new())
    );
    let dialled = dial(b"", |mut peer| {
        peer.write_all(b"Exceeded MaxStartups\r\n").unwrap();
    });
    assert_eq!(
        (dialled.end.clone(), dialled.bytes()),
        (DialEnd::Closed, b"Exceeded MaxStartups\r\n".to_vec())
    );
}

#[test]
fn a_reset_is_distinguished_from_a_close() {
    let dialled = dial(b"", |peer| {
        thread::sleep(Duration::from_millis(20));
        set_socket_linger(&peer, Some(Duration::ZERO)).unwrap();
    });
    assert_eq!(dialled.end, DialEnd::Reset);
    assert!(dialled.connected_after.is_some());
}

#[test]
fn a_closed_port_refuses_the_connection() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let dialled = dial_to(free, b"");
    assert_eq!(
        (dialled.end, dialled.connected_after),
        (DialEnd::Refused, None)
    );
}

#[test]
fn silence_lasts_until_the_deadline_and_no_longer() {
    let dialled = dial(b"", |mut peer| drop(peer.read(&mut [0])));
    assert_eq!(dialled.end, DialEnd::Silence);
    assert!(
        dialled.ended_after >= DEADLINE && dialled.ended_after < DEADLINE * 3,
        "{:?}",
        dialled.ended_after
    );
}

#[test]
fn a_slow_server_does_not_extend_the_deadline() {
    let started = Instant::now();
    let dialled = dial(b"", move |mut peer| {
        while peer.write_all(b"x").is_ok() && started.elapsed() < DEADLINE * 3 {
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(dialled.end, DialEnd::Silence);
    assert!(
        dialled.ended_after < DEADLINE * 2,
        "{:?}",
        dialled.ended_after
    );
}
