//! The statements that lend elements.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Member, Path, Type};

use crate::field::{Holder, optional};

/// The bodies of the visits that lend elements, each as it is read and as it is written.
#[derive(Default)]
pub(crate) struct Lends {
    pub(crate) params: [Vec<TokenStream>; 2],
    pub(crate) buffers: [Vec<TokenStream>; 2],
    pub(crate) children: [Vec<TokenStream>; 2],
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
    pub(crate) fn lend(&self, core: &Path, role: &TokenStream, to: &mut [Vec<TokenStream>; 2]) {
        let [read, write] = to;
        let element = quote!(#core::layer_data::Element);
        let body = quote!(visitor.#role(#element::tensor(elements)););
        read.push(self.with(core, &quote!(&), &quote!(elements), &body));
        let body = quote!(visitor.#role(#element::tensor_mut(elements)););
        write.push(self.with_elements_mut(core, &body));
    }
}

impl Lends {
    pub(crate) fn add_layers(&mut self, holder: &Holder, member: &Member, span: Span) {
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
