//! A counter for tests of the cost of work.

/// Defines a step counter for work that grows with the input: `add(number)` counts in the crate's
/// own tests and does nothing elsewhere; in tests, `of(work)` returns the number of steps that
/// `work` takes.
#[macro_export]
macro_rules! step_counter {
    () => {
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

        /// Counts the steps that `work` takes.
        #[cfg(test)]
        pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (usize, T) {
            COUNT.with(|count| count.set(0));
            let result = work();
            (COUNT.with(std::cell::Cell::get), result)
        }
    };
}
