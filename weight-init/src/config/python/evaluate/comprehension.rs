//! Comprehensions and f-strings: expressions that evaluate others many times or into text.

use ruff_python_ast as ast;
use ruff_text_size::Ranged;

use super::super::heap::Dict;
use super::super::object::Object;
use super::super::{format, show};
use super::{Evaluator, Result};
use crate::value::Span;

impl Evaluator<'_> {
    /// What `element` gives for each round of the generators, in a scope of its own.
    pub(super) fn comprehension<T>(
        &mut self,
        generators: &[ast::Comprehension],
        span: Span,
        mut element: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let outer = self.scope;
        let scope = self.heap().scope(Some(outer));
        let scope = self.at(span, scope)?;
        let mut out = Vec::new();
        self.inside(self.file, scope, span, |this| {
            this.rounds(generators, &mut |this| {
                let cost = this.heap().take_slots(1);
                this.at(span, cost)?;
                out.push(element(this)?);
                Ok(())
            })
        })?;
        Ok(out)
    }

    fn rounds(
        &mut self,
        generators: &[ast::Comprehension],
        each: &mut dyn FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let Some((generator, inner)) = generators.split_first() else { return each(self) };
        let span = self.span(generator.range());
        for element in self.elements(&generator.iter)? {
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

    pub(super) fn dict_comprehension(
        &mut self,
        comprehension: &ast::ExprDictComp,
        span: Span,
    ) -> Result<Object> {
        let Some(key) = &comprehension.key else {
            return Err(self.error(span, "'**' is not evaluated in a comprehension"));
        };
        let pairs = self.comprehension(&comprehension.generators, span, |this| {
            Ok((this.slot(key)?, this.slot(&comprehension.value)?))
        })?;
        let made = self.heap().dict(Dict::default());
        let id = self.at(span, made)?;
        for (key, value) in pairs {
            let set = match self.loader.heap.key(&key.object) {
                Ok(name) => self.heap().insert(id, name, key.span, value),
                Err(fault) => Err(fault),
            };
            self.at(key.span, set)?;
        }
        Ok(Object::Dict(id))
    }

    pub(super) fn f_string(&mut self, literal: &ast::ExprFString, span: Span) -> Result<Object> {
        let mut out = String::new();
        for part in &literal.value {
            match part {
                ast::FStringPart::Literal(literal) => {
                    self.check_text(literal.range())?;
                    out.push_str(&literal.value);
                }
                ast::FStringPart::FString(f_string) => {
                    self.interpolate(&f_string.elements, &mut out)?
                }
            }
        }
        if out.len() > show::MAX_STRING {
            return Err(
                self.error(span, format!("a string of more than {} bytes", show::MAX_STRING))
            );
        }
        let string = self.heap().string(&out);
        self.at(span, string)
    }

    fn interpolate(
        &mut self,
        elements: &ast::InterpolatedStringElements,
        out: &mut String,
    ) -> Result<()> {
        for element in elements {
            let part = match element {
                ast::InterpolatedStringElement::Literal(literal) => {
                    self.check_text(literal.range())?;
                    out.push_str(&literal.value);
                    continue;
                }
                ast::InterpolatedStringElement::Interpolation(part) => part,
            };
            let span = self.span(part.range());
            let value = self.expression(&part.expression)?;
            if let Some(debug) = &part.debug_text {
                out.push_str(debug.as_str());
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
            let mut spec = String::new();
            if let Some(parts) = &part.format_spec {
                self.interpolate(&parts.elements, &mut spec)?;
            }
            let text = format::format(self.heap(), &value, &spec);
            out.push_str(&self.at(span, text)?);
        }
        Ok(())
    }
}
