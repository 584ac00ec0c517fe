//! Causes that affect some connections and not others.

use sshmend_ssh_log::CauseName;

/// Causes that come and go: they count connections, or depend on what else the server is doing, or
/// on which of several machines answers. No number of successful connections excludes one.
const COME_AND_GO: [CauseName; 18] = [
    CauseName::BannedByOther,
    CauseName::ChildCrash,
    CauseName::ConntrackFull,
    CauseName::DeadBackend,
    CauseName::Fail2banBanned,
    CauseName::FileDescriptorLimit,
    CauseName::FirewallRejects,
    CauseName::HostUnreachable,
    CauseName::ListenQueueOverflow,
    CauseName::ListenerHung,
    CauseName::MaxStartups,
    CauseName::MiddleboxReset,
    CauseName::OutOfMemory,
    CauseName::PerSourceMaxStartups,
    CauseName::PerSourcePenalty,
    CauseName::ProcessLimit,
    CauseName::ReverseDnsSlow,
    CauseName::SocketConnectionLimit,
];

/// Whether a connection may meet the cause of this name that the one before did not meet.
pub(crate) fn comes_and_goes(cause: CauseName) -> bool {
    COME_AND_GO.contains(&cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Diagnosis;
    use crate::inquiry::diagnose;
    use crate::testing::{client_that_sees, closed, refused_by, says, works};
    use sshmend_facts::{Connections, Question};
    use sshmend_lossless::Dialled;

    fn seen(replies: &[Dialled]) -> Diagnosis {
        let question = Question::client("server", sshmend_facts::fixture::NOW);
        diagnose(&client_that_sees(&question, "", replies), &question)
    }

    #[test]
    fn working_connections_do_not_exclude_intermittent_causes() {
        let found = seen(&[works(), works(), works(), works(), works(), works()]);
        let connections = Connections { made: 5, worked: 5 };
        assert_eq!(found.connections, Some(connections));
        let not_now: Vec<_> = found.not_now.iter().map(|one| one.cause).collect();
        for cause in [
            CauseName::MaxStartups,
            CauseName::DeadBackend,
            CauseName::PerSourcePenalty,
        ] {
            assert!(not_now.contains(&cause), "{not_now:?}");
        }
        let excluded: Vec<_> = found.excluded.iter().map(|one| one.cause).collect();
        assert!(
            excluded.contains(&CauseName::SshdNotRunning),
            "{excluded:?}"
        );
        assert!(excluded.iter().all(|&cause| !comes_and_goes(cause)));
    }

    #[test]
    fn dropped_connections_are_counted_at_any_position() {
        let dropped = || says("Not allowed at this time\r\n");
        for replies in [
            [works(), dropped(), works(), works(), dropped()],
            [dropped(), works(), works(), dropped(), works()],
            [works(), works(), works(), closed(), closed()],
        ] {
            let found = seen(&replies);
            let connections = Connections { made: 5, worked: 3 };
            assert_eq!(found.connections, Some(connections));
            let first = &found.findings[0];
            assert_eq!(first.cause, CauseName::MaxStartups);
            assert!(first.summary.contains("2 of 5"), "{}", first.summary);
        }
    }

    #[test]
    fn a_constant_answer_is_requested_once() {
        let found = seen(&[refused_by(), works(), works()]);
        assert_eq!(found.connections, Some(Connections { made: 1, worked: 0 }));
    }
}
