//! What a report says of a series that is called otherwise, of buffers that a port
//! forgot, and of what else differs beside the first divergence.

use super::*;

/// The record with its series called otherwise.
fn renamed(trace: &Trace, names: &[(&str, &str)]) -> Trace {
    let tensors = trace.tensors.iter().map(|(key, array)| {
        let (series, rest) = key.as_str().split_once('/').unwrap();
        let new = names.iter().find(|(old, _)| *old == series).map_or(series, |(_, new)| new);
        (Key::from(&*format!("{new}/{rest}")), array.clone())
    });
    Trace { tensors: tensors.collect(), ..Trace::default() }
}

/// What the report proposes, as a shell hands it over.
fn proposed(report: &Report) -> Vec<String> {
    let text = report.to_string();
    let flags = text.lines().filter_map(|line| line.split_once(": try --rename "));
    flags.map(|(_, flag)| shlex::split(flag).unwrap().concat()).collect()
}

/// `small_trace` without one of its series, since both have the same parameters.
fn one_series() -> Trace {
    let mut trace = small_trace();
    trace.tensors.retain(|key, _| !key.as_str().starts_with("relu"));
    trace
}

#[test]
fn a_series_that_is_called_otherwise_is_named_with_the_flag_that_pairs_it() {
    let b = one_series();
    for name in ["net", "net.0=$1", "it's \u{1b}[31m", "a b"] {
        let a = renamed(&b, &[("tanh", name)]);
        for (a, b) in [(&a, &b), (&b, &a)] {
            let report = held(a, b, &epochs());
            let lone = |report: &Report| report.to_string().matches(" has the series ").count();
            assert_eq!(lone(&report), 2, "{report}");
            assert!(report.to_string().contains(" (40 tensors)\n"), "{report}");
            let [flag] = &proposed(&report)[..] else { panic!("{report}") };
            let flag = flag.replace("\\x1b[", "\u{1b}\\["); // as a terminal shows it
            let flag = flag.replace("\\u{1b}", "\u{1b}");
            let rename = vec![Options::rename(&flag).unwrap()];
            let report = held(a, b, &Options { rename, ..epochs() });
            assert!(report.to_string().contains("verdict: exact: 42 tensors"), "{flag}\n{report}");
            assert_eq!(lone(&report), 0);
        }
    }
}

#[test]
fn no_series_is_proposed_where_shapes_and_steps_do_not_pair_them_one_to_one() {
    // Two of the same shapes: which is which, nobody knows.
    let b = small_trace();
    let a = renamed(&b, &[("tanh", "one"), ("relu", "two")]);
    let report = held(&a, &b, &epochs());
    let lines = [
        "\nonly A has the series one (40 tensors), two (40 tensors)\n",
        "\nonly B has the series relu (40 tensors), tanh (40 tensors)\n",
    ];
    assert_says(&report, &lines);
    assert_eq!(proposed(&report), [""; 0]);
    let proposed_without = |key: &str| {
        let mut a = renamed(&one_series(), &[("tanh", "net")]);
        a.tensors.remove(key).unwrap();
        proposed(&held(&a, &one_series(), &epochs()))
    };
    assert_eq!(proposed_without("net/000002/param/fc2.bias"), [""; 0]);
    assert_eq!(proposed_without("net/000002/state/fc2.bias.exp_avg"), ["^net/=tanh/"]);
    // A series more on one side alone is told by the first divergence.
    let report = held(&one_series(), &b, &epochs());
    assert!(!report.to_string().contains("has the series"), "{report}");
}

/// `small_trace` with a buffer in each step, as a script's record has it.
fn with_buffers(names: &[&str]) -> Trace {
    let mut trace = one_series();
    for step in 1..=2 {
        for name in names {
            trace.insert(Key::new("tanh", step, "state", name), f32s(&[2], &[0.0, 1.0])).unwrap();
        }
    }
    trace
}

#[test]
fn buffers_that_a_port_does_not_record_are_named_with_what_to_call() {
    let [a, one] = [&[][..], &["fc.running_mean"]].map(with_buffers);
    assert_says(
        &held(&a, &one, &epochs()),
        &["\nA lacks 1 buffer of tanh, fc.running_mean: a port records them by series.buffers\n"],
    );
    let three = with_buffers(&["fc.running_mean", "fc.running_var", "mask"]);
    assert_says(
        &held(&a, &three, &epochs()),
        &["\nA lacks 3 buffers of tanh, such as fc.running_mean:\n  a port records them by"],
    );
    // A run that ends earlier has them.
    let mut short = one.clone();
    short.tensors.retain(|key, _| !key.as_str().starts_with("tanh/000002"));
    let report = held(&short, &one, &epochs());
    assert!(!report.to_string().contains("lacks"), "{report}");
    // Nothing is missing; the other side lacks them; the optimizer's state is no buffer.
    let state = with_buffers(&["fc1.weight.max_exp_avg_sq"]);
    for (a, b) in [(&one, &one), (&one, &a), (&a, &state)] {
        let report = held(a, b, &epochs());
        assert!(!report.to_string().contains("lacks"), "{report}");
    }
}

#[test]
fn what_else_differs_in_the_phase_of_the_first_divergence_stands_beside_it() {
    let change = |keys: &[&str]| {
        let mut b = small_trace();
        for key in keys {
            set(&mut b, key, 0, 7.0);
        }
        held(&small_trace(), &b, &epochs()).outcome(0).beside
    };
    let grad = "tanh/000001/grad/";
    let [w1, b1, w2, b2] =
        ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"].map(|name| format!("{grad}{name}"));
    let [m1, v1] = ["exp_avg", "exp_avg_sq"].map(|of| format!("tanh/000001/state/fc1.bias.{of}"));
    let v2 = "tanh/000001/state/fc2.weight.exp_avg_sq";
    let other = "tanh/000002/grad/fc1.bias";
    for (keys, expected) in [
        (&[&*b1, other][..], "grad of epoch 1: 1 of 4 tensors differs"),
        (&[&b1, &b2, other], "grad of epoch 1: 2 of 4 tensors differ, all biases"),
        (&[&w1, &w2], "grad of epoch 1: 2 of 4 tensors differ, all weights"),
        (&[&w1, &b1], "grad of epoch 1: 2 of 4 tensors differ"),
        (&[&w1, &b1, &w2, &b2], "grad of epoch 1: all 4 tensors differ"),
        (&[&v1, v2], "state of epoch 1: 2 of 8 tensors differ, all exp_avg_sq"),
        (&[&m1, &v1], "state of epoch 1: 2 of 8 tensors differ, all of 1 dimension"),
        (&["data/000000/data/x"], "data: 1 of 2 tensors differs"),
        (&["relu/000000/init/fc1.bias"], "init at the start: 1 of 4 tensors differs"),
    ] {
        assert_eq!(change(keys).as_deref(), Some(expected));
    }
    // Alone in its phase; in a step that one side does not have.
    assert_eq!(change(&["tanh/000001/loss/loss"]), None);
    assert_eq!(change(&[]), None);
    let mut short = small_trace();
    short.tensors.retain(|key, _| !key.as_str().starts_with("tanh/000002"));
    assert_eq!(held(&short, &small_trace(), &epochs()).outcome(0).beside, None);
}
