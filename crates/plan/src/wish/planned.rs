//! The planner for each kind of wish.

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;
use sshmend_facts::{Facts, Service};
use sshmend_fail2ban::{Address, Parsed};
use sshmend_hosts_access::{HOSTS_ALLOW, HOSTS_DENY, Wanted};
use sshmend_lossless::{Origin, Snapshot};
use sshmend_sshd_config::Place;

use super::{KnownHostsOf, SshdSource, Wish};
use crate::access::protect;
use crate::configuration::Configuration;
use crate::context::{Context, Ends};
use crate::fail2ban::{Fail2banWish, fail2ban, fail2ban_mend, fail2ban_retire, fail2ban_unignore};
use crate::host_keys::{HostKeysWish, host_keys};
use crate::hosts_access::{HostsAccessOrder, HostsAccessWish, hosts_access};
use crate::known_hosts::{KnownHostsWish, known_hosts, known_hosts_in_turn};
use crate::log_level::{ForAWhile, log_level};
use crate::plan::{Plan, Refusal};
use crate::privsep_directory::{PrivsepWish, privsep_directory};
use crate::reload::listen_addresses;
use crate::service::{ServiceWish, service, without_unit_lines};
use crate::sshd_config::{SshdConfigWish, sshd_config};
use crate::when::When;

/// The file that holds the machine's name.
const HOSTNAME: &str = "/etc/hostname";

impl Wish {
    /// Plans the wish on the snapshot. While a lookup is unanswered the result is meaningless.
    ///
    /// # Errors
    /// The reason why it is impossible or must not be done, or which part of it is invalid.
    pub fn plan(&self, snapshot: &Snapshot, context: &Context<'_>) -> Result<Plan, Refusal> {
        let planner = Planner { snapshot, context };
        match self {
            Self::SshdConfig {
                settings,
                drop_in,
                source,
            } => {
                let place = if *drop_in { Place::DropIn } else { Place::Best };
                planner.sshd_config(source, |nothing| SshdConfigWish {
                    settings: settings.clone(),
                    place,
                    ..nothing
                })
            }
            Self::Unset { keys, source } => planner.sshd_config(source, |nothing| SshdConfigWish {
                unset: keys.clone(),
                ..nothing
            }),
            Self::CommentOut { lines, source } => {
                planner.sshd_config(source, |nothing| SshdConfigWish {
                    comment_out: lines.clone(),
                    ..nothing
                })
            }
            Self::LogLevel {
                level,
                lasts,
                source,
            } => {
                let time = ForAWhile {
                    lasts: *lasts,
                    live: context.is_live(),
                    root: context.root(),
                };
                planner.of_configuration(source, |_, nothing| {
                    log_level(snapshot, &nothing, level, time)
                })
            }
            Self::KnownHosts(of) => planner.known_hosts(of),
            Self::Allow {
                patterns,
                remove_deny,
                daemon,
            } => planner.allow(patterns, *remove_deny, daemon),
            Self::MendWrappers { lines, daemon } => planner.mend_wrappers(lines, daemon),
            Self::Ignore {
                addresses,
                jails,
                until,
            } => planner.ignore(addresses, jails, until.as_deref()),
            Self::MendFail2ban { lines } => {
                fail2ban_mend(snapshot, lines, context.is_live(), context.now())
            }
            Self::HostKeys { source } => planner.host_keys(source),
            Self::PrivsepDirectory => {
                let source = SshdSource::default();
                planner.of_service(&source, |configuration, service| {
                    let wish = PrivsepWish {
                        service,
                        sshd: &configuration.sshd,
                        addresses: listen_addresses(&configuration.effective(snapshot)),
                    };
                    privsep_directory(snapshot, &wish)
                })
            }
            Self::Service { restart } => planner.start_sshd(*restart, service),
            Self::WithoutUnitLines { lines } => {
                planner.start_sshd(false, |wish| without_unit_lines(snapshot, wish, lines))
            }
        }
    }

    /// Plans the keys of many hosts, each on the machine as the plans before it leave it: what
    /// [`Wish::plan`] returns for one after another, in much less time if there are many. After one
    /// that is invalid none is planned.
    pub fn plan_known_hosts(
        of: &[KnownHostsOf],
        snapshot: &Snapshot,
        context: &Context<'_>,
    ) -> Vec<Result<Plan, Refusal>> {
        Planner { snapshot, context }.known_hosts_in_turn(of)
    }

    /// Plans that the rules go that let exactly this client in.
    ///
    /// # Errors
    /// As for [`Wish::plan`].
    pub fn withdraw(
        pattern: &str,
        daemon: &str,
        snapshot: &Snapshot,
        context: &Context<'_>,
    ) -> Result<Plan, Refusal> {
        let order = HostsAccessOrder::Withdraw(vec![client(pattern)?]);
        Planner { snapshot, context }.hosts_access(order, daemon)
    }

    /// Plans that these jails exempt an address no longer.
    ///
    /// # Errors
    /// As for [`Wish::plan`].
    pub fn unignore(
        word: &str,
        jails: &[String],
        snapshot: &Snapshot,
        context: &Context<'_>,
    ) -> Result<Plan, Refusal> {
        let addresses = [address(word)?.address];
        let (live, now) = (context.is_live(), context.now());
        fail2ban_unignore(snapshot, &addresses, jails, live, now)
    }
}

/// The inputs of planning.
#[derive(Clone, Copy)]
struct Planner<'p> {
    snapshot: &'p Snapshot,
    context: &'p Context<'p>,
}

impl Planner<'_> {
    /// A change of sshd_config, with its effect on those who must not lose access.
    fn sshd_config(
        self,
        source: &SshdSource,
        wanted: impl FnOnce(SshdConfigWish<'_>) -> SshdConfigWish<'_>,
    ) -> Result<Plan, Refusal> {
        // Whom the change is judged for is known already: these programs run beside `sshd -V`.
        self.context.person.look_up_accounts(self.snapshot);
        self.of_configuration(source, |configuration, nothing| {
            let mut plan = sshd_config(self.snapshot, &wanted(nothing))?;
            protect(self.snapshot, configuration, &mut plan, self.context);
            Ok(plan)
        })
    }

    /// A plan for one configuration, with a notice if it is one of several. `judge` receives a wish
    /// without settings.
    fn of_configuration(
        self,
        source: &SshdSource,
        judge: impl FnOnce(&Configuration, SshdConfigWish<'_>) -> Result<Plan, Refusal>,
    ) -> Result<Plan, Refusal> {
        // Nothing is planned from incomplete files.
        let Some(configuration) = self.snapshot.once_answered(|| self.configuration(source)) else {
            return Ok(Plan::default());
        };
        let configuration = configuration?;
        let nothing = SshdConfigWish {
            settings: Vec::new(),
            comment_out: Vec::new(),
            unset: Vec::new(),
            place: Place::Best,
            main: &configuration.main,
            overrides: &configuration.overrides(),
            release: configuration.release,
            reading: configuration.reading(),
            sshd: &configuration.sshd,
            model_alone: !self.context.is_live(),
            readings: &configuration.readings,
        };
        let mut plan = judge(&configuration, nothing)?;
        plan.notices.extend(configuration.choice_notice());
        Ok(plan)
    }

    fn configuration(self, source: &SshdSource) -> Result<Configuration, Refusal> {
        let read = Configuration::read(self.snapshot, &self.context.question, source)?;
        Ok(Configuration {
            readings: self.context.readings.clone(),
            ..read
        })
    }

    /// A plan about sshd and its service, once both are known.
    fn of_service(
        self,
        source: &SshdSource,
        judge: impl FnOnce(&Configuration, &Service) -> Result<Plan, Refusal>,
    ) -> Result<Plan, Refusal> {
        let known = self.snapshot.once_answered(|| {
            let configuration = self.configuration(source)?;
            let service = Service::read(self.snapshot, &self.context.question);
            Ok((configuration, service))
        });
        match known {
            Some(known) => {
                known.and_then(|(configuration, service)| judge(&configuration, &service))
            }
            None => Ok(Plan::default()),
        }
    }

    /// A plan that starts sshd, assuming the repairs of earlier plans.
    fn start_sshd(
        self,
        restart: bool,
        judge: impl FnOnce(&ServiceWish<'_>) -> Result<Plan, Refusal>,
    ) -> Result<Plan, Refusal> {
        if !self.context.is_live() {
            let facts = Facts::new(self.snapshot, &self.context.question);
            return Err(Refusal::refused(
                "no service of a mounted disk can be started",
                format!(
                    "systemctl --root={} enable {} has it started at its next boot",
                    self.context.root(),
                    facts.unit_on_disk()
                ),
            ));
        }
        self.of_service(&SshdSource::default(), |configuration, service| {
            judge(&ServiceWish {
                service: &self.context.mended.applied_to(service.clone()),
                sshd: &configuration.sshd,
                addresses: listen_addresses(&configuration.effective(self.snapshot)),
                restart,
            })
        })
    }

    fn host_keys(self, source: &SshdSource) -> Result<Plan, Refusal> {
        let comment = format!("root@{}", self.hostname());
        self.of_service(source, |configuration, service| {
            let wish = HostKeysWish {
                effective: &configuration.effective(self.snapshot),
                sshd: &configuration.sshd,
                service,
                live: self.context.is_live(),
            };
            host_keys(self.snapshot, &wish, &mut |kind| {
                self.context.source.key_pair(kind, &comment)
            })
        })
    }

    /// The name of the machine that keys are for.
    fn hostname(self) -> String {
        if self.context.is_live() {
            return self.context.hostname.clone();
        }
        let file = self.snapshot.read(Path::new(HOSTNAME)).ok().flatten();
        let text = file.map(|file| String::from_utf8_lossy(&file.bytes).trim().to_owned());
        text.unwrap_or_default()
    }

    fn known_hosts(self, of: &KnownHostsOf) -> Result<Plan, Refusal> {
        let wish = KnownHostsWish::of(of, self.context)?;
        self.salted(|salt| known_hosts(self.snapshot, &wish, salt))?
    }

    fn known_hosts_in_turn(self, all: &[KnownHostsOf]) -> Vec<Result<Plan, Refusal>> {
        let (mut wishes, mut invalid) = (Vec::new(), None);
        for of in all {
            match KnownHostsWish::of(of, self.context) {
                Ok(wish) => wishes.push(wish),
                Err(refusal) => {
                    invalid = Some(Err(refusal));
                    break;
                }
            }
        }
        let planned = self.salted(|salt| known_hosts_in_turn(self.snapshot, &wishes, salt));
        let planned = planned.unwrap_or_else(|refusal| vec![Err(refusal)]);
        planned.into_iter().chain(invalid).collect()
    }

    /// The result of `plan`, which is given fresh random bytes for each name that is hashed.
    fn salted<T>(self, plan: impl FnOnce(&mut dyn FnMut() -> [u8; 20]) -> T) -> Result<T, Refusal> {
        let mut failed = None;
        let mut salt = || {
            self.context.source.salt().unwrap_or_else(|why| {
                failed = Some(why);
                [0; 20]
            })
        };
        let planned = plan(&mut salt);
        match failed {
            Some(why) => Err(Refusal::plain(format!("no random bytes: {why}"))),
            None => Ok(planned),
        }
    }

    fn allow(self, patterns: &[String], remove_deny: bool, daemon: &str) -> Result<Plan, Refusal> {
        let (mut clients, mut words) = (Vec::new(), HashSet::new());
        for pattern in patterns {
            let client = client(pattern)?;
            // With and without brackets it is one network.
            if words.insert(client.word().to_owned()) {
                clients.push(client);
            }
        }
        let order = HostsAccessOrder::Allow {
            patterns: clients,
            remove_deny,
        };
        self.hosts_access(order, daemon)
    }

    fn mend_wrappers(self, lines: &[Origin], daemon: &str) -> Result<Plan, Refusal> {
        let lines: Vec<Origin> = lines
            .iter()
            .map(|named| self.line_of_a_table(named))
            .collect::<Result<_, _>>()?;
        let order = if lines.is_empty() {
            HostsAccessOrder::List
        } else {
            HostsAccessOrder::Mend(lines)
        };
        self.hosts_access(order, daemon)
    }

    fn hosts_access(self, order: HostsAccessOrder, daemon: &str) -> Result<Plan, Refusal> {
        let wish = HostsAccessWish {
            order,
            daemon: daemon.to_owned(),
            person: &self.context.person,
            flags: self.context.flags.clone(),
            live: self.context.is_live(),
        };
        hosts_access(self.snapshot, &wish)
    }

    /// A line of one of the two tables, which may be named by its path, by that below `--root`, or
    /// by its name alone.
    fn line_of_a_table(self, named: &Origin) -> Result<Origin, Refusal> {
        let is_meant = |table: &&str| {
            let name = table.trim_start_matches("/etc/");
            named.path == Path::new(table)
                || named.path == Path::new(name)
                || (!self.context.is_live() && named.path.ends_with(table.trim_start_matches('/')))
        };
        match [HOSTS_ALLOW, HOSTS_DENY].into_iter().find(is_meant) {
            Some(table) => Ok(Origin::new(table, named.line)),
            None => Err(Refusal::refused(
                format!("`{named}` does not name a line of hosts.allow or hosts.deny"),
                format!("write it as {HOSTS_DENY}:3; --mend without lines lists them"),
            )),
        }
    }

    /// An exemption; an expired one is removed if it is the policy that ends it.
    fn ignore(
        self,
        addresses: &[String],
        jails: &[String],
        until: Option<&str>,
    ) -> Result<Plan, Refusal> {
        let (live, now) = (self.context.is_live(), self.context.now());
        let until = until.map(|text| self.end(text)).transpose()?;
        let is_over = until.is_some_and(|until| until <= now);
        let by_timer = self.context.ends == Ends::ByTimer;
        match until.filter(|_| is_over) {
            Some(until) if by_timer => {
                return Err(Refusal::plain(format!("{until} is in the past")));
            }
            Some(_) => return fail2ban_retire(self.snapshot, live, now),
            None => {}
        }
        let wish = Fail2banWish {
            addresses: addresses
                .iter()
                .map(|text| address(text))
                .collect::<Result<_, _>>()?,
            jails: jails.to_vec(),
            until,
            now,
            live,
        };
        let plan = fail2ban(self.snapshot, &wish)?;
        Ok(match until.filter(|_| by_timer && live) {
            Some(until) if !plan.changes_nothing() => plan.until(until, now),
            _ => plan,
        })
    }

    fn end(self, text: &str) -> Result<Timestamp, Refusal> {
        let zone = self.context.question.zone.clone();
        When::end_of(text, zone)
            .ok_or_else(|| Refusal::refused(format!("not a time: {text}"), When::FORMS))
    }
}

fn client(text: &str) -> Result<Wanted, Refusal> {
    Wanted::parse(text).map_err(|error| Refusal::refused(error.to_string(), error.hint()))
}

fn address(text: &str) -> Result<Parsed, Refusal> {
    Address::parse(text).map_err(|error| Refusal::refused(error.to_string(), error.hint()))
}

#[cfg(test)]
mod tests;
