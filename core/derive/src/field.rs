//! What `#[layer(...)]` says on a field, and what its type tells.

use syn::spanned::Spanned;
use syn::{Error, Expr, Field, GenericArgument, LitStr, PathArguments, Result, Type};

/// What a field is to the model.
pub(crate) enum Role {
    Param,
    Buffer,
    /// A layer, or several.
    Layer(Holder),
    InitCfg,
    Skip,
}

/// How a field holds layers.
pub(crate) enum Holder {
    One,
    Optional,
    /// An array or `Vec`.
    Many,
    /// A map in the order of its keys.
    Map,
}

/// A field with its attributes.
pub(crate) struct FieldAttributes {
    pub(crate) role: Role,
    pub(crate) rename: Option<LitStr>,
    pub(crate) shape: Option<Expr>,
    pub(crate) in_out: bool,
    pub(crate) stream: Option<LitStr>,
    pub(crate) same_as: Option<LitStr>,
    pub(crate) container: Option<LitStr>,
    pub(crate) init_cfg: Option<Expr>,
}

const ALLOWED: &str = "`param`, `buffer`, `init_cfg`, `skip`, `rename`, `shape`, `layout`, `stream`, `same_as`, \
                       `container`";

impl FieldAttributes {
    pub(crate) fn read(field: &Field) -> Result<Self> {
        let mut read = Self {
            role: Role::Layer(holder(&field.ty)?),
            rename: None,
            shape: None,
            in_out: false,
            stream: None,
            same_as: None,
            container: None,
            init_cfg: None,
        };
        let mut role = None;
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("layer")) {
            attribute.parse_nested_meta(|meta| {
                let Some(key) = meta.path.get_ident() else {
                    return Err(meta.error(format!("expected one of {ALLOWED}")));
                };
                let key = key.to_string();
                match key.as_str() {
                    "param" | "buffer" | "skip" => {
                        if role.is_some() {
                            return Err(meta.error(
                                "a field is one of `param`, `buffer`, `init_cfg` and `skip`",
                            ));
                        }
                        role = Some(match key.as_str() {
                            "param" => Role::Param,
                            "buffer" => Role::Buffer,
                            _ => Role::Skip,
                        });
                    }
                    "init_cfg" if meta.input.peek(syn::Token![=]) => {
                        read.init_cfg = Some(meta.value()?.parse()?);
                    }
                    "init_cfg" => role = Some(Role::InitCfg),
                    "rename" => read.rename = Some(meta.value()?.parse()?),
                    "shape" => read.shape = Some(meta.value()?.parse()?),
                    "layout" => {
                        let layout: LitStr = meta.value()?.parse()?;
                        read.in_out = match layout.value().as_str() {
                            "in_out" => true,
                            "out_in" => false,
                            _ => {
                                return Err(Error::new(
                                    layout.span(),
                                    "a layout is \"out_in\" or \"in_out\"",
                                ));
                            }
                        };
                    }
                    "stream" => read.stream = Some(meta.value()?.parse()?),
                    "same_as" => read.same_as = Some(meta.value()?.parse()?),
                    "container" => read.container = Some(meta.value()?.parse()?),
                    key => {
                        let message =
                            format!("unknown key `{key}` on a field; allowed are {ALLOWED}");
                        return Err(meta.error(message));
                    }
                }
                Ok(())
            })?;
        }
        if let Some(role) = role {
            read.role = role;
        }
        read.check(field)?;
        Ok(read)
    }

    /// Refuses keys that say nothing about a field of this role.
    fn check(&self, field: &Field) -> Result<()> {
        let is_param = matches!(self.role, Role::Param);
        let is_many = matches!(self.role, Role::Layer(Holder::Many));
        for (given, allowed, message) in [
            (
                self.shape.is_some(),
                is_param || matches!(self.role, Role::Buffer),
                "`shape` is for a `param` or a `buffer`",
            ),
            (self.in_out, is_param, "`layout` is for a `param`"),
            (self.stream.is_some(), is_param, "`stream` is for a `param`"),
            (self.same_as.is_some(), is_param, "`same_as` is for a `param`"),
            (self.container.is_some(), is_many, "`container` is for an array or `Vec` of layers"),
            (
                self.init_cfg.is_some(),
                is_many,
                "`init_cfg = ...` is for the struct, or for an array or `Vec` of layers",
            ),
        ] {
            if given && !allowed {
                return Err(Error::new(field.span(), message));
            }
        }
        if self.same_as.is_some() && self.shape.is_none() {
            let message = "a tied parameter has no memory: write its shape, `shape = [64, 128]`";
            return Err(Error::new(field.span(), message));
        }
        Ok(())
    }
}

/// How a type holds layers, from its spelling: a macro sees no more of it.
fn holder(ty: &Type) -> Result<Holder> {
    match ty {
        Type::Array(_) => Ok(Holder::Many),
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return Ok(Holder::One) };
            let has_arguments = matches!(&last.arguments, PathArguments::AngleBracketed(arguments)
                if arguments.args.iter().any(|argument| matches!(argument, GenericArgument::Type(_))));
            match last.ident.to_string().as_str() {
                "Option" if has_arguments => Ok(Holder::Optional),
                "Vec" if has_arguments => Ok(Holder::Many),
                "BTreeMap" if has_arguments => Ok(Holder::Map),
                "HashMap" if has_arguments => Err(Error::new(
                    ty.span(),
                    "a HashMap has no order, and layers have one: use a BTreeMap, or mark the field `#[layer(skip)]`",
                )),
                _ => Ok(Holder::One),
            }
        }
        _ => Ok(Holder::One),
    }
}

/// The type in an `Option`, from its spelling.
pub(crate) fn optional(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
