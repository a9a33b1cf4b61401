//! `try`: the ways around a module that is not there.
//!
//! Other code is not executed, so that no module but Python's own is there: its import inside of a `try` leads to the
//! clause for `ImportError`. Any other fault inside of it stays an error with its place.

use ruff_python_ast::{self as ast, ExceptHandler, Expr};
use ruff_text_size::Ranged;

use super::super::slots::Slot;
use super::{Evaluator, Flow, Result};

/// The classes of exceptions that catch a missing module.
const CATCHING: [&str; 4] = ["ImportError", "ModuleNotFoundError", "Exception", "BaseException"];

impl Evaluator<'_> {
    pub(super) fn attempt(&mut self, attempt: &ast::StmtTry) -> Result<Flow> {
        let handler = attempt.handlers.iter().map(|ExceptHandler::ExceptHandler(it)| it);
        let handler = handler.into_iter().find(|handler| match handler.type_.as_deref() {
            None => true,
            Some(Expr::Tuple(types)) => types.elts.iter().any(catches),
            Some(one) => catches(one),
        });
        self.attempts += usize::from(handler.is_some());
        let flow = self.statements(&attempt.body);
        self.attempts -= usize::from(handler.is_some());
        let flow = match (flow?, handler) {
            (Flow::Absent, Some(handler)) => {
                if let Some(name) = &handler.name {
                    let span = self.span(name.range());
                    let object = self.heap().unevaluated(name.as_str());
                    let slot = Slot { object: self.at(span, object)?, span };
                    self.bind(name.as_str(), slot)?;
                }
                let flow = self.statements(&handler.body)?;
                if let Some(name) = &handler.name {
                    self.unbind(name.as_str(), self.span(name.range()))?;
                }
                flow
            }
            (Flow::Next, _) => self.statements(&attempt.orelse)?,
            (flow, _) => flow,
        };
        match self.statements(&attempt.finalbody)? {
            Flow::Next => Ok(flow),
            left => Ok(left),
        }
    }
}

fn catches(class: &Expr) -> bool {
    matches!(class, Expr::Name(name) if CATCHING.contains(&name.id.as_str()))
}
