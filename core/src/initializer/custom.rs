//! Initializers of types that a program makes while it runs.

use super::registered::{Registered, Words, word};
use super::types::BuildError;
use super::{Init, InitError, InitializerType, Shape, Value};

/// What an initializer of a type does that a program makes while it runs, such as a function of a scripting language.
///
/// It stands for a built-in initializer, which it chooses by its values and the shape; the same ones always for the same.
/// [`InitializerType::custom`] makes a type of it.
///
/// ```
/// use weight_init_core::init_cfg::Init;
/// use weight_init_core::initializer::{
///     Argument, ArgumentKind, Check, Custom, FanNeed, InitError, InitializerType, Normal, Shape, Value, fans,
/// };
/// use weight_init_core::Fill;
///
/// struct Lecun;
///
/// impl Custom for Lecun {
///     fn default(&self, _: usize) -> Option<Value> {
///         Some(Value::Number(1.0))
///     }
///
///     fn init(&self, values: &[Value], shape: &Shape<'_>) -> Result<Init, InitError> {
///         let [Value::Number(scale)] = values else { return Err(InitError::Custom("one number")) };
///         Ok(Init::Normal(Normal { mean: 0.0, std: (scale / fans(shape)?.fan_in as f64).sqrt() }))
///     }
/// }
///
/// let scale = Argument {
///     name: "scale", kind: ArgumentKind::Number, needed: false, later: false, check: Check::NotNegative, doc: &[" Factor of the variance."],
/// };
/// // What lives as long as the program: of a name that is known late, a leaked box.
/// let arguments: &'static [Argument] = Box::leak(Box::new([scale]));
/// let lecun = InitializerType::custom("Lecun", arguments, &[" Variance `scale/fan_in`."], FanNeed::Always, &Lecun);
/// let lecun: &'static InitializerType = Box::leak(Box::new(lecun.expect("no more than four arguments")));
///
/// let init = lecun.build(&[None]).expect("all arguments have defaults");
/// assert_eq!(init.fill::<f32>(&Shape::new(&[8, 4])), Ok(Fill::normal(0.0, 0.5).expect("finite")));
/// assert!(lecun.build(&[Some(Value::Number(-1.0))]).is_err());
/// ```
pub trait Custom: Sync {
    /// The default of argument number `index`; `None` of one that a rule must give.
    fn default(&self, index: usize) -> Option<Value>;

    /// The built-in initializer that it stands for; `values` are those of the arguments, in their order.
    ///
    /// # Errors
    ///
    /// [`InitError::Custom`], or those of the fans.
    fn init(&self, values: &[Value], shape: &Shape<'_>) -> Result<Init, InitError>;
}

/// The initializer of these values, with defaults where there is none.
pub(super) fn build(
    of: &'static InitializerType,
    values: &[Option<Value>],
) -> Result<Init, BuildError> {
    let mut words = Words::default();
    for (index, (argument, slot)) in of.arguments.iter().zip(&mut words).enumerate() {
        let value = values.get(index).copied().flatten().or_else(|| of.default(index));
        let value = value.ok_or(BuildError::Missing(argument.name))?;
        if let Value::Number(x) = value {
            argument.check.argument(argument.name, x).map_err(BuildError::Argument)?;
        }
        *slot = word(value);
    }
    Ok(Init::Registered(Registered::of_words(of, words)))
}

/// The built-in initializer that one of these words stands for.
pub(super) fn stands_for(
    custom: &dyn Custom,
    of: &Registered,
    shape: &Shape<'_>,
) -> Result<Init, InitError> {
    let mut values = [Value::Flag(false); super::MOST_OF_YOUR_OWN];
    let mut count = 0;
    for (slot, value) in values.iter_mut().zip((0..).map_while(|index| of.get(index))) {
        *slot = value;
        count += 1;
    }
    match custom.init(values.get(..count).unwrap_or_default(), shape)? {
        Init::Registered(_) => Err(InitError::Custom("it must stand for a built-in initializer")),
        init => {
            let wrong = "the initializer that it stands for has arguments that are never right";
            init.check().map_err(|_| InitError::Custom(wrong))?;
            Ok(init)
        }
    }
}
