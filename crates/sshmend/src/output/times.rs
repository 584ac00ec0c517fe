//! Times as people read them.

use jiff::Timestamp;
use sshmend_host::zone;

/// A moment in the zone of this machine.
pub(crate) fn moment(time: Timestamp) -> String {
    let zoned = time.to_zoned_datetime(zone());
    zoned.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The age for a person, in the largest unit alone.
pub(crate) fn age(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "min"), (1, "s")];
    match units.into_iter().find(|(length, _)| seconds >= *length) {
        None => "now".to_owned(),
        Some((length, unit)) => {
            let number = seconds / length;
            let plural = if number > 1 && length >= 3_600 {
                "s"
            } else {
                ""
            };
            format!("{number} {unit}{plural} ago")
        }
    }
}
