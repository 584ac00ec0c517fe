//! MaxStartups as a number: how likely a further connection is refused.

/// A value of MaxStartups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxStartups {
    /// From this many connections before login on, some are refused.
    pub begin: u32,
    /// The percentage that is refused then.
    pub rate: u32,
    /// From this many on, all are.
    pub full: u32,
}

impl MaxStartups {
    /// Parses `begin:rate:full`, or one number, which is both ends; `None` if sshd would reject it.
    pub fn parse(value: &str) -> Option<Self> {
        let numbers: Vec<u32> = value
            .split(':')
            .map(|part| part.trim().parse().ok())
            .collect::<Option<_>>()?;
        let found = match numbers[..] {
            [number] => Self {
                begin: number,
                rate: 30,
                full: number,
            },
            [begin, rate, full] => Self { begin, rate, full },
            _ => return None,
        };
        let valid =
            found.begin >= 1 && found.begin <= found.full && (1..=100).contains(&found.rate);
        valid.then_some(found)
    }

    /// The percentage of further connections that are refused while `pending` wait before login, as sshd computes it
    /// (`drop_connection` in sshd.c): in whole numbers, from the rate at the beginning to all at the end.
    pub fn refused_percent(self, pending: u32) -> u32 {
        let Self { begin, rate, full } = self;
        match pending {
            _ if pending < begin => 0,
            _ if pending >= full || rate == 100 => 100,
            _ => {
                let (steps, all) = (u64::from(pending - begin), u64::from(full - begin));
                let more = u64::from(100 - rate) * steps / all;
                rate + u32::try_from(more).unwrap_or(100 - rate)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drop_percentage_rises_from_the_rate_to_100() {
        let default = MaxStartups::parse("10:30:100").expect("the default");
        let found = [0, 9, 10, 55, 99, 100, 500].map(|pending| default.refused_percent(pending));
        assert_eq!(found, [0, 0, 30, 65, 99, 100, 100]);
        let single = MaxStartups::parse("9").expect("a number");
        assert_eq!(
            [8, 9].map(|pending| single.refused_percent(pending)),
            [0, 100]
        );
        assert_eq!(
            MaxStartups::parse("5:100:20")
                .expect("a value")
                .refused_percent(5),
            100
        );
    }

    #[test]
    fn refused_maxstartups_values_are_not_parsed() {
        for value in [
            "",
            "0",
            "10:30",
            "10:0:100",
            "10:101:100",
            "20:30:10",
            "a:b:c",
            "1:2:3:4",
        ] {
            assert_eq!(MaxStartups::parse(value), None, "{value}");
        }
    }
}
