//! The Mersenne Twister mt19937 (Matsumoto and Nishimura, 1998), as libtorch has it.

/// How many words there are from one twist to the next.
pub const N: usize = 624;

/// What int32's `random_` leaves of a word.
pub const MASK: u32 = 0x7fff_ffff;

/// The Mersenne Twister at one place of its numbers.
pub struct Twister {
    pub state: [u32; N],
    /// How many words were drawn.
    pub drawn: u64,
}

impl Twister {
    /// Seeded with the low 32 bits.
    pub fn new(seed: i64) -> Self {
        let mut state = [seed as u32; N];
        for i in 1..N {
            let before = state[i - 1];
            let mixed = (before ^ (before >> 30)).wrapping_mul(1_812_433_253);
            state[i] = mixed.wrapping_add(i as u32);
        }
        Self { state, drawn: 0 }
    }

    fn twist(&mut self) {
        for i in 0..N {
            let y = (self.state[i] & !MASK) | (self.state[(i + 1) % N] & MASK);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + 397) % N] ^ (y >> 1) ^ odd;
        }
    }

    /// The next word.
    pub fn next(&mut self) -> u32 {
        let at = (self.drawn % N as u64) as usize;
        if at == 0 {
            self.twist();
        }
        self.drawn += 1;
        let mut y = self.state[at];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// Goes past so many.
    pub fn skip(&mut self, n: u64) {
        let blocks = |drawn: u64| drawn.div_ceil(N as u64);
        for _ in blocks(self.drawn)..blocks(self.drawn + n) {
            self.twist();
        }
        self.drawn += n;
    }
}
