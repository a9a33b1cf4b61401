//! Which of how many processes this one is, as the launcher that started it says in the environment.

use std::fmt;
use std::str::FromStr;

use weight_init::create::Share;

use crate::failure::Failure;

/// The value of `--ranks`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RanksChoice {
    /// As the innermost launcher says.
    #[default]
    Auto,
    /// This process alone, whatever a launcher says.
    None,
    /// As `Auto`, among the processes of this machine.
    Node,
    /// As given.
    Given(Share),
}

impl FromStr for RanksChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => return Ok(Self::Auto),
            "none" => return Ok(Self::None),
            "node" => return Ok(Self::Node),
            _ => {}
        }
        let pair = text.split_once('/').and_then(|(rank, world)| {
            Some((rank.parse::<u64>().ok()?, world.parse::<u64>().ok()?))
        });
        match pair {
            Some((rank, world)) => Share::new(rank, world)
                .map(Self::Given)
                .ok_or_else(|| format!("of {world} processes, counted from 0, none is {rank}")),
            None => {
                Err("write auto, none, node, or a number and how many there are: 0/4".to_owned())
            }
        }
    }
}

/// Which of how many processes this one is, and how that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ranks {
    pub(crate) share: Share,
    /// Processes on this machine, if the launcher says.
    pub(crate) on_this_machine: Option<u64>,
    /// What said so; `None`: there is no launcher.
    found: Option<&'static str>,
}

/// `rank 3 of 8, by torchrun (RANK, WORLD_SIZE)`.
impl fmt::Display for Ranks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} of {}", self.share.rank(), self.share.world())?;
        self.found.map_or(Ok(()), |found| write!(f, ", by {found}"))
    }
}

/// How a launcher says which of how many processes one is.
struct Launcher {
    /// Its name and the variables, for people.
    name: &'static str,
    rank: &'static str,
    world: &'static str,
    /// The same on one machine, if it says that.
    local: Option<(&'static str, &'static str)>,
}

/// Those that set a pair of variables, the innermost first: each may be started by one that stands below it.
const LAUNCHERS: [Launcher; 4] = [
    Launcher {
        name: "WEIGHT_INIT_RANK and WEIGHT_INIT_WORLD_SIZE",
        rank: "WEIGHT_INIT_RANK",
        world: "WEIGHT_INIT_WORLD_SIZE",
        local: None,
    },
    Launcher {
        name: "torchrun or the like (RANK and WORLD_SIZE)",
        rank: "RANK",
        world: "WORLD_SIZE",
        local: Some(("LOCAL_RANK", "LOCAL_WORLD_SIZE")),
    },
    Launcher {
        name: "Open MPI (OMPI_COMM_WORLD_RANK and _SIZE)",
        rank: "OMPI_COMM_WORLD_RANK",
        world: "OMPI_COMM_WORLD_SIZE",
        local: Some(("OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE")),
    },
    Launcher {
        name: "PMI, as of MPICH (PMI_RANK and PMI_SIZE)",
        rank: "PMI_RANK",
        world: "PMI_SIZE",
        local: Some(("MPI_LOCALRANKID", "MPI_LOCALNRANKS")),
    },
];

impl Ranks {
    /// Finds it in the environment of this process.
    pub(crate) fn find(choice: RanksChoice) -> Result<Self, Failure> {
        // A text that is no Unicode is no number either, and is told by it.
        let variable =
            |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Self::find_in(&variable, choice).map_err(Failure::input)
    }

    /// Finds it in an environment.
    fn find_in(
        variable: &dyn Fn(&str) -> Option<String>,
        choice: RanksChoice,
    ) -> Result<Self, String> {
        let environment = Environment { variable };
        let alone = Self { share: Share::ALL, on_this_machine: None, found: None };
        match choice {
            RanksChoice::None => Ok(alone),
            RanksChoice::Given(share) => Ok(Self { share, found: Some("--ranks"), ..alone }),
            RanksChoice::Auto => Ok(environment.innermost()?.map_or(alone, |found| found.ranks)),
            RanksChoice::Node => {
                let Some(found) = environment.innermost()? else { return Ok(alone) };
                let name = found.ranks.found.unwrap_or_default();
                let share = found.local.ok_or_else(|| {
                    format!(
                        "--ranks node: {name} does not say which of the processes on this machine this one is; --ranks R/W gives it"
                    )
                })?;
                Ok(Self { share, on_this_machine: Some(share.world()), ..found.ranks })
            }
        }
    }
}

struct Found {
    ranks: Ranks,
    local: Option<Share>,
}

struct Environment<'e> {
    variable: &'e dyn Fn(&str) -> Option<String>,
}

impl Environment<'_> {
    /// What the launcher says that started this very process.
    fn innermost(&self) -> Result<Option<Found>, String> {
        // Kubernetes gives the number alone; the count is repeated by hand.
        if self.has("JOB_COMPLETION_INDEX")
            && self.has("WEIGHT_INIT_WORLD_SIZE")
            && !self.has("WEIGHT_INIT_RANK")
        {
            return self.kubernetes().map(Some);
        }
        for Launcher { name, rank, world, local } in LAUNCHERS {
            if let Some(share) = self.pair(rank, world)? {
                let local = match local {
                    Some((rank, world)) => self.pair(rank, world)?,
                    None => None,
                };
                return found(share, name, local.or_else(|| self.local_of_step(share))).map(Some);
            }
        }
        if let Some(found) = self.slurm_step()? {
            return Ok(Some(found));
        }
        if self.has("SLURM_ARRAY_TASK_ID") {
            return self.slurm_array().map(Some);
        }
        if self.has("JOB_COMPLETION_INDEX") {
            return self.kubernetes().map(Some);
        }
        Ok(None)
    }

    /// A process of `srun`. A batch script has a number and a count too, but is one process: it is no step.
    fn slurm_step(&self) -> Result<Option<Found>, String> {
        if !self.has("SLURM_STEP_ID") || !self.has("SLURM_STEP_NUM_TASKS") {
            return Ok(None);
        }
        let Some(share) = self.pair("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")? else {
            return Ok(None);
        };
        // One process may be one of an array.
        if share.world() == 1 {
            return Ok(None);
        }
        let local = match (self.number("SLURM_LOCALID")?, self.tasks_of_this_node()?) {
            (Some(rank), Some(world)) => {
                Some(self.share(rank, world, "SLURM_LOCALID", "the tasks of the node")?)
            }
            _ => None,
        };
        let name = "a Slurm step (SLURM_PROCID and SLURM_STEP_NUM_TASKS)";
        found(share, name, local).map(Some)
    }

    /// The place on this machine of a process that Slurm counts in the same way: `srun --mpi=pmi2` sets PMI's number and count, and
    /// leaves the rest to Slurm's own variables.
    fn local_of_step(&self, share: Share) -> Option<Share> {
        let step = self.slurm_step().ok()??;
        step.local.filter(|_| step.ranks.share == share)
    }

    /// `SLURM_STEP_TASKS_PER_NODE` is a list such as `4(x2),3`.
    fn tasks_of_this_node(&self) -> Result<Option<u64>, String> {
        let (Some(list), Some(node)) =
            ((self.variable)("SLURM_STEP_TASKS_PER_NODE"), self.number("SLURM_NODEID")?)
        else {
            return Ok(None);
        };
        let mut first = 0_u64;
        for item in list.split(',') {
            let (tasks, nodes) = match item.split_once("(x") {
                Some((tasks, nodes)) => (tasks, nodes.trim_end_matches(')')),
                None => (item, "1"),
            };
            let (Ok(tasks), Ok(nodes)) = (tasks.parse(), nodes.parse::<u64>()) else {
                return Err(format!(
                    "SLURM_STEP_TASKS_PER_NODE is '{list}', which is no list of numbers"
                ));
            };
            first = first.saturating_add(nodes);
            if node < first {
                return Ok(Some(tasks));
            }
        }
        Err(format!("SLURM_NODEID is {node}, but SLURM_STEP_TASKS_PER_NODE is '{list}'"))
    }

    /// A job of an array whose numbers follow each other.
    fn slurm_array(&self) -> Result<Found, String> {
        let number = |name: &str| {
            self.number(name)?.ok_or_else(|| {
                format!("SLURM_ARRAY_TASK_ID is set, but {name} is not; --ranks R/W says which of how many this is")
            })
        };
        let (id, count) = (number("SLURM_ARRAY_TASK_ID")?, number("SLURM_ARRAY_TASK_COUNT")?);
        let (min, max) = (number("SLURM_ARRAY_TASK_MIN")?, number("SLURM_ARRAY_TASK_MAX")?);
        let step = self.number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
        let regular =
            (min..=max).contains(&id) && (id - min) % step == 0 && (max - min) / step + 1 == count;
        if !regular {
            return Err(format!(
                "the tasks of this Slurm array do not follow each other ({count} from {min} to {max}, this one is {id}): --ranks R/W says \
                 which of how many this is"
            ));
        }
        let name = "a Slurm array (SLURM_ARRAY_TASK_ID)";
        found(
            self.share((id - min) / step, count, "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT")?,
            name,
            None,
        )
    }

    fn kubernetes(&self) -> Result<Found, String> {
        let Some(world) = self.number("WEIGHT_INIT_WORLD_SIZE")? else {
            return Err(
                "JOB_COMPLETION_INDEX is set, as in a Kubernetes Indexed Job, which does not say how many pods there are: give its \
                 'completions' as WEIGHT_INIT_WORLD_SIZE, or --ranks R/W"
                    .to_owned(),
            );
        };
        let rank = self.number("JOB_COMPLETION_INDEX")?.unwrap_or_default();
        let name = "a Kubernetes Indexed Job (JOB_COMPLETION_INDEX and WEIGHT_INIT_WORLD_SIZE)";
        found(
            self.share(rank, world, "JOB_COMPLETION_INDEX", "WEIGHT_INIT_WORLD_SIZE")?,
            name,
            None,
        )
    }

    fn has(&self, name: &str) -> bool {
        (self.variable)(name).is_some()
    }

    fn number(&self, name: &str) -> Result<Option<u64>, String> {
        let Some(text) = (self.variable)(name) else { return Ok(None) };
        let shown = text.chars().take(40).collect::<String>();
        text.trim().parse().map(Some).map_err(|_| {
            format!("{name} is '{shown}', which is no number; --ranks none ignores the environment")
        })
    }

    /// A number and a count, which are both set or both not.
    fn pair(&self, rank: &str, world: &str) -> Result<Option<Share>, String> {
        match (self.number(rank)?, self.number(world)?) {
            (None, None) => Ok(None),
            (Some(number), Some(count)) => self.share(number, count, rank, world).map(Some),
            (Some(_), None) => Err(half(rank, world)),
            (None, Some(_)) => Err(half(world, rank)),
        }
    }

    fn share(
        &self,
        rank: u64,
        world: u64,
        rank_name: &str,
        world_name: &str,
    ) -> Result<Share, String> {
        Share::new(rank, world).ok_or_else(|| {
            format!(
                "{rank_name} is {rank}, but there are {world} processes ({world_name}), counted from 0; --ranks R/W, or --ranks none, \
                 decides"
            )
        })
    }
}

fn half(set: &str, unset: &str) -> String {
    format!("{set} is set, but {unset} is not; set both, or give --ranks R/W, or --ranks none")
}

fn found(share: Share, name: &'static str, local: Option<Share>) -> Result<Found, String> {
    if let Some(local) = local.filter(|local| local.world() > share.world()) {
        return Err(format!(
            "{name} says that there are {} processes, but {} on this machine; --ranks R/W, or --ranks none, decides",
            share.world(),
            local.world()
        ));
    }
    let on_this_machine = local.map(Share::world);
    Ok(Found { ranks: Ranks { share, on_this_machine, found: Some(name) }, local })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
