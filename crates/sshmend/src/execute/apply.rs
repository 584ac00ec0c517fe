//! Commit, activate, prove; else roll back.

use std::net::SocketAddr;
use std::time::Duration;

use sshmend_host::{Machine, now, pause};
use sshmend_lossless::{Dial, Request, Snapshot};
use sshmend_plan::{Check, Expect, Plan, Proof};
use sshmend_transaction::{Aftermath, Captured, Committed, Intent, RolledBack, Store, Who};

use super::rehearse::{ask, verdict};
use super::{Run, Way};
use crate::error::{Failure, Severity};
use crate::output::words::shell;
use crate::session::Session;

/// How often, and how far apart, a proof is asked for before it counts as failed.
const ATTEMPTS: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(500);

/// How long a daemon gets to begin reading its files again: until then the old one still answers, and proves nothing.
const SETTLE: Duration = Duration::from_millis(500);

/// How long an SSH identification may take; longer than the five seconds that libwrap waits before it hangs up.
const BANNER: Duration = Duration::from_secs(8);

impl Run<'_> {
    /// Makes the plan true, or takes back what was done.
    pub(super) fn apply(&mut self, captured: Option<Captured>) -> Result<(), Failure> {
        let Some(captured) = captured else { return self.activate_and_prove(&[]) };
        let banners = if self.flags.no_reload { Vec::new() } else { self.banners_today() };
        let intent = intent(self.session, &self.plan);
        let (session, state) = (self.session, self.session.state());
        let store = Store::open(&session.machine, session.state_disk(), &state, &self.plan.purpose)
            .map_err(|error| Failure::from_journal(&error))?;
        match self.way {
            Way::Forward => self.forward(&store, captured, &intent, &banners),
            Way::Back(ref which) => {
                let rolled_back = store.roll_back(which, &intent).map_err(|error| Failure::from_roll_back(&error))?;
                self.back(&rolled_back, &banners)
            }
        }
    }

    fn forward(
        &mut self,
        store: &Store<'_, Machine>,
        captured: Captured,
        intent: &Intent,
        banners: &[SocketAddr],
    ) -> Result<(), Failure> {
        let prepared = store.prepare(captured, intent).map_err(|error| Failure::from_prepare(&error))?;
        self.transaction = Some(prepared.id().to_string());
        let committed = prepared.commit().map_err(|error| Failure::from_commit(&error))?;
        match self.activate_and_prove(banners) {
            Ok(()) => self.finish(committed),
            Err(failure) => Err(self.take_back(committed, intent, failure)),
        }
    }

    fn back(&mut self, rolled_back: &RolledBack, banners: &[SocketAddr]) -> Result<(), Failure> {
        let (id, by) = match rolled_back {
            RolledBack::Now { id, by } => (id, Some(by.id.to_string())),
            RolledBack::Found(id) | RolledBack::Already(id) => (id, None),
        };
        self.session.output.talk(&format!("{id} is taken back"));
        self.transaction = by;
        self.activate_and_prove(banners).map_err(|failure| failure.with_severity(Severity::Broken))
    }

    fn finish(&self, committed: Committed<'_, '_, Machine>) -> Result<(), Failure> {
        let record = committed.finish().map_err(|error| Failure::from_journal(&error))?;
        let way_back = shell(&self.session.command(&["rollback", record.id.as_str()]));
        self.session.output.talk(&format!("applied as {}; undo it with: {way_back}", record.id));
        Ok(())
    }

    fn take_back(&mut self, committed: Committed<'_, '_, Machine>, intent: &Intent, failure: Failure) -> Failure {
        match committed.roll_back(intent) {
            Ok(RolledBack::Now { .. } | RolledBack::Found(_) | RolledBack::Already(_)) => {
                let activated = if self.flags.no_reload { Ok(()) } else { self.activate() };
                match activated {
                    Ok(()) => failure.with_severity(Severity::RolledBack),
                    Err(again) => again.after(&failure).with_severity(Severity::Broken),
                }
            }
            Err(error) => Failure::from_roll_back(&error).after(&failure).with_severity(Severity::Broken),
        }
    }

    fn activate_and_prove(&mut self, banners: &[SocketAddr]) -> Result<(), Failure> {
        if self.flags.no_reload {
            return Ok(());
        }
        self.activate()?;
        if !self.plan.activation.is_empty() {
            pause(SETTLE);
        }
        let proofs = self.plan.proof.clone();
        proofs.iter().try_for_each(|proof| match proof {
            Proof::Check(check) => self.prove(check),
            Proof::Banner(address) if banners.contains(address) => self.prove_banner(*address),
            Proof::Banner(_) => Ok(()),
        })
    }

    fn activate(&mut self) -> Result<(), Failure> {
        for check in self.plan.activation.clone() {
            let heard = verdict(&check, &ask(&check));
            let (ok, output) = (heard.ok, heard.output.clone());
            self.checks.push(heard);
            if !ok {
                return Err(Failure::trouble(format!("{} failed: {output}", check.title)));
            }
        }
        Ok(())
    }

    fn prove(&mut self, check: &Check) -> Result<(), Failure> {
        let mut heard = verdict(check, &ask(check));
        for _ in 1..ATTEMPTS {
            if heard.ok {
                break;
            }
            pause(BETWEEN);
            heard = verdict(check, &ask(check));
        }
        self.checks.push(heard.clone());
        if heard.ok {
            Ok(())
        } else {
            Err(Failure::trouble(format!("{} does not show it: {}", check.title, heard.output)))
        }
    }

    fn prove_banner(&mut self, address: SocketAddr) -> Result<(), Failure> {
        let answered = (0..ATTEMPTS).any(|attempt| {
            if attempt > 0 {
                pause(BETWEEN);
            }
            answers(address)
        });
        let program = format!("an SSH identification at {address}");
        let output = if answered { String::new() } else { "none came".to_owned() };
        self.checks.push(crate::json::change::Check { program, ok: answered, output });
        if answered { Ok(()) } else { Err(Failure::trouble(format!("{address} no longer answers as SSH does"))) }
    }

    /// The addresses that answer today: only what holds before a change can be asked of it afterwards.
    fn banners_today(&self) -> Vec<SocketAddr> {
        let addresses = self.plan.proof.iter().filter_map(|proof| match proof {
            Proof::Banner(address) => Some(*address),
            Proof::Check(_) => None,
        });
        addresses.filter(|&address| answers(address)).collect()
    }
}

/// Who changes what, when and why, and what has to follow.
fn intent(session: &Session, plan: &Plan) -> Intent {
    let environment = &session.environment;
    let sudo_user = environment.sudo.as_ref().map(|sudo| sudo.user.clone());
    let who = Who { uid: environment.uid, sudo_user, ssh_connection: environment.ssh_connection.clone() };
    let argv = environment.args.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let words = |checks: &[Check]| checks.iter().map(|check| check.argv.clone()).collect();
    let judges = plan.rehearsal.iter().filter(|check| check.expect == Expect::Success && check.stdin.is_none());
    let aftermath = Aftermath {
        judges: judges.map(|check| check.argv.clone()).collect(),
        activation: words(&plan.activation),
        undo: words(&plan.undo),
        units: plan.reloaded.clone(),
    };
    Intent { when: now(), who, why: plan.purpose.clone(), argv, aftermath }
}

/// Whether something at this address speaks first, and as an SSH server or its overload notice does.
fn answers(address: SocketAddr) -> bool {
    let dial = Dial { to: address, say: Vec::new(), deadline: BANNER };
    let mut snapshot = Snapshot::default();
    Machine::live().answer(&Request::Dial(dial.clone()), &mut snapshot);
    let said = snapshot.dialled(&dial).last().map(sshmend_lossless::Dialled::bytes).unwrap_or_default();
    ["SSH-", "Exceeded MaxStartups", "Not allowed at this time"].iter().any(|word| said.starts_with(word.as_bytes()))
}
