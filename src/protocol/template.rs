//! How a pre-approved template looks on the wire: enough to draw its form.

use schemars::JsonSchema;
use serde::Serialize;

use super::Word;
use crate::domain::{HeaderFormat, ParameterFormat};

/// A template as the provider has it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Template<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its language, as the provider writes it.
    pub language: &'a str,
    /// `marketing`, `utility` or `authentication`.
    pub category: &'a str,
    /// The provider's word; only `approved` ones can be sent.
    pub status: &'a str,
    /// How parameters are named.
    pub parameter_format: Word<ParameterFormat>,
    /// The header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<TemplateHeader<'a>>,
    /// The body, with its parameters.
    pub body: &'a str,
    /// The keys of the body's values, in the order of the form.
    pub parameters: Vec<&'a str>,
    /// The line under the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<&'a str>,
    /// Buttons.
    pub buttons: Vec<TemplateButton<'a>>,
}

/// A template's header.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TemplateHeader<'a> {
    /// What it is.
    pub format: Word<HeaderFormat>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
    /// Whether its text has a parameter: send `header.text`. A file always needs `header.media_id`.
    pub parameters: Vec<&'a str>,
}

/// A button under a template.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TemplateButton<'a> {
    /// The provider's word for its sort.
    pub kind: &'a str,
    /// Its label.
    pub text: &'a str,
    /// Its address, with `{{1}}` where a value goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<&'a str>,
    /// Whether a value must be given under `buttons`.
    pub needs_value: bool,
}
