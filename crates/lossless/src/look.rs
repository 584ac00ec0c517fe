//! Requests made by lookups: a lookup without an answer is recorded as a request, and the caller is
//! run again with the answer.

use std::collections::BTreeSet;

use crate::request::{Request, cheapest};
use crate::snapshot::Snapshot;

/// More rounds than any configuration needs: sshd rejects Includes nested deeper than 16, and
/// Python a chain of about 480.
const ROUNDS: usize = 512;

/// Says what is foreseen with the answers so far. For whoever answers a round, while programs run.
pub type Meanwhile<'m> = dyn FnMut(&Snapshot) -> Vec<Request> + 'm;

impl Snapshot {
    /// Runs `judge` on the answers so far. Returns its result and its unanswered lookups, in order.
    /// While any is unanswered the result may be wrong.
    pub fn look<T>(&self, judge: impl FnOnce(&Self) -> T) -> (T, Vec<Request>) {
        let outer = self.missed.lookups.take();
        let said = judge(self);
        let missed = self.missed.lookups.replace(outer);
        (said, missed.into_iter().collect())
    }

    /// Records a request unless it is already answered.
    pub fn look_for(&self, request: Request) {
        if !self.answers(&request) {
            self.missed.add(request);
        }
    }

    /// Records a request that will probably be made once the programs that are being asked have
    /// answered. It is answered while they run, and the judge is asked once more what it foresees
    /// with that answer. Only what reads files, and what programs say of given bytes
    /// ([`Request::Feed`]): a program or connection that may be unnecessary could be noticed, or
    /// wait for something.
    pub fn foresee(&self, request: Request) {
        if request.may_be_foreseen() {
            self.missed.foreseen.borrow_mut().insert(request);
        }
    }

    /// The result of `read`; `None` while any of its lookups is unanswered. For reads that are
    /// slow, have side effects, or lead to more requests of which most would be unnecessary.
    pub fn once_answered<T>(&self, read: impl FnOnce() -> T) -> Option<T> {
        let (found, missed) = self.look(|_| read());
        let complete = missed.is_empty();
        self.missed.lookups.borrow_mut().extend(missed);
        complete.then_some(found)
    }

    /// The result of `read`; `None` while any of its lookups is unanswered. These are foreseen, and
    /// not needed.
    pub fn once_foreseen<T>(&self, read: impl FnOnce() -> T) -> Option<T> {
        let (found, missed) = self.look(|_| read());
        let complete = missed.is_empty();
        for request in missed {
            self.foresee(request);
        }
        complete.then_some(found)
    }

    /// Answers the lookups of `judge` with `answer`, the cheapest first, until none is missing, and
    /// returns its last result. No request is answered twice. What was foreseen is answered together
    /// with programs; while these run, `answer` gets from [`Meanwhile`] what is foreseen with the
    /// files that it has answered already.
    pub fn fill<T>(
        &mut self,
        mut judge: impl FnMut(&Self) -> T,
        mut answer: impl FnMut(&[Request], &mut Self, &mut Meanwhile<'_>),
    ) -> T {
        let mut answered = BTreeSet::new();
        for _ in 0..ROUNDS {
            let (said, mut missed) = self.look(&mut judge);
            missed.retain(|request| !answered.contains(request));
            if missed.is_empty() {
                return said;
            }
            let mut round = cheapest(missed);
            answered.extend(round.iter().cloned());
            // Files come before programs anyway, so that only programs leave time for more.
            if round.iter().any(Request::is_for_files) {
                self.missed.foreseen.take();
            } else {
                round.extend(self.foreseen(&mut answered));
            }
            answer(&round, self, &mut |seen| {
                // What it needs is asked again when the programs have answered.
                drop(seen.look(&mut judge));
                seen.foreseen(&mut answered)
            });
        }
        judge(self)
    }

    /// What was foreseen and is not answered, which is then considered answered.
    fn foreseen(&self, answered: &mut BTreeSet<Request>) -> Vec<Request> {
        let mut foreseen = Vec::from_iter(self.missed.foreseen.take());
        foreseen.retain(|request| !self.answers(request) && answered.insert(request.clone()));
        foreseen
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::request::NotRun;
    use crate::snapshot::Entry;

    fn read(seen: &Snapshot, path: &str) -> bool {
        seen.read(Path::new(path)).is_ok()
    }

    #[test]
    fn a_lookup_is_missing_until_it_is_answered() {
        let mut seen = Snapshot::default();
        let judge = |seen: &Snapshot| read(seen, "/a") && read(seen, "/b");
        assert_eq!(seen.look(judge).1, [Request::Read("/a".into())]);
        seen.insert("/a", Entry::Missing);
        assert_eq!(seen.look(judge).1, [Request::Read("/b".into())]);
        seen.insert("/b", Entry::Missing);
        assert_eq!(seen.look(judge), (true, Vec::new()));
    }

    #[test]
    fn lookups_in_a_planned_state_are_asked_of_the_real_machine() {
        let seen = Snapshot::default();
        let (_, missed) = seen.look(|seen| read(&seen.after(&[]), "/a"));
        assert_eq!(missed, [Request::Read("/a".into())]);
    }

    #[test]
    fn a_nested_lookup_keeps_the_requests_of_the_outer_one() {
        let seen = Snapshot::default();
        let (found, missed) = seen.look(|seen| {
            read(seen, "/outer");
            seen.once_answered(|| read(seen, "/inner"))
        });
        assert_eq!(found, None);
        let expected = ["/inner", "/outer"].map(|path| Request::Read(path.into()));
        assert_eq!(missed, expected);
    }

    #[test]
    fn cheap_requests_come_first_and_each_is_answered_once() {
        let mut seen = Snapshot::default();
        let mut rounds = Vec::new();
        // The program cannot be run: its answer never arrives.
        let judge = |seen: &Snapshot| (read(seen, "/a"), seen.command(&["uname"]).is_some());
        let said = seen.fill(judge, |requests, seen, _| {
            rounds.push(requests.to_vec());
            seen.insert("/a", Entry::Missing);
        });
        assert_eq!(said, (true, false));
        let uname = Request::Run(vec!["uname".to_owned()]);
        assert_eq!(rounds, [[Request::Read("/a".into())], [uname]]);
    }

    #[test]
    fn foreseen_files_are_answered_once_and_beside_programs_only() {
        let mut seen = Snapshot::default();
        let mut rounds = Vec::new();
        let [a, b, c] = ["/a", "/b", "/c"].map(|path| Request::Read(path.into()));
        let uname = Request::Run(vec!["uname".to_owned()]);
        let judge = |seen: &Snapshot| {
            seen.foresee(Request::Read("/b".into()));
            seen.foresee(Request::Run(vec!["expensive".to_owned()]));
            read(seen, "/a") && seen.command(&["uname"]).is_some() && read(seen, "/c")
        };
        seen.fill(judge, |requests, seen, _| {
            rounds.push(requests.to_vec());
            for path in ["/a", "/b", "/c"] {
                if requests.contains(&Request::Read(path.into())) {
                    seen.insert(path, Entry::Missing);
                }
            }
            if requests.len() > 1 {
                seen.insert_command(vec!["uname".to_owned()], Err(NotRun::Missing));
            }
        });
        assert_eq!(rounds, [vec![a], vec![uname, b], vec![c]]);
    }

    #[test]
    fn what_a_foreseen_file_leads_to_is_foreseen_while_the_program_runs() {
        let mut seen = Snapshot::default();
        let mut rounds = Vec::new();
        let [a, b] = ["/a", "/b"].map(|path| Request::Read(path.into()));
        let uname = Request::Run(vec!["uname".to_owned()]);
        let judge = |seen: &Snapshot| {
            if seen.once_foreseen(|| read(seen, "/a")) == Some(true) {
                seen.foresee(Request::Read("/b".into()));
            }
            seen.command(&["uname"]).is_some()
        };
        let said = seen.fill(judge, |requests, seen, meanwhile| {
            rounds.push(requests.to_vec());
            for path in ["/a", "/b"] {
                seen.insert(path, Entry::Missing);
                rounds.push(meanwhile(seen));
            }
            seen.insert_command(vec!["uname".to_owned()], Err(NotRun::Missing));
        });
        assert!(said);
        assert_eq!(rounds, [vec![uname, a], vec![b], Vec::new()]);
    }
}
