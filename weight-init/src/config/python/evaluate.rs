//! Statements and expressions → objects.

mod attempt;
mod comprehension;
mod define;
mod expression;
mod names;
mod statement;

use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange};

use super::heap::{Heap, ScopeId, Walk};
use super::object::Object;
use super::operator;
use super::session::Session;
use super::slots::{Slot, Slots};
use super::text::Str;
use crate::config::meter::Outcome;
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// The evaluator of one file's statements, or of one function of it.
#[derive(Debug)]
pub(super) struct Evaluator<'s> {
    pub(super) session: &'s mut Session,
    /// The number of the text.
    pub(super) file: usize,
    pub(super) scope: ScopeId,
    /// How deep expressions, statements and calls stand inside each other.
    depth: usize,
    /// `try` statements around the present one that go on where a module is not there.
    attempts: usize,
    /// Names that imports bound in the module.
    pub(super) imported: Vec<Str>,
    /// Whether the file inherits by imports, and `_base_` is a name like any other.
    pub(super) lazy: bool,
}

/// How a block of statements ends.
#[derive(Debug)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Object),
    /// Of an import inside of a `try`: the module is not there.
    Absent,
}

/// Expressions, statements and calls inside each other, at most. The thread of the reader has the stack for it.
const MAX_RECURSION: usize = 1000;

type Result<T> = std::result::Result<T, Diagnostic>;

impl<'s> Evaluator<'s> {
    pub(super) fn new(session: &'s mut Session, file: usize, scope: ScopeId, lazy: bool) -> Self {
        Self { session, file, scope, depth: 0, attempts: 0, imported: Vec::new(), lazy }
    }

    pub(super) fn heap(&mut self) -> &mut Heap {
        &mut self.session.heap
    }

    /// The place of a part of the syntax tree.
    pub(super) fn span(&self, range: TextRange) -> Span {
        self.session.span(self.file, range.start().to_usize(), range.end().to_usize())
    }

    /// Refuses a string that a base's value stands in.
    fn check_text(&self, range: TextRange) -> Result<()> {
        if !self.session.has_base(self.file, range.start().to_usize(), range.end().to_usize()) {
            return Ok(());
        }
        let message =
            "{{_base_.x}} stands for a value, not for a part of a string: write f'{_base_.x}'";
        Err(self.error(self.span(range), message))
    }

    #[cold]
    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.session.error(span, message)
    }

    /// Adds the place to a fault.
    pub(super) fn at<T>(&self, span: Span, outcome: Outcome<T>) -> Result<T> {
        outcome.map_err(|fault| self.error(span, fault.0))
    }

    /// Goes on in another scope and text, one level deeper.
    pub(super) fn inside<T>(
        &mut self,
        file: usize,
        scope: ScopeId,
        span: Span,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let outer = (self.file, self.scope);
        (self.file, self.scope) = (file, scope);
        let result = self.deeper(span, work);
        (self.file, self.scope) = outer;
        result
    }

    fn deeper<T>(&mut self, span: Span, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_RECURSION {
            return Err(self
                .error(span, format!("nested deeper than {MAX_RECURSION} expressions and calls")));
        }
        let step = self.heap().step(1);
        self.at(span, step)?;
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    fn is_true(&mut self, test: &Expr) -> Result<bool> {
        let object = self.expression(test)?;
        Ok(operator::truth(self.heap(), &object))
    }

    /// Whether a module that is not there is to lead to a clause of a `try`.
    pub(super) const fn is_attempted(&self) -> bool {
        self.attempts > 0
    }

    /// The value of an expression and its place.
    pub(super) fn slot(&mut self, expression: &Expr) -> Result<Slot> {
        let object = self.expression(expression)?;
        Ok(Slot { object, span: self.span(expression.range()) })
    }

    /// A walk over the elements of what an expression gives.
    fn walk(&mut self, expression: &Expr) -> Result<Walk> {
        let Slot { object, span } = self.slot(expression)?;
        let walk = self.heap().walk(&object, span);
        self.at(span, walk)
    }

    /// The next element of a walk.
    fn next(&mut self, walk: &mut Walk, span: Span) -> Result<Option<Slot>> {
        let next = walk.next(self.heap());
        self.at(span, next)
    }

    /// The values of expressions in a row, with starred ones unpacked.
    pub(super) fn elements_of(&mut self, expressions: &[Expr]) -> Result<Slots> {
        let place =
            expressions.first().map_or_else(Span::default, |first| self.span(first.range()));
        let slots = Slots::with_capacity(self.heap().meter(), expressions.len());
        let mut slots = self.at(place, slots)?;
        for expression in expressions {
            let Expr::Starred(starred) = expression else {
                let slot = self.slot(expression)?;
                let span = slot.span;
                self.at(span, slots.push(slot))?;
                continue;
            };
            let span = self.span(expression.range());
            let mut walk = self.walk(&starred.value)?;
            while let Some(slot) = self.next(&mut walk, span)? {
                self.at(span, slots.push(slot))?;
            }
        }
        Ok(slots)
    }
}
