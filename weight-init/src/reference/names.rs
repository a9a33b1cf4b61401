//! Names of the same initializers in other libraries.

/// A name in a library, the type here, and how the arguments correspond where the names do not tell.
pub(super) struct Foreign {
    pub(super) library: &'static str,
    pub(super) name: &'static str,
    pub(super) of: &'static str,
    pub(super) arguments: &'static str,
}

macro_rules! names {
    ($($library:literal { $($name:literal $of:ident $($arguments:literal)?;)* })*) => {
        /// Every name; those of PyTorch are types of configs themselves.
        pub(super) const NAMES: &[Foreign] = &[$($(Foreign {
            library: $library,
            name: $name,
            of: stringify!($of),
            arguments: concat!($($arguments)?),
        },)*)*];
    };
}
names! {
    "torch.nn.init" {
        "uniform_" Uniform;
        "normal_" Normal;
        "trunc_normal_" TruncNormal;
        "constant_" Constant;
        "ones_" Ones;
        "zeros_" Zeros;
        "eye_" Eye;
        "dirac_" Dirac;
        "xavier_uniform_" Xavier;
        "xavier_normal_" Xavier;
        "kaiming_uniform_" Kaiming;
        "kaiming_normal_" Kaiming;
        "orthogonal_" Orthogonal;
        "sparse_" Sparse;
    }
    "keras.initializers" {
        "Constant" Constant "value is val";
        "Zeros" Zeros;
        "Ones" Ones;
        "Identity" Identity;
        "RandomNormal" Normal "stddev is std";
        "RandomUniform" Uniform "minval is a, maxval is b";
        "TruncatedNormal" TruncNormal "stddev is std, a and b are mean ∓ 2·std";
        "VarianceScaling" VarianceScaling;
        "GlorotNormal" GlorotNormal;
        "GlorotUniform" GlorotUniform;
        "HeNormal" HeNormal;
        "HeUniform" HeUniform;
        "LecunNormal" LecunNormal;
        "LecunUniform" LecunUniform;
        "Orthogonal" Orthogonal;
    }
    "jax.nn.initializers" {
        "constant" Constant "value is val";
        "zeros" Zeros;
        "ones" Ones;
        "normal" Normal "stddev is std";
        "uniform" Uniform "scale is b, and a is 0";
        "truncated_normal" TruncNormal "stddev is std, a and b are lower·std and upper·std";
        "variance_scaling" VarianceScaling "normal is untruncated_normal";
        "glorot_normal" GlorotNormal;
        "xavier_normal" GlorotNormal;
        "glorot_uniform" GlorotUniform;
        "xavier_uniform" GlorotUniform;
        "he_normal" HeNormal;
        "kaiming_normal" HeNormal;
        "he_uniform" HeUniform;
        "kaiming_uniform" HeUniform;
        "lecun_normal" LecunNormal;
        "lecun_uniform" LecunUniform;
        "orthogonal" Orthogonal "scale is gain";
        "delta_orthogonal" DeltaOrthogonal "scale is gain";
    }
    "burn::nn::Initializer" {
        "Constant" Constant "value is val";
        "Ones" Ones;
        "Zeros" Zeros;
        "Uniform" Uniform "min is a, max is b";
        "Normal" Normal;
        "KaimingUniform" VarianceScaling "gain² is scale, fan_out_only is mode, distribution is uniform";
        "KaimingNormal" VarianceScaling "gain² is scale, fan_out_only is mode, distribution is untruncated_normal";
        "XavierUniform" Xavier "distribution is uniform";
        "XavierNormal" Xavier "distribution is normal";
        "Orthogonal" Orthogonal;
    }
    "candle_nn::Init" {
        "Const" Constant "its number is val";
        "Randn" Normal "stdev is std";
        "Uniform" Uniform "lo is a, up is b";
        "Kaiming" Kaiming "dist is distribution, fan is mode, non_linearity is nonlinearity";
    }
    "candle_nn::init" {
        "ZERO" Zeros;
        "ONE" Ones;
        "DEFAULT_KAIMING_UNIFORM" Kaiming "distribution is uniform, mode is fan_in";
        "DEFAULT_KAIMING_NORMAL" Kaiming "mode is fan_in";
    }
    "mxnet.initializer" {
        "LSTMBias" LSTMBias;
        "MSRAPrelu" Kaiming "slope is a, factor_type is mode";
    }
}

/// The names that others have for this type, one library a line.
pub(super) fn elsewhere(of: &str) -> Vec<String> {
    let mut lines: Vec<(&str, Vec<String>)> = Vec::new();
    for foreign in NAMES.iter().filter(|foreign| foreign.of == of) {
        let Foreign { library, name, arguments, .. } = foreign;
        let shown = match *arguments {
            "" => (*name).to_owned(),
            arguments => format!("{name} ({arguments})"),
        };
        match lines.last_mut().filter(|(last, _)| last == library) {
            Some((_, names)) => names.push(shown),
            None => lines.push((library, vec![shown])),
        }
    }
    lines.into_iter().map(|(library, names)| format!("{library}: {}", names.join(", "))).collect()
}

/// The type that another library knows by this name: alone, or behind the library's own.
pub(super) fn foreign(name: &str) -> Option<&'static str> {
    let (path, last) = name.rsplit_once(['.', ':']).unwrap_or(("", name));
    let path = path.trim_end_matches(':');
    let is =
        |foreign: &&Foreign| foreign.name == last && (path.is_empty() || foreign.library == path);
    NAMES.iter().find(is).map(|foreign| foreign.of)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use weight_init_core::initializer::ALL;

    use super::*;

    #[test]
    fn names_lead_to_types_that_there_are() {
        for foreign in NAMES {
            assert!(ALL.iter().any(|of| of.name == foreign.of), "{}", foreign.of);
        }
        assert_eq!(foreign("glorot_normal"), Some("GlorotNormal"));
        assert_eq!(foreign("jax.nn.initializers.kaiming_normal"), Some("HeNormal"));
        assert_eq!(foreign("candle_nn::Init::Randn"), Some("Normal"));
        assert_eq!(foreign("torch.nn.init.he_normal"), None);
    }

    #[test]
    fn a_page_tells_the_names_elsewhere() {
        let page =
            super::super::Reference::new(ALL).page("burn::nn::Initializer::XavierNormal").unwrap();
        let page = page.to_string();
        assert!(page.starts_with("Xavier(gain=1, "), "{page}");
        let names =
            "XavierUniform (distribution is uniform), XavierNormal (distribution is normal)";
        assert!(page.contains(&format!("\nburn::nn::Initializer: {names}\n")), "{page}");
    }

    /// The variants of burn-nn 0.22.1, `src/initializer.rs`, `pub enum Initializer`, with their fields.
    const BURN: [(&str, &[&str]); 10] = [
        ("Constant", &["value"]),
        ("Ones", &[]),
        ("Zeros", &[]),
        ("Uniform", &["min", "max"]),
        ("Normal", &["mean", "std"]),
        ("KaimingUniform", &["gain", "fan_out_only"]),
        ("KaimingNormal", &["gain", "fan_out_only"]),
        ("XavierUniform", &["gain"]),
        ("XavierNormal", &["gain"]),
        ("Orthogonal", &["gain"]),
    ];

    /// The variants of candle-nn 0.11.1, `src/init.rs`, `pub enum Init`, with their fields.
    const CANDLE: [(&str, &[&str]); 4] = [
        ("Const", &[]),
        ("Randn", &["mean", "stdev"]),
        ("Uniform", &["lo", "up"]),
        ("Kaiming", &["dist", "fan", "non_linearity"]),
    ];

    /// The constants of type `Init` in the same file.
    const CANDLE_CONSTANTS: [&str; 4] =
        ["ZERO", "ONE", "DEFAULT_KAIMING_UNIFORM", "DEFAULT_KAIMING_NORMAL"];

    #[test]
    fn names_of_burn_and_candle_are_those_of_their_sources() {
        let listed = |library| NAMES.iter().filter(move |foreign| foreign.library == library);
        for (library, variants) in
            [("burn::nn::Initializer", &BURN[..]), ("candle_nn::Init", &CANDLE)]
        {
            let names = listed(library).map(|foreign| foreign.name);
            assert!(names.eq(variants.iter().map(|(name, _)| *name)), "{library}");
            for (foreign, (name, fields)) in listed(library).zip(variants) {
                let of = ALL.iter().find(|of| of.name == foreign.of).unwrap();
                for field in *fields {
                    // An argument of the same name, or said which one it is.
                    let is_argument = of.arguments.iter().any(|argument| argument.name == *field);
                    let mut said = foreign.arguments.split(", ");
                    let is_said = said.any(|said| {
                        said.starts_with(&format!("{field} is "))
                            || said.starts_with(&format!("{field}² is "))
                    });
                    assert!(is_argument || is_said, "{library}::{name}: {field}");
                }
            }
        }
        let names = listed("candle_nn::init").map(|foreign| foreign.name);
        assert!(names.eq(CANDLE_CONSTANTS));
    }
}
