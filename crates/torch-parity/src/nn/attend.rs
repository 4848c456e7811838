//! `torch.nn.functional.multi_head_attention_forward`.

use std::ptr;

use tch::Tensor;

use super::mask::canonical;
use super::{Attend, MultiheadAttention};

/// `torch.nn.functional.multi_head_attention_forward`, call by call: of query,
/// key and value (L, N, E) the outputs and, if they are wanted, the weights.
pub(super) fn multi_head_attention_forward(
    own: &MultiheadAttention,
    [query, key, value]: [&Tensor; 3],
    dropout: f64,
    how: Attend<'_>,
) -> (Tensor, Option<Tensor>) {
    if query.dim() == 2 {
        return unbatched(own, [query, key, value], dropout, how);
    }
    let &[tgt_len, bsz, embed_dim] = &query.size()[..] else {
        panic!("a query has 2 or 3 dimensions")
    };
    let src_len = key.size()[0];
    let heads = own.num_heads;
    let head_dim = embed_dim / heads;
    let Attend { key_padding_mask, mut attn_mask, mut is_causal, .. } = how;
    assert!(!is_causal || attn_mask.is_some(), "is_causal takes an attn_mask that is causal");
    if is_causal && key_padding_mask.is_none() && !how.need_weights {
        attn_mask = None;
    } else if key_padding_mask.is_some() {
        is_causal = false;
    }

    let [q, k, v] = in_projection_packed(own, query, key, value);
    let attn_mask = attn_mask.map(|mask| {
        let mask = canonical(mask, query.kind());
        if mask.dim() == 2 { mask.unsqueeze(0) } else { mask }
    });
    let by_head = |x: &Tensor, len| x.view([len, bsz * heads, head_dim]).transpose(0, 1);
    let (q, k, v) = (by_head(&q, tgt_len), by_head(&k, src_len), by_head(&v, src_len));
    let padding = key_padding_mask.map(|mask| {
        let mask = canonical(mask, query.kind()).view([bsz, 1, 1, src_len]);
        mask.expand([-1, heads, -1, -1], false).reshape([bsz * heads, 1, src_len])
    });
    let attn_mask = match (attn_mask, padding) {
        (Some(mask), Some(padding)) => Some(mask + padding),
        (mask, padding) => mask.or(padding),
    };

    let out = |attn: Tensor| {
        attn.linear(&own.out_proj.weight, own.out_proj.bias.as_ref())
            .view([tgt_len, bsz, embed_dim])
    };
    if !how.need_weights {
        let attn_mask = attn_mask.map(|mask| {
            if mask.size()[0] == 1 && mask.dim() == 3 {
                mask.unsqueeze(0)
            } else {
                mask.view([bsz, heads, -1, src_len])
            }
        });
        let [q, k, v] = [(q, tgt_len), (k, src_len), (v, src_len)]
            .map(|(x, len)| x.view([bsz, heads, len, head_dim]));
        let attn = Tensor::scaled_dot_product_attention(
            &q, &k, &v, attn_mask, dropout, is_causal, None, false,
        );
        return (out(attn.permute([2, 0, 1, 3]).reshape([bsz * tgt_len, embed_dim])), None);
    }
    let q_scaled = q * (1.0 / head_dim as f64).sqrt();
    let weights = match attn_mask {
        Some(mask) => mask.baddbmm(&q_scaled, &k.transpose(-2, -1), 1, 1),
        None => q_scaled.bmm(&k.transpose(-2, -1)),
    };
    let mut weights = weights.softmax(-1, None); // (N · heads, L, S)
    if dropout > 0.0 {
        weights = weights.dropout(dropout, true);
    }
    let output = out(weights.bmm(&v).transpose(0, 1).reshape([tgt_len * bsz, embed_dim]));
    let mut weights = weights.view([bsz, heads, tgt_len, src_len]);
    if how.average_attn_weights {
        weights = weights.mean_dim([1].as_slice(), false, None);
    }
    (output, Some(weights))
}

/// The same of one sequence, (L, E).
fn unbatched(
    own: &MultiheadAttention,
    [query, key, value]: [&Tensor; 3],
    dropout: f64,
    how: Attend<'_>,
) -> (Tensor, Option<Tensor>) {
    let q = query.unsqueeze(1);
    let (k, v) = (key.unsqueeze(1), value.unsqueeze(1));
    let padding = how.key_padding_mask.map(|mask| mask.unsqueeze(0));
    let how = Attend { key_padding_mask: padding.as_ref(), ..how };
    // Three tensors from here on, in Python too.
    let (output, weights) = multi_head_attention_forward(own, [&q, &k, &v], dropout, how);
    (output.squeeze_dim(1), weights.map(|weights| weights.squeeze_dim(0)))
}

/// `torch.nn.functional._in_projection_packed`: one product where one tensor is
/// projected several times.
fn in_projection_packed(
    own: &MultiheadAttention,
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
) -> [Tensor; 3] {
    let e = own.embed_dim();
    let (weight, bias) = (&own.in_proj_weight, own.in_proj_bias.as_ref());
    let packed = |x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, parts: i64| {
        let all = x.linear(weight, bias).unflatten(-1, [parts, e]);
        all.unsqueeze(0).transpose(0, -2).squeeze_dim(-2).contiguous()
    };
    if ptr::eq(query, key) && ptr::eq(key, value) {
        let all = packed(query, weight, bias, 3);
        return [all.get(0), all.get(1), all.get(2)];
    }
    if ptr::eq(key, value) {
        let split = |x: &Tensor| x.split_with_sizes([e, 2 * e], 0);
        let (weight, bias) = (split(weight), bias.map(split));
        let bias = |i: usize| bias.as_ref().map(|bias| &bias[i]);
        let q = query.linear(&weight[0], bias(0));
        let kv = packed(key, &weight[1], bias(1), 2);
        return [q, kv.get(0), kv.get(1)];
    }
    let (weight, bias) = (weight.chunk(3, 0), bias.map(|bias| bias.chunk(3, 0)));
    let bias = |i: usize| bias.as_ref().map(|bias| &bias[i]);
    [(query, 0), (key, 1), (value, 2)].map(|(x, i)| x.linear(&weight[i], bias(i)))
}
