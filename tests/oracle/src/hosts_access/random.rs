//! Random tables, evaluated and repaired.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use fastrand::Rng;
use sshmend_hosts_access::{Access, Client, Permit, Refusal, Tables, Verdict};

use super::files::{Said, after, read, shown};
use super::generate;
use super::libwrap::{Answer, Files, Libwrap, Question};
use crate::Report;

/// The number of cases for one run of the program.
const BATCH: u64 = 5_000;

pub(super) fn compare(cases: u64, seed: u64, libwrap: &Libwrap, report: &mut Report) {
    let mut run = Run {
        libwrap,
        random: Rng::with_seed(seed),
        report,
        tally: BTreeMap::new(),
    };
    let mut left = cases;
    while left > 0 {
        let count = left.min(BATCH);
        if let Err(error) = run.batch(count) {
            run.report.leave_out("a batch", &error.to_string());
        }
        left -= count;
    }
    for (what, count) in run.tally {
        run.report.leave_out(&format!("{count} of {cases}"), &what);
    }
}

struct Run<'a> {
    libwrap: &'a Libwrap,
    random: Rng,
    report: &'a mut Report,
    /// The number of times that something could not be compared, by reason.
    tally: BTreeMap<String, u64>,
}

struct Case {
    question: Question,
    tables: Tables,
    /// What our model knows about the client.
    told: Client,
    /// The fix applied to the files before, for the message.
    fix: Option<String>,
    /// Whether the client was allowed.
    granted: bool,
}

/// The number of other clients evaluated after each fix.
const OTHERS: usize = 2;

/// A client after a fix that is perhaps not about it: the files before, the files after, and the new rule alone.
struct Other {
    questions: [Question; 3],
    fix: String,
}

impl Run<'_> {
    fn batch(&mut self, count: u64) -> std::io::Result<()> {
        let files = generate::pattern_files(&mut self.random, self.libwrap.directory());
        let paths = (0..).map(|index| self.libwrap.directory().join(format!("patterns{index}")));
        let named: Vec<(PathBuf, Vec<u8>)> = paths.zip(files).collect();
        for (path, bytes) in &named {
            std::fs::write(path, bytes)?;
        }
        let (mut cases, mut others) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let files = [0, 1].map(|_| generate::table(&mut self.random, self.libwrap.directory()));
            let tables = read(&files, &named);
            if let Some((case, more)) = self.let_in(&files, &tables) {
                cases.push(case);
                others.extend(more);
            }
            cases.extend(self.mended(&files, &tables));
            cases.extend(self.as_they_are(files, &tables));
        }
        let questions: Vec<Question> = cases.iter().map(|case| case.question.clone()).collect();
        for (case, answer) in cases.iter().zip(self.libwrap.ask(&questions)?) {
            self.judge(case, &answer);
        }
        let questions: Vec<Question> = others
            .iter()
            .flat_map(|other| other.questions.clone())
            .collect();
        for (other, answers) in others.iter().zip(self.libwrap.ask(&questions)?.chunks(3)) {
            self.judge_other(other, answers);
        }
        Ok(())
    }

    /// One client about which everything is known, and the same with some facts withheld.
    fn as_they_are(&mut self, files: Files, tables: &Tables) -> [Case; 2] {
        let client = generate::client(&mut self.random);
        let less = generate::forget(&mut self.random, &client);
        let question = Question {
            files,
            client: client.clone(),
        };
        let case = |told| Case {
            question: question.clone(),
            tables: tables.clone(),
            told,
            fix: None,
            granted: false,
        };
        [case(client), case(less)]
    }

    /// The files after a client was allowed: for one of those allowed, and for others, whose answer
    /// must not change.
    fn let_in(&mut self, files: &Files, tables: &Tables) -> Option<(Case, Vec<Other>)> {
        let wanted = generate::wanted(&mut self.random);
        let (client, told) = generate::wanted_client(&mut self.random, &wanted);
        let rule = format!("{}: {}\n", told.daemon, wanted.word());
        let order = Permit {
            daemon: told.daemon.clone(),
            remove_exact_deny: self.random.bool(),
            ..Permit::new(vec![wanted])
        };
        let fix = format!(
            "after letting in by `{}`\n  before: {}",
            rule.trim_end(),
            shown(files)
        );
        match tables.permit(&order) {
            Ok(edited) => {
                let after = after(files, &edited);
                let others = (0..OTHERS).map(|_| {
                    let client = generate::client(&mut self.random);
                    let asked = |files: Files| Question {
                        files,
                        client: client.clone(),
                    };
                    let alone = [
                        Some(rule.clone().into_bytes()),
                        Some(b"ALL: ALL\n".to_vec()),
                    ];
                    Other {
                        questions: [asked(files.clone()), asked(after.clone()), asked(alone)],
                        fix: fix.clone(),
                    }
                });
                let others = others.collect();
                let question = Question {
                    files: after,
                    client,
                };
                Some((
                    Case {
                        question,
                        tables: edited.after,
                        told,
                        fix: Some(fix),
                        granted: true,
                    },
                    others,
                ))
            }
            Err(refusal) => {
                self.report
                    .disagreements
                    .push(format!("{refusal}\n  {fix}"));
                None
            }
        }
    }

    /// The files after one of the repairable lines was repaired.
    fn mended(&mut self, files: &Files, tables: &Tables) -> Option<Case> {
        let problems = tables
            .problems()
            .into_iter()
            .filter(|problem| problem.repair.is_some());
        let problems: Vec<_> = problems.collect();
        let origin = self.random.choice(&problems)?.origin.clone();
        let client = generate::client(&mut self.random);
        let fix = format!("after mending {origin}\n  before: {}", shown(files));
        match tables.mend(&[origin]) {
            Ok(edited) => {
                let question = Question {
                    files: after(files, &edited),
                    client: client.clone(),
                };
                Some(Case {
                    question,
                    tables: edited.after,
                    told: client,
                    fix: Some(fix),
                    granted: false,
                })
            }
            // One line may hold more than a repair of one of its faults can settle.
            Err(Refusal::NotMended { .. }) => {
                *self
                    .tally
                    .entry("a line that stays broken after the repair".to_owned())
                    .or_default() += 1;
                None
            }
            Err(refusal) => {
                self.report
                    .disagreements
                    .push(format!("{refusal}\n  {fix}"));
                None
            }
        }
    }

    /// A client outside the new rule gets the same answer as before.
    fn judge_other(&mut self, other: &Other, answers: &[Answer]) {
        let [before, after, alone] = answers else {
            return;
        };
        if alone.access == Access::Denied {
            let shown = format!("{:?}\n  {}", other.questions[1].client, other.fix);
            self.report.compare(&shown, &after.access, &before.access);
        }
    }

    fn judge(&mut self, case: &Case, theirs: &Answer) {
        let ours = case.tables.evaluate(&case.told);
        let question = &case.question;
        let shown = || {
            let fix = case.fix.as_deref().unwrap_or("as they are");
            format!(
                "{:?}\n  {fix}\n  {}",
                question.client,
                shown(&question.files)
            )
        };
        if case.granted {
            self.report
                .compare(&shown(), &theirs.access, &Access::Granted);
        }
        if ours.access == Access::Unknown {
            *self
                .tally
                .entry(unknown(&ours, case.told == question.client))
                .or_default() += 1;
        } else {
            let (ours, theirs) = Said::both(&ours, &question.files, theirs);
            self.report.compare(&shown(), &ours, &theirs);
        }
    }
}

/// The information on which an unknown answer depends.
fn unknown(verdict: &Verdict, all_known: bool) -> String {
    let needs = verdict
        .doubts
        .iter()
        .map(|doubt| format!("{:?}", doubt.need));
    let kinds: BTreeSet<String> = needs
        .map(|need| need.split('(').next().unwrap_or_default().to_owned())
        .collect();
    let kinds: Vec<String> = kinds.into_iter().collect();
    let what = if all_known {
        "all is known of the client"
    } else {
        "some facts are withheld"
    };
    format!(
        "unknown, {what}: {}",
        kinds.first().map_or("", String::as_str)
    )
}
