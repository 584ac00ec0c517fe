//! `sshmend.explanation/1`.

use serde::Serialize;
use sshmend_diagnose::Cause;
use sshmend_plan::Negative;

/// `sshmend.explanation/1`: the causes in short, or one of them in full.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Explanation {
    /// Always `sshmend.explanation/1`.
    pub schema: &'static str,
    /// The causes; only one if it was asked for by its name.
    pub causes: Vec<Explained>,
    /// What is often blamed and cannot end a connection before the banner.
    pub refuted: Vec<Refuted>,
    /// The refusal curve of MaxStartups, if that cause was asked for.
    pub max_startups: Option<Curve>,
}

/// A cause.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Explained {
    /// Its name.
    pub name: &'static str,
    /// The title, in one line.
    pub title: &'static str,
    /// The whole explanation, in Markdown; null in the list.
    pub text: Option<String>,
}

/// A suspect that is often blamed wrongly.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Refuted {
    /// Its name.
    pub name: &'static str,
    /// The reason why it is excluded.
    pub why: &'static str,
    /// The causes that it can bring about.
    pub causes: Vec<&'static str>,
}

/// The likelihood that a connection is refused.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Curve {
    /// The value, such as `10:30:100`.
    pub value: String,
    /// Pairs: the number of connections waiting for login, and the percentage of new ones refused
    /// then.
    pub refused_percent: Vec<(u32, u32)>,
}

impl Default for Explanation {
    fn default() -> Self {
        Self {
            schema: "sshmend.explanation/1",
            causes: Vec::new(),
            refuted: Vec::new(),
            max_startups: None,
        }
    }
}

impl Explained {
    /// The short form for the list.
    pub(crate) fn short(cause: &Cause) -> Self {
        Self {
            name: cause.name.as_str(),
            title: cause.title(),
            text: None,
        }
    }

    /// With all details.
    pub(crate) fn full(cause: &Cause) -> Self {
        Self {
            text: Some(cause.explain()),
            ..Self::short(cause)
        }
    }
}

impl From<&Negative> for Refuted {
    fn from(negative: &Negative) -> Self {
        Self {
            name: negative.name,
            why: negative.why,
            causes: negative.causes.iter().map(|cause| cause.as_str()).collect(),
        }
    }
}
