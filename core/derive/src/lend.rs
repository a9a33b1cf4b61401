//! The statements that lend elements.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    GenericArgument, Generics, Member, Path, PathArguments, Type, WherePredicate, parse_quote,
};

use crate::field::{Holder, optional};

/// The bodies of the visits that lend elements, each as it is read and as it is written.
#[derive(Default)]
pub(crate) struct Lends {
    pub(crate) params: [Vec<TokenStream>; 2],
    pub(crate) buffers: [Vec<TokenStream>; 2],
    pub(crate) children: [Vec<TokenStream>; 2],
    /// Types of what holds elements, and of the layers, without what holds them.
    elements: Vec<Type>,
    layers: Vec<Type>,
}

/// A field that holds elements, or an `Option` of them, from its spelling.
pub(crate) struct Held<'f> {
    pub(crate) member: &'f Member,
    /// Without the `Option`.
    pub(crate) ty: &'f Type,
    pub(crate) optional: bool,
}

impl<'f> Held<'f> {
    pub(crate) fn new(member: &'f Member, ty: &'f Type) -> Self {
        let inner = optional(ty);
        Self { member, ty: inner.unwrap_or(ty), optional: inner.is_some() }
    }

    /// What is done if the field holds something.
    pub(crate) fn if_there(&self, body: TokenStream) -> TokenStream {
        let Self { member, optional, .. } = self;
        if *optional { quote!(if self.#member.is_some() { #body }) } else { body }
    }

    /// What is done with its `elements`, to be written.
    pub(crate) fn with_elements_mut(&self, core: &Path, body: &TokenStream) -> TokenStream {
        self.with(core, &quote!(&mut), &quote!(elements_mut), body)
    }

    fn with(
        &self,
        core: &Path,
        borrow: &TokenStream,
        elements: &TokenStream,
        body: &TokenStream,
    ) -> TokenStream {
        let Self { member, optional, .. } = self;
        let bind = quote!(let elements = #core::tensor::ParamData::#elements(held););
        if *optional {
            quote! {
                if let ::core::option::Option::Some(held) = #borrow self.#member {
                    #bind
                    #body
                }
            }
        } else {
            quote!({ let held = #borrow self.#member; #bind #body })
        }
    }

    /// Adds the statements that lend its elements as a tensor of this role.
    fn lend(&self, core: &Path, role: &TokenStream, to: &mut [Vec<TokenStream>; 2]) {
        let [read, write] = to;
        let element = quote!(#core::layer_data::Element);
        let body = quote!(visitor.#role(#element::tensor(elements)););
        read.push(self.with(core, &quote!(&), &quote!(elements), &body));
        let body = quote!(visitor.#role(#element::tensor_mut(elements)););
        write.push(self.with_elements_mut(core, &body));
    }
}

impl Lends {
    pub(crate) fn add_param(&mut self, core: &Path, held: &Held<'_>) {
        self.elements.push(held.ty.clone());
        held.lend(core, &quote!(param), &mut self.params);
    }

    pub(crate) fn add_buffer(&mut self, core: &Path, held: &Held<'_>) {
        self.elements.push(held.ty.clone());
        held.lend(core, &quote!(buffer), &mut self.buffers);
    }

    pub(crate) fn add_layers(&mut self, holder: &Holder, member: &Member, ty: &Type) {
        let span = ty.span();
        self.layers.extend(held_layer(ty).cloned());
        let [read, write] = &mut self.children;
        let (shared, unique) = match holder {
            Holder::One => (
                quote_spanned!(span=> visitor.child(&self.#member);),
                quote_spanned!(span=> visitor.child(&mut self.#member);),
            ),
            Holder::Optional | Holder::Many => (
                quote_spanned!(span=> for layer in self.#member.iter() { visitor.child(layer); }),
                quote_spanned!(span=> for layer in self.#member.iter_mut() { visitor.child(layer); }),
            ),
            Holder::Map => (
                quote_spanned!(span=> for layer in self.#member.values() { visitor.child(layer); }),
                quote_spanned!(span=> for layer in self.#member.values_mut() { visitor.child(layer); }),
            ),
        };
        read.push(shared);
        write.push(unique);
    }
}

impl Lends {
    /// The generics of the struct, as far as its elements can be lent: whatever depends on a type parameter must be an
    /// element or a layer.
    pub(crate) fn generics(&self, generics: &Generics, ident: &Ident, core: &Path) -> Generics {
        let depends = |ty: &&Type| generics.type_params().any(|param| mentions(ty, &param.ident));
        let elements = self.elements.iter().filter(depends).map(|ty| -> WherePredicate {
            let element = quote!(<#ty as #core::tensor::ParamData>::Element);
            parse_quote!(#element: #core::layer_data::Element)
        });
        // A layer that holds layers of its own kind would ask for itself.
        let layers = self
            .layers
            .iter()
            .filter(depends)
            .filter(|ty| !mentions(ty, ident))
            .map(|ty| -> WherePredicate { parse_quote!(#ty: #core::layer_data::LayerData) });
        let bounds: Vec<_> = elements.chain(layers).collect();
        let mut generics = generics.clone();
        if !bounds.is_empty() {
            generics.make_where_clause().predicates.extend(bounds);
        }
        generics
    }
}

/// The layer in an array, `Option`, `Vec` or map, from its spelling; other types are the layer themselves.
fn held_layer(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Array(array) => Some(&array.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            match (&last.arguments, last.ident.to_string().as_str()) {
                (PathArguments::AngleBracketed(arguments), "Option" | "Vec" | "BTreeMap") => {
                    arguments.args.iter().rev().find_map(|argument| match argument {
                        GenericArgument::Type(ty) => Some(ty),
                        _ => None,
                    })
                }
                _ => Some(ty),
            }
        }
        _ => Some(ty),
    }
}

/// Whether the name stands anywhere in the type.
fn mentions(ty: &Type, name: &Ident) -> bool {
    fn within(tokens: TokenStream, name: &Ident) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == *name,
            TokenTree::Group(group) => within(group.stream(), name),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }
    within(quote!(#ty), name)
}
