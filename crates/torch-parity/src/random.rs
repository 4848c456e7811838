//! `torch.manual_seed`, `torch.get_rng_state` and `torch.set_rng_state`.
//!
//! tch lets the default generator be seeded only. Its state is read and set by libtorch's
//! own functions of C++, which tch does not have. No other thread may draw meanwhile.

use std::ffi::c_void;

use crate::error::{Result, ensure};
use tch::{Kind, Tensor};

/// `torch.manual_seed`.
pub fn manual_seed(seed: i64) {
    tch::manual_seed(seed);
}

/// `torch.get_rng_state()`, (5056,) uint8, of a generator that was last seeded
/// with `seed`; another is refused.
pub fn rng_state(seed: i64) -> Result<Tensor> {
    let state = generator_state();
    let own = Vec::<u8>::try_from(&state)?.starts_with(&seed.to_le_bytes());
    ensure!(own, Generator, "the generator was not last seeded with {seed}");
    Ok(state)
}

/// `torch.set_rng_state(state)`, for a state read here or in Python.
#[allow(unsafe_code)]
pub fn set_rng_state(state: &Tensor) -> Result<()> {
    ensure!(
        state.kind() == Kind::Uint8 && state.numel() == BYTES,
        Generator,
        "the state of a generator on the CPU is {BYTES} bytes"
    );
    let bytes = Vec::<u8>::try_from(state)?;
    let left = i32::from_le_bytes(bytes[8..12].try_into().expect("4 bytes"));
    let next = u64::from_le_bytes(bytes[16..24].try_into().expect("8 bytes"));
    // What libtorch asks for, whose own complaint could not be caught here.
    let is_one = (1..=WORDS).contains(&left) && next <= WORDS as u64;
    ensure!(is_one, Generator, "no state of a generator");
    let state = Tensor::from_slice(&bytes); // on the CPU, in one piece
    // SAFETY: as for `generator_state`; the state is copied.
    unsafe { libtorch::set_state(libtorch::default_generator(), state.as_ptr().cast()) };
    Ok(())
}

/// The size of PyTorch's state, and how many words of the Mersenne Twister it has.
const BYTES: usize = 5056;
const WORDS: i32 = 624;

/// `torch.default_generator.get_state()`, (5056,) uint8: as [`rng_state`], whatever the
/// seed was.
#[allow(unsafe_code)]
pub fn generator_state() -> Tensor {
    // SAFETY: the functions are as libtorch 2.13.0 declares them, which the build script
    // asks for, and throw nothing. tch deletes the tensor, so it lies where `new` puts it.
    unsafe {
        let libtorch::Returned([tensor, ..]) = libtorch::get_state(libtorch::default_generator());
        let place = libtorch::operator_new(size_of::<*mut c_void>()).cast::<*mut c_void>();
        place.write(tensor);
        Tensor::from_ptr(place.cast())
    }
}

#[allow(unsafe_code)]
mod libtorch {
    use std::ffi::c_void;

    /// An object of C++ that is returned in memory of the caller's: `at::Tensor`, one
    /// pointer. Four words, since what fits two comes back otherwise.
    #[repr(C)]
    pub struct Returned(pub [*mut c_void; 4]);

    unsafe extern "C" {
        #[link_name = "_ZN2at6detail22getDefaultCPUGeneratorEv"]
        pub fn default_generator() -> *const c_void;
        #[link_name = "_ZNK2at9Generator9get_stateEv"]
        pub fn get_state(generator: *const c_void) -> Returned;
        #[link_name = "_ZN2at9Generator9set_stateERKNS_6TensorE"]
        pub fn set_state(generator: *const c_void, state: *const c_void);
        #[link_name = "_Znwm"]
        pub fn operator_new(size: usize) -> *mut c_void;
    }
}
