//! `torch.manual_seed`, `torch.get_rng_state` and `torch.set_rng_state`.
//!
//! tch lets the default generator be seeded only, not read or set. But all that
//! it does follows from its seed and from how many numbers were drawn since. So
//! its state is found by drawing a few numbers and looking for them among those
//! of the same generator computed here, and set by seeding it again and drawing
//! as many. Both take time in proportion to the numbers drawn since the seed,
//! about two seconds for each hundred million. No other thread may draw meanwhile.

use std::f64::consts::PI;
use std::ffi::c_void;

use crate::error::{Error, Result, ensure};
use crate::twister::{MASK, N, Twister};
use tch::{Device, Kind, Tensor};

/// `torch.manual_seed`.
pub fn manual_seed(seed: i64) {
    tch::manual_seed(seed);
}

/// `torch.get_rng_state()`, (5056,) uint8, of a generator that was last seeded
/// with `seed`. Looks through the first 2³⁴ words at most.
pub fn rng_state(seed: i64) -> Result<Tensor> {
    let probe = words(PROBE);
    // A number that was made with the last normal one and kept costs no words.
    let normal = Tensor::randn([1], (Kind::Double, Device::Cpu)).double_value(&[0]);
    let after = words(PROBE);
    let mut twister = Twister::new(seed);
    let mut recent = [0; PROBE];
    loop {
        ensure!(twister.drawn < MOST, Generator, "the generator was not last seeded with {seed}");
        let at = twister.drawn as usize % PROBE;
        recent[at] = twister.next() & MASK;
        // In a ring: the oldest word stands behind the newest.
        let (newest, oldest) = (&recent[..=at], &recent[at + 1..]);
        if recent[at] == probe[PROBE - 1] && probe.iter().eq(oldest.iter().chain(newest)) {
            break;
        }
    }
    let drawn = twister.drawn - PROBE as u64;
    let mut then: Vec<_> = (0..PROBE + 4).map(|_| twister.next() & MASK).collect();
    let kept = then[..PROBE] == after;
    ensure!(kept || then.split_off(4) == after, Generator, "another thread draws");
    let kept = if kept { Some(normal) } else { None };
    go_to(seed, drawn, kept)?;
    let mut twister = Twister::new(seed);
    twister.skip(drawn);
    Ok(Tensor::from_slice(&twister.to_bytes(seed, kept)))
}

/// `torch.set_rng_state(state)`, for a state read here or in Python.
pub fn set_rng_state(state: &Tensor) -> Result<()> {
    ensure!(
        state.kind() == Kind::Uint8 && state.numel() == BYTES,
        Generator,
        "the state of a generator on the CPU is {BYTES} bytes"
    );
    let bytes = Vec::<u8>::try_from(state)?;
    let whole = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
    let seed = whole(0) as i64;
    let (next, block) = (whole(16), 24..NORMAL);
    let block: Vec<_> = block.step_by(8).map(|at| whole(at) as u32).collect();
    let mut twister = Twister::new(seed);
    while twister.state[..] != block {
        ensure!(twister.drawn < MOST, Generator, "the state does not follow from its seed {seed}");
        // To the same place of the next block.
        twister.skip(if twister.drawn == 0 { next.max(1) } else { N as u64 });
    }
    ensure!(
        twister.to_bytes(seed, None)[..NORMAL] == bytes[..NORMAL],
        Generator,
        "no state of a generator"
    );
    let kept = bytes[NORMAL + 24] != 0;
    let kept = kept.then(|| f64::from_bits(whole(NORMAL + 8)));
    go_to(seed, twister.drawn, kept)
}

/// `torch.default_generator.get_state()`, (5056,) uint8: as [`rng_state`], but asked of
/// libtorch itself, by a function of C++ that tch does not have.
#[allow(unsafe_code)]
pub fn generator_state() -> Tensor {
    /// An object of C++ that is returned in memory of the caller's: `at::Tensor`, one
    /// pointer. Four words, since what fits two comes back otherwise.
    #[repr(C)]
    struct Returned([*mut c_void; 4]);
    unsafe extern "C" {
        #[link_name = "_ZN2at6detail22getDefaultCPUGeneratorEv"]
        fn default_generator() -> *const c_void;
        #[link_name = "_ZNK2at9Generator9get_stateEv"]
        fn get_state(generator: *const c_void) -> Returned;
        #[link_name = "_Znwm"]
        fn operator_new(size: usize) -> *mut c_void;
    }
    // SAFETY: the two are as libtorch 2.13.0 declares them, which the build script asks
    // for, and throw nothing. tch deletes the tensor, so it lies where `new` puts it.
    unsafe {
        let Returned([tensor, ..]) = get_state(default_generator());
        let place = operator_new(size_of::<*mut c_void>()).cast::<*mut c_void>();
        place.write(tensor);
        Tensor::from_ptr(place.cast())
    }
}

/// How many words are drawn to find the place.
const PROBE: usize = 32;
/// Where the search gives up.
const MOST: u64 = 1 << 34;
/// The size of PyTorch's state, and where in it the normal numbers are.
const BYTES: usize = 5056;
const NORMAL: usize = 24 + 8 * N;

/// The next words of libtorch's generator but for their top bit.
fn words(n: usize) -> Vec<u32> {
    let words = Tensor::empty([n as i64], (Kind::Int, Device::Cpu)).random_();
    Vec::<i32>::try_from(words).expect("int32").into_iter().map(|word| word as u32).collect()
}

/// Seeds libtorch's generator and has it draw `drawn` words; with `kept`, the
/// normal number that is kept for the next call is that.
fn go_to(seed: i64, drawn: u64, kept: Option<f64>) -> Result<()> {
    let skip = |mut n: u64| {
        while n > 0 {
            let part = n.min(1 << 20);
            let _ = Tensor::empty([part as i64], (Kind::Int, Device::Cpu)).random_();
            n -= part;
        }
    };
    tch::manual_seed(seed);
    let Some(kept) = kept else {
        skip(drawn);
        return Ok(());
    };
    // It was made of four words, most likely not long ago.
    let made = [1 << 16, drawn].into_iter().find_map(|far| {
        let mut twister = Twister::new(seed);
        twister.skip(drawn.saturating_sub(far));
        let start = twister.drawn;
        let mut last = [0; 4];
        let mut made = None;
        while twister.drawn < drawn {
            last.rotate_left(1);
            last[3] = twister.next();
            let whole = twister.drawn >= start + 4;
            if whole && (second_normal(last) - kept).abs() <= 1e-9 * kept.abs() {
                made = Some(twister.drawn - 4);
            }
        }
        made
    });
    let Some(made) = made else {
        return Err(Error::Generator(format!("no words make the normal number {kept}")));
    };
    skip(made);
    let _ = Tensor::randn([1], (Kind::Double, Device::Cpu));
    skip(drawn - made - 4);
    Ok(())
}

/// The second of the two normal numbers that libtorch makes of four words.
fn second_normal([a, b, c, d]: [u32; 4]) -> f64 {
    let uniform = |high: u32, low: u32| {
        let bits = (u64::from(high) << 32 | u64::from(low)) & ((1 << 53) - 1);
        bits as f64 / (1_u64 << 53) as f64
    };
    let (u1, u2) = (uniform(a, b), uniform(c, d));
    (-2.0 * (-u2).ln_1p()).sqrt() * (2.0 * PI * u1).sin()
}

impl Twister {
    /// PyTorch's `CPUGeneratorImplState`.
    fn to_bytes(&self, seed: i64, kept: Option<f64>) -> Vec<u8> {
        // How many of the block are left, one more than there are, and the next.
        let at = (self.drawn % N as u64) as i32;
        let (left, next) = match at {
            0 if self.drawn == 0 => (1, 0),
            0 => (1, N as i32),
            _ => (N as i32 - at + 1, at),
        };
        let mut bytes = seed.to_le_bytes().to_vec();
        bytes.extend(left.to_le_bytes());
        bytes.extend(1_i32.to_le_bytes());
        bytes.extend(i64::from(next).to_le_bytes());
        bytes.extend(self.state.iter().flat_map(|word| u64::from(*word).to_le_bytes()));
        bytes.extend(0_f64.to_le_bytes());
        bytes.extend(kept.unwrap_or(0.0).to_le_bytes());
        bytes.extend(0_f64.to_le_bytes());
        bytes.extend(i64::from(kept.is_some()).to_le_bytes());
        bytes.resize(BYTES, 0);
        bytes
    }
}
