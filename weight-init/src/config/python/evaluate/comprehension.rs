//! Comprehensions and f-strings: expressions that evaluate others many times or into text.

use ruff_python_ast as ast;
use ruff_text_size::Ranged;

use super::super::entries::Keys;
use super::super::format;
use super::super::heap::{DictKind, ScopeKind, Walk};
use super::super::object::Object;
use super::super::slots::Slots;
use super::super::text::Buffer;
use super::{Evaluator, Result};
use crate::value::Span;

impl Evaluator<'_> {
    /// Carries out `each` for each round of the generators, in a scope of its own.
    fn comprehension(
        &mut self,
        generators: &[ast::Comprehension],
        span: Span,
        each: &mut dyn FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let Some((first, inner)) = generators.split_first() else { return each(self) };
        // The outermost iterable alone is evaluated where the comprehension stands.
        let walk = self.walk(&first.iter)?;
        let outer = self.enclosing();
        let scope = self.heap().scope(Some(outer), ScopeKind::Comprehension);
        let scope = self.at(span, scope)?;
        self.inside(self.file, scope, span, |this| this.rounds_of(first, walk, inner, each))
    }

    fn rounds(
        &mut self,
        generators: &[ast::Comprehension],
        each: &mut dyn FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let Some((generator, inner)) = generators.split_first() else { return each(self) };
        let walk = self.walk(&generator.iter)?;
        self.rounds_of(generator, walk, inner, each)
    }

    fn rounds_of(
        &mut self,
        generator: &ast::Comprehension,
        mut walk: Walk,
        inner: &[ast::Comprehension],
        each: &mut dyn FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let span = self.span(generator.range());
        while let Some(element) = self.next(&mut walk, span)? {
            self.assign(&generator.target, element)?;
            let mut passes = true;
            for test in &generator.ifs {
                passes = passes && self.is_true(test)?;
            }
            if passes {
                self.deeper(span, |this| this.rounds(inner, each))?;
            }
        }
        Ok(())
    }

    /// The elements of a list comprehension or a generator.
    pub(super) fn comprehended(
        &mut self,
        element: &ast::Expr,
        generators: &[ast::Comprehension],
        span: Span,
    ) -> Result<Slots> {
        let slots = self.heap().slots();
        let mut slots = self.at(span, slots)?;
        self.comprehension(generators, span, &mut |this| {
            let slot = this.slot(element)?;
            this.at(span, slots.push(slot))
        })?;
        Ok(slots)
    }

    pub(super) fn set_comprehension(
        &mut self,
        comprehension: &ast::ExprSetComp,
        span: Span,
    ) -> Result<Object> {
        let keys = Keys::new(self.heap().meter());
        let mut keys = self.at(span, keys)?;
        self.comprehension(&comprehension.generators, span, &mut |this| {
            let slot = this.slot(&comprehension.elt)?;
            let put = this.heap().key(&slot.object).and_then(|key| keys.insert(key));
            this.at(slot.span, put)
        })?;
        let set = self.heap().set(keys);
        self.at(span, set)
    }

    pub(super) fn dict_comprehension(
        &mut self,
        comprehension: &ast::ExprDictComp,
        span: Span,
    ) -> Result<Object> {
        let Some(key) = &comprehension.key else {
            return Err(self.error(span, "'**' is not evaluated in a comprehension"));
        };
        let entries = self.heap().entries();
        let mut entries = self.at(span, entries)?;
        self.comprehension(&comprehension.generators, span, &mut |this| {
            let key = this.slot(key)?;
            let value = this.slot(&comprehension.value)?;
            let put =
                this.heap().key(&key.object).and_then(|name| entries.insert(name, key.span, value));
            this.at(key.span, put).map(drop)
        })?;
        let id = self.heap().dict(entries, DictKind::Plain);
        Ok(Object::Dict(self.at(span, id)?))
    }

    pub(super) fn f_string(&mut self, literal: &ast::ExprFString, span: Span) -> Result<Object> {
        let mut out = self.heap().buffer();
        for part in &literal.value {
            match part {
                ast::FStringPart::Literal(literal) => {
                    self.check_text(literal.range())?;
                    self.at(span, out.push_str(&literal.value))?;
                }
                ast::FStringPart::FString(f_string) => {
                    self.interpolate(&f_string.elements, &mut out)?
                }
            }
        }
        Ok(Object::Str(self.at(span, out.finish())?))
    }

    fn interpolate(
        &mut self,
        elements: &ast::InterpolatedStringElements,
        out: &mut Buffer,
    ) -> Result<()> {
        for element in elements {
            let part = match element {
                ast::InterpolatedStringElement::Literal(literal) => {
                    let range = literal.range();
                    self.check_text(range)?;
                    self.at(self.span(range), out.push_str(&literal.value))?;
                    continue;
                }
                ast::InterpolatedStringElement::Interpolation(part) => part,
            };
            let span = self.span(part.range());
            let value = self.expression(&part.expression)?;
            if let Some(debug) = &part.debug_text {
                self.at(span, out.push_str(debug.as_str()))?;
            }
            let conversion = match part.conversion {
                ast::ConversionFlag::None
                    if part.debug_text.is_some() && part.format_spec.is_none() =>
                {
                    Some('r')
                }
                ast::ConversionFlag::None => None,
                ast::ConversionFlag::Str => Some('s'),
                ast::ConversionFlag::Repr | ast::ConversionFlag::Ascii => Some('r'),
            };
            let value = format::convert(self.heap(), &value, conversion);
            let value = self.at(span, value)?;
            let mut spec = self.heap().buffer();
            if let Some(parts) = &part.format_spec {
                self.interpolate(&parts.elements, &mut spec)?;
            }
            let heap = self.heap();
            let added =
                spec.finish().and_then(|spec| format::format(heap, &value, spec.read()?, out));
            self.at(span, added)?;
        }
        Ok(())
    }
}
