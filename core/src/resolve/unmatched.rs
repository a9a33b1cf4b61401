use core::ops::ControlFlow;

use super::considered::Outcome;
use super::path::Path;
use super::problem::ResolveError;
use super::visit::{ModuleVisit, ParamVisit};
use super::walk::{Call, Observer, resolve};
use crate::layer::Layer;

/// Calls `see` with the module and number of every rule that writes no parameter, neither by itself nor by an override. Most
/// often a name in such a rule is misspelt, or no `init_weights` reaches its module.
///
/// The search needs no heap, because it walks the model once more for every rule. A program that does not call it does not
/// link it, so that a device may leave the check to a test on a computer. Rules of a layer that several paths lead to come
/// once for each path.
///
/// # Errors
///
/// As [`resolve`].
///
/// ```
/// # use core::ops::ControlFlow;
/// use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
/// use weight_init_core::initializer::Constant;
/// use weight_init_core::resolve::{Call, unmatched};
/// # use weight_init_core::{DType, Layer, LayerVisitor, Param, Shape};
/// # struct Norm;
/// # impl Layer for Norm {
/// #     fn class(&self) -> &str {
/// #         "Norm"
/// #     }
/// #     fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
/// #         visitor.param(&Param::new("weight", Shape::new(&[8]), DType::F32))
/// #     }
/// # }
///
/// const RULES: InitCfg<Borrowed<'static>> = InitCfg {
///     rules: &[
///         Rule { layers: &["Norm"], ..Rule::new(Init::Constant(Constant { val: 1.0 })) },
///         Rule { layers: &["Nrom"], ..Rule::new(Init::Constant(Constant { val: 1.0 })) },
///     ],
/// };
/// let mut found = None;
/// unmatched(&Norm, Call::Initialize(&RULES), &mut |_, rule| found = Some(rule))?;
/// assert_eq!(found, Some(1));
/// # Ok::<(), weight_init_core::resolve::ResolveError>(())
/// ```
pub fn unmatched(
    root: &dyn Layer,
    call: Call<'_>,
    see: &mut dyn FnMut(Path<'_>, usize),
) -> Result<(), ResolveError> {
    resolve(root, call, &mut Modules { root, call, see })
}

/// The walk that finds the rules of every module.
struct Modules<'m> {
    root: &'m dyn Layer,
    call: Call<'m>,
    see: &'m mut dyn FnMut(Path<'_>, usize),
}

impl Observer for Modules<'_> {
    fn module(&mut self, visit: &ModuleVisit<'_>) -> bool {
        let Some(rules) = visit.rules() else { return true };
        let module = visit.first_path();
        for (rule, _) in rules.writes().enumerate() {
            let mut writes = Writes { module, rule, found: false };
            // An error of this walk ends the outer one as well.
            let _ = resolve(self.root, self.call, &mut writes);
            if !writes.found {
                (self.see)(module, rule);
            }
        }
        true
    }

    fn param(&mut self, _: &ParamVisit<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The walk that looks for a write of one rule.
struct Writes<'w> {
    module: Path<'w>,
    rule: usize,
    found: bool,
}

impl Observer for Writes<'_> {
    fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
        let Self { module, rule, found } = self;
        visit.considered(&mut |considered| {
            *found |= considered.outcome == Outcome::Writes
                && considered.rule == *rule
                && considered.module == *module;
        });
        if *found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
