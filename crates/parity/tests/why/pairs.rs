//! Programs that part, each found at the line that did it.

use std::path::Path;
use std::process::Command;

use super::{assert_in_order, example, prints, python, root, why};

#[test]
fn the_lesson_in_plain_tch_draws_the_bias_first() {
    let text = prints(why(&["--script", "tests/lesson.py", "--port", &example("plain-tch")]), 1);
    assert_in_order(
        &text,
        &[
            "script  tests/lesson.py:11\n",
            "| net = nn.Sequential(nn.Linear(10, 64), act, nn.Linear(64, 2))\n",
            "uniform_(f32[64, 10], from=-0.3162",
            "port    tests/ports/lesson.rs:8, net\n",
            "| let fc1 = nn::linear(path / \"fc1\", 10, 64, Default::default());\n",
            "uniform_(f32[64], from=-0.3162",
            "what differs: self: f32[64] in place of f32[64, 10]\n",
            "this looks like the pitfall tch-linear: ",
        ],
    );
    the_page_has(&text);
    for page in ["README.md", "README.zh-CN.md"] {
        has(page, &text);
    }
}

/// Whether docs/why.md has this report, up to what differs, but for the values.
fn the_page_has(text: &str) {
    has("docs/why.md", text);
}

fn has(page: &str, text: &str) {
    let (name, page) = (page, std::fs::read_to_string(root().join(page)).unwrap());
    let told = text.split("\nthe script does this, too").next().unwrap();
    for line in told.lines().take_while(|line| !line.starts_with("Of the port's")) {
        let varies = line.trim_start().starts_with("= ") || line.starts_with("              ");
        assert!(varies || page.contains(line), "{name} lacks {line:?}");
    }
}

/// A program of libtorch's C++, compiled with line numbers.
fn cpp(source: &str, folder: &Path) -> std::path::PathBuf {
    let torch = root().join(".venv/libtorch");
    let (include, lib) = (torch.join("include"), torch.join("lib"));
    let program = folder.join("port");
    let mut command = Command::new("c++");
    command.args(["-std=c++20", "-O0", "-g1", "-I"]).arg(&include).arg("-I");
    command.arg(include.join("torch/csrc/api/include")).arg(source).arg("-o").arg(&program);
    command.arg(format!("-L{}", lib.display())).args(["-ltorch", "-ltorch_cpu", "-lc10"]);
    command.arg(format!("-Wl,-rpath,{}", lib.display())).current_dir(root());
    assert!(command.status().unwrap().success());
    program
}

#[test]
fn the_lesson_in_cpp_takes_libtorchs_own_adam() {
    let folder = tempfile::tempdir().unwrap();
    let port = cpp("tests/ports/lesson.cpp", folder.path());
    let port = port.display().to_string();
    let text = prints(why(&["--script", "tests/lesson.py", "--port", &port]), 1);
    assert_in_order(
        &text,
        &[
            "script  tests/lesson.py:18\n",
            "| opt.step()\n",
            "by torch/optim/adam.py:",
            "lerp_(f32[64, 10], end=f32[64, 10], weight=0.0999",
            "port    tests/ports/lesson.cpp:35, main\n",
            "| opt.step();\n",
            "mul_(f32[64, 10], other=0.9)\n",
            "what differs: another operation: mul_ in place of lerp_\n",
            "this looks like the pitfall tch-adam: tch::nn::Adam (docs/pitfalls.md#tch-adam\n",
        ],
    );
    the_page_has(&text);
}

/// A copy of the lesson's script with something replaced, as the port.
fn with(replaced: &str, by: &str) -> String {
    let script = std::fs::read_to_string(root().join("tests/lesson.py")).unwrap();
    let short = script.replace("range(50)", "range(3)");
    assert!(short.contains(replaced), "{replaced}");
    parted(&short, &short.replace(replaced, by))
}

/// What is said of two scripts that part.
fn parted(script: &str, port: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("script.py"), script).unwrap();
    std::fs::write(folder.path().join("port.py"), port).unwrap();
    let port = format!("{} port.py", python().display());
    let mut command = why(&["--script", "script.py", "--port", &port]);
    command.current_dir(&folder);
    prints(command, 1)
}

#[test]
fn another_setting_of_the_optimizer_is_named() {
    let text = with("lr=1e-3", "lr=1e-3, eps=1e-7");
    assert_in_order(
        &text,
        &[
            "opt.step()",
            "add_(",
            "what differs: other: 1e-07 in place of 1e-08\n",
            "this looks like the pitfall eps-1e-7: ",
        ],
    );
}

#[test]
fn weight_decay_that_the_port_forgot_is_missing() {
    let text = with("Adam(net.parameters(), lr=1e-3)", "AdamW(net.parameters(), lr=1e-3)");
    assert_in_order(&text, &["port    port.py:18\n", "mul_(f32[64, 10], other=0.99999)"]);
}

#[test]
fn another_seed_shows_at_the_first_draw() {
    let text = with("manual_seed(0)", "manual_seed(1)");
    assert_in_order(&text, &["script.py:6", "port.py:6", "randn(", "the generator"]);
}

#[test]
fn gradients_that_are_not_zeroed_add_up() {
    let text = with("opt.zero_grad()", "pass");
    assert_in_order(&text, &["port    port.py:17\n", "AccumulateGrad", "add_("]);
}

#[test]
fn a_loss_of_another_kind_is_found_in_the_forward_pass() {
    let text = with("loss_fn(net(X), labels)", "loss_fn(net(X).softmax(1), labels)");
    assert_in_order(&text, &["script.py:16", "_log_softmax(", "port.py:16", "softmax("]);
}

#[test]
fn what_the_port_leaves_out_is_named() {
    let text = with("range(3)", "range(2)");
    assert_in_order(&text, &["it leaves something", "script  script.py:1"]);
}

/// Nobody looks at the loss itself.
const UNREAD: &str = "\
import torch
from torch.nn import functional as F
torch.manual_seed(0)
net, x, y = torch.nn.Linear(10, 4), torch.randn(32, 10), torch.rand(32, 4)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
LOSS.backward()
opt.step()
";

/// A forward operation stands beside a forward one, whatever inside of it comes to the
/// same sum, and whatever the backward pass makes of it.
#[test]
fn a_loss_reduced_otherwise_is_named_in_the_forward_pass() {
    let plain = "F.mse_loss(net(x), y)";
    let logits = "F.binary_cross_entropy_with_logits(net(x), y)";
    for (loss, name) in [
        (plain, "mse_loss("),
        (logits, "binary_cross_entropy_with_logits("),
        ("F.l1_loss(net(x), y)", "mean("),
    ] {
        let script = UNREAD.replace("LOSS", loss);
        let port = UNREAD.replace("LOSS", &loss.replace(", y)", ", y, reduction='sum')"));
        let text = parted(&script, &port);
        let other = if name == "mean(" { "sum(" } else { name };
        let places = ["script  script.py:6\n", name, "port    port.py:6\n", other];
        assert_in_order(&text, &places);
        let words =
            ["what differs: ", "in place of", "mean", "\n\nthis looks like the pitfall sum"];
        assert_in_order(&text, &words);
        assert!(!text.contains("backward pass"), "{text}");
        if loss == logits {
            continue;
        }
        let text = parted(&port, &script);
        assert_in_order(&text, &["script  script.py:6\n", other, "port    port.py:6\n", name]);
    }
    let divided = format!("({plain} / 8)");
    let text = parted(&UNREAD.replace("LOSS", &divided), &UNREAD.replace("LOSS", plain));
    assert_in_order(
        &text,
        &["before that, the script does this, and the port never does:\n", "script.py:6\n", "div("],
    );
}

/// As our own fast loop once did it. Where the bits agree, nothing is to be named: at 1 x 2
/// they part on Intel alone, at 1 x 17 on AMD, too.
const PRODUCTS: &str = "\
import torch
torch.manual_seed(0)
for k in [2, 17, 300]:
    for _ in range(8):
        a, b = torch.randn(1, k), torch.randn(k, 1)
        product = torch.mm(a, b)
";

#[test]
fn a_product_with_its_operands_exchanged_is_named_where_the_bits_part() {
    let folder = tempfile::tempdir().unwrap();
    let other = "torch.mm(b.t(), a.t()).t()";
    let tried = format!("{PRODUCTS}        if product.item() != {other}.item(): print(k)\n");
    std::fs::write(folder.path().join("script.py"), PRODUCTS).unwrap();
    std::fs::write(folder.path().join("port.py"), PRODUCTS.replace("torch.mm(a, b)", other))
        .unwrap();
    let tried = Command::new(python()).args(["-c", &tried]).env("OMP_NUM_THREADS", "1").output();
    let parts = String::from_utf8(tried.unwrap().stdout).unwrap();
    let first = parts.lines().next();
    let port = format!("{} port.py", python().display());
    let mut command = why(&["--script", "script.py", "--port", &port]);
    command.current_dir(&folder);
    let text = prints(command, i32::from(first.is_some()));
    let Some(k) = first else {
        assert!(text.starts_with("verdict: nothing differs. "), "{text}");
        return;
    };
    let call = format!("mm(f32[1, {k}], mat2=f32[{k}, 1])\n");
    let differs = "what differs: self and mat2 are exchanged\n";
    assert_in_order(&text, &["script.py:6\n", &call, "port.py:6\n", &call, differs]);
}
