//! The formula of an initializer with the numbers of one parameter in it.

use weight_init_core::initializer::{
    Distribution, Fans, Init, Kaiming, Shape, VarianceDistribution, VarianceMode, Xavier, gain,
};

use super::number::short;

/// The formula with its numbers: `std = gain / √fan_out = 1.414 / √3136 = 0.02525`. An initializer whose numbers are its
/// arguments has none; then the first line of its documentation stands for it.
pub(super) fn formula(init: &Init, shape: &Shape<'_>, fans: Option<Fans>) -> String {
    let init = init.declared().same_as.unwrap_or(*init);
    let with_numbers = fans.and_then(|fans| match &init {
        Init::Kaiming(it) => kaiming(it, shape, fans),
        Init::Xavier(it) => xavier(it, shape, fans),
        Init::VarianceScaling(it) => {
            let (name, fan) = match it.mode {
                VarianceMode::FanIn => ("fan_in", fans.fan_in as f64),
                VarianceMode::FanOut => ("fan_out", fans.fan_out as f64),
                VarianceMode::FanAvg => {
                    ("fan_avg", fans.fan_in as f64 / 2.0 + fans.fan_out as f64 / 2.0)
                }
            };
            let fan = fan.max(1.0);
            let variance = it.scale / fan;
            let then = match it.distribution {
                VarianceDistribution::Uniform => {
                    format!("; bound = √(3·variance) = {}", short((3.0 * variance).sqrt()))
                }
                _ => format!("; std = √variance = {}", short(variance.sqrt())),
            };
            Some(format!(
                "variance = scale / {name} = {} / {} = {}{then}",
                short(it.scale),
                short(fan),
                short(variance)
            ))
        }
        Init::MupNormal(it) => {
            let ratio = it.base_fan as f64 / fans.fan_in.max(1) as f64;
            let (form, factor) = match it.output {
                true => ("std · base_fan / fan_in", ratio),
                false => ("std · √(base_fan / fan_in)", ratio.sqrt()),
            };
            let numbers = match it.output {
                true => format!("{} · {} / {}", short(it.std), it.base_fan, fans.fan_in),
                false => format!("{} · √({} / {})", short(it.std), it.base_fan, fans.fan_in),
            };
            Some(format!("{form} = {numbers} = {}", short(it.std * factor)))
        }
        Init::Siren(it) => {
            let fan_in = fans.fan_in.max(1);
            Some(if it.first {
                format!("bound = 1 / fan_in = 1 / {fan_in} = {}", short(1.0 / fan_in as f64))
            } else {
                let bound = (6.0 / fan_in as f64).sqrt() / it.omega;
                let omega = short(it.omega);
                format!(
                    "bound = √(6 / fan_in) / omega = √(6 / {fan_in}) / {omega} = {}",
                    short(bound)
                )
            })
        }
        _ => None,
    });
    with_numbers.unwrap_or_else(|| match &init {
        Init::DepthScaled(it) => format!(
            "std / √(2·layers) = {} / √(2·{}) = {}",
            short(it.std),
            it.layers,
            short(it.std / (2.0 * it.layers as f64).sqrt())
        ),
        _ => init.declared().doc.first().map_or_else(String::new, |line| line.trim().to_owned()),
    })
}

fn kaiming(it: &Kaiming, shape: &Shape<'_>, fans: Fans) -> Option<String> {
    let std = it.std(shape).ok()?;
    let (mode, fan) = (it.mode.name(), fans.get(it.mode));
    let gain = short(gain(it.nonlinearity, it.a));
    let function = it.nonlinearity.name();
    let std_is = format!("std = gain({function}) / √{mode} = {gain} / √{fan} = {}", short(std));
    Some(with_bound(std_is, it.distribution, std))
}

fn xavier(it: &Xavier, shape: &Shape<'_>, fans: Fans) -> Option<String> {
    let std = it.std(shape).ok()?;
    let Fans { fan_in, fan_out } = fans;
    let gain = short(it.gain);
    let std_is = format!(
        "std = gain · √(2 / (fan_in + fan_out)) = {gain} · √(2 / ({fan_in} + {fan_out})) = {}",
        short(std)
    );
    Some(with_bound(std_is, it.distribution, std))
}

/// A uniform distribution has a bound, too.
fn with_bound(std_is: String, distribution: Distribution, std: f64) -> String {
    match distribution {
        Distribution::Normal => std_is,
        Distribution::Uniform => {
            format!("{std_is}; bound = √3 · std = {}", short(3.0_f64.sqrt() * std))
        }
    }
}

#[cfg(test)]
mod tests {
    use weight_init_core::initializer::{DepthScaled, FanMode, Siren, VarianceScaling};

    use super::*;

    #[test]
    fn formulas_have_their_numbers() {
        let kaiming = Kaiming { mode: FanMode::FanIn, ..Kaiming::default() };
        for (init, expected) in [
            (
                Init::Kaiming(Kaiming::default()),
                "std = gain(relu) / √fan_out = 1.414 / √3136 = 0.02525",
            ),
            (Init::Kaiming(kaiming), "std = gain(relu) / √fan_in = 1.414 / √147 = 0.1166"),
            (
                Init::Xavier(Xavier { distribution: Distribution::Uniform, ..Xavier::default() }),
                "std = gain · √(2 / (fan_in + fan_out)) = 1 · √(2 / (147 + 3136)) = 0.02468; bound = √3 · std = 0.04275",
            ),
            (
                Init::VarianceScaling(VarianceScaling::default()),
                "variance = scale / fan_in = 1 / 147 = 0.006803; std = √variance = 0.08248",
            ),
            (
                Init::DepthScaled(DepthScaled { std: 0.02, layers: 8 }),
                "std / √(2·layers) = 0.02 / √(2·8) = 0.005",
            ),
            (
                Init::Siren(Siren { omega: 30.0, first: false }),
                "bound = √(6 / fan_in) / omega = √(6 / 147) / 30 = 0.006734",
            ),
        ] {
            let shape = Shape::new(&[64, 3, 7, 7]);
            let fans = init.check_fans(&shape).ok().flatten();
            assert_eq!(formula(&init, &shape, fans), expected);
        }
    }
}
