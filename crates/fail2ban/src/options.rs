//! The names of options, by who asks for them.

/// The options that fail2ban reads from `[Definition]` of `fail2ban.conf`.
pub(crate) const SERVER: &str =
    "socket pidfile loglevel logtarget syslogsocket allowipv6 dbfile dbmaxmatches dbpurgeage";
/// The options that it reads from every section of `jail.conf`, enabled or not.
pub(crate) const FIRST: &str = "enabled backend filter";
/// The options that it reads from an enabled jail.
pub(crate) const JAIL: &str = "maxretry maxmatches findtime bantime bantime.increment bantime.factor bantime.formula \
    bantime.multipliers bantime.maxtime bantime.rndtime bantime.overalljails ignorecommand ignoreself ignoreip \
    ignorecache logtimezone logencoding logpath action";
/// The options that it reads from an enabled jail since 1.1.1.
pub(crate) const LATER: &str = "skip_if_nologs systemd_if_nologs";
/// The options that it reads from a filter, and those of them that an enabled jail may override.
pub(crate) const FILTER: &str =
    "usedns prefregex ignoreregex failregex maxlines datepattern journalmatch";
/// The options that it reads from an action.
pub(crate) const ACTION: &str = "actionstart actionstart_on_demand actionstop actionflush actionreload actioncheck \
    actionrepair actionrepair_on_unban actionban actionprolong actionreban actionunban norestored";
/// Options that only other options refer to, but that people look for.
pub(crate) const ASKED: &str = "banaction banaction_allports port mode protocol chain usedns";
/// Options that people write in jails.
pub(crate) const FAMILIAR: &str = "action backend banaction banaction_allports bantime bantime.increment \
    bantime.maxtime chain destemail enabled failregex filter findtime ignorecommand ignoreip ignoreself logpath \
    maxretry mode port protocol usedns";
/// Options whose value is a number, a time or a truth value, and never contains a percent sign.
const NUMBERS: &str = "enabled backend maxretry maxmatches findtime bantime bantime.increment bantime.factor \
    bantime.maxtime bantime.rndtime bantime.overalljails ignoreself usedns maxlines loglevel allowipv6 dbmaxmatches \
    dbpurgeage stacksize";
/// The names of log levels.
const LOG_LEVELS: &str =
    "CRITICAL DEBUG ERROR FATAL HEAVYDEBUG INFO MSG NOTICE NOTSET TRACEDEBUG WARN WARNING";

/// The names in one of the lists.
pub(crate) fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split_ascii_whitespace()
}

/// Whether the value of an option is a number, a time or a truth value.
pub(crate) fn is_number(key: &str) -> bool {
    names(NUMBERS).any(|number| number == key)
}

/// `str2LogLevel`: a number or a name, in any case.
pub(crate) fn is_log_level(text: &str) -> bool {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number || names(LOG_LEVELS).any(|level| level == text.to_uppercase())
}

/// `_as_bool`
pub(crate) fn is_true(text: &str) -> bool {
    ["1", "on", "true", "yes"].contains(&text.to_lowercase().as_str())
}
