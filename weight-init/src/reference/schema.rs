//! The grammar of an init_cfg as JSON Schema, for editors.

use serde_json::{Map, Value, json};
use weight_init_core::init_cfg::Types;
use weight_init_core::initializer::{Argument, ArgumentKind, Axes, Check, InitializerType};

use super::{first_paragraph, paragraphs, plain};

/// What [`Reference::to_json_schema`](super::Reference::to_json_schema) gives.
///
/// Keys that depend on the type stand in a definition for each type, so that a rule and an override share them.
pub(super) fn schema(types: Types<'_>) -> Value {
    let mut definitions = Map::new();
    for of in types {
        definitions.insert(of.name.to_owned(), arguments(of));
    }
    definitions.insert("Pretrained".to_owned(), pretrained());
    let names: Vec<_> = types.iter().map(|of| of.name).chain(["Pretrained"]).collect();
    let by_type: Vec<_> = names.iter().map(|name| if_type(name)).collect();
    let scoped = format!(r"\.({})(Init)?$", names.join("|"));
    let r#type = json!({
        "description": "The initializer; its name may have a scope, as in 'mmengine.Kaiming'",
        "anyOf": [{"enum": names}, {"type": "string", "pattern": scoped}],
    });
    definitions.insert("rule".to_owned(), rule(&r#type, &by_type));
    definitions.insert("override".to_owned(), overriding(&r#type, &by_type));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "init_cfg",
        "description": "Rules that initialize the weights of a model: one, or a list",
        "anyOf": [
            {"type": "null"},
            {"type": "object", "maxProperties": 0},
            {"$ref": "#/$defs/rule"},
            {"type": "array", "items": {"$ref": "#/$defs/rule"}},
        ],
        "$defs": definitions,
    })
}

fn rule(r#type: &Value, by_type: &[Value]) -> Value {
    json!({
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": r#type,
            "layer": names("Classes of layers, or direct bases of them"),
            "params": names("Globs over full names of parameters"),
            "override": {
                "description": "What writes children of the module in the rule's place",
                "anyOf": [
                    {"type": "null"},
                    {"$ref": "#/$defs/override"},
                    {"type": "array", "items": {"$ref": "#/$defs/override"}},
                ],
            },
            "extend": {
                "type": "boolean", "default": false,
                "description": "Whether the rule adds to the module's own; all rules of a list agree",
            },
            "_scope_": {"type": ["string", "null"]},
        },
        "allOf": by_type,
        "unevaluatedProperties": false,
    })
}

fn overriding(r#type: &Value, by_type: &[Value]) -> Value {
    json!({
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "description": "A child or alias of the module that holds the rule"},
            "type": r#type,
            "layer": names("Taken, and without effect"),
            "_scope_": {"type": ["string", "null"]},
        },
        // Nothing but a name takes type and arguments of the rule.
        "anyOf": [{"maxProperties": 1}, {"required": ["type"]}],
        "allOf": by_type,
        "unevaluatedProperties": false,
    })
}

fn names(description: &str) -> Value {
    json!({
        "description": description,
        "anyOf": [{"type": ["string", "null"]}, {"type": "array", "items": {"type": "string"}}],
    })
}

/// The definition of a type holds where the rule names it.
fn if_type(name: &str) -> Value {
    let pattern = format!(r"^(.*\.)?{name}(Init)?$");
    json!({
        "if": {"required": ["type"], "properties": {"type": {"pattern": pattern}}},
        "then": {"$ref": format!("#/$defs/{name}")},
    })
}

fn arguments(of: &InitializerType) -> Value {
    let mut properties = Map::new();
    for (index, argument) in of.arguments.iter().enumerate() {
        let mut schema = values(argument);
        if let Some(schema) = schema.as_object_mut() {
            let doc = plain(&paragraphs(argument.doc).join(" "));
            schema.insert("description".to_owned(), doc.into());
            if let Some(default) = of.default(index).filter(|_| !argument.needed) {
                let shown = argument.shown(default).to_string();
                // Numbers and truth values are spelt as in JSON, names are not.
                let default = serde_json::from_str(&shown).unwrap_or(Value::String(shown));
                schema.insert("default".to_owned(), default);
            }
        }
        properties.insert(argument.name.to_owned(), schema);
    }
    let bias =
        json!({"type": ["number", "boolean"], "default": 0, "description": "Value of the bias"});
    let probability = json!({
        "type": ["number", "null"], "exclusiveMinimum": 0, "exclusiveMaximum": 1,
        "description": "The bias is -ln((1 - p)/p)",
    });
    properties.insert("bias".to_owned(), bias);
    properties.insert("bias_prob".to_owned(), probability);
    let needed: Vec<_> = of.arguments.iter().filter(|argument| argument.needed).collect();
    let needed: Vec<_> = needed.iter().map(|argument| argument.name).collect();
    json!({
        "description": plain(&first_paragraph(of)), "properties": properties, "required": needed,
    })
}

fn pretrained() -> Value {
    let [_, _, description] = super::PRETRAINED;
    json!({
        "description": plain(description),
        "properties": {
            "checkpoint": {"type": "string", "description": "A path or an address"},
            "prefix": {"type": ["string", "null"], "description": "What is cut off the names; others are passed over"},
            "map_location": {"type": ["string", "null"], "description": "Taken, and without effect"},
            "key": {"type": ["string", "null"], "description": "The keys, joined by dots, that lead to the state dict"},
        },
        "required": ["checkpoint"],
    })
}

fn values(argument: &Argument) -> Value {
    match argument.kind {
        ArgumentKind::Number => number(argument.check),
        ArgumentKind::Count => {
            let least = u8::from(argument.check == Check::Positive);
            json!({"type": "integer", "minimum": least})
        }
        ArgumentKind::Flag => json!({"type": "boolean"}),
        ArgumentKind::Choice { names, any_case: false, .. } => json!({"enum": names}),
        ArgumentKind::Choice { names, any_case: true, .. } => {
            json!({"anyOf": [{"enum": names}, {"type": "string", "pattern": any_case(names)}]})
        }
        ArgumentKind::Axes => json!({"anyOf": [
            {"type": "integer"},
            {"type": "array", "items": {"type": "integer"}, "maxItems": Axes::MOST},
        ]}),
    }
}

/// Python's truth values are numbers; JSON has no infinite ones.
fn number(check: Check) -> Value {
    let kinds = ["number", "boolean"];
    match check {
        Check::Any => json!({"anyOf": [{"type": kinds}, {"enum": ["inf", "-inf"]}]}),
        Check::LowerBound => json!({"anyOf": [{"type": kinds}, {"const": "-inf"}]}),
        Check::UpperBound => json!({"anyOf": [{"type": kinds}, {"const": "inf"}]}),
        Check::Finite => json!({"type": kinds}),
        Check::NotNegative => json!({"type": kinds, "minimum": 0}),
        Check::Positive => json!({"type": kinds, "exclusiveMinimum": 0}),
        Check::Share => json!({"type": kinds, "minimum": 0, "maximum": 1}),
        Check::Probability => json!({"type": kinds, "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
    }
}

/// A pattern of the names in upper and lower case; JSON Schema has no flag for it.
fn any_case(names: &[&str]) -> String {
    let letter = |letter: char| match letter {
        'a'..='z' => format!("[{letter}{}]", letter.to_ascii_uppercase()),
        other => other.to_string(),
    };
    let names: Vec<String> = names.iter().map(|name| name.chars().map(letter).collect()).collect();
    format!("^({})$", names.join("|"))
}
