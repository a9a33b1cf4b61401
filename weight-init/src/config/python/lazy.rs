//! Lazy configs: those that inherit by `with read_base():`.
//!
//! mmengine does three things before it evaluates one, wherever in the file they stand: it reads the bases and binds the
//! names that are imported of them, it binds the modules that are imported without a name of their own, and it notes
//! every name that an import binds, as no value of the config.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Stmt};
use ruff_text_size::Ranged;

use super::Module;
use super::evaluate::{Evaluator, Flow};
use super::heap::{DictId, Heap};
use super::imports::{self, bound, dotted};
use super::object::Object;
use super::session::Session;
use super::slots::Slot;
use super::text::Str;
use super::{keys, module_scope, stdlib};
use crate::config::meter::Outcome;
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// The names of a lazy file.
#[derive(Debug)]
pub(in crate::config) struct Names {
    pub(in crate::config) names: DictId,
    /// Names that imports of the file or of its bases bind.
    pub(in crate::config) imported: Vec<Str>,
}

/// The files that a lazy config inherits from, as its reader finds them.
pub(in crate::config) trait Bases {
    /// The session that files are evaluated in.
    fn session(&mut self) -> &mut Session;

    /// The names of a base, by its path from the folder of the file that names it.
    fn by_path(&mut self, file: usize, name: &str, span: Span) -> Result<Names, Diagnostic>;

    /// The names of a base, by its dotted name from its package on: `mmdet.configs.default_runtime`.
    fn by_module(&mut self, file: usize, module: &str, span: Span) -> Result<Names, Diagnostic>;
}

/// Evaluates a lazy file.
pub(in crate::config) fn lazy(
    bases: &mut dyn Bases,
    module: &Module,
    file: usize,
) -> Result<Names, Diagnostic> {
    let mut imports = Imports::default();
    imports.visit_body(module.body());
    let block = module.body().iter().position(|statement| matches!(statement, Stmt::With(_)));
    let inherited = match block.and_then(|at| module.body().get(at)) {
        Some(Stmt::With(with)) => read_bases(bases, file, with)?,
        _ => Vec::new(),
    };
    let session = bases.session();
    let scope = module_scope(session)?;
    let mut evaluator = Evaluator::new(session, file, scope, true);
    if block.is_some() {
        evaluator.inherit(inherited, &imports)?;
    }
    evaluator.hoist(module.body(), &imports)?;
    for (at, statement) in module.body().iter().enumerate() {
        let done = match statement {
            _ if Some(at) == block => continue,
            Stmt::Import(import) if import.names.iter().all(is_hoisted) => continue,
            statement => evaluator.statements(std::slice::from_ref(statement))?,
        };
        if !matches!(done, Flow::Next) {
            let span = evaluator.span(statement.range());
            evaluator.finished(&done, span)?;
        }
    }
    let imported = std::mem::take(&mut evaluator.imported);
    let names = bases.session().at(Span::default(), |heap| {
        let names = heap.get_scope(scope).names;
        let names = heap.share_dict(heap.get_dict(names))?;
        heap.entries_mut(names)?.retain(|key, _| Ok(!key.is_private()))?;
        Ok(names)
    })?;
    Ok(Names { names, imported })
}

/// The values of a lazy file: its names without modules, classes of its own, and what was imported.
pub(in crate::config) fn values(heap: &mut Heap, names: &Names) -> Outcome<()> {
    let imported = keys(heap, &names.imported)?;
    let mut kept = heap.entries_of(names.names).copy()?;
    kept.retain(|key, entry| {
        Ok(match entry.slot.object {
            Object::Module(_) => false,
            Object::Class(id) => !key.is(heap.get_class(id).name.read()?),
            _ => !imported.contains(key)?,
        })
    })?;
    heap.set_entries(names.names, kept);
    Ok(())
}

/// Whether an import of a module is bound before the file is evaluated.
fn is_hoisted(alias: &ast::Alias) -> bool {
    alias.asname.is_none() && !stdlib::contains(alias.name.id.as_str())
}

/// All imports of a module, in the order of its text.
#[derive(Default)]
struct Imports<'m> {
    from: Vec<&'m ast::StmtImportFrom>,
    /// Aliases with a name of their own (`as`).
    named: Vec<&'m ast::Alias>,
}

impl<'m> Visitor<'m> for Imports<'m> {
    fn visit_stmt(&mut self, statement: &'m Stmt) {
        match statement {
            Stmt::ImportFrom(import) => self.from.push(import),
            Stmt::Import(import) => {
                self.named.extend(import.names.iter().filter(|alias| alias.asname.is_some()));
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, _expression: &'m ast::Expr) {}
}

/// Reads the bases that the block names, each once: their dotted names as the file writes them, and their own names.
fn read_bases(
    bases: &mut dyn Bases,
    file: usize,
    with: &ast::StmtWith,
) -> Result<Vec<(String, Names)>, Diagnostic> {
    let place = |session: &Session, ranged: &dyn Ranged| {
        let range = ranged.range();
        session.span(file, range.start().to_usize(), range.end().to_usize())
    };
    if !imports::is_read_base(with) {
        let session = bases.session();
        return Err(session.error(place(session, with), imports::FOREIGN_WITH));
    }
    let mut read: Vec<(String, Names)> = Vec::new();
    for statement in &with.body {
        let session = bases.session();
        let span = place(session, statement);
        let Stmt::ImportFrom(import) = statement else {
            let message = "inside of read_base() stand only 'from ... import ...'";
            return Err(session.error(span, message));
        };
        let dotted = dotted(import);
        session.at(span, |heap| heap.step(1 + read.len()))?;
        if read.iter().any(|(name, _)| *name == dotted) {
            continue;
        }
        let names = read_base(bases, file, import, span)?;
        read.push((dotted, names));
    }
    Ok(read)
}

fn read_base(
    bases: &mut dyn Bases,
    file: usize,
    import: &ast::StmtImportFrom,
    span: Span,
) -> Result<Names, Diagnostic> {
    let module = import.module.as_ref().map_or("", |module| module.id.as_str());
    let level = import.level as usize;
    if module.is_empty() {
        let message = "'from . import ...' does not name a base: write 'from .name import ...'";
        return Err(bases.session().error(span, message));
    }
    if level == 0 {
        return bases.by_module(file, module, span);
    }
    let up = "../".repeat(level.saturating_sub(1));
    bases.by_path(file, &format!("{up}{}.py", module.replace('.', "/")), span)
}

impl Evaluator<'_> {
    /// Binds what is imported of bases anywhere in the file: two names of one object mean the same.
    fn inherit(
        &mut self,
        inherited: Vec<(String, Names)>,
        imports: &Imports<'_>,
    ) -> Result<(), Diagnostic> {
        let mut bases: Vec<(String, DictId)> = Vec::with_capacity(inherited.len());
        for (dotted, Names { names, imported }) in inherited {
            self.imported.extend(imported);
            bases.push((dotted, names));
        }
        for import in &imports.from {
            let span = self.span(import.range());
            let dotted = dotted(import);
            let cost = self.heap().step(1 + bases.len());
            self.at(span, cost)?;
            if let Some((_, names)) = bases.iter().find(|(name, _)| *name == dotted) {
                self.import_base(import, *names)?;
            }
        }
        let bases = bases.into_iter().map(|(name, _)| name).collect();
        self.session.set_bases(self.file, bases);
        Ok(())
    }

    fn import_base(
        &mut self,
        import: &ast::StmtImportFrom,
        names: DictId,
    ) -> Result<(), Diagnostic> {
        let scope = self.session.heap.get_scope(self.scope).names;
        for alias in &import.names {
            let name = alias.name.id.as_str();
            let span = self.span(alias.range());
            let entries = self.heap().entries_of(names);
            if name == "*" {
                for entry in entries.each() {
                    let (key, entry) = self.at(span, entry)?;
                    let set = self.heap().names_mut(scope).and_then(|scope| {
                        scope.insert(key.clone(), entry.key_span, entry.slot.clone())
                    });
                    self.at(span, set)?;
                }
                continue;
            }
            let Some(entry) = self.at(span, entries.named(name))? else {
                return Err(self.error(span, format!("the base has no '{name}'")));
            };
            let bound = alias.asname.as_ref().map_or(name, |name| name.id.as_str());
            let slot = entry.slot.clone();
            let set = self
                .heap()
                .name(bound)
                .and_then(|key| self.session.heap.names_mut(scope)?.insert(key, span, slot));
            self.at(span, set)?;
        }
        Ok(())
    }

    /// Binds modules, and notes the names of all imports.
    fn hoist(&mut self, body: &[Stmt], imports: &Imports<'_>) -> Result<(), Diagnostic> {
        for import in &imports.from {
            let own = import.level == 0
                && stdlib::contains(import.module.as_ref().map_or("", |module| module.as_str()));
            let span = self.span(import.range());
            let base = self.session.is_base(self.file, &dotted(import));
            if !own && self.at(span, base)? {
                continue;
            }
            for alias in &import.names {
                let name = alias.asname.as_ref().unwrap_or(&alias.name);
                self.mark_imported(name.as_str(), span)?;
            }
        }
        for alias in &imports.named {
            let span = self.span(alias.range());
            self.mark_imported(bound(alias).0, span)?;
        }
        for statement in body {
            let Stmt::Import(import) = statement else { continue };
            for alias in import.names.iter().filter(|alias| is_hoisted(alias)) {
                let span = self.span(alias.range());
                let (name, module) = bound(alias);
                let object = self.module(module, span)?;
                self.mark_imported(name, span)?;
                self.bind(name, Slot { object, span })?;
            }
        }
        Ok(())
    }
}
