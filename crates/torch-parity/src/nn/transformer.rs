//! `torch.nn.TransformerEncoderLayer`.

use tch::Tensor;

use super::mask::{canonical, merged};
use super::module::Training;
use super::{
    Activation, Attend, AttentionOptions, Children, Dropout, Layer, LayerNorm, Linear, Module,
    MultiheadAttention, NormOptions,
};
use crate::defaults::defaults;

/// `torch.nn.TransformerEncoderLayer` (Vaswani et al., 2017): self-attention, then
/// two linear layers for each place alone, both around a shortcut.
#[derive(Debug)]
#[allow(missing_docs)] // as in PyTorch
pub struct TransformerEncoderLayer {
    pub self_attn: MultiheadAttention,
    pub linear1: Linear,
    pub dropout: Dropout,
    pub linear2: Linear,
    pub norm1: LayerNorm,
    pub norm2: LayerNorm,
    pub dropout1: Dropout,
    pub dropout2: Dropout,
    options: EncoderLayerOptions,
    training: Training,
}

defaults! {
    /// The settings of a [`TransformerEncoderLayer`].
    #[derive(Clone, Copy, Debug)]
    pub struct EncoderLayerOptions {
        /// 2048 by default.
        pub dim_feedforward: i64 = 2048,
        /// 0.1 by default.
        pub dropout: f64 = 0.1,
        /// relu by default.
        pub activation: Activation = Activation::Relu,
        /// 1e-5 by default.
        pub layer_norm_eps: f64 = 1e-5,
        /// Whether sequences are (N, L, E) rather than (L, N, E); false by default.
        pub batch_first: bool = false,
        /// Whether to normalize before each part (Xiong et al., 2020) rather than
        /// after the shortcut; false by default.
        pub norm_first: bool = false,
        /// true by default.
        pub bias: bool = true,
    }
}

impl TransformerEncoderLayer {
    /// With PyTorch's default settings.
    pub fn new(d_model: i64, nhead: i64) -> Self {
        Self::with(d_model, nhead, EncoderLayerOptions::default())
    }

    /// With these settings.
    pub fn with(d_model: i64, nhead: i64, options: EncoderLayerOptions) -> Self {
        let EncoderLayerOptions { dim_feedforward, dropout, batch_first, bias, .. } = options;
        let attention = AttentionOptions { dropout, bias, batch_first };
        let self_attn = MultiheadAttention::with(d_model, nhead, attention);
        let norm = NormOptions { eps: options.layer_norm_eps, affine: true, bias };
        Self {
            self_attn,
            linear1: Linear::with(d_model, dim_feedforward, bias),
            dropout: Dropout::new(dropout),
            linear2: Linear::with(dim_feedforward, d_model, bias),
            norm1: LayerNorm::with(&[d_model], norm),
            norm2: LayerNorm::with(&[d_model], norm),
            dropout1: Dropout::new(dropout),
            dropout2: Dropout::new(dropout),
            options,
            training: Training::default(),
        }
    }

    /// The outputs for `src`, both (L, N, E) or (L, E), under these masks; `how` says
    /// nothing of weights, which are not returned.
    pub fn encode(&self, src: &Tensor, how: Attend<'_>) -> Tensor {
        let padding = how.key_padding_mask.map(|mask| canonical(mask, src.kind()));
        let attn_mask = how.attn_mask.map(|mask| canonical(mask, src.kind()));
        if let Some(gelu) = self.takes_fast_path(src) {
            return self.fast_path(src, gelu, attn_mask, padding);
        }
        let how = Attend {
            key_padding_mask: padding.as_ref(),
            attn_mask: attn_mask.as_ref(),
            need_weights: false,
            ..how
        };
        let sa_block = |x: &Tensor| self.dropout1.forward(&self.self_attn.forward(x, x, x, how).0);
        if self.options.norm_first {
            let x = src + sa_block(&self.norm1.forward(src));
            &x + self.ff_block(&self.norm2.forward(&x))
        } else {
            let x = self.norm1.forward(&(src + sa_block(src)));
            self.norm2.forward(&(&x + self.ff_block(&x)))
        }
    }

    fn ff_block(&self, x: &Tensor) -> Tensor {
        let x = self.options.activation.apply(&self.linear1.forward(x));
        self.dropout2.forward(&self.linear2.forward(&self.dropout.forward(&x)))
    }

    /// Whether PyTorch calls its fused kernel, which it does in evaluation mode
    /// without gradients; and if it does, whether with gelu.
    fn takes_fast_path(&self, src: &Tensor) -> Option<bool> {
        let gelu = match self.options.activation {
            Activation::Relu => false,
            Activation::Gelu => true,
            _ => return None,
        };
        let own = self.named_parameters();
        let used: Vec<_> = own.iter().map(|(_, tensor)| tensor).chain([src]).collect();
        let fast = src.dim() == 3
            && !self.training.get()
            && self.norm1.eps == self.norm2.eps
            && self.self_attn.takes_fast_path(&used);
        fast.then_some(gelu)
    }

    fn fast_path(
        &self,
        src: &Tensor,
        gelu: bool,
        attn_mask: Option<Tensor>,
        padding: Option<Tensor>,
    ) -> Tensor {
        let attn = &self.self_attn;
        let (mask, mask_type) = merged(attn_mask, padding, &src.size(), attn.num_heads);
        let there = |tensor: &'_ Option<Tensor>| {
            tensor.as_ref().expect("the fast path has all weights and biases").shallow_clone()
        };
        Tensor::internal_transformer_encoder_layer_fwd(
            src,
            attn.embed_dim(),
            attn.num_heads,
            &attn.in_proj_weight,
            &there(&attn.in_proj_bias),
            &attn.out_proj.weight,
            &there(&attn.out_proj.bias),
            gelu,
            self.options.norm_first,
            self.norm1.eps,
            &there(&self.norm1.weight),
            &there(&self.norm1.bias),
            &there(&self.norm2.weight),
            &there(&self.norm2.bias),
            &self.linear1.weight,
            &there(&self.linear1.bias),
            &self.linear2.weight,
            &there(&self.linear2.bias),
            mask,
            mask_type,
        )
    }
}

impl Layer for TransformerEncoderLayer {
    /// Without masks.
    fn forward(&self, x: &Tensor) -> Tensor {
        self.encode(x, Attend::default())
    }
}

impl Module for TransformerEncoderLayer {
    fn children(&self) -> Children<'_> {
        crate::children!(
            self.self_attn,
            self.linear1,
            self.dropout,
            self.linear2,
            self.norm1,
            self.norm2,
            self.dropout1,
            self.dropout2,
        )
    }

    fn train(&self, on: bool) {
        self.training.set(on);
        for (_, part) in self.children() {
            part.train(on);
        }
    }
}
