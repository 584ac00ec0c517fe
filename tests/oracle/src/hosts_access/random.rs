//! Random tables, evaluated and mended.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use fastrand::Rng;
use sshmend_hosts_access::{Access, Client, Permit, ProblemKind, Tables, Verdict};

use super::libwrap::{Answer, Libwrap, Question};
use super::{Files, Said, after, generate, read, shown};
use crate::Report;

/// How many cases one run of the program gets.
const BATCH: u64 = 5_000;

pub(super) fn compare(cases: u64, seed: u64, libwrap: &Libwrap, report: &mut Report) {
    let mut run = Run { libwrap, random: Rng::with_seed(seed), report, tally: BTreeMap::new() };
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
    /// How often something could not be compared.
    tally: BTreeMap<String, u64>,
}

struct Case {
    question: Question,
    tables: Tables,
    /// What our model is told of the client.
    told: Client,
    /// What was done to the files before, for the message.
    fix: Option<String>,
}

impl Run<'_> {
    fn batch(&mut self, count: u64) -> std::io::Result<()> {
        let files = generate::pattern_files(&mut self.random, self.libwrap.directory());
        let paths = (0..).map(|index| self.libwrap.directory().join(format!("patterns{index}")));
        let named: Vec<(PathBuf, Vec<u8>)> = paths.zip(files).collect();
        for (path, bytes) in &named {
            std::fs::write(path, bytes)?;
        }
        let mut cases = Vec::new();
        for _ in 0..count {
            let files = [0, 1].map(|_| generate::table(&mut self.random, self.libwrap.directory()));
            let tables = read(&files, &named);
            cases.extend(self.mended(&files, &tables));
            cases.extend(self.as_they_are(files, &tables));
        }
        let questions: Vec<Question> = cases.iter().map(|case| case.question.clone()).collect();
        for (case, answer) in cases.iter().zip(self.libwrap.ask(&questions)?) {
            self.judge(case, &answer);
        }
        Ok(())
    }

    /// One client of which all is known, and the same with some facts withheld.
    fn as_they_are(&mut self, files: Files, tables: &Tables) -> [Case; 2] {
        let client = generate::client(&mut self.random);
        let less = generate::forget(&mut self.random, &client);
        let question = Question { files, client: client.clone() };
        let case = |told| Case { question: question.clone(), tables: tables.clone(), told, fix: None };
        [case(client), case(less)]
    }

    /// The files after a fix, for one of the clients that it lets in.
    fn mended(&mut self, files: &Files, tables: &Tables) -> Option<Case> {
        let wanted = generate::wanted(&mut self.random);
        let (client, told) = generate::wanted_client(&mut self.random, &wanted);
        let mut order = Permit { daemon: told.daemon.clone(), ..Permit::new(vec![wanted]) };
        order.remove_exact_deny = self.random.bool();
        order.at_any_cost = self.random.bool();
        if self.random.bool() {
            order.mend = generate::some(&mut self.random, KINDS);
        }
        let fix = format!("after {} at {}, mending {:?}", order.patterns[0].word(), order.daemon, order.mend);
        match tables.permit(&order) {
            Ok(edited) => {
                let question = Question { files: after(files, &edited), client };
                Some(Case {
                    question,
                    tables: edited.after,
                    told,
                    fix: Some(format!("{fix}\n  before: {}", shown(files))),
                })
            }
            Err(refusal) => {
                self.report.disagreements.push(format!("{refusal}\n  {fix}\n  {}", shown(files)));
                None
            }
        }
    }

    fn judge(&mut self, case: &Case, theirs: &Answer) {
        let ours = case.tables.evaluate(&case.told);
        let question = &case.question;
        let shown = || {
            let fix = case.fix.as_deref().unwrap_or("as they are");
            format!("{:?}\n  {fix}\n  {}", question.client, shown(&question.files))
        };
        if case.fix.is_some() {
            self.report.compare(&shown(), &theirs.access, &Access::Granted);
        }
        if ours.access == Access::Unknown {
            *self.tally.entry(unknown(&ours, case.told == question.client)).or_default() += 1;
        } else {
            let (ours, theirs) = Said::both(&ours, &question.files, theirs);
            self.report.compare(&shown(), &ours, &theirs);
        }
    }
}

const KINDS: &[ProblemKind] = &[
    ProblemKind::MissingNewline,
    ProblemKind::TooLong,
    ProblemKind::ByteOrderMark,
    ProblemKind::SwallowedRule,
    ProblemKind::LiveComment,
    ProblemKind::DeadPattern,
    ProblemKind::BareIpv6,
    ProblemKind::BadOption,
];

/// Says what an unknown answer hangs on.
fn unknown(verdict: &Verdict, all_known: bool) -> String {
    let needs = verdict.doubts.iter().map(|doubt| format!("{:?}", doubt.need));
    let kinds: BTreeSet<String> = needs.map(|need| need.split('(').next().unwrap_or_default().to_owned()).collect();
    let kinds: Vec<String> = kinds.into_iter().collect();
    let what = if all_known { "all is known of the client" } else { "some facts are withheld" };
    format!("unknown, {what}: {}", kinds.first().map_or("", String::as_str))
}
