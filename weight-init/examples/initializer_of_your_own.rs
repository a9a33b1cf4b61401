//! An initializer of your own, named in a config like the built-in ones: `cargo run --example initializer_of_your_own`.
//!
//! It is read from Python, JSON, TOML and YAML, its arguments are checked where they stand, and plans show it.

use weight_init::Registry;
use weight_init::config::{Config, Format};
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan};

mod lecun {
    use weight_init_core::initializer;
    use weight_init_core::initializer::{
        Distribution, Draw, InitError, InitializerType, Lower, Shape, fans,
    };

    initializer! {
        /// Variance `scale/fan_in`.
        ///
        /// Yann LeCun, Léon Bottou, Genevieve Orr, Klaus-Robert Müller: *Efficient BackProp*, 1998.
        pub(crate) struct Lecun {
            /// Factor of the variance.
            scale: f64 = 1.0, NotNegative;
            /// Normal or uniform.
            distribution: Distribution = Distribution::Normal, Any;
        }
        fans: Always;
    }

    impl Lower for Lecun {
        fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
            let fan_in = fans(shape).map_err(InitError::from)?.fan_in as f64;
            draw.around_zero(self.distribution, (self.scale / fan_in).sqrt())
        }
    }

    pub(crate) static LECUN: InitializerType = InitializerType::new::<Lecun>();
}

const CONFIG: &str = "
init_cfg = dict(type='Lecun', scale=2, layer='Linear')
model = dict(type='Module', init_cfg=init_cfg, fc=dict(type='Linear', in_features=8, out_features=4))
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut registry = Registry::standard();
    registry.register_initializer(&lecun::LECUN);

    let model = Model::from_config(
        &Config::parse(Source::new("net.py", CONFIG), Format::Python)?,
        &registry,
    )?;
    print!("{}", Plan::new(&model, &Options::default())?.table(None));

    let misspelt = CONFIG.replace("scale", "scal");
    let config = Config::parse(Source::new("net.py", misspelt), Format::Python)?;
    if let Err(error) = Model::from_config(&config, &registry) {
        println!("{error}");
    }
    Ok(())
}
