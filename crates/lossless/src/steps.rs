//! A counter for tests of what work costs.

/// Makes the items of a module that counts the steps of work that grows with the input: `add(number)`, which counts in the
/// tests of the crate and does nothing elsewhere, and, in its tests, `of(work)`: how many steps `work` takes.
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

        /// How many steps `work` takes.
        #[cfg(test)]
        pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (usize, T) {
            COUNT.with(|count| count.set(0));
            let result = work();
            (COUNT.with(std::cell::Cell::get), result)
        }
    };
}
