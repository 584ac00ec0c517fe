//! What `MaxStartups` does to a connection, in numbers.

/// The value of `MaxStartups`: `begin:rate:full`, or one number for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxStartups {
    /// From this many connections that have not logged in on, new ones may be dropped.
    pub begin: u32,
    /// The chance of that at `begin`, in percent.
    pub rate: u32,
    /// From this many on every new one is dropped.
    pub full: u32,
}

impl MaxStartups {
    /// What is in force unless set, from 6.2 on.
    pub const DEFAULT: Self = Self {
        begin: 10,
        rate: 30,
        full: 100,
    };

    /// Reads a value; `None` for one that sshd refuses (servconf.c, `sMaxStartups`).
    pub fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<u32> = text
            .split(':')
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?;
        let own = match numbers[..] {
            [number] => Self {
                begin: number,
                rate: 100,
                full: number,
            },
            [begin, rate, full] => Self { begin, rate, full },
            _ => return None,
        };
        let valid = own.begin > 0 && own.full >= own.begin && (1..=100).contains(&own.rate);
        valid.then_some(own)
    }

    /// The chance, in percent, that a new connection is dropped while `pending` others wait for their login (sshd.c,
    /// `should_drop_connection`; its division leaves no remainder either).
    pub fn refusal(self, pending: u32) -> u32 {
        if pending < self.begin {
            return 0;
        }
        if pending >= self.full || self.rate >= 100 {
            return 100;
        }
        let rise = u64::from(100 - self.rate) * u64::from(pending - self.begin)
            / u64::from(self.full - self.begin);
        self.rate + u32::try_from(rise).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_rises_from_rate_to_certainty() {
        let cases = [
            (0, 0),
            (9, 0),
            (10, 30),
            (55, 65),
            (99, 99),
            (100, 100),
            (u32::MAX, 100),
        ];
        for (pending, expected) in cases {
            assert_eq!(
                MaxStartups::DEFAULT.refusal(pending),
                expected,
                "{pending} pending"
            );
        }
        assert_eq!(
            MaxStartups {
                begin: 10,
                rate: 100,
                full: 20
            }
            .refusal(10),
            100
        );
    }

    #[test]
    fn values_are_read_as_sshd_reads_them() {
        assert_eq!(MaxStartups::parse("10:30:100"), Some(MaxStartups::DEFAULT));
        assert_eq!(
            MaxStartups::parse("9").map(|own| (own.refusal(8), own.refusal(9))),
            Some((0, 100))
        );
        for bad in [
            "",
            "0",
            "10:30",
            "10:0:20",
            "10:101:20",
            "20:30:10",
            "a:b:c",
            "1:2:3:4",
            "-1",
        ] {
            assert_eq!(MaxStartups::parse(bad), None, "{bad}");
        }
    }
}
