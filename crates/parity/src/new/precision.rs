//! The dtypes of a model's parameters. torch-parity makes all in float32, as PyTorch does
//! where nothing else is said, and converts them.

use std::collections::BTreeSet;

use super::sketch::Model;

/// What converts `named`, a model whose layers have these paths and fields, once it is made;
/// empty where all is float32.
pub fn conversion<'a>(
    model: &Model,
    named: &str,
    layers: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let all: BTreeSet<_> = model.kinds.values().copied().collect();
    let mut comment = String::new();
    if model.draws_doubles {
        comment +=
            "    // The script draws them in Double: the first values of these are others.\n";
    }
    if !is_trained(model) {
        comment += "    // Optimizers of torch-parity take Float and Double alone.\n";
    }
    if all.len() <= 1 {
        let kind = all.first().filter(|kind| is_made(kind)).copied();
        return comment + &kind.map_or(String::new(), |kind| to_kind(named, kind));
    }
    let of_layer = |(path, field): (&str, &str)| {
        let kinds = of_layer(model, path);
        match kinds.first() {
            Some(_) if kinds.len() > 1 => {
                let kinds: Vec<_> = kinds.into_iter().collect();
                format!("    // {path} has parameters in {}: convert each.\n", kinds.join(" and "))
            }
            Some(kind) if is_made(kind) => to_kind(&format!("{named}.{field}"), kind),
            _ => String::new(),
        }
    };
    comment + &layers.map(of_layer).collect::<String>()
}

/// What to know of it before the port is run, a line or two of each model.
pub fn notes(models: &[Model]) -> String {
    let of = |model: &Model| {
        let drawn = model.draws_doubles.then(|| {
            format!(
                "\n{} draws its parameters in float64, which torch-parity lacks: their first\n\
                 values differ, unless the script makes it in float32 and calls .double()\n",
                model.name
            )
        });
        let of_16_bits = (!is_trained(model)).then(|| {
            let what = "parameters of 16 bits, which no optimizer of torch-parity takes";
            format!("\n{} has {what}\n", model.name)
        });
        [drawn, of_16_bits].into_iter().flatten().collect::<String>()
    };
    models.iter().map(of).collect()
}

/// Whether the optimizers of torch-parity take all of its parameters.
fn is_trained(model: &Model) -> bool {
    model.kinds.values().all(|kind| !["Half", "BFloat16"].contains(kind))
}

/// As tch calls the dtypes that a layer can be converted to.
pub fn is_made(kind: &str) -> bool {
    ["Double", "Half", "BFloat16"].contains(&kind)
}

fn to_kind(named: &str, kind: &str) -> String {
    format!("    {named}.to_kind(Kind::{kind});\n")
}

fn of_layer(model: &Model, path: &str) -> BTreeSet<&'static str> {
    let layer = model.layers.iter().find(|layer| layer.path == path);
    let params = layer.into_iter().flat_map(|layer| &layer.params);
    let whole =
        |name: &String| if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
    params.filter_map(|name| model.kinds.get(&whole(name)).copied()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_layer_is_converted_alone_where_not_all_is_of_one_dtype() {
        let layer = |path: &str| {
            json!({"path": path, "class": "Linear", "settings": {}, "says": "",
                "params": ["weight", "bias"]})
        };
        let mut model: Model = serde_json::from_value(json!({
            "name": "A-1", "made": 0, "graph": [], "layers": [layer("0"), layer("1"), layer("2")],
            "parameters": [], "has_buffers": false, "optimizer": "SGD", "groups": [],
        }))
        .unwrap();
        let mut said = |kinds: [&'static str; 4], draws_doubles| {
            let names = ["0.weight", "1.weight", "1.bias", "2.weight"].map(str::to_owned);
            model.kinds = names.into_iter().zip(kinds).collect();
            model.draws_doubles = draws_doubles;
            let layers = [("0", "_0"), ("1", "_1"), ("2", "_2")].into_iter();
            let notes = notes(std::slice::from_ref(&model));
            (conversion(&model, "model", layers), notes.matches("\nA-1 ").count())
        };
        assert_eq!(said(["Float"; 4], false), (String::new(), 0));
        assert_eq!(said(["Double"; 4], false), ("    model.to_kind(Kind::Double);\n".into(), 0));
        let (text, notes) = said(["Double"; 4], true);
        assert!(
            text.starts_with("    // The script draws them in Double: ") && notes == 1,
            "{text}"
        );
        let (text, notes) = said(["Double", "Double", "Float", "Half"], true);
        let converted = "    model._0.to_kind(Kind::Double);\n    \
                         // 1 has parameters in Double and Float: convert each.\n    \
                         model._2.to_kind(Kind::Half);\n";
        assert!(text.ends_with(converted) && notes == 2, "{text}");
        assert!(text.contains("    // Optimizers of torch-parity take Float and"), "{text}");
    }
}
