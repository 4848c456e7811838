//! `src/main.rs` of a port, as far as the script's first steps tell it: what is left
//! is the data and the forward pass.

#![expect(clippy::format_collect, clippy::format_push_string, reason = "lines, written once")]

use std::collections::BTreeSet;
use std::iter::once;

use parity_record::is_chosen_seed;

use super::sketch::{Array, Layer, Model};
use super::{layer, optimizer, precision};

/// What the port uses of torch-parity.
#[derive(Default)]
struct Uses {
    nn: BTreeSet<String>,
    optim: BTreeSet<String>,
    /// Whether something takes parameters by their names.
    by_name: bool,
}

/// The file, for `script`.
pub fn main_rs(script: &str, mut models: Vec<Model>) -> String {
    let mut uses = Uses::default();
    let data = named_data(&mut models);
    let numbers = if models.len() == 1 { 0..1 } else { 1..models.len() + 1 };
    let numbers = numbers.map(|n| if n == 0 { String::new() } else { n.to_string() });
    let (mut structs, mut makes, mut steps) = (String::new(), Vec::new(), String::new());
    for (model, n) in models.iter().zip(numbers) {
        structs += &model_struct(model, &n, &mut uses);
        makes.push((model.made, makes_of(model, &n, &mut uses)));
        steps += &step_of(model, &n, &mut uses);
    }
    makes.sort_by_key(|(made, _)| *made);
    let makes: String = makes.into_iter().map(|(_, text)| text).collect();
    let seed = models.iter().find_map(|model| model.seed).map_or(String::new(), seeded);
    let data: String = data.iter().map(zeros).collect();
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    let Uses { nn, optim, by_name } = &uses;
    let named = if *by_name { NAMED } else { "" };
    format!(
        "//! A port of {script}, begun with what its first two steps showed. Its check fails\n\
         //! until you fill in the data and the forward pass: run `make check`, and mend the\n\
         //! first place where the two part.\n\n\
         use tch::{{Device, Kind, Tensor}};\n\
         use torch_parity::Result;\n\
         // For the calls of layers that you are to write.\n\
         #[allow(unused_imports)]\n\
         use torch_parity::nn::Layer;\n\
         use torch_parity::nn::{{{}}};\n\
         use torch_parity::optim::{{{}}};\n\
         use torch_parity::trace::Recorder;\n\n\
         {structs}fn main() -> Result<()> {{\n    \
         tch::set_num_threads(1);\n    \
         // Records where TORCH_PARITY_TRACE says; off otherwise, at no cost.\n    \
         let recorder = Recorder::from_env({script:?})?;\n\
         {seed}    // In place of these zeros goes the script's data, drawn where the script draws it.\n\
         {data}\n{makes}    \
         // As many steps as the script takes: only its first two were looked at.\n    \
         for _ in 0..2 {{\n{steps}    }}\n    recorder.finish()\n}}\n{named}",
        list(nn),
        list(optim)
    )
}

/// Sets the seed that a script has, or had in that run: one that nobody set is drawn from
/// all numbers of 64 bits.
fn seeded(seed: i64) -> String {
    let comment = "    // It seems that the script sets no seed, so that each run differs: set one in both.\n";
    format!("{}    tch::manual_seed({seed});\n", if is_chosen_seed(seed) { "" } else { comment })
}

/// What takes parameters by their names.
const NAMED: &str = "
/// The parameters of these names.
fn named(model: &impl Module, names: &[&str]) -> Vec<(String, Tensor)> {
    let all = model.named_parameters();
    let of = |name: &&str| all.iter().find(|(known, _)| known == name);
    names.iter().filter_map(of).map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
}
";

/// Gives each array of data its variable, and returns them, each once: what two models
/// take by one name is one only where it has one shape.
fn named_data(models: &mut [Model]) -> Vec<Array> {
    let mut all: Vec<Array> = Vec::new();
    for array in models.iter_mut().flat_map(|model| &mut model.data) {
        let same =
            |it: &&Array| (&it.name, &it.shape, it.kind) == (&array.name, &array.shape, array.kind);
        if let Some(known) = all.iter().find(same) {
            array.variable.clone_from(&known.variable);
            continue;
        }
        let first = variable(&array.name);
        let mut names = once(first.clone()).chain((2..).map(|n| format!("{first}{n}")));
        let is_free = |name: &String| all.iter().all(|it| it.variable != *name);
        array.variable = names.find(is_free).unwrap_or(first);
        all.push(array.clone());
    }
    all
}

fn zeros(Array { variable, shape, kind, .. }: &Array) -> String {
    format!(
        "    let {variable} = Tensor::zeros({}, (Kind::{kind}, Device::Cpu));\n",
        of_shape(shape)
    )
}

fn of_shape(shape: &[usize]) -> String {
    // Without a type, an empty list is one of nothing.
    if shape.is_empty() { "[0_i64; 0]".to_owned() } else { format!("{shape:?}") }
}

/// A shape as comments have it: `(512, 10)`.
fn words(shape: &[i64]) -> String {
    let sizes: Vec<_> = shape.iter().map(ToString::to_string).collect();
    format!("({})", sizes.join(", "))
}

/// A name of PyTorch's as one of Rust's, without two underscores in a row.
fn variable(name: &str) -> String {
    // Of Rust 2024, strict and reserved.
    const KEYWORDS: &str = "abstract as async await become box break const continue crate do \
                            dyn else enum extern false final fn for gen if impl in let loop \
                            macro match mod move mut override priv pub ref return static \
                            struct trait true try type typeof unsafe unsized use virtual \
                            where while yield";
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|it| !it.is_empty());
    let name = words.collect::<Vec<_>>().join("_").to_ascii_lowercase();
    let taken =
        ["model", "optimizer", "series", "recorder", "loss", "own", "layer", "self", "super"];
    match name.chars().next() {
        Some('0'..='9') | None => format!("_{name}"),
        _ if KEYWORDS.split(' ').any(|it| it == name) || taken.contains(&&*name) => {
            format!("{name}_")
        }
        _ => name,
    }
}

/// The parameters that no layer of torch-parity holds, and the layers.
struct Parts<'a> {
    /// Name in the script, field, what makes it.
    layers: Vec<(&'a str, String, String, String)>,
    own: Vec<&'a (String, Vec<i64>)>,
    comments: Vec<String>,
}

fn parts<'a>(model: &'a Model, uses: &mut Uses) -> Parts<'a> {
    let mut own: Vec<_> = model.parameters.iter().collect();
    let mut parts = Parts { layers: Vec::new(), own: Vec::new(), comments: Vec::new() };
    for layer in &model.layers {
        let Layer { path, class, says, params, .. } = layer;
        let whole =
            |name: &String| if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let params: Vec<_> = params.iter().map(whole).collect();
        let has = |name: &String| own.iter().any(|(known, _)| known == name);
        // A container of parameters says each on a line.
        let says: Vec<_> = says.split_whitespace().collect();
        let what = format!("{path}: {class}({})", says.join(" "));
        if !params.iter().all(has) {
            parts.comments.push(format!("{what}, whose parameters are another layer's, too"));
            continue;
        }
        let Some((of_type, made)) = layer::made(layer) else {
            parts.comments.push(format!("{what}, which torch-parity lacks"));
            continue;
        };
        own.retain(|(name, _)| !params.contains(name));
        for word in made.split(|c: char| !c.is_alphanumeric()).filter(|it| it.ends_with("Options"))
        {
            uses.nn.insert(word.to_owned());
        }
        uses.nn.insert(of_type.clone());
        let mut field = if path.is_empty() { "layer".to_owned() } else { variable(path) };
        while parts.layers.iter().any(|(_, known, ..)| *known == field) {
            field += "_"; // `W` beside `w`
        }
        parts.layers.push((path, field, of_type, made));
    }
    parts.own = own;
    parts
}

fn model_struct(model: &Model, n: &str, uses: &mut Uses) -> String {
    let Parts { layers, own, comments } = parts(model, uses);
    uses.nn.insert("Module".to_owned());
    let mut fields: String =
        layers.iter().map(|(_, field, of_type, _)| format!("    {field}: {of_type},\n")).collect();
    let mut made: String = layers
        .iter()
        .map(|(_, field, _, made)| format!("            {field}: {made},\n"))
        .collect();
    let comments: String = comments.iter().map(|line| format!("    // {line}\n")).collect();
    let is_one = matches!(&layers[..], [("", ..)]);
    if !own.is_empty() {
        fields += "    /// Parameters that are no layer's of torch-parity: fill them as the script does.\n    own: Vec<(String, Tensor)>,\n";
        let zeros = |(name, shape): &&(String, Vec<i64>)| {
            let shape: Vec<_> = shape.iter().map(|n| *n as usize).collect();
            let (shape, kind) = (of_shape(&shape), model.kinds.get(name).unwrap_or(&"Float"));
            let kind = format!("(Kind::{kind}, Device::Cpu)");
            format!("                ({name:?}, Tensor::zeros({shape}, {kind})),\n")
        };
        let zeros: String = own.iter().map(zeros).collect();
        made += &format!(
            "            own: [\n{zeros}            ]\n            .map(|(name, zeros)| (name.to_owned(), zeros.set_requires_grad(true)))\n            .into(),\n"
        );
    }
    let module = module_impl(&layers, is_one, !own.is_empty(), uses);
    format!(
        "/// {}: its layers in the order in which the script makes them.\nstruct Model{n} {{\n{fields}{comments}}}\n\n\
         impl Model{n} {{\n    fn new() -> Self {{\n        Self {{\n{made}        }}\n    }}\n\n{}}}\n\n\
         impl Module for Model{n} {{\n{module}}}\n\n",
        model.name,
        forward(model)
    )
}

/// What names the parts as PyTorch does.
fn module_impl(
    layers: &[(&str, String, String, String)],
    is_one: bool,
    has_own: bool,
    uses: &mut Uses,
) -> String {
    if is_one {
        return "    fn named_parameters(&self) -> Vec<(String, Tensor)> {\n        \
                self.layer.named_parameters()\n    }\n\n    \
                fn named_buffers(&self) -> Vec<(String, Tensor)> {\n        \
                self.layer.named_buffers()\n    }\n\n    \
                fn train(&self, on: bool) {\n        self.layer.train(on);\n    }\n"
            .to_owned();
    }
    uses.nn.insert("Children".to_owned());
    if layers.iter().all(|(path, field, ..)| path == field) && !layers.is_empty() {
        let parts: Vec<_> = layers.iter().map(|(_, field, ..)| format!("self.{field}")).collect();
        let parts = parts.join(", ");
        let children = format!("torch_parity::children!({parts})");
        return format!(
            "    fn children(&self) -> Children<'_> {{\n        {children}\n    }}\n{}",
            own(has_own, uses)
        );
    }
    let part = |(path, field, ..): &(&str, String, String, String)| {
        format!("            ({path:?}, &self.{field}),\n")
    };
    let (n, children) = (layers.len(), layers.iter().map(part).collect::<String>());
    format!(
        "    fn children(&self) -> Children<'_> {{\n        \
         let parts: [(&str, &dyn Module); {n}] = [\n{children}        ];\n        \
         parts.map(|(name, part)| (name.to_owned(), part)).into()\n    }}\n{}",
        own(has_own, uses)
    )
}

/// What names the parameters, where some are no layer's.
fn own(has_own: bool, uses: &mut Uses) -> &'static str {
    if has_own {
        uses.nn.insert("named_parameters".to_owned());
        return "\n    fn named_parameters(&self) -> Vec<(String, Tensor)> {\n        \
                 let children = self.children();\n        \
                 let parts: Vec<_> = children.iter().map(|(name, part)| (&**name, *part)).collect();\n        \
                 let own = self.own.iter().map(|(name, own)| (name.clone(), own.shallow_clone()));\n        \
                 own.chain(named_parameters(&parts)).collect()\n    }\n";
    }
    ""
}

/// The inputs of a model, which are its data but for targets.
fn inputs(model: &Model) -> Vec<String> {
    let inputs = model.data.iter().filter(|array| !is_target(array));
    inputs.map(|array| array.variable.clone()).collect()
}

fn is_target(array: &Array) -> bool {
    array.name.starts_with("target")
}

/// The forward pass, to be written.
fn forward(model: &Model) -> String {
    let inputs = inputs(model);
    let arguments: String = inputs.iter().map(|name| format!(", {name}: &Tensor")).collect();
    let shapes = |arrays: &mut dyn Iterator<Item = &Array>| {
        let all = arrays.map(|it| {
            let shape: Vec<_> = it.shape.iter().map(|n| *n as i64).collect();
            format!("{} {}", it.name, words(&shape))
        });
        all.collect::<Vec<_>>().join(", ")
    };
    let from = shapes(&mut model.data.iter().filter(|array| !is_target(array)));
    let to = shapes(&mut model.outputs.iter());
    let shape = model.outputs.first().map_or("[1]".to_owned(), |output| of_shape(&output.shape));
    let kind = floating(model);
    let ignored = match &inputs[..] {
        [] => String::new(),
        [one] => format!("        let _ = {one};\n"),
        several => format!("        let _ = ({});\n", several.join(", ")),
    };
    format!(
        "    /// {from} -> {to}\n    fn forward(&self{arguments}) -> Tensor {{\n        \
         // To be written, by calls such as self.layer.forward(x). Until then: zeros of its\n        \
         // shape, so that every gradient is 0.\n\
         {ignored}        let zeros = Tensor::zeros({shape}, (Kind::{kind}, Device::Cpu));\n        \
         let parameters = self.named_parameters();\n        \
         parameters.iter().fold(zeros, |sum, (_, param)| sum + param.sum(Kind::{kind}) * 0.0)\n    }}\n"
    )
}

/// The dtype of the model's output, where that is one of numbers with a point.
fn floating(model: &Model) -> &'static str {
    let kind = model.outputs.first().map_or("Float", |output| output.kind);
    if precision::is_made(kind) { kind } else { "Float" }
}

fn makes_of(model: &Model, n: &str, uses: &mut Uses) -> String {
    let made = optimizer::made(model, &format!("model{n}"));
    uses.optim.extend(made.uses);
    uses.optim.insert("Optimizer".to_owned());
    uses.by_name |= made.by_name;
    let layers = parts(model, uses).layers;
    let layers = layers.iter().map(|(path, field, ..)| (*path, &**field));
    let conversion = precision::conversion(model, &format!("model{n}"), layers);
    format!(
        "    let model{n} = Model{n}::new();\n{conversion}{}    let mut optimizer{n} = {};\n    \
         let mut series{n} = recorder.series({:?}, model{n}.named_parameters())?;\n",
        made.comment, made.code, model.name
    )
}

fn step_of(model: &Model, n: &str, uses: &mut Uses) -> String {
    let arguments: Vec<_> = inputs(model).iter().map(|name| format!("&{name}")).collect();
    let output = model.outputs.first().map_or("output", |output| &output.name);
    let named = variable(output);
    let (loss, comment) = loss(model, &named, uses);
    let data = model.data.iter().map(|it| format!("({:?}, &{})", it.name, it.variable));
    let data = data.collect::<Vec<_>>().join(", ");
    let buffers = if model.has_buffers {
        format!("        series{n}.buffers(&model{n}.named_buffers())?;\n")
    } else {
        String::new()
    };
    format!(
        "        let {named} = model{n}.forward({});\n\
         {comment}        let loss = {loss};\n        \
         optimizer{n}.zero_grad();\n        optimizer{n}.backward(&loss);\n        \
         optimizer{n}.step();\n        series{n}.data(&[{data}])?;\n        \
         series{n}.step(&[({output:?}, &{named})], &loss, &optimizer{n})?;\n{buffers}",
        arguments.join(", ")
    )
}

/// The loss, where the graph and the shapes tell it; else its nodes, as a comment.
fn loss(model: &Model, output: &str, uses: &mut Uses) -> (String, String) {
    let target = model.data.iter().find(|array| is_target(array));
    let shape = model.outputs.first().map(|output| &output.shape[..]).unwrap_or_default();
    let begins = |nodes: &[&str]| {
        model.graph.iter().zip(nodes).filter(|(a, b)| a == b).count() == nodes.len()
    };
    let function = target.and_then(|target| {
        let same = target.shape == shape;
        let classes = shape.len() >= 2
            && target.shape.first() == shape.first()
            && target.shape.get(1..) == shape.get(2..);
        let is_entropy = begins(&["NllLossBackward0", "LogSoftmaxBackward0"]);
        match () {
            // As (B, T, C) is trained: by one row for each token.
            () if is_entropy && is_of_rows(shape, &target.shape) => {
                Some(("cross_entropy", ".flatten(0, -2)"))
            }
            () if is_entropy && classes => Some(("cross_entropy", "")),
            () if begins(&["MseLossBackward0"]) && same => Some(("mse_loss", "")),
            () if begins(&["BinaryCrossEntropyWithLogitsBackward0"]) && same => {
                Some(("binary_cross_entropy_with_logits", ""))
            }
            () if begins(&["BinaryCrossEntropyBackward0"]) && same => {
                Some(("binary_cross_entropy", ""))
            }
            () if begins(&["SmoothL1LossBackward0"]) && same => Some(("smooth_l1_loss", "")),
            () => None,
        }
    });
    if let (Some((function, of)), Some(target)) = (function, target) {
        uses.nn.insert(function.to_owned());
        return (format!("{function}(&{output}{of}, &{})", target.variable), String::new());
    }
    let nodes: Vec<_> =
        model.graph.iter().take(4).map(|node| node.trim_end_matches("Backward0")).collect();
    let comment = format!("        // The script's, which ends in {}.\n", nodes.join(", "));
    (format!("{output}.mean(Kind::{})", floating(model)), comment)
}

/// Whether a target has one value for each row of classes, all rows in one.
fn is_of_rows(logits: &[usize], target: &[usize]) -> bool {
    let rows = logits.split_last().map(|(_, rows)| rows.iter().product());
    logits.len() > 2 && target.len() == 1 && target.first().copied() == rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn model(name: &str, layers: &[(&str, &str, &str)], shape: &[usize]) -> Model {
        let layers = layers.iter().map(|(path, class, says)| {
            let settings = json!({"in_features": 2, "out_features": 2, "bias": true});
            json!({"path": path, "class": class, "settings": settings, "says": says, "params": []})
        });
        let (layers, lists): (Vec<_>, [(); 0]) = (layers.collect(), []);
        let mut model: Model = serde_json::from_value(json!({
            "name": name, "made": 0, "graph": lists, "layers": layers, "parameters": lists,
            "has_buffers": false, "optimizer": "SGD", "groups": lists,
        }))
        .unwrap();
        let (name, variable) = ("x".to_owned(), String::new());
        model.data.push(Array { name, variable, shape: shape.to_vec(), kind: "Float" });
        model
    }

    #[test]
    fn what_has_the_same_name_in_small_letters_or_in_another_model_is_not_the_same() {
        let layers = [
            ("W", "Linear", ""),
            ("w", "Linear", ""),
            ("p", "ParameterList", "  (0): one\n  (1): another"),
        ];
        let mut models = [("A-1", [8, 2]), ("B-1", [8, 2]), ("C-1", [4, 1])]
            .map(|(name, shape)| model(name, &layers, &shape));
        models[0].made = 1; // called first, made last
        let main = main_rs("a.py", models.into());
        for part in [
            "    w: Linear,\n    w_: Linear,\n",
            "(\"W\", &self.w),\n            (\"w\", &self.w_),\n",
            "    // p: ParameterList((0): one (1): another), which torch-parity lacks\n",
            "    let x = Tensor::zeros([8, 2], (Kind::Float, Device::Cpu));\n    \
             let x2 = Tensor::zeros([4, 1], (Kind::Float, Device::Cpu));\n",
            "model2.forward(&x);",
            "model3.forward(&x2);",
            "series3.data(&[(\"x\", &x2)])",
        ] {
            assert!(main.contains(part), "no {part} in {main}");
        }
        let made = [2, 3, 1].map(|n| main.find(&format!("    let model{n} = ")).unwrap());
        assert!(made.is_sorted(), "{main}");
    }

    #[test]
    fn the_loss_of_many_rows_of_classes_is_written() {
        let written = |target: &[usize]| {
            let mut model = model("A-1", &[], &[3, 7]);
            model.graph = ["NllLoss", "LogSoftmax"].map(|it| format!("{it}Backward0")).into();
            let array = |name: &str, shape: &[usize], kind| {
                let (name, variable) = (name.to_owned(), String::new());
                Array { name, variable, shape: shape.to_vec(), kind }
            };
            model.data.push(array("target", target, "Int64"));
            model.outputs.push(array("logits", &[3, 7, 4], "Float"));
            main_rs("a.py", vec![model])
        };
        let call = "let loss = cross_entropy(&logits.flatten(0, -2), &target);\n";
        assert!(written(&[21]).contains(call), "{}", written(&[21]));
        assert!(written(&[20]).contains("// The script's, which ends in NllLoss, LogSoftmax.\n"));
    }

    #[test]
    fn a_seed_that_nobody_set_is_said_to_be_that() {
        let said = |seed| {
            let mut model = model("A-1", &[], &[1]);
            model.seed = Some(seed);
            let main = main_rs("a.py", vec![model]);
            assert!(main.contains(&format!("    tch::manual_seed({seed});\n")), "{main}");
            main.contains("    // It seems that the script sets no seed, so that ")
        };
        assert_eq!([said(-5), said(1 << 32)], [false; 2]);
        assert_eq!([said(-1_272_062_665_596_581_298), said(i64::MIN)], [true; 2]);
    }
}
