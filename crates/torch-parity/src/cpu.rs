//! The CPU, and which of libtorch's kernels run on it: the bits depend on both.

use std::fs;

/// Its name, where the system tells, else its architecture.
pub fn name() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or(std::env::consts::ARCH, |(_, name)| name.trim()).to_owned()
}

/// What PyTorch calls `torch.backends.cpu.get_cpu_capability()`, which tch cannot ask
/// for: chosen as libtorch chooses. None where the CPU is of another kind than x86.
#[cfg(target_arch = "x86_64")]
pub fn capability() -> Option<&'static str> {
    let asked = std::env::var("ATEN_CPU_CAPABILITY").unwrap_or_default();
    let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let has_avx512 = is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("fma");
    Some(match &*asked {
        "default" => "DEFAULT",
        "avx2" => "AVX2",
        "avx512" => "AVX512",
        _ if has_avx512 => "AVX512",
        _ if has_avx2 => "AVX2",
        _ => "DEFAULT",
    })
}

/// Of other CPUs we do not know.
#[cfg(not(target_arch = "x86_64"))]
pub fn capability() -> Option<&'static str> {
    None
}
