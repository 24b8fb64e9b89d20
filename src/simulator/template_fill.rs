//! Checks the parameters of a template as Meta does, and writes the message that the phone shows. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::graph_error::GraphError;
use super::template_list::{all, text};

const LONGEST_HEADER: usize = 60;
const LONGEST_BODY: usize = 1_024;
const LONGEST_PAYLOAD: usize = 128;

/// A filled template.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) header: Option<Value>,
    pub(super) body: String,
    pub(super) footer: Option<String>,
    pub(super) buttons: Vec<Value>,
    pub(super) category: String,
}

/// How a template names its variables.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    Positional,
    Named,
}

/// Components of a send by kind: header, body, and buttons by index.
#[derive(Default)]
struct Given<'a> {
    header: Vec<&'a Value>,
    body: Vec<&'a Value>,
    buttons: BTreeMap<usize, (&'a str, Vec<&'a Value>)>,
}

/// Fills the template that a send names.
pub(super) fn fill(send: &Value) -> Result<Filled, GraphError> {
    let name = text(send, "name");
    let language = send.pointer("/language/code").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(GraphError::parameter("The parameter template['name'] is required."));
    }
    if language.is_empty() {
        return Err(GraphError::parameter("The parameter template['language']['code'] is required."));
    }
    let template = all()
        .iter()
        .find(|template| text(template, "name") == name && text(template, "language") == language)
        .filter(|template| !matches!(text(template, "status"), "REJECTED" | "PENDING"))
        .ok_or_else(|| {
            GraphError::code(132_001, format!("template name ({name}) does not exist in {language}"))
        })?;
    match text(template, "status") {
        "PAUSED" => return Err(GraphError::stock(132_015, None)),
        "DISABLED" => return Err(GraphError::stock(132_016, None)),
        _ => {}
    }
    let given = sort_components(send.get("components"))?;
    let naming = match text(template, "parameter_format") {
        "NAMED" => Naming::Named,
        _ => Naming::Positional,
    };
    let mut filled = Filled {
        header: None,
        body: String::new(),
        footer: None,
        buttons: Vec::new(),
        category: text(template, "category").to_ascii_lowercase(),
    };
    let components =
        template.get("components").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for component in components {
        match text(component, "type") {
            "HEADER" => filled.header = Some(fill_header(component, &given.header, naming)?),
            "BODY" => filled.body = fill_text("body", component, &given.body, naming, LONGEST_BODY)?,
            "FOOTER" => filled.footer = Some(text(component, "text").to_owned()),
            "BUTTONS" => filled.buttons = fill_buttons(component, &given)?,
            _ => {}
        }
    }
    refuse_surplus(&filled, &given)?;
    Ok(filled)
}

/// Parameters for a part that the template does not have.
fn refuse_surplus(filled: &Filled, given: &Given<'_>) -> Result<(), GraphError> {
    if filled.header.is_none() && !given.header.is_empty() {
        return Err(count_error("header", given.header.len(), 0));
    }
    match given.buttons.keys().find(|index| **index >= filled.buttons.len()) {
        Some(index) => Err(GraphError::code(131_009, format!("Button at index {index} does not exist"))),
        None => Ok(()),
    }
}

fn sort_components(components: Option<&Value>) -> Result<Given<'_>, GraphError> {
    let mut given = Given::default();
    let list = match components {
        None | Some(Value::Null) => return Ok(given),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(GraphError::parameter("Param template['components'] must be an array.")),
    };
    for (position, component) in list.iter().enumerate() {
        let parameters: Vec<&Value> = component
            .get("parameters")
            .and_then(Value::as_array)
            .map(|list| list.iter().collect())
            .unwrap_or_default();
        // Clients write "BODY" as well as "body".
        match text(component, "type").to_ascii_lowercase().as_str() {
            "header" => given.header = parameters,
            "body" => given.body = parameters,
            "button" => {
                let index = component.get("index").and_then(|index| {
                    index
                        .as_u64()
                        .or_else(|| index.as_str()?.trim().parse().ok())
                        .and_then(|n| usize::try_from(n).ok())
                });
                let Some(index) = index else {
                    return Err(GraphError::code(
                        131_008,
                        format!("Button component {position} has no index"),
                    ));
                };
                given.buttons.insert(index, (text(component, "sub_type"), parameters));
            }
            "footer" | "limited_time_offer" | "carousel" => {}
            other => {
                return Err(GraphError::parameter(format!(
                    "Param template['components'][{position}]['type'] must be one of {{HEADER, BODY, BUTTON, \
                     CAROUSEL, LIMITED_TIME_OFFER}} - got \"{other}\"."
                )));
            }
        }
    }
    Ok(given)
}

/// Names between double braces, in order, each once.
pub(super) fn variables(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((name, tail)) = after.split_once("}}") else { break };
        let name = name.trim();
        if !found.contains(&name) {
            found.push(name);
        }
        rest = tail;
    }
    found
}

fn count_error(part: &str, given: usize, wanted: usize) -> GraphError {
    let details = format!(
        "{part}: number of localizable_params ({given}) does not match the expected number of params ({wanted})"
    );
    GraphError::code(132_000, details)
}

fn fill_text(
    part: &str,
    component: &Value,
    given: &[&Value],
    naming: Naming,
    longest: usize,
) -> Result<String, GraphError> {
    let source = text(component, "text");
    let wanted = variables(source);
    if wanted.len() != given.len() {
        return Err(count_error(part, given.len(), wanted.len()));
    }
    let mut values = BTreeMap::new();
    for (position, parameter) in given.iter().enumerate() {
        let named = naming == Naming::Named;
        let name = if named {
            text(parameter, "parameter_name")
        } else {
            wanted.get(position).copied().unwrap_or_default()
        };
        if named && name.is_empty() {
            return Err(GraphError::code(100, format!("{part}: Parameter name is missing or empty")));
        }
        if !wanted.contains(&name) || values.contains_key(name) {
            return Err(GraphError::code(100, format!("{part}: Parameter name {name} is not expected here")));
        }
        values.insert(name.to_owned(), parameter_text(part, parameter)?);
    }
    let filled = replace(source, &values);
    if filled.chars().count() > longest {
        return Err(GraphError::code(
            132_005,
            format!("{part}: text is longer than {longest} characters once filled"),
        ));
    }
    Ok(filled)
}

fn replace(source: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once("}}") else {
            out.push_str("{{");
            out.push_str(after);
            return out;
        };
        out.push_str(values.get(name.trim()).map_or("", String::as_str));
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn parameter_text(part: &str, parameter: &Value) -> Result<String, GraphError> {
    let kind = text(parameter, "type").to_ascii_lowercase();
    let value = match kind.as_str() {
        "text" => parameter.get("text").and_then(Value::as_str),
        "currency" => parameter.pointer("/currency/fallback_value").and_then(Value::as_str),
        "date_time" => parameter.pointer("/date_time/fallback_value").and_then(Value::as_str),
        other => {
            let details =
                format!("{part}: Format mismatch, expected TEXT, received {}", other.to_ascii_uppercase());
            return Err(GraphError::code(132_012, details));
        }
    };
    let value = value.unwrap_or_default();
    if value.trim().is_empty() {
        return Err(GraphError::code(
            131_008,
            format!("{part}: Parameter of type {kind} is missing text value"),
        ));
    }
    if value.contains(['\n', '\r', '\t']) || value.contains("     ") {
        let details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces";
        return Err(GraphError::code(132_018, details));
    }
    Ok(value.to_owned())
}

fn fill_header(component: &Value, given: &[&Value], naming: Naming) -> Result<Value, GraphError> {
    let format = text(component, "format");
    if format == "TEXT" {
        return Ok(
            json!({"type": "text", "text": fill_text("header", component, given, naming, LONGEST_HEADER)?}),
        );
    }
    let kind = format.to_ascii_lowercase();
    let [parameter] = given else { return Err(count_error("header", given.len(), 1)) };
    let received = text(parameter, "type").to_ascii_lowercase();
    let file = parameter.get(&kind).filter(|_| received == kind);
    let Some(file) = file else {
        let received = if received.is_empty() { "UNKNOWN".to_owned() } else { received.to_ascii_uppercase() };
        return Err(GraphError::code(
            132_012,
            format!("header: Format mismatch, expected {format}, received {received}"),
        ));
    };
    Ok(json!({"type": kind, kind.as_str(): file}))
}

fn fill_buttons(component: &Value, given: &Given<'_>) -> Result<Vec<Value>, GraphError> {
    let buttons = component.get("buttons").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    buttons.iter().enumerate().map(|(index, button)| fill_button(index, button, given)).collect()
}

fn fill_button(index: usize, button: &Value, given: &Given<'_>) -> Result<Value, GraphError> {
    let label = text(button, "text");
    let (sub_type, parameters) =
        given.buttons.get(&index).map_or(("", &[][..]), |(kind, list)| (*kind, list.as_slice()));
    let wanted = match text(button, "type") {
        "URL" => "url",
        "QUICK_REPLY" => "quick_reply",
        _ => "",
    };
    if !sub_type.is_empty() && !sub_type.eq_ignore_ascii_case(wanted) {
        return Err(GraphError::code(131_009, format!("Button at index {index} is not of type {sub_type}")));
    }
    let first = parameters.first();
    match wanted {
        "url" => {
            let address = text(button, "url");
            let variable = !variables(address).is_empty();
            let tail = first.map(|parameter| text(parameter, "text")).unwrap_or_default();
            if variable && tail.is_empty() {
                let details = format!("Button at index {index} of type Url requires a parameter");
                return Err(GraphError::code(131_008, details));
            }
            if !variable && first.is_some() {
                return Err(count_error("button", 1, 0));
            }
            let url = replace(address, &BTreeMap::from([("1".to_owned(), tail.to_owned())]));
            Ok(json!({"type": "url", "title": label, "url": url}))
        }
        "quick_reply" => {
            let payload =
                first.map(|parameter| text(parameter, "payload")).filter(|payload| !payload.is_empty());
            let payload = payload.unwrap_or(label);
            if payload.chars().count() > LONGEST_PAYLOAD {
                let story = format!(
                    "Param payload of button {index} must be at most {LONGEST_PAYLOAD} characters long."
                );
                return Err(GraphError::parameter(story));
            }
            Ok(json!({"type": "quick_reply", "title": label, "payload": payload}))
        }
        _ => Ok(json!({"type": "phone", "title": label, "phone_number": text(button, "phone_number")})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Value {
        values.iter().map(|value| json!({"type": "text", "text": value})).collect()
    }

    fn send(name: &str, language: &str, components: &Value) -> Value {
        json!({"name": name, "language": {"code": language}, "components": components})
    }

    #[test]
    fn a_positional_template_is_filled_whatever_the_case() {
        let filled = fill(&send("welcome_back", "fr", &json!([
            {"type": "BODY", "parameters": texts(&["Zoé", "votre colis"])},
            {"type": "button", "sub_type": "QUICK_REPLY", "index": "1", "parameters": [{"type": "payload", "payload": "no"}]},
        ])))
        .expect("filled");
        assert!(filled.body.starts_with("Bonjour Zoé, nous revenons vers vous au sujet de : votre colis."));
        assert_eq!(filled.buttons[0]["payload"], "Oui, reprenons");
        assert_eq!(filled.buttons[1]["payload"], "no");
        assert_eq!(filled.category, "utility");
    }

    #[test]
    fn a_named_template_takes_its_parameters_in_any_order() {
        let named = |name: &str, value: &str| json!({"type": "text", "parameter_name": name, "text": value});
        let filled = fill(&send("order_update", "en", &json!([
            {"type": "body", "parameters": [named("delivery_date", "Monday"), named("first_name", "Zoe")]},
            {"type": "header", "parameters": [named("order_number", "A-7")]},
            {"type": "button", "sub_type": "url", "index": 0, "parameters": [{"type": "text", "text": "A-7"}]},
        ])))
        .expect("filled");
        assert_eq!(filled.body, "Hello Zoe, your parcel is on its way and will arrive on Monday.");
        assert_eq!(filled.header.expect("header")["text"], "Order A-7");
        assert_eq!(filled.buttons[0]["url"], "https://example.com/track/A-7");
    }

    #[test]
    fn every_mistake_has_its_code() {
        let image = json!({"type": "header", "parameters": [{"type": "image", "image": {"link": "https://example.com/a.jpg"}}]});
        let cases: Vec<(&str, &str, Value, i64)> = vec![
            ("welcome_back", "de", json!([]), 132_001),
            ("nothing", "fr", json!([]), 132_001),
            ("delivery_survey", "en", json!([]), 132_001),
            ("satisfaction_survey", "fr", json!([]), 132_015),
            ("welcome_back", "fr", json!([]), 132_000),
            ("welcome_back", "fr", json!([{"type": "body", "parameters": texts(&["a"])}]), 132_000),
            ("welcome_back", "fr", json!([{"type": "body", "parameters": texts(&["a", "b", "c"])}]), 132_000),
            ("welcome_back", "fr", json!([{"type": "body", "parameters": texts(&["a", " "])}]), 131_008),
            ("welcome_back", "fr", json!([{"type": "body", "parameters": texts(&["a", "b\nc"])}]), 132_018),
            (
                "welcome_back",
                "fr",
                json!([{"type": "body", "parameters": texts(&["a", &"b".repeat(1_024)])}]),
                132_005,
            ),
            (
                "welcome_back",
                "fr",
                json!([{"type": "body", "parameters": [{"type": "image"}, {"type": "text", "text": "b"}]}]),
                132_012,
            ),
            ("welcome_back", "fr", json!([{"type": "tail"}]), 100),
            ("welcome_back", "fr", json!("body"), 100),
            ("order_update", "fr", json!([{"type": "header", "parameters": texts(&["A-1"])}]), 100),
            ("season_offer", "fr", json!([{"type": "body", "parameters": texts(&["a", "b"])}]), 132_000),
            ("season_offer", "fr", json!([{"type": "header", "parameters": texts(&["a"])}]), 132_012),
            (
                "season_offer",
                "fr",
                json!([image, {"type": "body", "parameters": texts(&["a", "b"])},
                {"type": "button", "sub_type": "url", "index": "0", "parameters": texts(&["x"])}]),
                132_000,
            ),
            (
                "season_offer",
                "fr",
                json!([image, {"type": "body", "parameters": texts(&["a", "b"])},
                {"type": "button", "sub_type": "url", "index": "7", "parameters": []}]),
                131_009,
            ),
            ("hello_world", "en_US", json!([{"type": "body", "parameters": texts(&["a"])}]), 132_000),
        ];
        for (name, language, components, code) in cases {
            let refusal = fill(&send(name, language, &components)).err().map(|error| error.number());
            assert_eq!(refusal, Some(code), "{name} {language} {components}");
        }
    }

    #[test]
    fn a_url_button_with_a_variable_needs_it() {
        let named = |name: &str| json!({"type": "text", "parameter_name": name, "text": "x"});
        let refusal = fill(&send(
            "order_update",
            "fr",
            &json!([
                {"type": "header", "parameters": [named("order_number")]},
                {"type": "body", "parameters": [named("first_name"), named("delivery_date")]},
            ]),
        ));
        assert_eq!(refusal.err().map(|error| error.number()), Some(131_008));
    }
}
