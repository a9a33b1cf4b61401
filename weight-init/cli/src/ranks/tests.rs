use super::*;

/// What is found in variables written as in a shell.
fn find(choice: &str, environment: &str) -> Result<Ranks, String> {
    let variable = |name: &str| {
        let mut pairs = environment.split_whitespace().filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    };
    Ranks::find_in(&variable, choice.parse().unwrap())
}

#[track_caller]
fn assert_found(environment: &str, rank: u64, world: u64, says: &str) {
    let found = find("auto", environment).unwrap();
    assert_eq!(found.share, Share::new(rank, world).unwrap(), "{environment}");
    assert!(found.to_string().contains(says), "{found}");
}

const TORCHRUN: &str = "RANK=5 WORLD_SIZE=8 LOCAL_RANK=1 LOCAL_WORLD_SIZE=4 GROUP_RANK=1";
const OPEN_MPI: &str = "OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_LOCAL_RANK=0 OMPI_COMM_WORLD_LOCAL_SIZE=2 PMIX_RANK=2";
const MPICH: &str = "PMI_RANK=3 PMI_SIZE=4 MPI_LOCALRANKID=3 MPI_LOCALNRANKS=4";
const STEP: &str = "SLURM_JOB_ID=9 SLURM_NTASKS=7 SLURM_STEP_ID=0 SLURM_PROCID=6 SLURM_STEP_NUM_TASKS=7 SLURM_LOCALID=1 SLURM_NODEID=2 \
    SLURM_STEP_TASKS_PER_NODE=2(x2),3";
const BATCH: &str = "SLURM_JOB_ID=9 SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_LOCALID=0 SLURM_NODEID=0 SLURM_TASKS_PER_NODE=4";
const ARRAY: &str = "SLURM_ARRAY_TASK_ID=9 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_MAX=11 SLURM_ARRAY_TASK_STEP=2 SLURM_ARRAY_TASK_COUNT=4";

#[test]
fn every_launcher_is_found() {
    assert_found("", 0, 1, "rank 0 of 1");
    assert_found(TORCHRUN, 5, 8, "torchrun");
    assert_found(OPEN_MPI, 2, 4, "Open MPI");
    assert_found(MPICH, 3, 4, "MPICH");
    assert_found(STEP, 6, 7, "Slurm step");
    assert_found(ARRAY, 2, 4, "Slurm array");
    assert_found("WEIGHT_INIT_RANK=0 WEIGHT_INIT_WORLD_SIZE=2", 0, 2, "WEIGHT_INIT_RANK");
    assert_found("JOB_COMPLETION_INDEX=3 WEIGHT_INIT_WORLD_SIZE=4", 3, 4, "Kubernetes");
}

/// `srun` starts no process of a batch script: `sbatch -n 4` gives it a number and the count of tasks, and starts it once.
#[test]
fn a_batch_script_is_one_process() {
    assert_found(BATCH, 0, 1, "rank 0 of 1");
    assert_found(&format!("{BATCH} {ARRAY}"), 2, 4, "Slurm array");
    let one = "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1";
    assert_found(one, 0, 1, "rank 0 of 1");
    assert_found(&format!("{one} {ARRAY}"), 2, 4, "Slurm array");
}

#[test]
fn the_innermost_launcher_wins() {
    assert_found(&format!("{STEP} {TORCHRUN}"), 5, 8, "torchrun");
    assert_found(&format!("{BATCH} {OPEN_MPI}"), 2, 4, "Open MPI");
    assert_found(&format!("{STEP} {ARRAY}"), 6, 7, "Slurm step");
    assert_found(&format!("JOB_COMPLETION_INDEX=3 {TORCHRUN}"), 5, 8, "torchrun");
    assert_found(
        &format!("{TORCHRUN} WEIGHT_INIT_RANK=1 WEIGHT_INIT_WORLD_SIZE=2"),
        1,
        2,
        "WEIGHT_INIT",
    );
}

#[test]
fn the_command_line_decides() {
    assert_eq!(find("none", TORCHRUN).unwrap().share, Share::ALL);
    assert_eq!(find("none", "RANK=x").unwrap().share, Share::ALL);
    assert_eq!(find("2/3", TORCHRUN).unwrap().share, Share::new(2, 3).unwrap());
    for wrong in ["3/3", "1", "a/b", "-1/2", "0/0", "nodes", ""] {
        assert!(wrong.parse::<RanksChoice>().is_err(), "{wrong}");
    }
}

#[test]
fn processes_of_one_machine() {
    let node = |environment: &str| {
        find("node", environment).map(|found| (found.share, found.on_this_machine))
    };
    let share = |rank, world| Ok((Share::new(rank, world).unwrap(), Some(world)));
    assert_eq!(node(TORCHRUN), share(1, 4));
    assert_eq!(node(OPEN_MPI), share(0, 2));
    assert_eq!(node(MPICH), share(3, 4));
    assert_eq!(node(STEP), share(1, 3));
    let with_pmi2 = format!("{STEP} PMI_FD=11 PMI_JOBID=3.0 PMI_RANK=6 PMI_SIZE=7");
    assert_eq!(node(&with_pmi2), share(1, 3));
    // Another launcher within the step counts in another way.
    assert!(node(&format!("{STEP} PMI_RANK=0 PMI_SIZE=2")).unwrap_err().contains("--ranks R/W"));
    assert_eq!(node(""), Ok((Share::ALL, None)));
    assert!(node(ARRAY).unwrap_err().contains("--ranks R/W"));
    assert_eq!(find("auto", STEP).unwrap().on_this_machine, Some(3));
}

#[test]
fn contradictions_are_errors() {
    for (environment, says) in [
        ("RANK=0", "WORLD_SIZE is not"),
        ("WORLD_SIZE=2", "RANK is not"),
        ("RANK=2 WORLD_SIZE=2", "RANK is 2, but there are 2 processes"),
        ("RANK=x WORLD_SIZE=2", "RANK is 'x', which is no number"),
        ("RANK=-1 WORLD_SIZE=2", "no number"),
        ("RANK=0 WORLD_SIZE=2 LOCAL_RANK=0", "LOCAL_WORLD_SIZE is not"),
        (
            "RANK=0 WORLD_SIZE=2 LOCAL_RANK=0 LOCAL_WORLD_SIZE=4",
            "2 processes, but 4 on this machine",
        ),
        ("WEIGHT_INIT_WORLD_SIZE=4", "WEIGHT_INIT_RANK is not"),
        ("JOB_COMPLETION_INDEX=4 WEIGHT_INIT_WORLD_SIZE=4", "JOB_COMPLETION_INDEX is 4"),
        ("JOB_COMPLETION_INDEX=1", "does not say how many pods"),
        ("SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4", "SLURM_PROCID is not"),
        (
            "SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_STEP=1 SLURM_ARRAY_TASK_COUNT=3",
            "do not follow",
        ),
        (
            "SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=9 SLURM_ARRAY_TASK_MAX=0 SLURM_ARRAY_TASK_STEP=0 SLURM_ARRAY_TASK_COUNT=3",
            "do not follow",
        ),
        ("SLURM_ARRAY_TASK_ID=7", "is not; --ranks"),
    ] {
        let error = find("auto", environment).unwrap_err();
        assert!(error.contains(says), "{environment}: {error}");
    }
}
