//! The rows of the benchmark.

mod alone;
mod logs;
mod row;

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::cost::Line;
use super::input::{Input, copying, host, known_hosts, reading, same, starting, text, write};
use super::outcome::Aim;
use crate::run;
use row::{Bench, READING, STARTING, nothing};

pub(super) use row::Row;

const DECADES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

const COPYING: &str = "a durable copy alone";
/// All rows, in the order of the page.
pub(super) fn all(program: &Path, folder: &Path) -> Vec<Row> {
    let bench = Rc::new(Bench {
        program: program.display().to_string(),
        folder: folder.to_owned(),
    });
    let mut rows = vec![
        find(&bench, true),
        find(&bench, false),
        remove_with_keygen(&bench),
        remove_with_ansible(&bench),
        remove_with_augtool(&bench),
        evaluate(&bench),
        effective(
            &bench,
            "MaxSessions 10\n",
            "what is in force, in short lines",
        ),
        with_blocks(&bench),
        set(&bench),
        jails(&bench),
        version(&bench),
    ];
    rows.extend(logs::rows(&bench));
    rows.extend(alone::growing(&bench));
    rows.extend(alone::everyday(&bench));
    rows
}

fn find(bench: &Rc<Bench>, hashed: bool) -> Row {
    let bench = Rc::clone(bench);
    let kind = if hashed { "hashed" } else { "plain" };
    Row {
        question: format!("find one host among {kind} lines of known_hosts"),
        theirs_name: "ssh-keygen -F".to_owned(),
        limit: READING,
        aim: Aim {
            faster: Some(if hashed { 15.0 } else { 5.0 }),
            megabytes: Some(32.0),
            ..Aim::default()
        },
        needs: &["ssh-keygen"],
        unit: "lines",
        sizes: DECADES.into(),
        prepare: Box::new(move |lines| {
            let file = bench.folder.join(format!("known_hosts-{kind}"));
            known_hosts(&file, lines, hashed)?;
            let (name, path) = (host(lines - 1), file.display().to_string());
            let ours = Line::new(&[
                &bench.program,
                "show",
                "known-hosts",
                &name,
                "--file",
                &path,
            ]);
            let theirs = Line::new(&["ssh-keygen", "-F", &name, "-f", &path]);
            let (one, other) = (ours.clone(), theirs.clone());
            Ok(Input {
                ours,
                theirs: Some(theirs),
                check: Box::new(move || {
                    let (ours, theirs) = (one.output()?, other.output()?);
                    let line = ours.split(':').nth(1).map(str::to_owned);
                    let found = theirs.lines().next().unwrap_or_default().trim();
                    let found = found.rsplit(' ').next().map(str::to_owned);
                    same(&line, &found)
                }),
                renew: nothing(),
                floor: Box::new(move || reading(&file)),
            })
        }),
    }
}

/// A row that takes one host out of known_hosts, and the file must be the same afterwards.
fn remove(
    bench: &Rc<Bench>,
    hashed: bool,
    sizes: Vec<usize>,
    (theirs_name, needs, aim): (&str, &'static [&'static str], Aim),
    theirs: impl Fn(&str, &str, usize) -> Line + 'static,
) -> Row {
    let bench = Rc::clone(bench);
    let kind = if hashed { "hashed" } else { "plain" };
    Row {
        question: format!("take one host out of {kind} lines of known_hosts"),
        theirs_name: theirs_name.to_owned(),
        limit: COPYING,
        aim,
        needs,
        unit: "lines",
        sizes,
        prepare: Box::new(move |lines| {
            let folder = bench.folder.join("remove");
            let (kept, file) = (folder.join("kept"), folder.join("known_hosts"));
            known_hosts(&kept, lines, hashed)?;
            let (number, path) = (lines / 2, file.display().to_string());
            let state = folder.join("state");
            let name = host(number);
            let ours = Line::new(&[
                &bench.program,
                "fix",
                "known-hosts",
                &name,
                "--offline",
                "--yes",
                "--file",
                &path,
                "--state",
                &state.display().to_string(),
            ]);
            let theirs = theirs(&name, &path, number + 1);
            let floor = kept.clone();
            let renew = move || {
                // A new inode: the old one may have a second name in the history.
                let _ = fs::remove_file(&file);
                let _ = fs::remove_dir_all(&state);
                fs::copy(&kept, &file).map(drop).map_err(text)
            };
            let (one, other, again) = (ours.clone(), theirs.clone(), renew.clone());
            Ok(Input {
                ours,
                theirs: Some(theirs),
                check: Box::new(move || {
                    let after = |line: &Line| {
                        again()?;
                        let said = line.output()?;
                        fs::read(&path).map_err(|error| format!("{error}: {said}"))
                    };
                    let (ours, theirs) = (after(&one)?, after(&other)?);
                    same(&(ours == theirs, ours.len()), &(true, theirs.len()))
                }),
                renew: Box::new(renew),
                floor: Box::new(move || copying(&floor)),
            })
        }),
    }
}

fn remove_with_keygen(bench: &Rc<Bench>) -> Row {
    let theirs = ("ssh-keygen -R", &["ssh-keygen"][..], Aim::faster(4.0));
    remove(bench, true, DECADES.into(), theirs, |name, path, _| {
        Line::new(&["ssh-keygen", "-R", name, "-f", path])
    })
}

fn remove_with_ansible(bench: &Rc<Bench>) -> Row {
    let aim = Aim {
        smaller: Some(4.0),
        ..Aim::faster(25.0)
    };
    let theirs = ("Ansible's known_hosts", &["ansible"][..], aim);
    remove(bench, false, DECADES.into(), theirs, |name, path, _| {
        let what = format!("name={name} path={path} state=absent");
        ansible("known_hosts", &what)
    })
}

fn remove_with_augtool(bench: &Rc<Bench>) -> Row {
    let theirs = ("augtool", &["augtool"][..], Aim::faster(100.0));
    let row = remove(
        bench,
        false,
        vec![1_000, 10_000],
        theirs,
        |_, path, number| {
            let script = format!(
                "set /augeas/load/Known_Hosts/lens Known_Hosts.lns\nset /augeas/load/Known_Hosts/incl {path}\nload\nrm \
             /files{path}/{number}\nsave\n"
            );
            let shell = "printf '%s' \"$1\" | augtool --noload --noautoload";
            Line::new(&["sh", "-c", shell, "sh", &script])
        },
    );
    Row {
        question: format!("{}, as a tree", row.question),
        ..row
    }
}

fn ansible(module: &str, what: &str) -> Line {
    Line::new(&[
        "ansible",
        "localhost",
        "-c",
        "local",
        "-m",
        module,
        "-a",
        what,
    ])
}

fn evaluate(bench: &Rc<Bench>) -> Row {
    let bench = Rc::clone(bench);
    Row {
        question: "may a client in, by rules of hosts.deny".to_owned(),
        theirs_name: "tcpdmatch".to_owned(),
        limit: READING,
        aim: Aim {
            faster: Some(5.0),
            megabytes: Some(64.0),
            ..Aim::default()
        },
        needs: &["tcpdmatch"],
        unit: "lines",
        sizes: DECADES.into(),
        prepare: Box::new(move |lines| {
            let root = bench.folder.join("wrappers");
            let etc = root.join("etc");
            let address = |number: usize| {
                let octets = (0x0a00_0000 + number as u32).to_be_bytes();
                octets.map(|octet| octet.to_string()).join(".")
            };
            let deny = etc.join("hosts.deny");
            write(&etc.join("hosts.allow"), 0, |_| String::new())?;
            write(&deny, lines, |number| {
                format!("sshd: {}\n", address(number))
            })?;
            let client = address(lines - 1);
            let root = root.display().to_string();
            let ours = Line::new(&[
                &bench.program,
                "show",
                "hosts-access",
                &client,
                "--root",
                &root,
            ]);
            let theirs =
                Line::new(&["tcpdmatch", "-d", "sshd", &client]).within(&etc.display().to_string());
            let (one, other) = (ours.clone(), theirs.clone());
            Ok(Input {
                ours,
                theirs: Some(theirs),
                check: Box::new(move || {
                    let (ours, theirs) = (one.output()?, other.output()?);
                    let denied = |said: &str| said.contains("access:   denied");
                    same(&(ours.contains(": denied"), true), &(true, denied(&theirs)))
                }),
                renew: nothing(),
                floor: Box::new(move || reading(&deny)),
            })
        }),
    }
}

/// A folder with a configuration, and the line that has sshd print it.
fn sshd(
    folder: &Path,
    lines: usize,
    line: impl Fn(usize) -> String,
) -> Result<(PathBuf, Line), String> {
    let directory = folder.join("disk/etc/ssh");
    let (file, key) = (directory.join("sshd_config"), directory.join("key"));
    write(&file, lines, line)?;
    if !key.exists() {
        let mut make = std::process::Command::new("ssh-keygen");
        make.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
        run::run(&mut make)?;
    }
    let (path, key) = (file.display().to_string(), key.display().to_string());
    Ok((
        file,
        Line::new(&["/usr/sbin/sshd", "-T", "-f", &path, "-h", &key]),
    ))
}

fn effective(bench: &Rc<Bench>, short: &'static str, question: &str) -> Row {
    let bench = Rc::clone(bench);
    Row {
        question: question.to_owned(),
        theirs_name: "sshd -T".to_owned(),
        limit: READING,
        aim: Aim {
            faster: Some(1.0),
            // Four bytes for each byte of it.
            megabytes: Some(128.0),
            ..Aim::default()
        },
        needs: &["sshd"],
        unit: "lines",
        // The last is 32 MB.
        sizes: [&DECADES[..], &[2_133_333]].concat(),
        prepare: Box::new(move |lines| {
            let (file, theirs) = sshd(&bench.folder, lines, |_| short.to_owned())?;
            let root = bench.folder.join("disk").display().to_string();
            let ours = Line::new(&[
                &bench.program,
                "show",
                "sshd-config",
                "--root",
                &root,
                "MaxSessions",
            ]);
            Ok(Input {
                check: same_value(&ours, &theirs, "maxsessions 10"),
                ours,
                theirs: Some(theirs),
                renew: nothing(),
                floor: Box::new(move || reading(&file)),
            })
        }),
    }
}

fn same_value(
    ours: &Line,
    theirs: &Line,
    value: &'static str,
) -> Box<dyn Fn() -> Result<(), String>> {
    let (ours, theirs) = (ours.clone(), theirs.clone());
    Box::new(move || {
        let says = |line: &Line| {
            let said = line.output()?;
            Ok::<_, String>(said.lines().any(|line| line.starts_with(value)))
        };
        same(&(says(&ours)?, true), &(true, says(&theirs)?))
    })
}

fn with_blocks(bench: &Rc<Bench>) -> Row {
    let bench = Rc::clone(bench);
    Row {
        question: "what is in force for a connection, with 200 Match blocks".to_owned(),
        theirs_name: "sshd -T -C".to_owned(),
        limit: STARTING,
        aim: Aim::default(),
        needs: &["sshd"],
        unit: "lines",
        sizes: vec![402],
        prepare: Box::new(move |_| {
            let block = |number: usize| match number {
                0 => "MaxStartups 10:30:100\nMaxSessions 10\n".to_owned(),
                _ => format!("Match User user{number}\n  MaxSessions {number}\n"),
            };
            let (_, mut theirs) = sshd(&bench.folder, 201, block)?;
            let spec = "user=user150,host=h,addr=192.0.2.1,laddr=192.0.2.2,lport=22";
            theirs.argv.extend(["-C".to_owned(), spec.to_owned()]);
            let root = bench.folder.join("disk").display().to_string();
            let ours = Line::new(&[
                &bench.program,
                "show",
                "sshd-config",
                "--connection",
                spec,
                "--root",
                &root,
            ]);
            Ok(Input {
                check: same_value(&ours, &theirs, "maxsessions 150"),
                ours,
                theirs: Some(theirs),
                renew: nothing(),
                floor: Box::new(starting),
            })
        }),
    }
}

fn set(bench: &Rc<Bench>) -> Row {
    let program = bench.program.clone();
    Row {
        question: "what a changed value would do, judged by sshd -t".to_owned(),
        theirs_name: "Ansible's lineinfile".to_owned(),
        limit: STARTING,
        aim: Aim::faster(10.0),
        needs: &["ansible", "sshd"],
        unit: "machine",
        sizes: vec![1],
        prepare: Box::new(move |_| {
            // The machine's own file, which neither changes in a dry run.
            let ours = Line::new(&[
                &program,
                "fix",
                "sshd-config",
                "MaxStartups=20:30:200",
                "--dry-run",
            ]);
            let mut theirs = ansible(
                "lineinfile",
                "path=/etc/ssh/sshd_config regexp='^#?MaxStartups' line='MaxStartups 20:30:200' validate='/usr/sbin/sshd -t \
                 -f %s'",
            );
            theirs.argv.extend(["--check", "--diff"].map(str::to_owned));
            let (one, other) = (ours.clone(), theirs.clone());
            Ok(Input {
                ours,
                theirs: Some(theirs),
                check: Box::new(move || {
                    let says = |line: &Line| {
                        Ok::<_, String>(line.output()?.contains("+MaxStartups 20:30:200"))
                    };
                    same(&(says(&one)?, true), &(true, says(&other)?))
                }),
                renew: nothing(),
                floor: Box::new(starting),
            })
        }),
    }
}

fn jails(bench: &Rc<Bench>) -> Row {
    let program = bench.program.clone();
    Row {
        question: "what the jails ignore".to_owned(),
        theirs_name: "fail2ban-client -d".to_owned(),
        limit: STARTING,
        aim: Aim::default(),
        needs: &["fail2ban-client"],
        unit: "machine",
        sizes: vec![1],
        prepare: Box::new(move |_| {
            Ok(Input {
                ours: Line::new(&[&program, "show", "fail2ban", "--root", "/"]),
                theirs: Some(Line::new(&["fail2ban-client", "-d"])),
                check: nothing(),
                renew: nothing(),
                floor: Box::new(starting),
            })
        }),
    }
}

fn version(bench: &Rc<Bench>) -> Row {
    let program = bench.program.clone();
    Row {
        question: "which version it is".to_owned(),
        theirs_name: "ssh -V".to_owned(),
        limit: STARTING,
        aim: Aim::faster(2.0),
        needs: &["ssh"],
        unit: "machine",
        sizes: vec![1],
        prepare: Box::new(move |_| {
            Ok(Input {
                ours: Line::new(&[&program, "--version"]),
                theirs: Some(Line::new(&["ssh", "-V"])),
                check: nothing(),
                renew: nothing(),
                floor: Box::new(starting),
            })
        }),
    }
}
