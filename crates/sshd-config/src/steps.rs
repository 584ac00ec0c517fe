//! Counts the steps of work that grows with the files, for the tests; nothing elsewhere.

#[cfg(test)]
thread_local! {
    static COUNT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts `number` steps.
#[cfg(test)]
pub(crate) fn add(number: usize) {
    COUNT.with(|count| count.set(count.get() + number));
}

/// Counts nothing.
#[cfg(not(test))]
pub(crate) const fn add(_: usize) {}

/// How many steps `work` takes.
#[cfg(test)]
pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (usize, T) {
    COUNT.with(|count| count.set(0));
    let result = work();
    (COUNT.with(std::cell::Cell::get), result)
}
