//! Lets the program find libtorch when it starts.

fn main() {
    // torch-parity found libtorch; an rpath of its own would not reach us.
    let lib = std::env::var("DEP_TORCH_PARITY_LIBTORCH_LIB").expect("torch-parity is a dependency");
    for arg in ["-Xlinker", "-rpath", "-Xlinker", &lib] {
        println!("cargo:rustc-link-arg={arg}");
    }
}
