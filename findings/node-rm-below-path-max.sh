#!/bin/sh
# Node's recursive removal cannot remove what lies deeper than PATH_MAX (4096 bytes).
#
# A tree's own depth is not limited on Linux: mkdir(2) relative to the working directory makes folders whose absolute path
# is longer than any system call takes. rm -r (coreutils) removes such a tree, since it goes down by descriptors
# (unlinkat(2)). Node's fs.rm and fs.rmSync with `recursive` build absolute paths instead: they fail with ENAMETOOLONG, and
# `force` does not help. So does the npm package rimraf.
#
# Whom it hurts: whoever removes what others have written, as a container runtime does with roots and volumes. A program in
# a container needs no privilege to leave a tree behind that a host's clean-up in Node never gets rid of, and whose disk
# space stays taken.
#
# Versions: node 20.20.2, node 24.11.1 (npm package `node`), rimraf 6.1.2, Linux, coreutils' rm.
# Seen: "node 20.20.2 fs.rm: ENAMETOOLONG", the same of 24.11.1 and of rimraf; "rm -r: removed".
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node20@npm:node@20.20.2 node24@npm:node@24.11.1 rimraf@6.1.2 >/dev/null

cat >deep.mjs <<'SCRIPT'
// Makes a tree of 30 folders with names of 200 bytes each, 6000 in all.
import { mkdirSync } from 'node:fs'
process.chdir(process.argv[2])
for (let depth = 0; depth < 30; depth++) {
  mkdirSync('d'.repeat(200))
  process.chdir('d'.repeat(200))
}
SCRIPT
cat >remove.mjs <<'SCRIPT'
import { rm } from 'node:fs/promises'
import { rimraf } from 'rimraf'
const [how, tree] = process.argv.slice(2)
const remove = how === 'rimraf' ? () => rimraf(tree) : () => rm(tree, { recursive: true, force: true })
try {
  await remove()
  console.log('removed')
} catch (error) {
  console.log(error.code)
}
SCRIPT

failed=0
expect() {
  echo "$1: $3"
  [ "$2" = "$3" ] || failed=1
}
for version in 20 24; do
  node="$folder/node_modules/node$version/bin/node"
  for how in fs.rm rimraf; do
    tree=$(mktemp -d -p "$folder")
    "$node" deep.mjs "$tree"
    expect "node $("$node" -p process.versions.node) $how" ENAMETOOLONG "$("$node" remove.mjs "$how" "$tree")"
  done
done
tree=$(mktemp -d -p "$folder")
node_modules/node20/bin/node deep.mjs "$tree"
rm -r "$tree"
expect 'rm -r' removed "$([ -e "$tree" ] && echo left || echo removed)"
exit "$failed"
