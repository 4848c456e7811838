//! Mistakes in the data and in the order of the random numbers.

use tch::{Device, Kind, Tensor};

use super::{Code, Parts, Pitfall, Shows};
use crate::lesson::train::make_data;

const RIGHT_DATA: Code = Code {
    rust: "let x = Tensor::randn([n, d], (Kind::Float, Device::Cpu));\n\
           let y = x.sum_dim_intlist(1, false, None).gt(0).to_kind(Kind::Int64);",
    pytorch: "x = torch.randn(n, d)\n\
              y = (x.sum(dim=1) > 0).long()",
};

const RIGHT_LOOP: Code = Code {
    rust: "tch::manual_seed(seed);\n\
           let (x, y) = make_data(n, d);\n\
           for activation in activations { /* network, training */ }",
    pytorch: "torch.manual_seed(seed)\n\
              x, y = make_data(n, d)\n\
              for name in activations: ...  # network, training",
};

pub const MISTAKES: &[Pitfall] = &[
    Pitfall {
        name: "data-float64",
        mistake: "inputs drawn in float64, then made float32",
        origin: "NumPy's and Rust's default float",
        wrong: Code {
            rust: "let x = Tensor::randn([n, d], (Kind::Double, Device::Cpu));\n\
                   let x = x.to_kind(Kind::Float);",
            pytorch: "x = torch.randn(n, d, dtype=torch.float64).float()",
        },
        right: RIGHT_DATA,
        found: "From 16 values on, a float64 takes more of the generator's bits than a \
                float32: the very first input differs, and all that is drawn later.",
        shows: Shows::Where {
            needs: "16 inputs or more",
            holds: |s| s.run.samples * s.run.features >= 16,
        },
        parts: &Parts {
            data: |samples, features| {
                let x = Tensor::randn([samples, features], (Kind::Double, Device::Cpu));
                let x = x.to_kind(Kind::Float); // (N, D)
                let y = x.sum_dim_intlist(1, false, None).gt(0).to_kind(Kind::Int64); // (N,)
                (x, y)
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "labels-ge",
        mistake: "labels by >= 0 instead of > 0",
        origin: "read as \"not negative\"",
        wrong: Code {
            rust: "let y = x.sum_dim_intlist(1, false, None).ge(0).to_kind(Kind::Int64);",
            pytorch: "y = (x.sum(dim=1) >= 0).long()",
        },
        right: RIGHT_DATA,
        found: "It cannot differ unless a sample's inputs add up to exactly 0: three times \
                in the 313 million samples of the seeds from 0 to 610585. A single input \
                is 0 once in 17 million: the logarithm of 1 in the generator's formula.",
        shows: Shows::Rarely { example: "--features 1 --seed 28587" },
        parts: &Parts {
            data: |samples, features| {
                let x = Tensor::randn([samples, features], (Kind::Float, Device::Cpu)); // (N, D)
                let y = x.sum_dim_intlist(1, false, None).ge(0).to_kind(Kind::Int64); // (N,)
                (x, y)
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "sum-order",
        mistake: "a sample's inputs added up one after the other",
        origin: "a loop, or iter().sum(), instead of the kernel",
        wrong: Code {
            rust: "let mut sum = Tensor::zeros([n], (Kind::Float, Device::Cpu));\n\
                   for j in 0..d { sum += x.select(1, j); }\n\
                   let y = sum.gt(0).to_kind(Kind::Int64);",
            pytorch: "y = (sum(x.unbind(dim=1)) > 0).long()",
        },
        right: RIGHT_DATA,
        found: "libtorch adds in another order; the sums differ in the last bit, but a \
                label only where a sum is as near to 0 as its rounding error: five times \
                in the 313 million samples of the seeds from 0 to 610585, on a CPU with \
                AVX-512.",
        shows: Shows::Rarely { example: "--seed 1255" },
        parts: &Parts {
            data: |samples, features| {
                let x = Tensor::randn([samples, features], (Kind::Float, Device::Cpu)); // (N, D)
                let mut sum = Tensor::zeros([samples], (Kind::Float, Device::Cpu)); // (N,)
                for j in 0..features {
                    sum += x.select(1, j);
                }
                (x, sum.gt(0).to_kind(Kind::Int64))
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "data-each-network",
        mistake: "data drawn again for each network",
        origin: "make_data() moved into the loop over the networks",
        wrong: Code {
            rust: "for activation in activations { let (x, y) = make_data(n, d); /* ... */ }",
            pytorch: "for name in activations:\n    x, y = make_data(n, d)",
        },
        right: RIGHT_LOOP,
        found: "The first network is right. The second starts from other weights, since \
                the redrawn data moved the generator on, and sees other data.",
        shows: Shows::Where {
            needs: "two networks",
            holds: |s| s.run.activations.len() > 1 || s.run.same_init,
        },
        parts: &Parts {
            before_network: |settings, i, data| {
                (Parts::RIGHT.before_network)(settings, i, data);
                if i > 0 || settings.run.same_init {
                    *data = make_data(settings.run.samples, settings.run.features);
                }
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "seed-each-network",
        mistake: "seeded again before each network",
        origin: "meant to make the networks comparable",
        wrong: Code {
            rust: "for activation in activations { tch::manual_seed(seed); /* ... */ }",
            pytorch: "for name in activations:\n    torch.manual_seed(seed)",
        },
        right: RIGHT_LOOP,
        found: "The first weight differs: it is drawn from the seed's first random \
                numbers, which the data had already used.",
        shows: Shows::Where { needs: "a run without --same-init", holds: |s| !s.run.same_init },
        parts: &Parts {
            before_network: |settings, _, _| tch::manual_seed(settings.seed),
            ..Parts::RIGHT
        },
    },
];
