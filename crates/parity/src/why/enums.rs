//! Numbers that stand for words among the arguments of libtorch's operations.

/// The word that `number` stands for as the argument `name` of `operation`, as PyTorch's
/// Python has it; none where it is a number.
pub fn word(operation: &str, name: &str, number: &str) -> Option<&'static str> {
    let words: &[&str] = match name {
        "reduction" => &["\"none\"", "\"mean\"", "\"sum\""],
        "padding_mode" => &["\"zeros\"", "\"border\"", "\"reflection\""],
        "interpolation_mode" => &["\"bilinear\"", "\"nearest\"", "\"bicubic\""],
        "mode" if operation.contains("embedding_bag") => &["\"sum\"", "\"mean\"", "\"max\""],
        "normalization" if operation.starts_with("_fft") => {
            &["none", "\"ortho\"", "by the number of elements"]
        }
        "memory_format" => &MEMORY_FORMATS,
        "layout" => &LAYOUTS,
        _ if is_dtype(name) => return dtype(number),
        _ => return None,
    };
    words.get(number.parse::<usize>().ok()?).copied()
}

const MEMORY_FORMATS: [&str; 4] =
    ["contiguous_format", "preserve_format", "channels_last", "channels_last_3d"];

const LAYOUTS: [&str; 8] = [
    "strided",
    "sparse_coo",
    "sparse_csr",
    "_mkldnn",
    "sparse_csc",
    "sparse_bsr",
    "sparse_bsc",
    "jagged",
];

/// `dtype`, `input_dtype`, `out_dtype`.
fn is_dtype(name: &str) -> bool {
    name == "dtype" || name.ends_with("_dtype")
}

/// As tensors are shown with it.
fn dtype(number: &str) -> Option<&'static str> {
    Some(match number {
        "0" => "u8",
        "1" => "i8",
        "2" => "i16",
        "3" => "i32",
        "4" => "i64",
        "5" => "f16",
        "6" => "f32",
        "7" => "f64",
        "8" => "ComplexHalf",
        "9" => "ComplexFloat",
        "10" => "ComplexDouble",
        "11" => "bool",
        "15" => "bf16",
        "23" => "Float8_e5m2",
        "24" => "Float8_e4m3fn",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_number_of_another_argument_stays_one() {
        for (operation, name, number, expected) in [
            ("mse_loss_backward", "reduction", "2", Some("\"sum\"")),
            ("mse_loss", "reduction", "3", None),
            ("grid_sampler_2d", "padding_mode", "1", Some("\"border\"")),
            ("grid_sampler_3d", "interpolation_mode", "2", Some("\"bicubic\"")),
            ("_embedding_bag", "mode", "1", Some("\"mean\"")),
            ("_cudnn_rnn", "mode", "1", None),
            ("_fft_r2c", "normalization", "1", Some("\"ortho\"")),
            ("clone", "memory_format", "2", Some("channels_last")),
            ("to_sparse", "layout", "1", Some("sparse_coo")),
            ("sum", "dtype", "7", Some("f64")),
            ("_softmax_backward_data", "input_dtype", "15", Some("bf16")),
            ("sum", "dtype", "-", None),
            ("sum", "dim", "1", None),
        ] {
            assert_eq!(word(operation, name, number), expected, "{operation} {name}");
        }
    }
}
