//! The names of the causes are a contract: none is lost, none is renamed.

use std::collections::BTreeSet;

use crate::causes::CAUSES;

const NAMES: &str = "
    max-startups per-source-max-startups per-source-penalty hosts-access-denied hosts-deny-malformed hosts-deny-owned
    hosts-access-option-invalid refuse-connection user-not-allowed max-auth-tries login-grace-time client-alive-timeout
    max-sessions ip-options not-an-ssh-client client-vanished algorithm-mismatch
    sshd-not-running sshd-config-invalid host-keys-missing host-keys-permissions privsep-directory privsep-user-missing
    port-in-use sshd-helper-missing sshd-stale-after-upgrade library-mismatch process-limit file-descriptor-limit
    out-of-memory disk-full child-crash listener-hung mandatory-access-denied reverse-dns-slow
    socket-trigger-limit socket-connection-limit service-start-failure dead-backend still-booting
    fail2ban-banned banned-by-other firewall-rejects conntrack-full listen-queue-overflow mtu-black-hole middlebox-reset
    nat-idle-timeout address-conflict host-unreachable name-not-resolved
    proxy-failed wrong-service too-many-keys host-key-changed host-key-unknown multiplex-stale client-config-invalid
    client-parallelism health-check-penalised address-family
    libwrap-not-linked setting-shadowed ban-not-lifted file-owned-by evidence-hidden";

#[test]
fn every_name_of_the_contract_stands_for_exactly_one_cause() {
    let contract: Vec<&str> = NAMES.split_whitespace().collect();
    let mut names: Vec<&str> = CAUSES.iter().map(|cause| cause.name).collect();
    names.sort_unstable();
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(unique.len(), names.len(), "a name stands twice");
    assert_eq!(unique, contract.into_iter().collect());
}

#[test]
fn every_cause_that_a_log_or_transcript_names_can_be_explained() {
    for name in sshmend_ssh_log::causes() {
        assert!(crate::cause(name).is_some(), "{name}");
    }
}

#[test]
fn every_explanation_says_how_it_is_known_mended_and_told_apart() {
    for cause in CAUSES {
        let has = |words: &[&str]| words.iter().any(|word| cause.explain.contains(word));
        assert!(
            has(&[
                "**Known",
                "**Certain",
                "**Likely",
                "**Suspected",
                "**Only suspected"
            ]),
            "{}",
            cause.name
        );
        assert!(has(&["**Mended"]), "{}", cause.name);
        assert!(has(&["**It is no"]), "{}", cause.name);
        assert!(
            !cause.title.ends_with('.') && !cause.title.contains('\n'),
            "{}",
            cause.name
        );
    }
}

#[test]
fn what_is_blamed_without_cause_brings_about_later_causes_only() {
    for negative in sshmend_plan::NEGATIVES {
        for name in negative.causes {
            let cause = crate::cause(name).expect("a cause");
            let later = cause.gate > crate::Gate::Wrappers || *name == "evidence-hidden";
            assert!(later, "{} cannot act before the banner", cause.name);
        }
    }
}
