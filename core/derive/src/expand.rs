//! The implementations.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Data, DeriveInput, Error, Fields, GenericArgument, Generics, Index, LitStr, Member, Path,
    PathArguments, Result, Type, TypeParam, TypeParamBound, WherePredicate, parse_quote,
};

use crate::field::{FieldAttributes, Holder, Role};
use crate::layer::LayerAttributes;
use crate::lend::{Held, Lends};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        let message = "`Layer` is derived for structs: an enum or a union has no fixed parameters";
        return Err(Error::new(input.ident.span(), message));
    };
    let layer = LayerAttributes::read(&input.attrs)?;
    let core: Path = layer.core.clone().unwrap_or_else(|| parse_quote!(::weight_init_core));
    let mut parts = Parts::default();
    for (index, field) in data.fields.iter().enumerate() {
        let attributes = FieldAttributes::read(field)?;
        let member = match &field.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::Unnamed(Index::from(index)),
        };
        let name = attributes.rename.clone().unwrap_or_else(|| {
            let name = match &field.ident {
                Some(ident) => ident.to_string().trim_start_matches("r#").to_owned(),
                None => index.to_string(),
            };
            LitStr::new(&name, field.span())
        });
        parts.add(&core, &attributes, &member, &name, &field.ty)?;
    }
    if matches!(data.fields, Fields::Unit) && parts.init_cfg.is_some() {
        return Err(Error::new(input.ident.span(), "a struct without fields holds nothing"));
    }
    if let (Some(attribute), Some(_)) = (&layer.init_cfg, &parts.init_cfg) {
        let message = "the struct has an init_cfg in a field already: remove one of them";
        return Err(Error::new(attribute.span(), message));
    }
    Ok(implement(input, &layer, &core, &parts))
}

/// The bodies of the visits.
#[derive(Default)]
struct Parts {
    /// Parameters, then buffers, then layers, as a layer shows itself.
    params: Vec<TokenStream>,
    buffers: Vec<TokenStream>,
    children: Vec<TokenStream>,
    params_mut: Vec<TokenStream>,
    children_mut: Vec<TokenStream>,
    /// The elements of parameters and buffers, and the layers that lend theirs.
    data: Lends,
    /// Types of the fields that hold layers.
    layers: Vec<Type>,
    init_cfg: Option<TokenStream>,
}

impl Parts {
    fn add(
        &mut self,
        core: &Path,
        attributes: &FieldAttributes,
        member: &Member,
        name: &LitStr,
        ty: &Type,
    ) -> Result<()> {
        let span = ty.span();
        match &attributes.role {
            Role::Skip => {}
            Role::InitCfg => {
                if self.init_cfg.is_some() {
                    return Err(Error::new(span, "a layer has one init_cfg"));
                }
                self.init_cfg =
                    Some(quote_spanned!(span=> #core::container::AsRules::as_rules(&self.#member)));
            }
            Role::Param => self.param(core, attributes, member, name, ty),
            Role::Buffer => {
                let held = Held::new(member, ty);
                let dims = dims(core, attributes, held.ty);
                let ty = held.ty;
                let element = quote_spanned!(span=> <#ty as #core::tensor::ParamData>::Element);
                self.buffers.push(held.if_there(quote! {
                    visitor.buffer(&#core::Buffer {
                        name: #name,
                        shape: #dims,
                        dtype: <#element as #core::Float>::DTYPE,
                    })?;
                }));
                self.data.add_buffer(core, &held);
            }
            Role::Layer(holder) => {
                self.layers.push(ty.clone());
                self.layer(core, attributes, holder, member, name, ty);
            }
        }
        Ok(())
    }

    fn param(
        &mut self,
        core: &Path,
        attributes: &FieldAttributes,
        member: &Member,
        name: &LitStr,
        ty: &Type,
    ) {
        let span = ty.span();
        // A tied parameter has no memory here, whatever the type of its field.
        let held = if attributes.same_as.is_some() {
            Held { member, ty, optional: false }
        } else {
            Held::new(member, ty)
        };
        let ty = held.ty;
        let dims = dims(core, attributes, ty);
        let layout = if attributes.in_out { quote!(InOut) } else { quote!(OutIn) };
        let shape = quote!(#core::Shape::new(#dims).with_layout(#core::Layout::#layout));
        let option = |text: &Option<LitStr>| match text {
            Some(text) => quote!(::core::option::Option::Some(#text)),
            None => quote!(::core::option::Option::None),
        };
        let (stream, same_as) = (option(&attributes.stream), option(&attributes.same_as));
        // The element type is that of the parameter that it is tied to.
        let dtype = match &attributes.same_as {
            Some(_) => quote!(#core::DType::F32),
            None => {
                let element = quote_spanned!(span=> <#ty as #core::tensor::ParamData>::Element);
                quote!(<#element as #core::Float>::DTYPE)
            }
        };
        let param = quote! {
            #core::Param {
                name: #name,
                shape: #shape,
                dtype: #dtype,
                stream: #stream,
                same_as: #same_as,
            }
        };
        self.params.push(held.if_there(match &attributes.shape {
            Some(_) => quote!(visitor.param(&#param)?;),
            // In flash, not on the stack.
            None => quote!(visitor.param(&const { #param })?;),
        }));
        if attributes.same_as.is_none() {
            let shape = match &attributes.shape {
                // It may read other fields: it is copied before the elements are lent.
                Some(shape) => quote_spanned! {shape.span()=>
                    let mut dims = [0_usize; 16];
                    let dims = #core::in_place::copy_dims(&#shape, &mut dims);
                    let shape = &#core::Shape::new(dims).with_layout(#core::Layout::#layout);
                },
                None => quote!(let shape = &const { #shape };),
            };
            let param = held.with_elements_mut(
                core,
                &quote! {
                    visitor.param(shape, &mut #core::in_place::Elements(elements))?;
                },
            );
            self.params_mut.push(held.if_there(quote!({ #shape #param })));
            self.data.add_param(core, &held);
        }
    }

    fn layer(
        &mut self,
        core: &Path,
        attributes: &FieldAttributes,
        holder: &Holder,
        member: &Member,
        name: &LitStr,
        ty: &Type,
    ) {
        let span = ty.span();
        self.data.add_layers(holder, member, ty);
        match holder {
            Holder::One => {
                self.children.push(quote_spanned!(span=> visitor.child(&#core::Child::new(#name, &self.#member))?;));
                self.children_mut.push(quote_spanned!(span=> #core::in_place::LayerMut::visit_mut(&mut self.#member, visitor)?;));
            }
            Holder::Optional => {
                self.children.push(quote_spanned! {span=>
                    if let ::core::option::Option::Some(layer) = &self.#member {
                        visitor.child(&#core::Child::new(#name, layer))?;
                    }
                });
                self.children_mut.push(quote_spanned! {span=>
                    if let ::core::option::Option::Some(layer) = &mut self.#member {
                        #core::in_place::LayerMut::visit_mut(layer, visitor)?;
                    }
                });
            }
            Holder::Many => {
                let default = LitStr::new("ModuleList", span);
                let class = attributes.container.as_ref().unwrap_or(&default);
                let rules = match &attributes.init_cfg {
                    Some(rules) => quote!(#core::container::AsRules::as_rules(#rules)),
                    None => quote!(::core::option::Option::None),
                };
                self.children.push(quote_spanned! {span=>
                    visitor.child(&#core::Child::new(
                        #name,
                        &#core::container::Container { class: #class, rules: #rules, layers: &self.#member[..] },
                    ))?;
                });
                self.children_mut.push(quote_spanned! {span=>
                    for layer in &mut self.#member[..] {
                        #core::in_place::LayerMut::visit_mut(layer, visitor)?;
                    }
                });
            }
            Holder::Map => {
                self.children.push(quote_spanned! {span=>
                    visitor.child(&#core::Child::new(#name, &#core::container::ContainerMap(&self.#member)))?;
                });
                self.children_mut.push(quote_spanned! {span=>
                    for layer in self.#member.values_mut() {
                        #core::in_place::LayerMut::visit_mut(layer, visitor)?;
                    }
                });
            }
        }
    }
}

/// The dimensions of a parameter or buffer.
fn dims(core: &Path, attributes: &FieldAttributes, ty: &Type) -> TokenStream {
    match &attributes.shape {
        Some(shape) => quote_spanned!(shape.span()=> &#shape),
        None => quote_spanned!(ty.span()=> <#ty as #core::tensor::KnownShape>::DIMS),
    }
}

/// The generics of the struct and a set of initializers: a type parameter that is a layer must be one that can be written
/// with the set.
fn for_every_set(generics: &Generics, core: &Path, layers: &[Type]) -> Generics {
    let mut generics = generics.clone();
    let bounds: Vec<WherePredicate> = generics
        .type_params()
        .filter(|parameter| {
            layers.iter().any(|ty| holds(ty, &parameter.ident))
                || parameter.bounds.iter().any(|bound| {
                    matches!(bound, TypeParamBound::Trait(bound) if bound.path.segments.last()
                        .is_some_and(|last| ["Layer", "LayerMut"].iter().any(|name| last.ident == name)))
                })
        })
        .map(|TypeParam { ident, .. }| parse_quote!(#ident: #core::in_place::LayerMut<__Initializers>))
        .collect();
    generics.params.push(parse_quote!(__Initializers: #core::in_place::Initializers));
    if !bounds.is_empty() {
        generics.make_where_clause().predicates.extend(bounds);
    }
    generics
}

/// Whether a field of this type holds layers of the type parameter: itself, or in an array, `Option`, `Vec`, `Box` or map.
fn holds(ty: &Type, parameter: &Ident) -> bool {
    match ty {
        Type::Array(array) => holds(&array.elem, parameter),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| match &last.arguments {
            PathArguments::None => path.path.is_ident(parameter),
            PathArguments::AngleBracketed(arguments) => matches!(
                last.ident.to_string().as_str(),
                "Option" | "Vec" | "BTreeMap" | "Box"
            ) && arguments.args.iter().any(
                |argument| matches!(argument, GenericArgument::Type(ty) if holds(ty, parameter)),
            ),
            PathArguments::Parenthesized(_) => false,
        }),
        _ => false,
    }
}

fn implement(
    input: &DeriveInput,
    layer: &LayerAttributes,
    core: &Path,
    parts: &Parts,
) -> TokenStream {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let class = match &layer.class {
        Some(class) => quote!(#class),
        None => {
            let class = ident.to_string();
            quote!(#class)
        }
    };
    let bases = &layer.bases;
    let rules = match (&layer.init_cfg, &parts.init_cfg) {
        (Some(rules), _) => Some(quote!(#core::container::AsRules::as_rules(#rules))),
        (None, field) => field.clone(),
    };
    let kind = if layer.custom {
        format_ident!("Custom")
    } else if layer.module || rules.is_some() {
        format_ident!("Module")
    } else {
        format_ident!("None")
    };
    let rules = rules.unwrap_or_else(|| quote!(::core::option::Option::None));
    let aliases = layer.aliases.iter().map(|(alias, path)| {
        let alias = LitStr::new(&alias.to_string(), alias.span());
        quote!((#alias, #path))
    });
    let Parts { params, buffers, children, params_mut, children_mut, .. } = parts;
    let generics_mut = for_every_set(&input.generics, core, &parts.layers);
    let (mut_impl_generics, _, mut_where_clause) = generics_mut.split_for_impl();
    let generics_data = parts.data.generics(&input.generics, ident, core);
    let (data_impl_generics, _, data_where_clause) = generics_data.split_for_impl();
    let Lends { params: [p, p_mut], buffers: [b, b_mut], children: [c, c_mut], .. } = &parts.data;
    quote! {
        #[automatically_derived]
        impl #impl_generics #core::Layer for #ident #ty_generics #where_clause {
            fn class(&self) -> &str {
                #class
            }

            fn base(&self, index: usize) -> ::core::option::Option<&str> {
                const BASES: &[&str] = &[#(#bases),*];
                BASES.get(index).copied()
            }

            fn init_weights(&self) -> #core::InitWeights {
                #core::InitWeights::#kind
            }

            fn init_cfg(&self) -> ::core::option::Option<&dyn #core::init_cfg::Rules> {
                #rules
            }

            fn alias(&self, index: usize) -> ::core::option::Option<(&str, &str)> {
                const ALIASES: &[(&str, &str)] = &[#(#aliases),*];
                ALIASES.get(index).copied()
            }

            fn visit(&self, visitor: &mut dyn #core::LayerVisitor) -> ::core::ops::ControlFlow<()> {
                let _ = &visitor;
                #(#params)*
                #(#buffers)*
                #(#children)*
                ::core::ops::ControlFlow::Continue(())
            }
        }

        #[automatically_derived]
        impl #mut_impl_generics #core::in_place::LayerMut<__Initializers> for #ident #ty_generics
            #mut_where_clause
        {
            fn visit_mut(
                &mut self,
                visitor: &mut dyn #core::in_place::LayerVisitorMut<__Initializers>,
            ) -> ::core::ops::ControlFlow<()> {
                let _ = &visitor;
                #(#params_mut)*
                #(#children_mut)*
                ::core::ops::ControlFlow::Continue(())
            }
        }

        #[automatically_derived]
        impl #data_impl_generics #core::layer_data::LayerData for #ident #ty_generics #data_where_clause {
            fn data<'__a>(&'__a self, visitor: &mut dyn #core::layer_data::DataVisitor<'__a>) {
                let _ = &visitor;
                #(#p)*
                #(#b)*
                #(#c)*
            }

            fn data_mut<'__a>(
                &'__a mut self,
                visitor: &mut dyn #core::layer_data::DataVisitorMut<'__a>,
            ) {
                let _ = &visitor;
                #(#p_mut)*
                #(#b_mut)*
                #(#c_mut)*
            }
        }
    }
}
