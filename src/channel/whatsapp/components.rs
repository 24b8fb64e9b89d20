//! A filled template in Meta's words: a component for the header, the body and each button that takes a value.

use serde_json::{Value, json};

use crate::domain::{HeaderFormat, ParameterFormat, Template, TemplateValues};

/// The template part of a send. `header` is the uploaded file of the header, with its name.
pub(super) fn template(template: &Template, values: &TemplateValues, header: Option<(&str, &str)>) -> Value {
    let mut components = Vec::new();
    components.extend(header_of(template, values, header));
    components.extend(body(template, values));
    for (position, button) in template.buttons.iter().enumerate() {
        if let Some((sub_type, parameter)) = button_value(&button.kind, position, values) {
            components.push(json!({
                "type": "button", "sub_type": sub_type, "index": position.to_string(), "parameters": [parameter],
            }));
        }
    }
    let mut filled = json!({ "name": values.name, "language": { "code": values.language } });
    if let (false, Some(filled)) = (components.is_empty(), filled.as_object_mut()) {
        filled.insert("components".into(), components.into());
    }
    filled
}

fn header_of(template: &Template, values: &TemplateValues, file: Option<(&str, &str)>) -> Option<Value> {
    let parameter = match template.header_format? {
        HeaderFormat::Text => {
            let value = values.header_text.as_deref()?;
            text(template.parameter_format, first_parameter(template.header.as_deref()?)?, value)
        }
        HeaderFormat::Image => json!({ "type": "image", "image": { "id": file?.0 } }),
        HeaderFormat::Video => json!({ "type": "video", "video": { "id": file?.0 } }),
        HeaderFormat::Document => {
            json!({ "type": "document", "document": { "id": file?.0, "filename": file?.1 } })
        }
        HeaderFormat::Location => return None,
    };
    Some(json!({ "type": "header", "parameters": [parameter] }))
}

fn body(template: &Template, values: &TemplateValues) -> Option<Value> {
    let mut names = template.parameters();
    if template.parameter_format == ParameterFormat::Positional {
        // By number, in whatever order the text has them.
        names.sort_by_key(|name| name.parse::<u32>().unwrap_or(u32::MAX));
    }
    let parameters: Vec<Value> = names
        .into_iter()
        .map(|name| {
            text(template.parameter_format, name, values.parameters.get(name).map_or("", String::as_str))
        })
        .collect();
    (!parameters.is_empty()).then(|| json!({ "type": "body", "parameters": parameters }))
}

fn text(format: ParameterFormat, name: &str, value: &str) -> Value {
    match format {
        ParameterFormat::Positional => json!({ "type": "text", "text": value }),
        ParameterFormat::Named => json!({ "type": "text", "parameter_name": name, "text": value }),
    }
}

/// What a button takes, if it takes anything.
fn button_value(kind: &str, position: usize, values: &TemplateValues) -> Option<(&'static str, Value)> {
    let given = values.buttons.get(&position.to_string()).map(String::as_str);
    match kind {
        "url" => Some(("url", json!({ "type": "text", "text": given? }))),
        "quick_reply" => Some(("quick_reply", json!({ "type": "payload", "payload": given? }))),
        "copy_code" => Some(("copy_code", json!({ "type": "coupon_code", "coupon_code": given? }))),
        "flow" => Some(("flow", json!({ "type": "action", "action": { "flow_token": given? } }))),
        // A code's button repeats the code, which is the body's only value.
        "otp" => {
            let code = given.or_else(|| values.parameters.get("1").map(String::as_str))?;
            Some(("url", json!({ "type": "text", "text": code })))
        }
        _ => None,
    }
}

fn first_parameter(text: &str) -> Option<&str> {
    Some(text.split_once("{{")?.1.split_once("}}")?.0.trim())
}
