//! A new layer changes no other parameter: not its writer, not its stream, not one of its bits.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use weight_init::plan::{Plan, Unknown};
use weight_init::run::{BackendKind, generate};
use weight_init_tests::plan::PlanJson;
use weight_init_tests::tape::Tape;

use crate::cases;
use crate::net::Net;
use crate::resolution::plan;

/// The bytes of every tensor; `None` if there is a weight that its class cannot have.
fn bytes(plan: &Plan, seed: u64) -> Option<BTreeMap<String, Vec<u8>>> {
    let tensors = plan.tensors(Unknown::Zeros).ok()?;
    let mut backend = BackendKind::Embedded.start(None).unwrap();
    let mut bytes = BTreeMap::<_, Vec<u8>>::new();
    let take = |chunk: weight_init::run::Chunk<'_>| {
        let name = tensors[chunk.tensor].name.to_owned();
        bytes.entry(name).or_default().extend(chunk.bytes);
        Ok::<_, std::convert::Infallible>(())
    };
    generate(&tensors, seed, &mut backend, take).unwrap();
    Some(bytes)
}

proptest! {
    #![proptest_config(cases(4000))]

    #[test]
    fn a_new_layer_changes_nothing_else(
        choices in vec(any::<u32>(), 0..700),
        place in vec(any::<u32>(), 8),
        seed: u64,
    ) {
        let mut net = Net::random(&mut Tape::new(choices));
        let Ok(before) = plan(&net, true) else { return Ok(()) };
        let Some(bytes_before) = bytes(&before, seed) else { return Ok(()) };
        net.add_layer(&mut Tape::new(place), "fresh");
        let after = plan(&net, true).map_err(TestCaseError::fail)?;

        let bytes_after = bytes(&after, seed).unwrap();
        let (json_before, json_after) = (PlanJson::of(&before), PlanJson::of(&after));
        let old = |name: &&str| json_before.params.get(name).is_some();
        prop_assert!(json_after.params.keys().filter(old).eq(json_before.params.keys()));
        for (name, param) in &json_before.params.0 {
            let found = json_after.params.get(name).unwrap();
            prop_assert_eq!((&param.written, &param.by), (&found.written, &found.by), "{}", name);
        }
        for (name, bytes) in &bytes_before {
            prop_assert_eq!(bytes, &bytes_after[name], "{}", name);
        }
        for param in before.params() {
            let found = after.params().iter().find(|p| p.name == param.name).unwrap();
            prop_assert_eq!(param.stream_id, found.stream_id, "{}", &param.name);
        }
    }

    /// The other way round: seed and name decide, so another seed gives other values.
    #[test]
    fn another_seed_changes_every_random_parameter(choices in vec(any::<u32>(), 0..700), seed: u64) {
        let net = Net::random(&mut Tape::new(choices));
        let Ok(plan) = plan(&net, true) else { return Ok(()) };
        let Some(one) = bytes(&plan, seed) else { return Ok(()) };
        let other = bytes(&plan, seed ^ 1 << 63).unwrap();
        for (name, param) in &PlanJson::of(&plan).params.0 {
            let random = !matches!(param.written.init.as_str(), "constant" | "untouched");
            if random {
                prop_assert_ne!(&one[name], &other[name], "{}", name);
            }
        }
    }
}
