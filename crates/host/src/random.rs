//! Random bytes from the kernel.

use rustix::rand::{GetRandomFlags, getrandom};

/// Fresh random bytes, suitable for salts.
///
/// # Errors
/// If the kernel cannot provide any; the text is its reason.
pub fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    match getrandom(&mut bytes, GetRandomFlags::empty()) {
        Ok(length) if length == N => Ok(bytes),
        Ok(_) => Err("getrandom gave too few bytes".to_owned()),
        Err(errno) => Err(format!("getrandom: {errno}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_salts_differ() {
        assert_ne!(random::<20>(), random::<20>());
    }
}
