//! An optimizer of PyTorch's as torch-parity has it.

use serde_json::{Map, Value};

use super::sketch::{Group, Model};

/// An optimizer's class, its type, and its settings with PyTorch's defaults.
type Known = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const ADAM: &[(&str, &str)] = &[
    ("lr", "0.001"),
    ("betas", "(0.9, 0.999)"),
    ("eps", "1e-8"),
    ("weight_decay", "0.0"),
    ("amsgrad", "false"),
    ("maximize", "false"),
];

const KNOWN: [Known; 7] = [
    ("Adam", "Adam", ADAM),
    ("AdamW", "AdamW", &[ADAM[0], ADAM[1], ADAM[2], ("weight_decay", "0.01"), ADAM[4], ADAM[5]]),
    (
        "SGD",
        "Sgd",
        &[
            ("lr", "0.001"),
            ("momentum", "0.0"),
            ("dampening", "0.0"),
            ("weight_decay", "0.0"),
            ("nesterov", "false"),
            ("maximize", "false"),
        ],
    ),
    (
        "RMSprop",
        "RmsProp",
        &[
            ("lr", "0.01"),
            ("momentum", "0.0"),
            ("alpha", "0.99"),
            ("eps", "1e-8"),
            ("centered", "false"),
            ("weight_decay", "0.0"),
            ("maximize", "false"),
        ],
    ),
    (
        "Adagrad",
        "Adagrad",
        &[
            ("lr", "0.01"),
            ("lr_decay", "0.0"),
            ("eps", "1e-10"),
            ("weight_decay", "0.0"),
            ("initial_accumulator_value", "0.0"),
            ("maximize", "false"),
        ],
    ),
    (
        "NAdam",
        "NAdam",
        &[
            ("lr", "0.002"),
            ADAM[1],
            ADAM[2],
            ADAM[3],
            ("momentum_decay", "0.004"),
            ("decoupled_weight_decay", "false"),
            ADAM[5],
        ],
    ),
    (
        "RAdam",
        "RAdam",
        &[ADAM[0], ADAM[1], ADAM[2], ADAM[3], ADAM[5], ("decoupled_weight_decay", "false")],
    ),
];

/// What a port says of an optimizer.
pub struct Made {
    /// What it uses of `torch_parity::optim`.
    pub uses: Vec<String>,
    /// What makes it, of the parameters of `model`.
    pub code: String,
    /// What is to be said before it; empty where nothing is.
    pub comment: String,
    /// Whether it takes parameters by their names.
    pub by_name: bool,
}

/// The optimizer of the model that the variable `variable` holds.
pub fn made(model: &Model, variable: &str) -> Made {
    let known = KNOWN.iter().find(|(class, ..)| *class == model.optimizer);
    let comment = if known.is_some() {
        String::new()
    } else {
        let hint = if model.optimizer == "LBFGS" { ": optim::Lbfgs takes a closure" } else { "" };
        format!("    // The script's is {}{hint}; Sgd stands in its place.\n", model.optimizer)
    };
    let (_, name, settings) = known.unwrap_or(&KNOWN[2]);
    let all = model.groups.iter().flat_map(|group| &group.params);
    let in_order = all.eq(model.parameters.iter().map(|(name, _)| name));
    let (by_name, mut uses) = (!(in_order && model.groups.len() == 1), vec![(*name).to_owned()]);
    let group = |group: &Group| {
        let params = if by_name {
            let names: Vec<_> = group.params.iter().map(|name| format!("{name:?}")).collect();
            format!("named(&{variable}, &[{}])", names.join(", "))
        } else {
            format!("{variable}.named_parameters()")
        };
        (params, set(&group.settings, settings))
    };
    let groups: Vec<_> = model.groups.iter().map(group).collect();
    let struct_of = |set: &[(&str, String)]| {
        let set: Vec<_> = set.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        match &set[..] {
            [] => format!("{name}Settings::default()"),
            _ if set.len() == settings.len() => format!("{name}Settings {{ {} }}", set.join(", ")),
            _ => format!("{name}Settings {{ {}, ..Default::default() }}", set.join(", ")),
        }
    };
    let code = match &groups[..] {
        [(params, set)] if matches!(&set[..], [] | [("lr", _)]) => {
            let lr = set.first().map_or(settings[0].1, |(_, lr)| lr);
            format!("{name}::new({params}, {lr})")
        }
        [(params, set)] => {
            uses.push(format!("{name}Settings"));
            format!("{name}::with({params}, {})", struct_of(set))
        }
        groups => {
            uses.push(format!("{name}Settings"));
            let groups = groups
                .iter()
                .map(|(params, set)| format!("        ({params}, {}),\n", struct_of(set)));
            format!("{name}::with_groups(vec![\n{}    ])", groups.collect::<String>())
        }
    };
    Made { uses, code, comment, by_name }
}

/// The settings that are not PyTorch's defaults, as Rust writes them.
fn set(
    found: &Map<String, Value>,
    known: &'static [(&'static str, &'static str)],
) -> Vec<(&'static str, String)> {
    let other = known.iter().filter_map(|(name, default)| {
        let value = match found.get(*name)? {
            Value::Bool(flag) => flag.to_string(),
            Value::Array(pair) => {
                let pair: Vec<_> =
                    pair.iter().map(|x| x.as_f64().map(|x| format!("{x:?}"))).collect();
                format!("({})", pair.into_iter().collect::<Option<Vec<_>>>()?.join(", "))
            }
            number => format!("{:?}", number.as_f64()?),
        };
        (value != *default).then_some((*name, value))
    });
    other.collect()
}
