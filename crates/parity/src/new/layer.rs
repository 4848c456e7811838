//! A layer of PyTorch's as torch-parity has it.

use serde_json::{Map, Value};

use super::sketch::Layer;

/// Its type, and what makes it; none where torch-parity lacks it, or a setting of it.
pub fn made(layer: &Layer) -> Option<(String, String)> {
    let (class, of) = (&*layer.class, Settings(&layer.settings));
    let call = |arguments: &[String]| format!("{class}::new({})", arguments.join(", "));
    let made = match class {
        "Linear" => {
            let name = if of.is("bias") { "new" } else { "without_bias" };
            let [i, o] = [of.whole("in_features")?, of.whole("out_features")?];
            format!("Linear::{name}({i}, {o})")
        }
        "Bilinear" => {
            let name = if of.is("bias") { "new" } else { "without_bias" };
            let sizes = ["in1_features", "in2_features", "out_features"];
            let sizes: Option<Vec<_>> = sizes.iter().map(|size| of.whole(size)).collect();
            format!("Bilinear::{name}({})", sizes?.join(", "))
        }
        "Conv1d" | "Conv2d" | "Conv3d" | "ConvTranspose1d" | "ConvTranspose2d"
        | "ConvTranspose3d" => conv(class, of)?,
        "MaxPool1d" | "MaxPool2d" | "AvgPool1d" | "AvgPool2d" => pool(class, of)?,
        "AdaptiveAvgPool2d" => format!("AdaptiveAvgPool2d({})", of.sizes("output_size", 2)?),
        "BatchNorm1d" | "BatchNorm2d" | "BatchNorm3d" => with(
            class,
            &[of.whole("num_features")?],
            "BatchNormOptions",
            &[
                ("eps", of.float("eps", 1e-5)?),
                ("momentum", of.optional("momentum", 0.1)?),
                ("affine", of.flag("affine", true)),
                ("track_running_stats", of.flag("track_running_stats", true)),
            ],
        ),
        "LayerNorm" => {
            let shape = of.list("normalized_shape")?.join(", ");
            let affine = of.flag("elementwise_affine", true);
            let bias = if affine.is_none() { of.flag("bias", true) } else { None };
            let options = [("eps", of.float("eps", 1e-5)?), ("affine", affine), ("bias", bias)];
            with(class, &[format!("&[{shape}]")], "NormOptions", &options)
        }
        "GroupNorm" => {
            let sizes = [of.whole("num_groups")?, of.whole("num_channels")?];
            let options = [("eps", of.float("eps", 1e-5)?), ("affine", of.flag("affine", true))];
            with(class, &sizes, "NormOptions", &options)
        }
        "Embedding" => {
            let plain = of.is_none("max_norm") && !of.is("sparse") && !of.is("scale_grad_by_freq");
            plain.then_some(())?;
            let sizes = format!("{}, {}", of.whole("num_embeddings")?, of.whole("embedding_dim")?);
            match of.whole("padding_idx") {
                Some(padding) => format!("Embedding::with_padding({sizes}, {padding})"),
                None => format!("Embedding::new({sizes})"),
            }
        }
        "RNN" | "GRU" | "LSTM" => recurrent(class, of)?,
        "MultiheadAttention" => {
            let has = |name: &str| layer.params.iter().any(|it| it == name);
            let is_plain = has("in_proj_weight") && !has("bias_k") && !of.is("add_zero_attn");
            is_plain.then_some(())?;
            let options = [
                ("dropout", of.float("dropout", 0.0)?),
                ("bias", (!has("in_proj_bias")).then(|| "false".to_owned())),
                ("batch_first", of.flag("batch_first", false)),
            ];
            let sizes = [of.whole("embed_dim")?, of.whole("num_heads")?];
            with(class, &sizes, "AttentionOptions", &options)
        }
        "Dropout" | "Dropout2d" => call(&[of.number("p")?]),
        "LeakyReLU" => format!("LeakyReLU({})", of.number("negative_slope")?),
        "ELU" => format!("ELU({})", of.number("alpha")?),
        "GELU" => match of.0.get("approximate").and_then(Value::as_str) {
            Some("tanh") => "GELU::Tanh".to_owned(),
            _ => "GELU::None".to_owned(),
        },
        "Softmax" | "LogSoftmax" => format!("{class}({})", of.whole("dim")?),
        "Hardtanh" => {
            let [low, high] = [of.number("min_val")?, of.number("max_val")?];
            format!("Hardtanh {{ min_val: {low}, max_val: {high} }}")
        }
        "Flatten" => {
            let is_plain = of.whole("start_dim")? == "1" && of.whole("end_dim")? == "-1";
            is_plain.then(|| class.to_owned())?
        }
        "Hardsigmoid" | "Hardswish" | "Identity" | "LogSigmoid" | "Mish" | "ReLU" | "ReLU6"
        | "SELU" | "SiLU" | "Sigmoid" | "Softsign" | "Tanh" => class.to_owned(),
        "Softplus" => {
            let is_plain = of.number("beta")? == "1.0" && of.number("threshold")? == "20.0";
            is_plain.then(|| class.to_owned())?
        }
        _ => return None,
    };
    Some((class.to_owned(), made))
}

/// `new(sizes)`, or `with(sizes, options)` where some options are not PyTorch's defaults.
fn with(class: &str, sizes: &[String], options: &str, all: &[(&str, Option<String>)]) -> String {
    let sizes = sizes.join(", ");
    match given(all) {
        Some(given) => {
            format!("{class}::with({sizes}, {options} {{ {given}, ..Default::default() }})")
        }
        None => format!("{class}::new({sizes})"),
    }
}

/// The options that are not PyTorch's defaults, as a struct has them; none where all are.
fn given(all: &[(&str, Option<String>)]) -> Option<String> {
    let given = all.iter().filter_map(|(name, value)| Some(format!("{name}: {}", value.as_ref()?)));
    let given: Vec<_> = given.collect();
    (!given.is_empty()).then(|| given.join(", "))
}

fn conv(class: &str, of: Settings<'_>) -> Option<String> {
    (of.0.get("padding_mode")? == "zeros").then_some(())?;
    let n = dimensions(class);
    let option = |name: &str, default: &str| {
        let value = of.sizes(name, n)?;
        Some((value != repeated(default, n)).then_some(value))
    };
    let groups = of.whole("groups")?;
    let sizes = [of.whole("in_channels")?, of.whole("out_channels")?, of.sizes("kernel_size", n)?];
    let options = [
        ("stride", option("stride", "1")?),
        ("padding", option("padding", "0")?),
        ("dilation", option("dilation", "1")?),
        ("output_padding", option("output_padding", "0")?),
        ("groups", (groups != "1").then_some(groups)),
        ("bias", of.flag("bias", true)),
    ];
    Some(with(class, &sizes, "ConvOptions", &options))
}

fn pool(class: &str, of: Settings<'_>) -> Option<String> {
    (!of.is("return_indices") && of.is_none("divisor_override")).then_some(())?;
    let n = dimensions(class);
    let kernel = of.sizes("kernel_size", n)?;
    let option = |name: &str, default: &str| {
        let value = of.sizes(name, n)?;
        Some((value != default).then_some(value))
    };
    let options = [
        ("stride", option("stride", &kernel)?),
        ("padding", option("padding", &repeated("0", n))?),
        (
            "dilation",
            if class.starts_with("Max") { option("dilation", &repeated("1", n))? } else { None },
        ),
        ("ceil_mode", of.flag("ceil_mode", false)),
        (
            "count_include_pad",
            if class.starts_with("Avg") { of.flag("count_include_pad", true) } else { None },
        ),
    ];
    let plain = format!("{class}::new({kernel})");
    Some(match given(&options) {
        Some(given) => format!("{class} {{ {given}, ..{plain} }}"),
        None => plain,
    })
}

fn recurrent(class: &str, of: Settings<'_>) -> Option<String> {
    (of.whole("proj_size").is_none_or(|size| size == "0")).then_some(())?;
    let layers = of.whole("num_layers")?;
    let options = [
        ("num_layers", (layers != "1").then_some(layers)),
        ("bias", of.flag("bias", true)),
        ("batch_first", of.flag("batch_first", false)),
        ("dropout", of.float("dropout", 0.0)?),
        ("bidirectional", of.flag("bidirectional", false)),
    ];
    let sizes = [of.whole("input_size")?, of.whole("hidden_size")?];
    if of.0.get("nonlinearity").is_some_and(|it| it == "relu") {
        // It takes its options always.
        let options = match given(&options) {
            Some(given) => format!("RecurrentOptions {{ {given}, ..Default::default() }}"),
            None => "RecurrentOptions::default()".to_owned(),
        };
        return Some(format!("RNN::relu({}, {options})", sizes.join(", ")));
    }
    Some(with(class, &sizes, "RecurrentOptions", &options))
}

/// How many dimensions a layer has along which it slides.
fn dimensions(class: &str) -> usize {
    class.trim_end_matches('d').chars().last().and_then(|n| n.to_digit(10)).unwrap_or(2) as usize
}

fn repeated(value: &str, n: usize) -> String {
    format!("[{}]", vec![value; n].join(", "))
}

/// What a module holds, as Rust writes it.
#[derive(Clone, Copy)]
struct Settings<'a>(&'a Map<String, Value>);

#[expect(clippy::option_option, reason = "none; PyTorch's default; another value")]
impl Settings<'_> {
    fn whole(self, name: &str) -> Option<String> {
        self.0.get(name)?.as_i64().map(|n| n.to_string())
    }

    fn number(self, name: &str) -> Option<String> {
        self.0.get(name)?.as_f64().map(|x| format!("{x:?}"))
    }

    /// A number that is not the default; none within, where it is.
    fn float(self, name: &str, default: f64) -> Option<Option<String>> {
        let x = self.0.get(name)?.as_f64()?;
        Some((x.to_bits() != default.to_bits()).then(|| format!("{x:?}")))
    }

    /// The same of one that may be None.
    fn optional(self, name: &str, default: f64) -> Option<Option<String>> {
        let Value::Null = self.0.get(name)? else {
            return Some(self.float(name, default)?.map(|x| format!("Some({x})")));
        };
        Some(Some("None".to_owned()))
    }

    fn is(self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    fn is_none(self, name: &str) -> bool {
        self.0.get(name).is_none_or(Value::is_null)
    }

    fn flag(self, name: &str, default: bool) -> Option<String> {
        let value = self.0.get(name).and_then(Value::as_bool).unwrap_or(default);
        (value != default).then(|| value.to_string())
    }

    fn list(self, name: &str) -> Option<Vec<String>> {
        let list = self.0.get(name)?.as_array()?;
        list.iter().map(|n| n.as_i64().map(|n| n.to_string())).collect()
    }

    /// Sizes along `n` dimensions, of which one may stand for all.
    fn sizes(self, name: &str, n: usize) -> Option<String> {
        match self.whole(name) {
            Some(size) => Some(repeated(&size, n)),
            None => Some(self.list(name)?)
                .filter(|it| it.len() == n)
                .map(|it| format!("[{}]", it.join(", "))),
        }
    }
}
