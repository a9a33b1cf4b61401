"""Folders in an object store that speaks S3: moto, on this machine.

    python tests/peers/object_store.py target/debug/weight-init [--rounds 10]

needs a command with the feature `cloud`, and the packages `moto[s3] flask flask-cors boto3` (`engines.txt` has the versions). Ranks
are killed with SIGKILL at random moments while they upload: no object may have a final name that is not whole, and no index may
be there before all are. Another number of ranks then finishes: every object must have the bytes of the folder that is written to
a disk, nothing else may be left, and no upload may be open. The same is done with the slices of two tensor-parallel ranks. Each rank is started three times at once; two jobs of different
seeds are started at once; and what is refused must be said. Exit code 1 if anything is wrong.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3

BUCKET = "bucket"
INDEX, MANIFEST = "model.safetensors.index.json", "weight_init.manifest.json"
failed = []


def check(what, right, why=""):
    print(f"{'ok  ' if right else 'FAIL'} {what}{'' if right else f': {why}'}", flush=True)
    if not right:
        failed.append(what)


def model():
    """Six files of some 10 MB, which are uploaded in two parts each."""
    layer = lambda i: {"name": str(i), "class": "Linear", "params": [{"name": "weight", "shape": [1600, 1600]}]}
    return {"class": "Net", "init_weights": "module", "init_cfg": {"type": "Normal", "std": 0.02, "layer": "Linear"},
            "children": [layer(i) for i in range(6)]}


class Store:
    """A server with one bucket."""

    def __init__(self, scratch):
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": self.address}
        server = os.path.join(os.path.dirname(sys.executable), "moto_server")
        self.log = open(scratch / "moto.log", "w", encoding="utf-8")
        self.server = subprocess.Popen([server, "-H", "127.0.0.1", "-p", str(port)], stdin=subprocess.DEVNULL, stdout=self.log,
                                       stderr=self.log, env={**os.environ, **self.keys})
        for _ in range(300):
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        self.s3 = self.client("s3")
        self.s3.create_bucket(Bucket=BUCKET)

    def client(self, service):
        return boto3.client(service, endpoint_url=self.address, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret")

    def objects(self, folder):
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{folder}/").get("Contents", [])
        names = [entry["Key"].removeprefix(f"{folder}/") for entry in listed]
        return {name: self.s3.get_object(Bucket=BUCKET, Key=f"{folder}/{name}")["Body"].read() for name in names}

    def open_uploads(self):
        return [upload["Key"] for upload in self.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]

    def ask_for_permissions(self, asked):
        """Whether requests are refused that nobody has allowed."""
        request = urllib.request.Request(f"{self.address}/moto-api/reset-auth", data=b"0" if asked else b"1000000",
                                         headers={"Content-Type": "text/plain"})
        urllib.request.urlopen(request).read()

    def stop(self):
        self.server.terminate()
        self.server.wait()
        self.log.close()


class Command:
    def __init__(self, binary, scratch, store):
        self.binary, self.store = binary, store
        self.description = scratch / "model.json"
        self.description.write_text(json.dumps(model()))
        self.rules = scratch / "split.toml"
        self.rules.write_text('tp = 2\n[[rules]]\nparams = "*.weight"\ndim = 1\n')

    def start(self, out, *options, **environment):
        words = [self.binary, "init", self.description, "--out", out, "--max-shard-size", "11MB", *options]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                text=True, env={**clean, **self.store.keys, **environment})

    def run(self, out, *options, **environment):
        process = self.start(out, *options, **environment)
        said = process.communicate(timeout=120)[1]
        return process.returncode, said.strip()


def files(folder):
    """What a folder on a disk holds, with the folders in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def killed(what, command, store, right, rounds, *options):
    """Kills, and finishes with another number of ranks."""
    rng = random.Random(18)
    kills = early = aborted = 0
    for number in range(rounds):
        folder = f"{what}-{number}"
        world = rng.randint(1, 3)
        ranks = [command.start(f"s3://{BUCKET}/{folder}", "--ranks", f"{rank}/{world}", *options) for rank in range(world)]
        time.sleep(rng.uniform(0.1, 1.5))
        for rank in rng.sample(ranks, rng.randint(1, world)):
            kills += rank.poll() is None
            rank.kill()
        for rank in ranks:
            rank.communicate()
        found = store.objects(folder)
        halves = [name for name, data in found.items() if name.endswith(".safetensors") and data != right[name]]
        whole = all(name in found for name in right if name.endswith(".safetensors"))
        early += any(name.endswith(INDEX) for name in found) and not whole
        left = len(store.open_uploads())
        world = rng.randint(1, 3)
        ranks = [command.start(f"s3://{BUCKET}/{folder}", "--ranks", f"{rank}/{world}", "--wait", "60", *options) for rank in range(world)]
        said = [rank.communicate()[1] for rank in ranks]
        aborted += left - len(store.open_uploads())
        found = store.objects(folder)
        if halves or found != right or store.open_uploads() or any(rank.returncode for rank in ranks):
            check(f"{what}, round {number}", False, f"halves {halves}, {sorted(found)}, open {store.open_uploads()}, {said}")
    check(f"{what}: {rounds} rounds, {kills} kills, {aborted} uploads of dead runs aborted: never half, finished by others, no upload left",
          not early and kills, f"{early} early indices")


def together(command, store, right):
    ranks = [command.start(f"s3://{BUCKET}/thrice", "--ranks", f"{rank % 2}/2", "--wait", "60") for rank in range(6)]
    said = [rank.communicate()[1] for rank in ranks]
    check("each of two ranks three times at once", store.objects("thrice") == right and not store.open_uploads()
          and not any(rank.returncode for rank in ranks), f"{sorted(store.objects('thrice'))} {store.open_uploads()} {said}")
    jobs = [command.start(f"s3://{BUCKET}/two", "--seed", seed) for seed in (0, 1)]
    said = [job.communicate()[1] for job in jobs]
    codes = [job.returncode for job in jobs]
    seeds = json.loads(store.objects("two")[MANIFEST])["seed"]
    check("of two jobs of two seeds at once one is refused as a whole", sorted(codes) == [0, 2] and codes[seeds] == 0, f"{codes} {said}")


def refused(command, store):
    def refuses(what, code, parts, out, *options, **environment):
        found, said = command.run(out, *options, **environment)
        check(f"{what} is refused", found == code and all(part in said for part in parts), f"{found} {said}")

    whole = f"s3://{BUCKET}/whole-0"
    refuses("another seed", 2, ["its seed is 0, and this run's is 5", "nothing was written"], whole, "--seed", "5")
    code, said = command.run(whole)
    check("what is whole is found", code == 0 and "is there already, whole" in said, said)
    store.s3.put_object(Bucket=BUCKET, Key="other/notes.txt", Body=b"mine")
    refuses("a folder of others", 2, ["such as 'notes.txt'"], f"s3://{BUCKET}/other")
    refuses("no such bucket", 3, ["there is no bucket 'absent'"], "s3://absent/net")
    refuses("no server", 3, ["no server can be reached at http://127.0.0.1:9, as AWS_ENDPOINT_URL says"], f"s3://{BUCKET}/net",
            AWS_ENDPOINT_URL="http://127.0.0.1:9")
    refuses("a whole bucket", 2, [f"s3://{BUCKET}/model"], f"s3://{BUCKET}")
    refuses("one file", 2, ["to be one file"], f"s3://{BUCKET}/net.safetensors")
    user = store.client("iam")
    user.create_user(UserName="nobody")
    keys = user.create_access_key(UserName="nobody")["AccessKey"]
    store.ask_for_permissions(True)
    refuses("a key that nobody knows", 3, ["does not accept the credentials"], f"s3://{BUCKET}/net")
    refuses("who may not", 3, ["may not do that in the bucket"], f"s3://{BUCKET}/net", AWS_ACCESS_KEY_ID=keys["AccessKeyId"],
            AWS_SECRET_ACCESS_KEY=keys["SecretAccessKey"])
    store.ask_for_permissions(False)


def waits(command, store):
    code, said = command.run(f"s3://{BUCKET}/waits", "--ranks", "0/2", "--wait", "1")
    check("a rank that waits in vain ends with code 3", code == 3 and "after 1 s, 3 of 6 files are still missing" in said, f"{code} {said}")
    other = command.start(f"s3://{BUCKET}/waits", "--ranks", "0/2", "--wait", "60")
    code, said = command.run(f"s3://{BUCKET}/waits", "--ranks", "1/2")
    waited = other.communicate()[1]
    check("a rank waits for the other", other.returncode == 0 and "finished" in waited, f"{code} {said} {waited}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary", help="the built command, with the feature cloud")
    arguments.add_argument("--rounds", type=int, default=10, help="how often ranks are killed")
    arguments = arguments.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="object-store-"))
    store = Store(scratch)
    try:
        command = Command(os.path.abspath(arguments.binary), scratch, store)
        code, said = command.run(scratch / "right")
        right = files(scratch / "right")
        check(f"on a disk: {said}", code == 0)
        killed("whole", command, store, right, arguments.rounds)
        code, said = command.run(scratch / "slices", "--split", command.rules)
        check(f"slices on a disk: {said}", code == 0)
        killed("slices", command, store, files(scratch / "slices"), arguments.rounds, "--split", command.rules)
        together(command, store, right)
        refused(command, store)
        waits(command, store)
    finally:
        store.stop()
        shutil.rmtree(scratch)
    print(f"{len(failed)} wrong")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
