//! What `#[layer(...)]` says on the struct.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Ident, LitStr, Path, Result, Token, parenthesized};

/// The attributes of a struct.
#[derive(Default)]
pub(crate) struct LayerAttributes {
    pub(crate) class: Option<LitStr>,
    pub(crate) bases: Vec<LitStr>,
    pub(crate) module: bool,
    pub(crate) custom: bool,
    pub(crate) init_cfg: Option<Expr>,
    pub(crate) aliases: Vec<(Ident, LitStr)>,
    pub(crate) core: Option<Path>,
}

const ALLOWED: &str = "`class`, `bases`, `module`, `custom`, `init_cfg`, `alias`, `crate`";

impl LayerAttributes {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut read = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("layer")) {
            attribute.parse_nested_meta(|meta| {
                let Some(key) = meta.path.get_ident() else {
                    return Err(meta.error(format!("expected one of {ALLOWED}")));
                };
                match key.to_string().as_str() {
                    "class" => read.class = Some(meta.value()?.parse()?),
                    "bases" => {
                        let inner;
                        parenthesized!(inner in meta.input);
                        read.bases
                            .extend(Punctuated::<LitStr, Token![,]>::parse_terminated(&inner)?);
                    }
                    "module" => read.module = true,
                    "custom" => read.custom = true,
                    "init_cfg" => read.init_cfg = Some(meta.value()?.parse()?),
                    "alias" => meta.parse_nested_meta(|alias| {
                        let name = alias.path.require_ident()?.clone();
                        read.aliases.push((name, alias.value()?.parse()?));
                        Ok(())
                    })?,
                    "crate" => read.core = Some(meta.value()?.parse()?),
                    key => {
                        let message =
                            format!("unknown key `{key}` on a layer; allowed are {ALLOWED}");
                        return Err(meta.error(message));
                    }
                }
                Ok(())
            })?;
        }
        if let (true, Some(attribute)) = (read.custom && read.module, attributes.first()) {
            return Err(Error::new(
                attribute.span(),
                "`custom` implies `module`: write one of them",
            ));
        }
        Ok(read)
    }
}
