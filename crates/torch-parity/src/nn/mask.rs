//! The masks of attention.

use tch::{Device, Kind, Tensor};

/// `torch.nn.functional._canonical_mask`: true becomes -inf, which is added to
/// the weights.
pub(super) fn canonical(mask: &Tensor, kind: Kind) -> Tensor {
    if mask.is_floating_point() {
        return mask.shallow_clone();
    }
    assert!(mask.kind() == Kind::Bool, "a mask is bool or float, not {:?}", mask.kind());
    Tensor::zeros(mask.size(), (kind, mask.device())).masked_fill_(mask, f64::NEG_INFINITY)
}

/// `torch.nn.MultiheadAttention.merge_masks`: one mask for the fused kernels,
/// and its type: 1 for padding alone, (N, L), 2 otherwise, (N, heads, L, L). `x`
/// is of this `size`, (N, L, E).
pub(super) fn merged(
    attn_mask: Option<Tensor>,
    key_padding_mask: Option<Tensor>,
    size: &[i64],
    heads: i64,
) -> (Option<Tensor>, Option<i64>) {
    let (n, l) = (size[0], size[1]);
    let Some(attn_mask) = attn_mask else {
        let mask_type = key_padding_mask.is_some().then_some(1);
        return (key_padding_mask, mask_type);
    };
    let attn_mask = if attn_mask.dim() == 3 {
        attn_mask.view([n, -1, l, l])
    } else {
        attn_mask.view([1, 1, l, l]).expand([n, heads, -1, -1], false)
    };
    let mask = match key_padding_mask {
        Some(padding) => attn_mask + padding.view([n, 1, 1, l]).expand([-1, heads, -1, -1], false),
        None => attn_mask,
    };
    (Some(mask), Some(2))
}

/// `torch.nn.Transformer.generate_square_subsequent_mask`: (L, L), 0 up to the
/// query's own place and -inf after it.
pub fn generate_square_subsequent_mask(l: i64) -> Tensor {
    Tensor::full([l, l], f64::NEG_INFINITY, (Kind::Float, Device::Cpu)).triu(1)
}
