//! What libtorch's errors look like by the time they reach us, in one line.

use std::any::Any;

/// Turns a caught panic into one line. tch panics where a call into libtorch
/// fails; the message then is a debug-printed C++ text with its backtrace.
pub fn one_line(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("of no known cause");
    match text.split_once("Torch(\"") {
        Some((_, cpp)) => {
            let message = cpp.split("\\n").next().unwrap_or(cpp).trim_end_matches("\")");
            // "[enforce fail at FILE:LINE] CONDITION. MESSAGE"
            let message = message.rsplit("] ").next().unwrap_or(message);
            let message = message.trim_end_matches('.');
            // Without memory, libtorch cannot even put its message together.
            let is_memory = ["alloc", "memory", "Error computing", "size calculation"];
            if is_memory.iter().any(|word| message.contains(word)) {
                format!("libtorch: {message}: try smaller settings")
            } else {
                format!("libtorch: {message}")
            }
        }
        None => format!("this is a bug, please report it: {}", text.replace('\n', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_libtorch_becomes_one_line_without_its_backtrace() {
        // As a panic of tch's `matmul` has it.
        let panic = "called `Result::unwrap()` on an `Err` value: Torch(\"mat1 and mat2 shapes \
                     cannot be multiplied (2x3 and 2x3)\\nException raised from meta at \
                     /pytorch/aten/src/ATen/native/LinearAlgebra.cpp:195 (most recent call \
                     first):\\nframe #0: c10::Error::Error(...)\\n\")"
            .to_owned();
        assert_eq!(
            one_line(&panic),
            "libtorch: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"
        );
    }

    #[test]
    fn only_where_memory_is_short_smaller_settings_help() {
        let memory = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: \
                      can't allocate memory: you tried to allocate 8 bytes.";
        for text in [memory, "std::bad_alloc", "<Error computing Error::what()>"] {
            let panic = format!("called `Result::unwrap()` on an `Err` value: Torch(\"{text}\")");
            let line = one_line(&panic);
            assert!(line.ends_with(": try smaller settings"), "{line}");
        }
    }
}
