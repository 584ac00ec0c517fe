//! Verification of an activated change, by the real programs and over the network.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use sshmend_facts::Reply;
use sshmend_host::{Machine, pause};
use sshmend_lossless::{Dial, DialEnd, Dialled, Request, Snapshot, Step};
use sshmend_plan::{Check, Notice, Proof, key_exchange, why_no_handshake};

use super::Run;
use super::handshake::exchanges_keys;
use super::rehearse::{ask, verdict};
use crate::error::Failure;
use crate::json;
use crate::output::escape::line;

/// The number of attempts before a proof counts as failed, and the interval between them.
const ATTEMPTS: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(500);

/// The total time to wait for an identification.
const PATIENCE: Duration = Duration::from_secs(12);

/// The time limit for one SSH identification, longer than the five seconds that libwrap waits
/// before it hangs up.
const BANNER: Duration = Duration::from_secs(8);

/// The number of effects printed with the proof.
const MOST_TOLD: usize = 3;

impl Run<'_> {
    /// The addresses that answer now. Only what holds before a change can be required after it.
    pub(super) fn banners_today(&self) -> Vec<SocketAddr> {
        let addresses = self.plan.proof.iter().filter_map(|proof| match proof {
            Proof::Banner(address) => Some(*address),
            Proof::Check(_) | Proof::CheckAfter { .. } | Proof::NewBanner(_) | Proof::Answer(_) => {
                None
            }
        });
        addresses
            .filter(|&address| identifies(&Reply::of(&knock(address))))
            .collect()
    }

    /// Repeats one check until it succeeds or cannot succeed any more.
    pub(super) fn prove(&mut self, proof: &Proof, banners: &[SocketAddr]) -> Result<(), Failure> {
        match proof {
            Proof::Check(check) => self.prove_check(check, None),
            Proof::CheckAfter { check, again } => self.prove_check(check, Some(again)),
            Proof::Banner(address) if banners.contains(address) => {
                self.prove_identification(&[*address])
            }
            Proof::Banner(_) => Ok(()),
            Proof::NewBanner(addresses) => self.prove_identification(addresses),
            Proof::Answer(addresses) => self.prove_answer(addresses),
        }
    }

    fn prove_check(&mut self, check: &Check, again: Option<&Step>) -> Result<(), Failure> {
        let mut heard = verdict(check, &ask(check));
        for _ in 1..ATTEMPTS {
            if heard.ok {
                break;
            }
            pause(BETWEEN);
            if let Some(again) = again {
                drop(ask(&Check::of(again)));
            }
            heard = verdict(check, &ask(check));
        }
        self.checks.push(heard.clone());
        if heard.ok {
            Ok(())
        } else {
            Err(Failure::trouble(format!(
                "{} does not show it: {}",
                check.title, heard.output
            )))
        }
    }

    /// Waits for an identification and, if one could be rehearsed, a key exchange. A server without
    /// room at the moment proves nothing, for or against the change.
    fn prove_identification(&mut self, addresses: &[SocketAddr]) -> Result<(), Failure> {
        let program = format!("an SSH identification at {}", named(addresses));
        let (mut last, mut waited) = (Reply::Unanswered, Duration::ZERO);
        while waited < PATIENCE {
            if !waited.is_zero() {
                pause(BETWEEN);
            }
            waited += BETWEEN;
            for &address in addresses {
                let heard = knock(address);
                // A server that accepts and stays silent costs more than all other attempts
                // together.
                waited += heard.ended_after;
                last = Reply::of(&heard);
                if !last.identifies() {
                    continue;
                }
                let exchange = self.exchange(address);
                if exchange.as_ref().is_none_or(|exchange| exchange.ok) {
                    self.checks.push(json::change::Check {
                        program,
                        ok: true,
                        output: String::new(),
                    });
                    self.checks.extend(exchange);
                    return Ok(());
                }
            }
        }
        let names = named(addresses);
        let (output, failure) = match last {
            Reply::Dropped(said) => {
                let text = format!(
                    "{names} answers new connections with \"{said}\": that it serves them is not proved"
                );
                self.session.output.status(&format!("note: {text}"));
                self.plan.notices.push(Notice::new("not-proved", text));
                (
                    format!("the only answer was \"{said}\", which proves nothing"),
                    Ok(()),
                )
            }
            last if last.identifies() => {
                let text = format!("{names} identifies itself but does not exchange keys with ssh");
                ("no key exchange".to_owned(), Err(Failure::trouble(text)))
            }
            _ => {
                let text = format!("{names} does not answer as SSH does");
                ("none came".to_owned(), Err(Failure::trouble(text)))
            }
        };
        self.checks.push(json::change::Check {
            program,
            ok: false,
            output,
        });
        failure
    }

    /// A key exchange of the real ssh, if one was rehearsed.
    fn exchange(&self, address: SocketAddr) -> Option<json::change::Check> {
        self.plan.handshake.as_ref()?;
        let exchange = exchanges_keys(&key_exchange(address));
        let output = if exchange.ok {
            String::new()
        } else {
            why_no_handshake(&exchange.output)
        };
        Some(json::change::Check { output, ..exchange })
    }

    fn prove_answer(&mut self, addresses: &[SocketAddr]) -> Result<(), Failure> {
        let answered = (0..ATTEMPTS).any(|attempt| {
            if attempt > 0 {
                pause(BETWEEN);
            }
            addresses
                .iter()
                .any(|&address| Reply::of(&knock(address)).serves())
        });
        let names = named(addresses);
        let output = if answered {
            String::new()
        } else {
            "none came".to_owned()
        };
        let program = format!("an SSH identification at {names}");
        self.checks.push(json::change::Check {
            program,
            ok: answered,
            output,
        });
        if answered {
            Ok(())
        } else {
            Err(Failure::trouble(format!(
                "{names} does not answer as SSH does"
            )))
        }
    }

    /// Prints what was verified, in one line.
    pub(super) fn tell_proof(&self) {
        let proved = self.checks.iter().filter(|check| check.ok);
        let answers: Vec<&str> = proved
            .filter_map(|check| check.program.strip_prefix("an SSH identification at "))
            .collect();
        if answers.is_empty() {
            return;
        }
        let with = self.plan.effects.iter().take(MOST_TOLD);
        let with: Vec<String> = with
            .map(|effect| format!("{} {}", effect.what, effect.after))
            .collect();
        let with = if with.is_empty() {
            String::new()
        } else {
            format!(" with {}", with.join(", "))
        };
        let text = format!("proved: sshd answers at {}{with}", answers.join(" and "));
        self.session.output.status(&line(&text));
    }
}

fn named(addresses: &[SocketAddr]) -> String {
    let names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    names.join(" or ")
}

/// The listening sockets at the ports of these addresses, by their inodes (proc_net_tcp(5)): a
/// daemon that has reloaded listens on new ones.
pub(super) fn sockets(addresses: &[SocketAddr]) -> BTreeSet<u64> {
    // The tables list every connection of the machine, and the kernel walks its whole hash table
    // for them.
    if addresses.is_empty() {
        return BTreeSet::new();
    }
    let machine = Machine::live();
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|table| machine.read(Path::new(table)).ok().flatten());
    let texts = tables
        .into_iter()
        .flatten()
        .map(|table| String::from_utf8_lossy(&table.bytes).into_owned());
    texts.flat_map(|text| listening(&text, addresses)).collect()
}

fn listening(table: &str, addresses: &[SocketAddr]) -> Vec<u64> {
    let socket = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, port) = fields.get(1)?.rsplit_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        let wanted =
            fields.get(3) == Some(&"0A") && addresses.iter().any(|address| address.port() == port);
        wanted.then(|| fields.get(9)?.parse().ok()).flatten()
    };
    table.lines().filter_map(socket).collect()
}

/// Opens one connection without sending anything.
fn knock(address: SocketAddr) -> Dialled {
    let dial = Dial {
        to: address,
        say: Vec::new(),
        deadline: BANNER,
    };
    let mut snapshot = Snapshot::default();
    Machine::live().answer(&Request::Dial(dial.clone()), &mut snapshot);
    let nothing = Dialled {
        connected_after: None,
        received: Vec::new(),
        end: DialEnd::Silence,
        ended_after: BANNER,
    };
    snapshot.dialled(&dial).last().cloned().unwrap_or(nothing)
}

/// Whether the server spoke first, with an SSH identification or sshd's overload notice.
fn identifies(reply: &Reply) -> bool {
    reply.identifies() || matches!(reply, Reply::Dropped(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_that_listen_on_the_port_are_distinguished_from_others() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n\
            1: 0100007F:0016 0100007F:D4F2 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1\n\
            2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0\n";
        let address = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        assert_eq!(listening(table, &[address(22)]), [4711]);
        assert_eq!(listening(table, &[address(22), address(80)]), [4711, 4713]);
        assert!(
            listening(table, &[address(23)]).is_empty() && listening("", &[address(22)]).is_empty()
        );
    }
}
