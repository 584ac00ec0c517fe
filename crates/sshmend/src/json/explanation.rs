//! `sshmend.explanation/1`.

use serde::Serialize;
use sshmend_diagnose::Cause;
use sshmend_plan::Negative;

/// `sshmend.explanation/1`: the causes in short, or one of them in full.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Explanation {
    /// Always `sshmend.explanation/1`.
    pub schema: &'static str,
    /// The causes; only one where it was asked for by its name.
    pub causes: Vec<Explained>,
    /// What is often blamed and cannot end a connection before the banner.
    pub refuted: Vec<Refuted>,
    /// How MaxStartups refuses, where that cause was asked for.
    pub max_startups: Option<Curve>,
}

/// A cause.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Explained {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line.
    pub title: &'static str,
    /// The whole explanation, in Markdown; null in the list.
    pub text: Option<String>,
}

/// What is often blamed.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Refuted {
    /// Its name.
    pub name: &'static str,
    /// Why it cannot be it.
    pub why: &'static str,
    /// The causes that it brings about.
    pub causes: Vec<&'static str>,
}

/// How likely a connection is refused.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Curve {
    /// The value, such as `10:30:100`.
    pub value: String,
    /// Pairs: while so many connections wait for their login, so many of a hundred new ones are refused.
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
    /// For the list.
    pub(crate) fn short(cause: &Cause) -> Self {
        Self {
            name: cause.name.as_str(),
            title: cause.title(),
            text: None,
        }
    }

    /// With all that there is to say.
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
