#!/usr/bin/env bash
# The checked-in corpus of a fuzz target: inputs that together reach all code that fuzzing has reached.
#
#   tests/fuzz/corpus.sh unpack TARGET FOLDER   # into a folder, for a run to begin with
#   tests/fuzz/corpus.sh pack TARGET FOLDER     # the fewest files of a folder that reach as much, anew into the archive
set -euo pipefail
cd "$(dirname "$0")"

archive=corpora/$2.tar.gz
case $1 in
    unpack)
        mkdir -p "$3"
        [ ! -e "$archive" ] || tar -xzf "$archive" -C "$3"
        ;;
    pack)
        from=$(realpath "$3")
        fewest=$(mktemp -d)
        trap 'rm -rf "$fewest"' EXIT
        cargo +nightly fuzz run --fuzz-dir . -s none "$2" "$fewest" "$from" -- -set_cover_merge=1 -rss_limit_mb=3000
        # The same files give the same archive.
        tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - -C "$fewest" . | gzip -9n > "$archive"
        ls -l "$archive"
        ;;
    *)
        echo "usage: $0 unpack|pack TARGET FOLDER" >&2
        exit 2
        ;;
esac
