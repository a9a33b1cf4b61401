"""Every engine that starts many processes, started for real on this machine: each writes the same folder.

    python tests/peers/engines.py target/release/weight-init [--report FILE]

Open MPI, MPICH, Slurm (two nodes of this machine: steps, PMI, arrays, batch scripts), GNU parallel, xargs, torchrun, Ray, Dask and
a Kubernetes Indexed Job's environment, each with 1, 2, 3, 4, 7 and 16 processes. A folder must have the bytes that one
process writes, each process must have known its number, and nothing may be left beside the folder.

It needs nothing but the engines: Debian's `openmpi-bin`, `mpich`, `slurmctld slurmd slurm-client munge` and `parallel`, and the
packages of `engines.txt` for Ray and Dask. Servers listen on the loopback, and end with the script. What is not installed is
printed as `not checked`, and written to FILE, a line each. Exit code 1 if anything differs.
"""

import argparse
import contextlib
import getpass
import hashlib
import importlib.util
import json
import os
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

WORLDS = (1, 2, 3, 4, 7, 16)
LIMIT = 120

failed, not_checked = [], []


def check(what, right, why=""):
    print(f"{'ok  ' if right else 'FAIL'} {what}{'' if right else f': {why}'}", flush=True)
    if not right:
        failed.append(what)


def skip(what):
    print(f"not checked: {what}", flush=True)
    not_checked.append(what)


def installed(program):
    """A program on PATH, among those of the system, or beside this Python."""
    places = [os.environ.get("PATH", ""), "/usr/sbin", os.path.dirname(sys.executable)]
    return shutil.which(program, path=os.pathsep.join(places))


def model():
    """Forty layers, each in a file of its own."""
    layer = lambda i: {"name": str(i), "class": "Linear", "params": [{"name": "weight", "shape": [100, 100]}, {"name": "bias", "shape": [100]}]}
    return {"class": "Net", "init_weights": "module", "init_cfg": {"type": "Kaiming", "layer": "Linear"},
            "children": [layer(i) for i in range(40)]}


class Job:
    """The command that an engine starts many times, and what becomes of it."""

    def __init__(self, binary, scratch):
        self.binary, self.scratch = binary, scratch
        self.description = scratch / "model.json"
        self.description.write_text(json.dumps(model()))
        self.count = 0
        self.right = None

    def command(self, *options):
        """A command that says to a file of its own who it was, wherever the engine sends its output."""
        self.count += 1
        self.out, self.said = self.scratch / f"out-{self.count}", self.scratch / f"said-{self.count}"
        self.said.mkdir()
        words = [self.binary, "init", self.description, "--out", self.out, "--seed", "7", "--max-shard-size", "45KB", *options]
        return ["sh", "-c", f'exec "$@" 2> {self.said}/$$-$(date +%N)', "sh", *map(str, words)]

    def digest(self):
        total = hashlib.sha256()
        for path in sorted(self.out.iterdir()) if self.out.exists() else []:
            total.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()[:16]

    def done(self, what, world, run, processes=None):
        """Whether the processes have written the folder, each as the number that it had among `world`; `processes` of them, if
        some have the same number."""
        texts = [path.read_text() for path in self.said.iterdir()]
        found = sorted(re.findall(r"^rank (\d+) of (\d+), by", text, re.MULTILINE)[:1] for text in texts)
        expected = sorted([(str(rank), str(world))] if world > 1 else [] for rank in range(world) for _ in range((processes or world) // world))
        right = {
            "its exit code": run.returncode == 0,
            "the folder": self.digest() == self.right,
            "the numbers of the processes": found == expected,
            "what is left": not [path.name for path in self.scratch.iterdir() if ".partial" in path.name],
        }
        wrong = [name for name, value in right.items() if not value]
        check(what, not wrong, f"{', '.join(wrong)}; {found}; {' | '.join(texts)[-800:]} {(run.stdout + run.stderr)[-800:]}")
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.rmtree(self.out.with_name(self.out.name + ".partial"), ignore_errors=True)


def run(words, **environment):
    return subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT,
                          env={**os.environ, **environment})


def launcher(job, name, program, words, worlds=WORLDS, **environment):
    """An engine that is a command before the command."""
    if not installed(program):
        skip(f"{name}: {program} is not installed")
        return
    for world in worlds:
        command = job.command()
        job.done(f"{name}, {world} processes", world, run([installed(program), *words(world), *command], **environment))


# Open MPI refuses to start as root otherwise.
ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def launchers(job):
    launcher(job, "Open MPI", "mpirun.openmpi", lambda n: ["--oversubscribe", "-n", n], **ROOT)
    launcher(job, "MPICH", "mpiexec.hydra", lambda n: ["-launcher", "fork", "-n", n])
    launcher(job, "torchrun", "torchrun", lambda n: ["--nproc-per-node", n, "--no-python"])
    by_hand = lambda n: ["env", "WEIGHT_INIT_RANK={}", f"WEIGHT_INIT_WORLD_SIZE={n}"]
    launcher(job, "xargs", "xargs", lambda n: ["-a", numbers(job, n), "-P", n, "-I", "{}", *by_hand(n)])
    launcher(job, "GNU parallel", "parallel", lambda n: ["--will-cite", "-q", "-a", numbers(job, n), "-j", n, *by_hand(n)])
    indexed = lambda n: ["env", "JOB_COMPLETION_INDEX={}", f"WEIGHT_INIT_WORLD_SIZE={n}"]
    launcher(job, "an Indexed Job's environment", "xargs", lambda n: ["-a", numbers(job, n), "-P", n, "-I", "{}", *indexed(n)], (4,))


def numbers(job, count):
    path = job.scratch / "numbers"
    path.write_text("".join(f"{number}\n" for number in range(count)))
    return path


SLURM = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={place}/munge.sock
CryptoType=crypto/munge
SlurmctldPort={ports[0]}
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool-%n
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd-%n.pid
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SwitchType=switch/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
NodeName=n0 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2
PartitionName=main Nodes=ALL Default=YES MaxTime=10 State=UP OverSubscribe=FORCE:32
"""


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for it in sockets:
            it.bind(("127.0.0.1", 0))
        return [it.getsockname()[1] for it in sockets]


@contextlib.contextmanager
def slurm(scratch):
    """A cluster of two nodes, which are this machine. The environment in which its commands find it."""
    place = scratch / "slurm"
    (place / "state").mkdir(parents=True)
    place.chmod(0o700)
    configuration = place / "slurm.conf"
    host, user = socket.gethostname().split(".")[0], getpass.getuser()
    configuration.write_text(SLURM.format(host=host, user=user, place=place, ports=free_ports(3)))
    key = place / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    found = {"SLURM_CONF": str(configuration)}
    munge = ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={place}/munge.sock", f"--pid-file={place}/munged.pid",
             f"--seed-file={place}/seed", f"--log-file={place}/munged.log"]
    servers = []
    try:
        for words in (munge, ["slurmctld", "-D"], ["slurmd", "-D", "-N", "n0"], ["slurmd", "-D", "-N", "n1"]):
            servers.append(subprocess.Popen([installed(words[0]), *words[1:]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL, env={**os.environ, **found}))
            if words is munge:
                wait_until(lambda: (place / "munge.sock").exists())
        wait_until(lambda: run(["sinfo", "-h", "-o", "%T"], **found).stdout.strip() == "idle")
        yield found
    finally:
        for server in reversed(servers):
            server.terminate()
        for server in servers:
            server.wait()


def wait_until(ready):
    for _ in range(300):
        if ready():
            return
        time.sleep(0.1)


def of_slurm(job):
    absent = [program for program in ("munged", "slurmctld", "slurmd", "srun", "sbatch") if not installed(program)]
    if absent:
        skip(f"Slurm: {', '.join(absent)} not installed")
        return
    with slurm(job.scratch) as found:
        state = run(["sinfo", "-h", "-o", "%T"], **found)
        check("Slurm starts", state.stdout.strip() == "idle", state.stdout + state.stderr)
        if state.stdout.strip() != "idle":
            return
        step = lambda n: ["--overcommit", "--nodes", min(n, 2), "--ntasks", n, "--kill-on-bad-exit=0"]
        launcher(job, "a step of Slurm on two nodes", "srun", step, **found)
        launcher(job, "a step of Slurm with PMI-2", "srun", lambda n: ["--mpi=pmi2", *step(n)], (4,), **found)
        batch = lambda options, script: run(["sbatch", "--wait", "--output=/dev/null", "--overcommit", *options, "--wrap", script], **found, **ROOT)
        for world, array in ((1, "0"), (2, "0-1"), (3, "7-9"), (4, "0-3"), (7, "5-17:2"), (16, "0-15")):
            script = shlex.join(job.command())
            job.done(f"an array of Slurm, --array={array}", world, batch([f"--array={array}"], script))
        script = shlex.join(job.command())
        job.done("a batch script of Slurm for four tasks, without srun", 1, batch(["--ntasks=4"], script))
        for name, words in (("srun", "srun --overcommit -n 4"), ("Open MPI", "mpirun.openmpi --oversubscribe -n 4"),
                            ("MPICH", "mpiexec.hydra -launcher fork -n 4")):
            if installed(words.split()[0]):
                script = f"{words} {shlex.join(job.command())}"
                job.done(f"{name} in a batch script of Slurm", 4, batch(["--ntasks=4"], script))
        for name, options in (("a step of Slurm", []), ("a step of Slurm with PMI-2", ["--mpi=pmi2"])):
            done = run(["srun", *options, *step(4), *job.command("--ranks", "node")], **found)
            job.done(f"{name}, each node by itself", 2, done, processes=4)


def calls(job, world):
    """The command and the environment of each process, for engines that call a function."""
    command = job.command()
    return [(command, {"WEIGHT_INIT_RANK": str(rank), "WEIGHT_INIT_WORLD_SIZE": str(world)}) for rank in range(world)]


def ended(codes):
    """As a launcher ends whose processes had these exit codes."""
    return subprocess.CompletedProcess([], max(codes), "", "")


def start(words, environment):
    """What a worker of Ray or Dask does."""
    return subprocess.run(words, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, check=False).returncode


def of_ray(job):
    if not importlib.util.find_spec("ray"):
        skip("Ray: not installed")
        return
    import ray

    ray.init(num_cpus=max(WORLDS), include_dashboard=False, logging_level="ERROR", log_to_driver=False, _node_ip_address="127.0.0.1")
    task = ray.remote(start)
    for world in WORLDS:
        codes = ray.get([task.remote(*call) for call in calls(job, world)])
        job.done(f"Ray {ray.__version__}, {world} tasks", world, ended(codes))
    ray.shutdown()


def of_dask(job):
    if not importlib.util.find_spec("distributed"):
        skip("Dask: not installed")
        return
    import distributed

    with distributed.LocalCluster(n_workers=2, threads_per_worker=4, host="127.0.0.1", dashboard_address=None) as cluster, \
            distributed.Client(cluster) as client:
        for world in WORLDS:
            codes = client.gather(client.map(start, *zip(*calls(job, world)), pure=False))
            job.done(f"Dask {distributed.__version__}, {world} tasks", world, ended(codes))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary", help="the built command")
    arguments.add_argument("--report", type=pathlib.Path, help="where to write what was not checked, a line each")
    arguments = arguments.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="engines-") as scratch:
        job = Job(os.path.abspath(arguments.binary), pathlib.Path(scratch))
        alone = run(job.command("--ranks", "none"))
        job.right = job.digest()
        job.done("one process", 1, alone)
        for engine in (launchers, of_slurm, of_dask, of_ray):
            began = time.monotonic()
            engine(job)
            print(f"     {engine.__name__}: {time.monotonic() - began:.0f} s", flush=True)
    if arguments.report:
        arguments.report.write_text("".join(f"{what}\n" for what in not_checked))
    print(f"{len(failed)} wrong, {len(not_checked)} not checked, {time.monotonic() - started:.0f} s")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
