//! `torch.Generator`: a source of random numbers beside the default one.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use tch::{Device, Kind, Tensor};

/// `torch.Generator` on the CPU: the Mersenne Twister mt19937 (Matsumoto and
/// Nishimura, 1998), of which libtorch's functions take their numbers.
///
/// tch has libtorch's default generator only, so this is written out here. As
/// in Python a clone is the same generator, not a second one.
#[derive(Clone)]
pub struct Generator(Rc<RefCell<Mt19937>>);

struct Mt19937 {
    state: [u32; 624],
    next: usize,
}

impl Mt19937 {
    fn new(seed: u32) -> Self {
        let mut state = [seed; 624];
        for i in 1..624 {
            let last = state[i - 1];
            state[i] = (last ^ (last >> 30)).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        Self { state, next: 624 }
    }

    fn twist(&mut self) {
        for i in 0..624 {
            let y = (self.state[i] & 1 << 31) | (self.state[(i + 1) % 624] & !(1 << 31));
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + 397) % 624] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }

    fn random(&mut self) -> u32 {
        if self.next == 624 {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator").finish_non_exhaustive()
    }
}

impl Generator {
    /// `torch.Generator().manual_seed(seed)`, of which the low 32 bits count.
    pub fn manual_seed(seed: u64) -> Self {
        Self(Rc::new(RefCell::new(Mt19937::new(seed as u32))))
    }

    /// The next 32 bits, as `CPUGeneratorImpl::random` gives them.
    pub fn random(&self) -> u32 {
        self.0.borrow_mut().random()
    }

    /// The next 64 bits: 32 high ones, then 32 low ones.
    pub fn random64(&self) -> u64 {
        let high = u64::from(self.random());
        high << 32 | u64::from(self.random())
    }

    /// `torch.empty((), dtype=torch.int64).random_(generator=self).item()`, from
    /// which seeds are made.
    pub fn random_seed(&self) -> u64 {
        self.random64() & !(1 << 63)
    }

    /// One number of `torch.randint(high, ..., generator=self)`.
    pub fn randint(&self, high: u64) -> u64 {
        assert!(high > 0, "there is no number below 0 to draw");
        // Where 32 bits would not be even, libtorch takes 64.
        if high < 1 << 28 { u64::from(self.random()) % high } else { self.random64() % high }
    }

    /// `torch.randperm(n, generator=self)`: the numbers below `n` in a random
    /// order, by the shuffle of Fisher and Yates.
    pub fn randperm(&self, n: usize) -> Vec<usize> {
        if n >= WIDE {
            return self.randperm_wide(n);
        }
        let mut order: Vec<_> = (0..n).collect();
        for i in 0..n.saturating_sub(1) {
            order.swap(i, i + self.random() as usize % (n - i));
        }
        order
    }

    /// The same for lengths where 32 bits would not be even: from the inside out.
    fn randperm_wide(&self, n: usize) -> Vec<usize> {
        let mut order = vec![0; n];
        for i in 0..n {
            let z = (self.random64() % (i as u64 + 1)) as usize;
            order[i] = order[z];
            order[z] = i;
        }
        order
    }
}

/// The length from which `torch.randperm` draws 64 bits a number.
const WIDE: usize = u32::MAX as usize / 20;

/// `torch.randperm` with this generator, or with the default one.
pub(super) fn randperm(n: usize, generator: Option<&Generator>) -> Vec<usize> {
    if let Some(generator) = generator {
        return generator.randperm(n);
    }
    indices(&Tensor::randperm(n as i64, (Kind::Int64, Device::Cpu)))
}

/// A seed from this generator, or from the default one.
pub(super) fn random_seed(generator: Option<&Generator>) -> u64 {
    generator.map_or_else(
        || Tensor::from(0_i64).random_().int64_value(&[]) as u64,
        Generator::random_seed,
    )
}

/// The values of an int64 tensor (n,).
pub(super) fn indices(tensor: &Tensor) -> Vec<usize> {
    let mut values = vec![0_i64; tensor.numel()];
    tensor.copy_data(&mut values, tensor.numel());
    values.into_iter().map(|value| value as usize).collect()
}
