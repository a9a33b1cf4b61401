//! Functions and classes of a config.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::super::entries::Entries;
use super::super::heap::{Body, Class, ClassId, Function, Heap, ScopeId, ScopeKind};
use super::super::object::Object;
use super::super::slots::Slot;
use super::{Evaluator, Flow, Result};
use crate::config::meter::Outcome;
use crate::value::Span;

/// The body of a function.
pub(super) enum Code<'c> {
    Statements(&'c [Stmt]),
    Expression(&'c Expr),
}

/// Overhead of a box beside its content.
const HEAD: usize = 16;

impl Evaluator<'_> {
    pub(super) fn define(&mut self, definition: &ast::StmtFunctionDef) -> Result<()> {
        let span = self.span(definition.name.range());
        let name = definition.name.id.as_str();
        if definition.is_async {
            return Err(self.error(span, "'async' is not evaluated in a config"));
        }
        let body = Code::Statements(&definition.body);
        let place = self.span(definition.range());
        let mut object = self.function(&definition.parameters, body, place)?;
        for decorator in definition.decorator_list.iter().rev() {
            let at = self.span(decorator.range());
            object = match &decorator.expression {
                Expr::Name(name) if name.id == "staticmethod" => object,
                expression => {
                    let by = self.decorator(expression)?;
                    match by {
                        Some(by) => self.call_with(&by, Slot { object, span }, at)?,
                        None => {
                            let name = self.heap().unevaluated(name);
                            self.at(at, name)?
                        }
                    }
                }
            };
        }
        self.bind(name, Slot { object, span })
    }

    /// The decorator, or `None` if it is other code.
    fn decorator(&mut self, expression: &Expr) -> Result<Option<Object>> {
        let named = match expression {
            Expr::Call(call) => &call.func,
            other => other,
        };
        let by = match named {
            Expr::Name(name) if matches!(&*name.id, "classmethod" | "property") => return Ok(None),
            named => self.expression(named)?,
        };
        match (by, expression) {
            (Object::Opaque(..) | Object::Unevaluated(_), _) => Ok(None),
            (_, Expr::Call(_)) => self.expression(expression).map(Some),
            (by, _) => Ok(Some(by)),
        }
    }

    /// A function of a copy of the code.
    pub(super) fn function(
        &mut self,
        parameters: &ast::Parameters,
        body: Code<'_>,
        span: Span,
    ) -> Result<Object> {
        let bytes = (span.end.saturating_sub(span.start)) as usize;
        let cost = self.heap().step(bytes);
        self.at(span, cost)?;
        let size = Nodes::of(parameters, &body);
        let cost = self.heap().meter().take(size);
        self.at(span, cost)?;
        let mut defaults = Vec::new();
        let all =
            parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs);
        for parameter in all {
            defaults.push(match &parameter.default {
                Some(default) => Some(self.expression(default)?),
                None => None,
            });
        }
        let declared = declared(self.heap(), &body);
        let function = Function {
            parameters: parameters.clone(),
            defaults,
            declared: self.at(span, declared)?,
            body: match body {
                Code::Statements(body) => Body::Statements(body.to_vec()),
                Code::Expression(body) => Body::Expression(body.clone()),
            },
            scope: self.enclosing(),
            file: self.file,
        };
        let function = self.heap().function(function);
        self.at(span, function)
    }

    /// The innermost scope whose names functions and comprehensions inside of it see: none of a class.
    pub(super) fn enclosing(&mut self) -> ScopeId {
        let mut id = self.scope;
        loop {
            let scope = self.heap().get_scope(id);
            match (scope.kind, scope.outer) {
                (ScopeKind::Class, Some(outer)) => id = outer,
                _ => return id,
            }
        }
    }

    /// A class: its body is evaluated, and what that binds are its attributes. Where other code has a part in it, as a
    /// base or a decorator, the attributes are not known, and the body is left.
    pub(super) fn class(&mut self, class: &ast::StmtClassDef, span: Span) -> Result<()> {
        let mut own = class.decorator_list.is_empty();
        let mut bases: Vec<ClassId> = Vec::new();
        if let Some(arguments) = &class.arguments {
            own = own && arguments.keywords.is_empty();
            for base in &arguments.args {
                match base {
                    Expr::Name(name) if name.id == "object" => {}
                    base => match self.expression(base)? {
                        Object::Class(id) => bases.push(id),
                        _ => own = false,
                    },
                }
            }
        }
        let names = if own {
            let outer = self.scope;
            let scope = self.heap().scope(Some(outer), ScopeKind::Class);
            let scope = self.at(span, scope)?;
            let flow = self.inside(self.file, scope, span, |this| this.statements(&class.body))?;
            self.finished(&flow, span)?;
            Some(self.heap().get_scope(scope).names)
        } else {
            None
        };
        let name = self.heap().text(class.name.id.as_str());
        let name = self.at(span, name)?;
        let object = self.heap().class(Class { name, names, bases });
        let object = self.at(span, object)?;
        self.bind(class.name.id.as_str(), Slot { object, span })
    }

    /// A body that is left by `break` or `continue` is none of Python.
    pub(in crate::config::python) fn finished(&self, flow: &Flow, span: Span) -> Result<()> {
        match flow {
            Flow::Next | Flow::Return(_) => Ok(()),
            Flow::Break | Flow::Continue => {
                Err(self.error(span, "'break' or 'continue' stands outside of a loop"))
            }
            Flow::Absent => Err(self.error(
                span,
                "a module that is imported here is other code, and no 'except ImportError' stands around it",
            )),
        }
    }
}

/// The names that a function's own statements declare `global` and `nonlocal`.
fn declared(heap: &Heap, body: &Code<'_>) -> Outcome<Entries> {
    let mut found = Declarations(Vec::new());
    if let Code::Statements(body) = body {
        found.visit_body(body);
    }
    let mut entries = heap.entries()?;
    for (name, global) in found.0 {
        let slot = Slot { object: Object::Bool(global), span: Span::default() };
        entries.insert(heap.name(name)?, Span::default(), slot)?;
    }
    Ok(entries)
}

struct Declarations<'c>(Vec<(&'c str, bool)>);

impl<'c> Visitor<'c> for Declarations<'c> {
    fn visit_stmt(&mut self, statement: &'c Stmt) {
        match statement {
            Stmt::Global(global) => {
                self.0.extend(global.names.iter().map(|name| (name.as_str(), true)));
            }
            Stmt::Nonlocal(nonlocal) => {
                self.0.extend(nonlocal.names.iter().map(|name| (name.as_str(), false)));
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, _expression: &'c Expr) {}
}

/// Bytes of a part of the syntax tree.
struct Nodes(usize);

impl Nodes {
    fn of(parameters: &ast::Parameters, body: &Code<'_>) -> usize {
        let mut nodes = Self(size_of::<Function>());
        nodes.visit_parameters(parameters);
        match body {
            Code::Statements(body) => nodes.visit_body(body),
            Code::Expression(body) => nodes.visit_expr(body),
        }
        nodes.0
    }
}

impl<'c> Visitor<'c> for Nodes {
    fn visit_stmt(&mut self, statement: &'c Stmt) {
        self.0 += size_of::<Stmt>() + HEAD;
        match statement {
            // Names stand beside their statement; declarations are found and kept once more.
            Stmt::Global(ast::StmtGlobal { names, .. })
            | Stmt::Nonlocal(ast::StmtNonlocal { names, .. }) => {
                self.0 += names.len() * (size_of::<ast::Identifier>() + 2 * HEAD);
                self.0 += statement.range().len().to_usize();
            }
            Stmt::Import(ast::StmtImport { names, .. })
            | Stmt::ImportFrom(ast::StmtImportFrom { names, .. }) => {
                self.0 += names.len() * size_of::<ast::Alias>();
                self.0 += statement.range().len().to_usize();
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'c Expr) {
        self.0 += size_of::<Expr>() + HEAD;
        // A string stands beside its node.
        if let Expr::StringLiteral(_) | Expr::FString(_) | Expr::Name(_) = expression {
            self.0 += expression.range().len().to_usize();
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_parameter(&mut self, parameter: &'c ast::Parameter) {
        self.0 += size_of::<ast::ParameterWithDefault>() + size_of::<Option<Object>>() + HEAD;
        visitor::walk_parameter(self, parameter);
    }

    fn visit_keyword(&mut self, keyword: &'c ast::Keyword) {
        self.0 += size_of::<ast::Keyword>();
        visitor::walk_keyword(self, keyword);
    }
}
