//! A module's state as a map, and as a .safetensors file.

use std::collections::BTreeMap;
use std::path::Path;

use tch::{Tensor, no_grad};

use crate::error::{Error, Result, ensure};
use crate::values::OfTensor;
use parity_record::{Array, Trace};

type Named = Vec<(String, Tensor)>;

/// Copies `state` into `own`, or says in one line why not.
pub(super) fn load(own: Named, state: &BTreeMap<String, Tensor>) -> Result<()> {
    let missing: Vec<_> =
        own.iter().map(|(name, _)| &**name).filter(|name| !state.contains_key(*name)).collect();
    ensure!(missing.is_empty(), State, "the state lacks {}", missing.join(", "));
    let known = |name: &String| own.iter().any(|(own, _)| own == name);
    let unexpected: Vec<_> = state.keys().filter(|name| !known(name)).map(String::as_str).collect();
    ensure!(unexpected.is_empty(), State, "the module has no {}", unexpected.join(", "));
    for (name, tensor) in &own {
        let (have, want) = (state[name].size(), tensor.size());
        ensure!(
            have == want,
            State,
            "{name} is of shape {have:?} in the state, {want:?} in the module"
        );
    }
    for (name, mut tensor) in own {
        let copied = no_grad(|| tensor.f_copy_(&state[&name]));
        copied.map_err(|error| Error::from(error).of(format!("cannot copy {name}")))?;
    }
    Ok(())
}

/// Writes `own` as a .safetensors file.
pub(super) fn write(own: Named, path: &Path) -> Result<()> {
    let arrays: Result<BTreeMap<_, _>> =
        own.into_iter().map(|(name, tensor)| Ok((name, Array::of(&tensor)?))).collect();
    Ok(parity_record::save(&arrays?, path)?)
}

/// Reads a .safetensors file into `own`.
pub(super) fn read(own: Named, path: &Path) -> Result<()> {
    let arrays = Trace::read(path)?.tensors;
    let tensors = arrays.iter().map(|(key, array)| Ok((key.to_string(), array.to_tensor()?)));
    let mut state: BTreeMap<_, _> = tensors.collect::<Result<_>>()?;
    for (name, tensor) in &own {
        if !state.contains_key(name) {
            let twin = own.iter().find(|(twin, t)| state.contains_key(twin) && same(t, tensor));
            if let Some((twin, _)) = twin {
                state.insert(name.clone(), state[twin].shallow_clone());
            }
        }
    }
    load(own, &state).map_err(|error| error.of(format!("cannot load {}", path.display())))
}

/// Whether both are one tensor: the same place in memory and the same shape.
pub(super) fn same(a: &Tensor, b: &Tensor) -> bool {
    a.numel() > 0 && a.data_ptr() == b.data_ptr() && a.size() == b.size()
}
