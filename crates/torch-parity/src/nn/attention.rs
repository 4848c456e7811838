//! `torch.nn.MultiheadAttention`.

use std::ptr;

use tch::Tensor;

use super::init::{xavier_uniform_, zeros_};
use super::mask::{canonical, merged};
use super::module::{Training, empty, named, records_grad};
use super::{Children, Linear, Module, multi_head_attention_forward};
use crate::defaults::defaults;

/// `torch.nn.MultiheadAttention` (Vaswani et al., 2017) of E values in heads of
/// E / heads each.
#[derive(Debug)]
pub struct MultiheadAttention {
    /// The weights of q, k and v, (3 E, E).
    pub in_proj_weight: Tensor,
    /// (3 E,)
    pub in_proj_bias: Option<Tensor>,
    /// (E, E)
    pub out_proj: Linear,
    pub(super) num_heads: i64,
    pub(super) options: AttentionOptions,
    training: Training,
}

defaults! {
    /// The settings of attention.
    #[derive(Clone, Copy, Debug)]
    pub struct AttentionOptions {
        /// The probability of dropping an attention weight; 0 by default.
        pub dropout: f64 = 0.0,
        /// true by default.
        pub bias: bool = true,
        /// Whether sequences are (N, L, E) rather than (L, N, E); false by default.
        pub batch_first: bool = false,
    }

    /// What may be attended to, and what is returned.
    #[derive(Clone, Copy, Debug)]
    pub struct Attend<'a> {
        /// (N, S): keys to leave out (bool), or what is added to their weights.
        pub key_padding_mask: Option<&'a Tensor> = None,
        /// (L, S) or (N · heads, L, S): likewise for each query.
        pub attn_mask: Option<&'a Tensor> = None,
        /// Whether to return the weights too; true by default. PyTorch takes other
        /// kernels, with other bits, where it is false.
        pub need_weights: bool = true,
        /// Whether to return the mean weight over the heads; true by default.
        pub average_attn_weights: bool = true,
        /// A promise that `attn_mask` is causal; false by default.
        pub is_causal: bool = false,
    }
}

impl MultiheadAttention {
    /// With PyTorch's default settings.
    pub fn new(embed_dim: i64, num_heads: i64) -> Self {
        Self::with(embed_dim, num_heads, AttentionOptions::default())
    }

    /// Draws the output's weights and biases, then the input's weights; all
    /// biases begin as 0 nevertheless.
    pub fn with(embed_dim: i64, num_heads: i64, options: AttentionOptions) -> Self {
        assert!(embed_dim % num_heads == 0, "{embed_dim} values do not make {num_heads} heads");
        let mut in_proj_weight = empty([3 * embed_dim, embed_dim]);
        let mut in_proj_bias = options.bias.then(|| empty([3 * embed_dim]));
        let mut out_proj = Linear::with(embed_dim, embed_dim, options.bias);
        xavier_uniform_(&mut in_proj_weight, 1.0);
        for bias in [&mut in_proj_bias, &mut out_proj.bias].into_iter().flatten() {
            zeros_(bias);
        }
        let training = Training::default();
        Self { in_proj_weight, in_proj_bias, out_proj, num_heads, options, training }
    }

    /// The outputs (L, N, E), and the weights (N, L, S) if they are wanted, of
    /// queries (L, N, E), keys and values (S, N, E). One sequence may lack N.
    ///
    /// As in PyTorch self-attention takes other calls than attention to another
    /// sequence, and without gradients in evaluation mode another kernel. It is
    /// self-attention if the three are one reference: `forward(&x, &x, &x, ..)`.
    pub fn forward(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        how: Attend<'_>,
    ) -> (Tensor, Option<Tensor>) {
        let float_mask = [how.attn_mask, how.key_padding_mask]
            .into_iter()
            .flatten()
            .any(Tensor::is_floating_point);
        let key_padding_mask = how.key_padding_mask.map(|mask| canonical(mask, query.kind()));
        let attn_mask = how.attn_mask.map(|mask| canonical(mask, query.kind()));
        let itself = ptr::eq(query, key) && ptr::eq(key, value);
        if !float_mask && query.dim() == 3 && itself && self.takes_fast_path(&[query]) {
            let (mask, mask_type) =
                merged(attn_mask, key_padding_mask, &query.size(), self.num_heads);
            let (output, weights) = Tensor::internal_native_multi_head_attention(
                query,
                key,
                value,
                self.embed_dim(),
                self.num_heads,
                &self.in_proj_weight,
                self.in_proj_bias.as_ref().expect("the fast path has a bias"),
                &self.out_proj.weight,
                self.out_proj.bias.as_ref().expect("the fast path has a bias"),
                mask.as_ref(),
                how.need_weights,
                how.average_attn_weights,
                mask_type,
            );
            return (output, how.need_weights.then_some(weights));
        }
        let how = Attend {
            key_padding_mask: key_padding_mask.as_ref(),
            attn_mask: attn_mask.as_ref(),
            ..how
        };
        let dropout = if self.training.get() { self.options.dropout } else { 0.0 };
        if !(self.options.batch_first && query.dim() == 3) {
            return multi_head_attention_forward(self, [query, key, value], dropout, how);
        }
        let q = query.transpose(1, 0);
        // One tensor stays one.
        let k = if ptr::eq(key, query) { None } else { Some(key.transpose(1, 0)) };
        let k = k.as_ref().unwrap_or(&q);
        let v = if ptr::eq(value, key) { None } else { Some(value.transpose(1, 0)) };
        let v = v.as_ref().unwrap_or(k);
        let (output, weights) = multi_head_attention_forward(self, [&q, k, v], dropout, how);
        (output.transpose(1, 0), weights)
    }

    pub(super) fn embed_dim(&self) -> i64 {
        self.in_proj_weight.size()[1]
    }

    /// Whether PyTorch would call its fused kernel, as far as it depends on this
    /// module, on these inputs and on other weights used with it.
    pub(super) fn takes_fast_path(&self, used: &[&Tensor]) -> bool {
        let own = self.named_parameters();
        let own = own.iter().map(|(_, tensor)| tensor);
        !self.training.get()
            && self.options.batch_first
            && self.options.bias
            && self.num_heads % 2 == 0
            && !records_grad(&own.chain(used.iter().copied()).collect::<Vec<_>>())
    }
}

impl Module for MultiheadAttention {
    fn children(&self) -> Children<'_> {
        crate::children!(self.out_proj)
    }

    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named([
            ("in_proj_weight", Some(&self.in_proj_weight)),
            ("in_proj_bias", self.in_proj_bias.as_ref()),
            ("out_proj.weight", Some(&self.out_proj.weight)),
            ("out_proj.bias", self.out_proj.bias.as_ref()),
        ])
    }

    fn train(&self, on: bool) {
        self.training.set(on);
    }
}
